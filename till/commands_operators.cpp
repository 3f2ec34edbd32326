// Commands about operators: each opens the journal, does one thing through Till, and prints what
// was done. PINs come from files, descriptors or the terminal, in the order operator, approver, new
// one.
#include <utility>

#include "till/command_support.h"
#include "till/operator_report.h"
#include "till/pin_source.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::OperatorId;
using core::Result;

Result<OperatorId> subject_of(const CommandWords& words) {
  if (words.subject_id == 0) {
    return fail(Errc::kUsage, "operator " + words.operator_action + " takes --id");
  }
  return OperatorId{words.subject_id};
}

Result<void> add(const CommandWords& words, Till& till, std::int64_t time_ms) {
  TRY_ASSIGN(const OperatorId id, subject_of(words));
  if (words.name.empty() || words.role.empty()) {
    return fail(Errc::kUsage, "operator add takes --name and --role");
  }
  TRY_ASSIGN(const Role role, parse_role(words.role));
  TRY_ASSIGN(const Pin pin, read_pin(words.new_pin_file, "new PIN of operator " + to_string(id)));
  TRY(till.operators().add({id, words.name, role}, pin, time_ms));
  print("operator " + to_string(id) + ", " + words.name + ", " + words.role + "\n");
  return {};
}

Result<void> change(const CommandWords& words, Till& till, std::int64_t time_ms) {
  TRY_ASSIGN(const OperatorId id, subject_of(words));
  OperatorChange change;
  if (!words.name.empty()) change.name = words.name;
  if (!words.role.empty()) {
    TRY_ASSIGN(change.role, parse_role(words.role));
  }
  if (!words.active.empty()) change.active = words.active == "yes";
  std::optional<Pin> pin;
  if (!words.new_pin_file.empty()) {
    TRY_ASSIGN(Pin read, read_pin(words.new_pin_file, "new PIN of operator " + to_string(id)));
    pin.emplace(std::move(read));
    change.pin = &*pin;
  }
  TRY(till.operators().change(id, change, time_ms));
  print("operator " + to_string(id) + " changed\n");
  return {};
}

}  // namespace

Result<void> run_operator(const CommandWords& words, const core::Clock& clock) {
  TRY_ASSIGN(Till till, open_till(words));
  const std::int64_t time_ms = clock.now_ms();
  const std::string& action = words.operator_action;
  if (action == "list") {
    TRY_ASSIGN(const Uptime now, system_uptime());
    print(report_operators(till.operators().all(), now, words.json ? Form::kJson : Form::kText));
    return {};
  }
  if (action == "add") return add(words, till, time_ms);
  if (action == "change") return change(words, till, time_ms);
  if (action == "unlock") {
    TRY_ASSIGN(const OperatorId id, subject_of(words));
    TRY(till.operators().unlock(id, time_ms));
    print("operator " + to_string(id) + " may try again\n");
    return {};
  }
  const OperatorId self{words.operator_id};
  const bool in = action == "clock-in";
  TRY(in ? till.operators().clock_in(self, time_ms) : till.operators().clock_out(self, time_ms));
  print("operator " + to_string(self) + (in ? " clocked in\n" : " clocked out\n"));
  return {};
}

Result<void> show_audit(Till& till, Form form) {
  std::vector<AuditRow> rows;
  TRY(till.audit_log(1, [&](AuditRow&& row) -> Result<void> {
    rows.push_back(std::move(row));
    return {};
  }));
  print(report_audit(rows, form));
  return {};
}

Result<void> show_hours(Till& till, Form form) {
  TRY(till.operators().permit({Permission::kReport}));
  TRY_ASSIGN(const std::vector<Shift> shifts, till.operators().shifts());
  print(report_hours(shifts, till.operators().all(), form));
  return {};
}

}  // namespace till
