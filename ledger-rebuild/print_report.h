// PrintReport: the report as text for people and as JSON for programs.
// Must not know SQL. JSON fields: docs/formats/books.md, "Report".
#pragma once

#include <optional>
#include <string>

#include "core/base/business_day.h"
#include "core/base/result.h"
#include "ledger-rebuild/report.h"

namespace rebuild {

// Everything that a report says, read once.
struct ReportData {
  std::string origin;
  StateCounts states;
  BooksDigest digest;
  std::map<core::Currency, Takings> totals;
  std::vector<StoreDay> store_days;
  std::map<core::StoreId, StockByProduct> stock_by_store;
  StockByProduct stock;
  TrialBalance trial_balance;
  std::vector<MissingRange> missing;
  std::vector<IncompleteDay> incomplete;
  std::vector<Unproven> unproven;
  std::vector<MessageName> contradicted;
  std::vector<MessageName> copies;
  std::vector<MessageName> evidence;
  std::vector<MessageName> revoked;
  std::vector<core::BusinessDay> closed_periods;
  std::vector<Correction> corrections;
  std::vector<MessageName> covered;
  std::vector<NumberJump> number_jumps;
  std::vector<RefundedTwice> refunded_twice;
  std::vector<ClosedTwice> closed_twice;
  std::vector<ClockJump> clock_jumps;
  std::vector<Quarantined> quarantined;
  std::optional<core::BusinessDay> as_of;
  std::vector<Silent> silent;

  // Whether everything could be posted: nothing in quarantine, nothing contradicted.
  bool clean() const { return quarantined.empty() && contradicted.empty(); }
};

// Errors: as the functions of report.h.
core::Result<ReportData> read_report(const Books& books, std::optional<core::BusinessDay> as_of,
                                     const Settings& settings = Settings{});

// Lists longer than `list_max` are cut, and say so; 0: never.
std::string report_text(const ReportData& report, std::size_t list_max);
std::string report_json(const ReportData& report);

}  // namespace rebuild
