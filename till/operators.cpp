// Operators: making and changing them, permissions, and the audit rows of operations. PINs and the
// time clock: till/sign_on.cpp.
#include "till/operators.h"

#include <algorithm>
#include <utility>

namespace till {

using core::Errc;
using core::fail;
using core::OperatorId;
using core::Result;

namespace {

// "supervisor or manager".
std::string roles_with(PermissionSet permissions) {
  std::string out;
  for (const Role role : kRoles) {
    if (!permissions.without(permissions_of(role)).empty()) continue;
    if (!out.empty()) out += " or ";
    out += role_name(role);
  }
  return out;
}

std::string named(const Operator& who) {
  return operator_subject(who.id) + " (" + who.name + ", " + std::string(role_name(who.role)) + ")";
}

}  // namespace

Result<const Operator*> Operators::find(OperatorId id) const {
  const auto it = staff_.all.find(id);
  if (it == staff_.all.end()) {
    return fail(Errc::kNotFound, "there is no " + operator_subject(id));
  }
  return &it->second;
}

bool Operators::manager_is_left(const Operator& next) const {
  const auto manages = [](const Operator& o) { return o.active && o.role == Role::kManager; };
  return manages(next) || std::any_of(staff_.all.begin(), staff_.all.end(), [&](const auto& entry) {
           return entry.first != next.id && manages(entry.second);
         });
}

Result<void> Operators::add(const NewOperator& who, const Pin& pin, std::int64_t time_ms) {
  TRY_ASSIGN(const Actor actor, permit({Permission::kOperators}));
  if (who.id.value == 0) return fail(Errc::kUsage, "an operator's number is one from 1");
  TRY(check_operator_name(who.name));
  TRY(check_new_pin(pin));
  if (staff_.all.contains(who.id)) {
    return fail(Errc::kExists, "there is " + operator_subject(who.id) + " already");
  }
  Operator next;
  next.id = who.id;
  next.name = who.name;
  next.role = who.role;
  if (!manager_is_left(next)) {
    return fail(Errc::kState, "the first operator is a manager: nobody could make others");
  }
  TRY_ASSIGN(next.pin_hash, hash_pin(pin));
  return put(actor, next, AuditEvent::kOperatorMade, time_ms);
}

Result<void> Operators::change(OperatorId id, const OperatorChange& change, std::int64_t time_ms) {
  TRY_ASSIGN(const Operator* const before, find(id));
  const bool own_pin =
      !change.name && !change.role && !change.active && id == staff_.actor.operator_id;
  TRY_ASSIGN(const Actor actor,
             permit(own_pin ? PermissionSet{} : PermissionSet{Permission::kOperators}));
  Operator next = *before;
  if (change.name) {
    TRY(check_operator_name(*change.name));
    next.name = *change.name;
  }
  if (change.role) next.role = *change.role;
  if (change.active) next.active = *change.active;
  if (!manager_is_left(next)) {
    return fail(Errc::kState, "no active manager would be left; make another one first");
  }
  if (change.pin != nullptr) {
    TRY(check_new_pin(*change.pin));
    TRY_ASSIGN(next.pin_hash, hash_pin(*change.pin));
  }
  if (next == *before) return fail(Errc::kUsage, "nothing of " + operator_subject(id) + " changes");
  TRY(put(actor, next, AuditEvent::kOperatorChanged, time_ms));
  if (!next.active) staff_.signed_on.erase(id);
  return {};
}

Result<void> Operators::unlock(OperatorId id, std::int64_t time_ms) {
  TRY_ASSIGN(const Actor actor, permit({Permission::kOperators}));
  TRY_ASSIGN(const Operator* const before, find(id));
  if (before->failures == 0) {
    return fail(Errc::kState, operator_subject(id) + " is not locked: no PIN failed");
  }
  Operator next = *before;
  next.failures = 0;
  next.tried.reset();
  return put(actor, next, AuditEvent::kOperatorUnlocked, time_ms);
}

void Operators::act_as(Actor actor) {
  staff_.actor = actor;
  std::erase_if(staff_.approvals,
                [&](const auto& entry) { return entry.first != actor.approved_by; });
}

Result<Actor> Operators::permit(PermissionSet needed) const {
  if (staff_.all.empty()) return staff_.actor;
  const auto [id, approver_id] = staff_.actor;
  const auto self = staff_.all.find(id);
  if (self == staff_.all.end() || !staff_.signed_on.contains(id) || !self->second.active) {
    return fail(Errc::kNotPermitted,
                "nobody is signed on; an operator signs on with the PIN first");
  }
  const PermissionSet missing = needed.without(permissions_of(self->second.role));
  if (missing.empty()) return Actor{id, {}};
  const auto approver = staff_.all.find(approver_id);
  const auto approval = staff_.approvals.find(approver_id);
  if (approver_id != id && approver != staff_.all.end() && approver->second.active &&
      approval != staff_.approvals.end()) {
    const PermissionSet given = approval->second & permissions_of(approver->second.role);
    if (missing.without(given).empty()) return Actor{id, approver_id};
  }
  return fail(Errc::kNotPermitted, named(self->second) + " may not: " + names_of(missing) +
                                       "; another operator can approve it with the PIN: a " +
                                       roles_with(missing));
}

void Operators::is_written() {
  staff_.waiting.clear();
  if (staff_.all.empty()) return;
  staff_.approvals.clear();
  staff_.actor.approved_by = {};
}

Result<AuditRow> Operators::row_of(Actor actor, const AuditNote& note) const {
  TRY(check_note(note));
  AuditRow row;
  row.operator_id = actor.operator_id;
  row.approved_by = actor.approved_by;
  row.device = staff_.surroundings.device.empty() ? to_string(journal_.identity().ref)
                                                  : staff_.surroundings.device;
  row.note = note;
  return row;
}

Result<void> Operators::tell_with(Actor actor, const AuditNote& note,
                                  const std::function<Result<void>()>& rows) {
  TRY(journal_.transact([&]() -> Result<void> {
    TRY(rows());
    return write(actor, note);
  }));
  is_written();
  return {};
}

Result<void> Operators::tell_later(Actor actor, const AuditNote& note) {
  TRY_ASSIGN(AuditRow row, row_of(actor, note));
  staff_.waiting.push_back(std::move(row));
  return {};
}

Result<void> Operators::write_waiting() {
  for (const AuditRow& row : staff_.waiting) TRY(journal_.add_audit(row));
  return {};
}

Result<void> Operators::write(Actor actor, const AuditNote& note) {
  return write(actor, std::vector<AuditNote>{note});
}

Result<void> Operators::write(Actor actor, const std::vector<AuditNote>& notes) {
  std::vector<AuditRow> rows;
  rows.reserve(notes.size());
  for (const AuditNote& note : notes) {
    TRY_ASSIGN(AuditRow row, row_of(actor, note));
    rows.push_back(std::move(row));
  }
  TRY(write_waiting());
  for (AuditRow& row : rows) TRY(journal_.add_audit(std::move(row)));
  return {};
}

Result<void> Operators::put(Actor actor, const Operator& next, AuditEvent event,
                            std::int64_t time_ms) {
  const auto before = staff_.all.find(next.id);
  const AuditNote note{event, operator_subject(next.id),
                       before == staff_.all.end() ? "" : operator_text(before->second),
                       operator_text(next), time_ms};
  TRY(tell_with(actor, note, [&] { return journal_.put_operator(next); }));
  staff_.all[next.id] = next;
  return {};
}

Result<void> Operators::tell_of(Actor actor, const Operator& who, AuditEvent event,
                                std::int64_t time_ms) {
  const std::string text = operator_text(who);
  return tell_with(actor, {event, operator_subject(who.id), text, text, time_ms},
                   []() -> Result<void> { return {}; });
}

}  // namespace till
