// EnrolRequest: what a till asks head office for, signed with the key that it asks for.
// Must not know who carries it. Format: docs/formats/roster.md, "Request".
#pragma once

#include <string>
#include <string_view>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/sealing.h"

namespace core::envelope {

// To speak for this till in this log with this key, and to seal with the other. The proof is the
// key's own signature over all of it, so that nobody enrols a key that is not his.
struct EnrolRequest {
  std::string origin;
  TillRef till;
  PublicKey key;
  SealingPublicKey sealing_key;
  Signature proof;
};

EnrolRequest make_enrol_request(std::string_view origin, TillRef till, const PrivateKey& key,
                                const SealingPublicKey& sealing_key);

// Errors: kBadSignature (the proof is not the key's, or over something else).
Result<void> check_proof(const EnrolRequest& request);

// Six lines, in this order: origin, store, till, key, sealing-key, proof.
std::string enrol_request_text(const EnrolRequest& request);
// The same as one line of letters that a QR code holds compactly, to be scanned or typed.
std::string enrol_request_code(const EnrolRequest& request);
// Either form; a code may have blanks and line ends around it. Errors: kMalformed (another line,
// with its number; a number or key out of shape; a code that is none).
Result<EnrolRequest> parse_enrol_request(std::string_view text);

}  // namespace core::envelope
