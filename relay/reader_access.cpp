// Signature, time, tenant and first use, in this order.
// Must not know sockets.
#include "relay/reader_access.h"

namespace relay {
namespace {

using core::Errc;
using core::fail;

constexpr std::size_t kNoncesMax = 100000;
constexpr std::int64_t kLifeMax_s = 300;  // of a signature
constexpr std::int64_t kSkewMax_s = 60;   // of the reader's clock

core::Unexpected refuse(std::string_view why) {
  return fail(Errc::kBadSignature, std::string(why));
}

}  // namespace

ReaderAccess::ReaderAccess(std::int64_t started_s) : started_s_(started_s), nonces_(kNoncesMax) {}

core::Result<core::envelope::Kid> ReaderAccess::check(const ReadRequest& read, Readers who,
                                                      const Tenants& tenants, const Tenant& tenant,
                                                      std::int64_t now_s) {
  if (tenants.open()) return core::envelope::Kid{};
  if (read.signature_input.empty() || read.signature.empty()) {
    return refuse(who == Readers::kHeadOffice
                      ? "this is for head office: sign the request (RFC 9421)"
                      : "this is for those who are on the roster: sign the request (RFC 9421)");
  }
  TRY_ASSIGN(const auto claimed, core::wire::parse_signature(read.signature_input, read.signature));
  const auto raw = core::from_hex(claimed.keyid);
  const auto kid =
      raw ? core::envelope::Kid::from(*raw) : core::Result<core::envelope::Kid>(fail(raw.error()));
  Tenant* const owner = kid ? tenants.by_key(*kid) : nullptr;
  const auto members = owner != nullptr ? owner->admission().members() : nullptr;
  const auto* key = members == nullptr ? nullptr : members->office_key(*kid);
  if (key == nullptr && members != nullptr && who == Readers::kMembers) {
    key = members->till_key(*kid);
  }
  if (key == nullptr || !core::wire::verify_request(claimed, read.request, *key)) {
    return refuse(who == Readers::kHeadOffice
                      ? "the request's signature is not that of a head office"
                      : "the request's signature is nobody's who is on the roster");
  }
  if (claimed.created_s > now_s + kSkewMax_s || claimed.expires_s < now_s ||
      claimed.expires_s - claimed.created_s > kLifeMax_s || claimed.created_s < started_s_) {
    return refuse(
        "the signature's time: created before this relay started, in the future, expired, "
        "or good for more than 300 s; check the clocks");
  }
  {
    const std::lock_guard lock(mutex_);
    if (!nonces_.first_use(claimed.keyid + " " + claimed.nonce, claimed.expires_s, now_s)) {
      return refuse("the request was sent before: its nonce is used up");
    }
  }
  if (owner == &tenant) return *kid;
  return fail(Errc::kUnknownKey, "the key is good for another log");
}

}  // namespace relay
