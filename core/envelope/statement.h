// Statement: signed content that stands alone, for somebody who has neither log nor chain. It can
// never be taken for a message: its content type and its header are others.
// Must not know what a payload means. Format: docs/formats/receipt.md, docs/message.cddl.
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"

namespace core::envelope {

// COSE header parameter 3, of the same range as a message's.
enum class StatementType : std::uint64_t {
  kReceipt = 65103,  // a customer's receipt
  kBackup = 65104,   // a part of a backup increment
  // Between a till and the balance service: docs/points.md.
  kPointsAllowance = 65106,
  kPointsRequest = 65107,
  kPointsAnswer = 65108,
};

// Owner: views borrow from the parsed bytes.
struct Statement {
  Kid kid;
  ByteView protected_header;  // as signed
  ByteView payload;
  Signature signature;
};

// The same content and key give the same bytes.
Bytes sign_statement(StatementType type, const Kid& kid, ByteView payload, const PrivateKey& key);

// Accepts the one valid encoding: tag 18, deterministic CBOR, exactly the parameters alg, content
// type and kid, empty unprotected header, canonical signature. Checks no signature.
// Errors: kMalformed with the byte offset.
Result<Statement> parse_statement(ByteView bytes, StatementType type);

// Whether the signature is `key`'s. Does not look at the kid.
bool verify_statement(const Statement& statement, const PublicKey& key);

}  // namespace core::envelope
