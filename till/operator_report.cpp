// Reports of operators, hours and the audit log.
#include "till/operator_report.h"

#include <array>
#include <cstdio>

#include "core/base/business_day.h"
#include "till/report_text.h"

namespace till {
namespace {

using core::OperatorId;

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kDayMs = std::int64_t{86'400} * kSecondMs;

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

// "7:45", hours and minutes.
std::string duration_text(std::int64_t ms) {
  const std::int64_t minutes = ms / (60 * kSecondMs);
  return std::to_string(minutes / 60) + ":" + two_digits(minutes % 60);
}

std::string name_of(const OperatorTable& operators, OperatorId id) {
  const auto it = operators.find(id);
  return it == operators.end() ? std::string{} : it->second.name;
}

// None: it is not over, or the clock went back in it.
std::optional<std::int64_t> length_ms(const Shift& shift) {
  if (!shift.out_ms || *shift.out_ms < shift.in_ms) return std::nullopt;
  return *shift.out_ms - shift.in_ms;
}

std::map<OperatorId, std::int64_t> sums_of(const std::vector<Shift>& shifts) {
  std::map<OperatorId, std::int64_t> out;
  for (const Shift& shift : shifts) {
    if (const auto ms = length_ms(shift)) out[shift.operator_id] += *ms;
  }
  return out;
}

std::string hours_json(const std::vector<Shift>& shifts, const OperatorTable& operators) {
  Json out;
  out["shifts"] = Json::array();
  for (const Shift& shift : shifts) {
    Json json;
    json["operator"] = shift.operator_id.value;
    json["in"] = instant_text(shift.in_ms);
    json["out"] = shift.out_ms ? Json(instant_text(*shift.out_ms)) : Json();
    const auto ms = length_ms(shift);
    json["minutes"] = ms ? Json(*ms / (60 * kSecondMs)) : Json();
    out["shifts"].push_back(std::move(json));
  }
  out["minutes"] = Json::object();
  for (const auto& [id, ms] : sums_of(shifts)) {
    out["minutes"][to_string(id)] = ms / (60 * kSecondMs);
  }
  out["names"] = Json::object();
  for (const auto& [id, who] : operators) out["names"][to_string(id)] = who.name;
  return dump(out);
}

std::string audit_json(const std::vector<AuditRow>& rows) {
  Json out = Json::array();
  for (const AuditRow& row : rows) {
    Json json;
    json["position"] = row.position;
    json["time"] = instant_text(row.note.time_ms);
    json["operator"] = row.operator_id.value;
    json["approver"] = row.approved_by.value;
    json["device"] = row.device;
    json["event"] = audit_event_name(row.note.event);
    json["subject"] = row.note.subject;
    json["before"] = row.note.before;
    json["after"] = row.note.after;
    json["chain"] = row.chain.hex();
    out.push_back(std::move(json));
  }
  return dump(out);
}

}  // namespace

std::string instant_text(std::int64_t time_ms) {
  if (time_ms < 0 || time_ms / kDayMs > core::BusinessDay::kMax) return std::to_string(time_ms);
  const core::BusinessDay day{static_cast<std::int32_t>(time_ms / kDayMs)};
  const std::int64_t seconds = time_ms % kDayMs / kSecondMs;
  return to_string(day) + "T" + two_digits(seconds / 3600) + ":" + two_digits(seconds / 60 % 60) +
         ":" + two_digits(seconds % 60) + "Z";
}

std::string report_operators(const OperatorTable& operators, const Uptime& now, Form form) {
  Json list = Json::array();
  std::string text;
  for (const auto& [id, who] : operators) {
    const bool locked = locked_for_ms(who, now) > 0;
    Json json;
    json["id"] = id.value;
    json["name"] = who.name;
    json["role"] = role_name(who.role);
    json["active"] = who.active;
    json["failures"] = who.failures;
    json["locked"] = locked;
    json["clocked_in"] = who.clocked_in;
    list.push_back(std::move(json));
    text += to_string(id) + "  " + who.name + "  " + std::string(role_name(who.role)) +
            (who.active ? "" : ", not active") + (who.clocked_in ? ", clocked in" : "") +
            (locked             ? ", locked out"
             : who.failures > 0 ? ", " + std::to_string(who.failures) + " wrong PINs"
                                : "") +
            "\n";
  }
  if (form == Form::kJson) return dump(list);
  return text.empty() ? "no operators: everything is allowed\n" : text;
}

std::string report_hours(const std::vector<Shift>& shifts, const OperatorTable& operators,
                         Form form) {
  if (form == Form::kJson) return hours_json(shifts, operators);
  std::string out = "Hours, by the till's own clock\n";
  for (const Shift& shift : shifts) {
    const auto ms = length_ms(shift);
    out += row(to_string(shift.operator_id) + " " + instant_text(shift.in_ms) +
                   (shift.out_ms ? " " + instant_text(*shift.out_ms) : std::string()),
               ms             ? duration_text(*ms)
               : shift.out_ms ? "clock went back"
                              : "at work");
  }
  for (const auto& [id, ms] : sums_of(shifts)) {
    out += row(to_string(id) + " " + name_of(operators, id), duration_text(ms));
  }
  return out;
}

std::string report_audit(const std::vector<AuditRow>& rows, Form form) {
  if (form == Form::kJson) return audit_json(rows);
  std::string out;
  for (const AuditRow& row : rows) {
    out += std::to_string(row.position) + " " + instant_text(row.note.time_ms) + " " + row.device +
           " operator " + to_string(row.operator_id);
    if (row.approved_by.value != 0) out += ", approved by " + to_string(row.approved_by);
    out += ": " + std::string(audit_event_name(row.note.event)) + " " + row.note.subject + "\n";
    if (row.note.before == row.note.after) continue;
    if (!row.note.before.empty()) out += "    before " + row.note.before + "\n";
    if (!row.note.after.empty()) out += "    after  " + row.note.after + "\n";
  }
  return out;
}

}  // namespace till
