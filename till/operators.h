// Operators: who is at the till, what they may do now, and what of it the audit log tells. Every
// change is one transaction with its row in the log.
// Must not know documents or days. Rules: docs/operators.md.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/retail/pin.h"
#include "till/journal.h"
#include "till/operator.h"
#include "till/permissions.h"
#include "till/uptime.h"

namespace till {

using core::retail::Pin;

// Where and when operations happen.
struct Surroundings {
  std::string device;  // the screen or terminal; empty: the till's own "4/1". Shape: UTF-8
  // Of operations that are not told a time; evidence only.
  std::function<std::int64_t()> now_ms = [] { return core::SystemClock().now_ms(); };
  std::function<core::Result<Uptime>()> uptime = system_uptime;
};

// What a Till keeps of its operators in memory.
struct Staff {
  std::map<core::OperatorId, Operator> all;  // the table's rows
  std::set<core::OperatorId> signed_on;      // whose PIN fitted since the journal was opened
  std::map<core::OperatorId, PermissionSet> approvals;  // PINs given for the next operation
  Actor actor;                                          // of the next operation
  Surroundings surroundings;
  std::vector<AuditRow> waiting;  // for the next transaction that tells something
};

struct NewOperator {
  core::OperatorId id;
  std::string name;
  Role role = Role::kCashier;
};

// What is not named stays.
struct OperatorChange {
  std::optional<std::string> name;
  std::optional<Role> role;
  std::optional<bool> active;
  const Pin* pin = nullptr;
};

// From clocking in to clocking out, by the clock of the machine: evidence, no measured time.
struct Shift {
  core::OperatorId operator_id;
  std::int64_t in_ms = 0;
  std::optional<std::int64_t> out_ms;  // none: still at work
};

// A journal without operators lets operator 0 do everything. Once there is one, whoever does
// something has signed on before, and the permissions of their role, or of an approver's, cover it.
// A view: Till makes one for each use. Errors of all that changes something: also those of
// Journal::transact, after which nothing was changed.
class Operators {
 public:
  Operators(Journal& journal, Staff& staff) : journal_(journal), staff_(staff) {}

  const std::map<core::OperatorId, Operator>& all() const { return staff_.all; }

  // Errors: kNotPermitted; kUsage (id 0, name, a PIN that is too simple), kExists, kState (the
  // first operator is no manager).
  core::Result<void> add(const NewOperator& who, const Pin& pin, std::int64_t time_ms);
  // An operator may change its own PIN; everything else takes the permission. Errors: also
  // kNotFound, kState (no active manager would be left).
  core::Result<void> change(core::OperatorId id, const OperatorChange& change,
                            std::int64_t time_ms);
  // Forgets its failures. Errors: kNotPermitted, kNotFound, kState (there are none).
  core::Result<void> unlock(core::OperatorId id, std::int64_t time_ms);

  // From now on this operator acts. Before the PIN is looked at the try is on the disk, as a
  // failure; a right PIN takes it back. Errors: kNotFound, kNotPermitted (not active), kWrongPin,
  // kLockedOut (the PIN was not looked at), and those of pin_fits.
  core::Result<void> sign_on(core::OperatorId id, const Pin& pin, std::int64_t time_ms);
  // Errors: kState (not signed on).
  core::Result<void> sign_off(core::OperatorId id, std::int64_t time_ms);
  // Another operator's PIN for what the acting one does next, as far as it takes `permissions`.
  // Errors: as sign_on; kState (nobody acts, or the two are one).
  core::Result<void> approve(core::OperatorId id, const Pin& pin, PermissionSet permissions,
                             std::int64_t time_ms);
  // Who acts from now on, signed on or not: permit() looks. Approvals that are not named here are
  // dropped.
  void act_as(Actor actor);

  // Errors: kState (not signed on; in or out already).
  core::Result<void> clock_in(core::OperatorId id, std::int64_t time_ms);
  core::Result<void> clock_out(core::OperatorId id, std::int64_t time_ms);
  // Of all operators, in the order of clocking in.
  core::Result<std::vector<Shift>> shifts();

  // Who may do what takes these permissions: the acting operator, with the approver only if one is
  // needed. Errors: kNotPermitted, with what is missing and who could approve it.
  core::Result<Actor> permit(PermissionSet needed) const;
  // Runs `rows` and writes `note` in one transaction, with what was waiting, and uses up the
  // approvals. Errors: those of `rows`; kMalformed (the note).
  core::Result<void> tell_with(Actor actor, const AuditNote& note,
                               const std::function<core::Result<void>()>& rows);
  // Keeps `note` for the next transaction that writes a document or an audit row; a power cut
  // before it loses the note. Errors: kMalformed.
  core::Result<void> tell_later(Actor actor, const AuditNote& note);
  // Inside a transaction: writes what waits; and a note.
  core::Result<void> write_waiting();
  core::Result<void> write(Actor actor, const AuditNote& note);
  core::Result<void> write(Actor actor, const std::vector<AuditNote>& notes);
  // After it: nothing waits any more, and what was approved is used up.
  void is_written();

  std::int64_t now_ms() const { return staff_.surroundings.now_ms(); }

 private:
  core::Result<const Operator*> find(core::OperatorId id) const;
  core::Result<void> need_signed_on(core::OperatorId id) const;
  core::Result<AuditRow> row_of(Actor actor, const AuditNote& note) const;
  // Makes `next` the operator's row, and tells it.
  core::Result<void> put(Actor actor, const Operator& next, AuditEvent event, std::int64_t time_ms);
  // Tells of the operator what changes nothing in its row.
  core::Result<void> tell_of(Actor actor, const Operator& who, AuditEvent event,
                             std::int64_t time_ms);
  core::Result<void> check_pin(core::OperatorId id, const Pin& pin, AuditEvent if_it_fits,
                               std::int64_t time_ms);
  core::Result<void> count_try(const Operator& who, const Uptime& now, std::int64_t time_ms);
  core::Result<void> clock(core::OperatorId id, bool in, std::int64_t time_ms);
  bool manager_is_left(const Operator& next) const;

  Journal& journal_;
  Staff& staff_;
};

}  // namespace till
