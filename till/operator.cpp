// Operator: its text for the audit log, its name, and how long it is locked out.
#include "till/operator.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/base/bytes.h"
#include "core/envelope/cbor.h"
#include "core/envelope/keys.h"

namespace till {

using core::Errc;
using core::fail;
using core::Result;

namespace {

constexpr std::size_t kPinDigestBytes = 16;

}  // namespace

std::int64_t locked_for_ms(const Operator& who, const Uptime& now) {
  if (who.failures < kTriesMax || !who.tried) return 0;
  std::int64_t lock_ms = kLockOutMs;
  for (std::uint32_t n = kTriesMax; n < who.failures && lock_ms < kLockOutMsMax; ++n) lock_ms *= 2;
  lock_ms = std::min(lock_ms, kLockOutMsMax);
  return std::max<std::int64_t>(0, lock_ms - passed_at_least_ms(*who.tried, now));
}

std::string operator_text(const Operator& who) {
  nlohmann::ordered_json out;
  out["name"] = who.name;
  out["role"] = role_name(who.role);
  out["active"] = who.active;
  const auto digest = core::envelope::sha256(core::as_bytes(who.pin_hash));
  out["pin"] = core::to_hex(digest.view().first(kPinDigestBytes));
  out["failures"] = who.failures;
  if (who.tried) out["tried"] = who.tried->boot.hex() + "+" + std::to_string(who.tried->ms);
  out["clocked_in"] = who.clocked_in;
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string operator_subject(core::OperatorId id) {
  return "operator " + to_string(id);
}

}  // namespace till
