// Reports of operators, hours and the audit log, as text for people and as JSON for programs.
// Must not change anything.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "till/operators.h"
#include "till/reports.h"

namespace till {

using OperatorTable = std::map<core::OperatorId, Operator>;

std::string report_operators(const OperatorTable& operators, const Uptime& now, Form form);
// Each shift, and the sum of the complete ones of each operator.
std::string report_hours(const std::vector<Shift>& shifts, const OperatorTable& operators,
                         Form form);
std::string report_audit(const std::vector<AuditRow>& rows, Form form);

// "2026-11-21T08:00:00Z"; a time that is no date is its number.
std::string instant_text(std::int64_t time_ms);

}  // namespace till
