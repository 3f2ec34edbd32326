// ValuedSums: the valuation of a stretch of days in one: what all valued entries of these days add
// up to (valued_entries.h has them one by one), and what the goods cost that left each product's
// shelf. Must not know accounts' numbers or how figures are printed.
#pragma once

#include <map>
#include <set>

#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/valuation.h"

namespace rebuild {

struct ValuedSums {
  ValuedPostings postings;                          // one an account and currency
  std::map<core::ProductId, core::Money> products;  // cost of goods; they add up to the account's
  std::set<core::ProductId> without_cost;           // moved up to the last of the days
};

// Empty when the settings have neither products nor points. Errors: kDatabase, kDamaged, kOverflow.
core::Result<ValuedSums> valued_sums(const Books& books, const Settings& settings,
                                     const FigureRange& range);

// The day at whose costs stock stands at the end of the range: its last day, and at most the last
// day of the books, since a change that the books have not reached posts nothing yet.
core::Result<core::BusinessDay> valuation_day(const Books& books, const Settings& settings,
                                              std::optional<core::BusinessDay> to);

}  // namespace rebuild
