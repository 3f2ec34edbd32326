// Reconcile: what the books say of cards and of the safe, beside what a processor or a bank paid.
// Must not know how it is printed. File and words: docs/reconciling.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "ledger-rebuild/books.h"

namespace rebuild {

enum class Paid {
  kCards,   // by a card processor, for a till and a day: account 1010
  kBanked,  // by a bank, for a store and a day: account 1030, what went into the safe less what
            // left
};

struct PaidKey {
  core::BusinessDay day;
  core::TillRef till;  // till 0: of the whole store
  core::Currency currency;
  auto operator<=>(const PaidKey&) const = default;
};
using PaidSums = std::map<PaidKey, core::Money>;

// A file of what was paid: CSV, with the header store,till,day,amount,currency (banked: without
// till). Rows of one key add up. Errors: kNotFound, kIo; kMalformed with the line, kOverflow; a
// file with one bad line is refused whole.
core::Result<PaidSums> read_paid_file(const std::filesystem::path& file, Paid paid);

struct PaidRow {
  enum class Outcome { kMatched, kDifferent, kNotPaid, kNotInBooks };
  PaidKey key;
  Outcome outcome = Outcome::kMatched;
  core::Money books;
  core::Money paid;
};

struct PaidTotal {
  std::uint64_t rows = 0;
  core::Money books;
  core::Money paid;
};

struct Reconciliation {
  std::optional<core::BusinessDay> first, last;  // the days that were compared
  std::vector<PaidRow> rows;                     // by day, store, till, currency
  std::map<std::pair<PaidRow::Outcome, core::Currency>, PaidTotal> totals;
  bool clean() const;
};

struct ReconcileRange {
  std::optional<core::BusinessDay> from, to;  // default: the first and the last day of the file
};

// Errors: those of the books, kOverflow.
core::Result<Reconciliation> reconcile(const Books& books, const PaidSums& paid, Paid what,
                                       const ReconcileRange& range);

// "matched", "different", "not paid", "not in the books".
std::string_view outcome_text(PaidRow::Outcome outcome);
// `rows_max` 0: all. Matched rows are counted, not listed.
std::string reconciliation_text(const Reconciliation& found, std::size_t rows_max);
// One object, with every row; amounts in minor units.
std::string reconciliation_json(const Reconciliation& found);

}  // namespace rebuild
