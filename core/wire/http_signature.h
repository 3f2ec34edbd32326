// Signed requests: HTTP Message Signatures (RFC 9421) with Ed25519, in one strict profile.
// Must not know HTTP libraries, nor who may read what. A request of the profile:
//   Signature-Input: daybook=("@method" "@authority" "@path" "@query");created=1700000000;
//     expires=1700000060;nonce="Yx0c";keyid="office";alg="ed25519";tag="daybook-read"
//   Signature: daybook=:<88 characters of base64>:
// (the first field is one line). Labels, order, spacing and number forms are exactly these, though
// RFC 9421 allows others: a request has one signed form.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/base/result.h"
#include "core/envelope/keys.h"

namespace core::wire {

// A field's value, and what stands in quotes in it.
inline constexpr std::size_t kSignatureFieldSizeMax = 1024;
inline constexpr std::size_t kSignatureTextSizeMax = 64;
// A structured field's integer has 15 digits at most (RFC 8941 section 3.3.1).
inline constexpr std::int64_t kSignatureTimeMax = 999'999'999'999'999;

// Owner: the caller, of all three texts.
struct SignedRequest {
  std::string_view method;     // "GET"
  std::string_view authority;  // the Host header in lower case; both ends take it as it was sent
  std::string_view target;     // path and query as on the request line
};

// Values of the header fields Signature-Input and Signature.
struct SignatureFields {
  std::string input;
  std::string signature;
};

// Signs a request. A request that verify_request would not take (see there) gets a signature that
// nobody accepts. Shape: keyid and nonce 1..64 visible ASCII characters without '"' and '\';
// 0 <= created_s <= expires_s <= kSignatureTimeMax (all CORE_CHECK). Units: seconds since
// 1970-01-01 UTC.
SignatureFields sign_request(const SignedRequest& request, const envelope::PrivateKey& key,
                             std::string_view keyid, std::int64_t created_s, std::int64_t expires_s,
                             std::string_view nonce);

// What the fields of a request say; nothing of it is true before verify_request.
struct ClaimedSignature {
  std::string keyid;
  std::string nonce;
  std::int64_t created_s = 0;
  std::int64_t expires_s = 0;
  std::string parameters;  // the inner list as received, which the signature covers
  envelope::Signature signature;
};

// Reads both fields; accepts only what sign_request produces. A field that came more than once must
// not get here, or joined by commas, which is refused. Errors: kMalformed, saying what is off and
// where.
Result<ClaimedSignature> parse_signature(std::string_view input, std::string_view signature);

// Whether `key` signed this request with these parameters. Says nothing about time and repetition:
// the caller compares created_s and expires_s with its clock and asks a NonceCache. False for a
// request with a part that is empty or not all visible ASCII, or a target that is no path.
bool verify_request(const ClaimedSignature& claimed, const SignedRequest& request,
                    const envelope::PublicKey& key);

// One covered component: a derived one ("@method") or a header field, without quotes.
struct SignatureComponent {
  std::string_view name;
  std::string_view value;
};
// The text that is signed (RFC 9421 section 2.5). `parameters`: the value of "@signature-params".
std::string signature_base(std::span<const SignatureComponent> components,
                           std::string_view parameters);

// Remembers nonces until they expire, at most `max` of them. Only nonces of verified signatures
// belong here, or strangers could fill it. A restart forgets: whoever starts a server must refuse
// signatures created before. Thread: one.
class NonceCache {
 public:
  explicit NonceCache(std::size_t max) : max_(max) {}
  NonceCache(const NonceCache&) = delete;
  NonceCache& operator=(const NonceCache&) = delete;

  // Whether this is the first use; then it is remembered while now_s <= expires_s. False: used
  // before, expired already, or no room among unexpired ones. A clock that was set back counts as
  // standing still, so that what was forgotten stays refused.
  bool first_use(std::string_view keyid_and_nonce, std::int64_t expires_s, std::int64_t now_s);

  std::size_t size() const { return known_.size(); }

 private:
  const std::size_t max_;
  std::int64_t latest_s_ = 0;
  std::multimap<std::int64_t, std::string> by_expiry_;
  std::unordered_set<std::string_view> known_;  // the texts of by_expiry_
};

}  // namespace core::wire
