// Operators: signing on and off, approvals, lock-out and the time clock.
#include <map>
#include <utility>

#include "till/operators.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::OperatorId;
using core::Result;

constexpr std::int64_t kMinuteMs = 60'000;

core::Unexpected locked_out(OperatorId id, std::int64_t for_ms) {
  const std::int64_t minutes = (for_ms + kMinuteMs - 1) / kMinuteMs;
  return fail(Errc::kLockedOut, operator_subject(id) +
                                    " is locked out after too many wrong PINs: "
                                    "a manager can unlock it, or wait " +
                                    std::to_string(minutes) + " min with the till switched on");
}

}  // namespace

Result<void> Operators::need_signed_on(OperatorId id) const {
  if (staff_.signed_on.contains(id)) return {};
  return fail(Errc::kState, operator_subject(id) + " is not signed on");
}

// The try is on the disk, as a failure, before anybody learns whether it was one: pulling the plug
// gives no free tries.
Result<void> Operators::count_try(const Operator& who, const Uptime& now, std::int64_t time_ms) {
  Operator next = who;
  if (next.failures < UINT32_MAX) ++next.failures;
  next.tried = now;
  return put({who.id, {}}, next, AuditEvent::kPinTried, time_ms);
}

Result<void> Operators::check_pin(OperatorId id, const Pin& pin, AuditEvent if_it_fits,
                                  std::int64_t time_ms) {
  TRY_ASSIGN(const Operator* const who, find(id));
  if (!who->active) {
    return fail(Errc::kNotPermitted, operator_subject(id) + " is not active any more");
  }
  TRY_ASSIGN(const Uptime now, staff_.surroundings.uptime());
  const std::int64_t locked_ms = locked_for_ms(*who, now);
  if (locked_ms > 0) return locked_out(id, locked_ms);
  TRY(count_try(*who, now, time_ms));
  TRY_ASSIGN(const bool fits, pin_fits(pin, who->pin_hash));
  if (fits) {
    Operator next = *who;
    next.failures = 0;
    next.tried.reset();
    const OperatorId acting = if_it_fits == AuditEvent::kApproved ? staff_.actor.operator_id : id;
    return put({acting, acting == id ? OperatorId{} : id}, next, if_it_fits, time_ms);
  }
  const bool locked = who->failures >= kTriesMax;
  TRY(tell_of({id, {}}, *who, locked ? AuditEvent::kOperatorLocked : AuditEvent::kPinFailed,
              time_ms));
  if (locked) return locked_out(id, locked_for_ms(*who, now));
  return fail(Errc::kWrongPin, "not the PIN of " + operator_subject(id) + "; " +
                                   std::to_string(kTriesMax - who->failures) +
                                   " more wrong ones lock it");
}

Result<void> Operators::sign_on(OperatorId id, const Pin& pin, std::int64_t time_ms) {
  TRY(check_pin(id, pin, AuditEvent::kSignedOn, time_ms));
  staff_.signed_on.insert(id);
  act_as({id, {}});
  return {};
}

Result<void> Operators::sign_off(OperatorId id, std::int64_t time_ms) {
  TRY(need_signed_on(id));
  TRY_ASSIGN(const Operator* const who, find(id));
  TRY(tell_of({id, {}}, *who, AuditEvent::kSignedOff, time_ms));
  staff_.signed_on.erase(id);
  if (staff_.actor.operator_id == id) act_as({});
  return {};
}

Result<void> Operators::approve(OperatorId id, const Pin& pin, PermissionSet permissions,
                                std::int64_t time_ms) {
  const OperatorId acting = staff_.actor.operator_id;
  TRY(need_signed_on(acting));
  if (id == acting) {
    return fail(Errc::kState,
                "approval is another operator's; " + operator_subject(id) + " is the one who acts");
  }
  TRY(check_pin(id, pin, AuditEvent::kApproved, time_ms));
  act_as({acting, id});
  staff_.approvals[id] = permissions;
  return {};
}

Result<void> Operators::clock(OperatorId id, bool in, std::int64_t time_ms) {
  TRY(need_signed_on(id));
  TRY_ASSIGN(const Operator* const who, find(id));
  if (who->clocked_in == in) {
    return fail(Errc::kState,
                operator_subject(id) + " is clocked " + (in ? "in already" : "out already"));
  }
  Operator next = *who;
  next.clocked_in = in;
  return put({id, {}}, next, in ? AuditEvent::kClockedIn : AuditEvent::kClockedOut, time_ms);
}

Result<void> Operators::clock_in(OperatorId id, std::int64_t time_ms) {
  return clock(id, true, time_ms);
}

Result<void> Operators::clock_out(OperatorId id, std::int64_t time_ms) {
  return clock(id, false, time_ms);
}

Result<std::vector<Shift>> Operators::shifts() {
  std::vector<Shift> out;
  std::map<OperatorId, std::size_t> open;
  TRY(journal_.audit_from(1, [&](AuditRow&& row) -> Result<void> {
    if (row.note.event == AuditEvent::kClockedIn) {
      open[row.operator_id] = out.size();
      out.push_back({row.operator_id, row.note.time_ms, std::nullopt});
    } else if (row.note.event == AuditEvent::kClockedOut && open.contains(row.operator_id)) {
      out[open.at(row.operator_id)].out_ms = row.note.time_ms;
      open.erase(row.operator_id);
    }
    return {};
  }));
  return out;
}

}  // namespace till
