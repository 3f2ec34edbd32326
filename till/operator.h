// Operator: somebody who works at the till, as the journal keeps them.
// Must not know the journal's tables. Format: docs/formats/journal.md, "Operators".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/retail/role.h"
#include "till/permissions.h"
#include "till/uptime.h"

namespace till {

// Who does something, and who else gave their PIN for it. 0: nobody.
struct Actor {
  core::OperatorId operator_id;
  core::OperatorId approved_by;
  bool operator==(const Actor&) const = default;
};

struct Operator {
  core::OperatorId id;
  std::string name;
  Role role = Role::kCashier;
  std::string pin_hash;  // till/pin.h
  bool active = true;
  std::uint32_t failures = 0;   // PINs tried since the last right one
  std::optional<Uptime> tried;  // when the last of these was; none: there is none
  bool clocked_in = false;
  bool operator==(const Operator&) const = default;
};

using core::retail::check_operator_name;

// After so many failures no PIN is looked at for a while.
inline constexpr std::uint32_t kTriesMax = 5;
// Doubled by each failure after that.
inline constexpr std::int64_t kLockOutMs = std::int64_t{15} * 60 * 1000;
inline constexpr std::int64_t kLockOutMsMax = std::int64_t{8} * 60 * 60 * 1000;

// How long no PIN of this operator is looked at any more; 0: one may be tried.
std::int64_t locked_for_ms(const Operator& who, const Uptime& now);

// Everything in the row as one line of JSON, the PIN's hash as a digest: what the audit log
// keeps as "before" and "after", and what check() compares the row with.
std::string operator_text(const Operator& who);
// "operator 3".
std::string operator_subject(core::OperatorId id);

}  // namespace till
