// StockFlows: what the books have of goods and points, as the valuation wants it: flows of all
// stores together, and what counts found. Must not know costs beyond the days on which they change.
// Tables: docs/formats/books.md.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/valuation.h"

namespace rebuild {

// What a count found of a product in a store at the end of a day, beside what moves and the counts
// before it left there.
struct Variance {
  core::BusinessDay day;  // on which it is booked
  core::StoreId store;
  core::ProductId product;
  core::Quantity expected;
  core::Quantity counted;
  core::Quantity difference;  // counted less expected
  Flow flow() const { return {day, product, Place::kAdjusted, -difference.thousandths}; }
};

// Booked up to the end of `to`; none: all. By store, product and day. A function of what was said,
// not of when it came: a message that comes late changes what the next count of its store found,
// and, where it is a correction of a closed period, nothing in that period. What several tills of a
// store counted on one day is one count. Memory: one row a count.
core::Result<std::vector<Variance>> variances(const Books& books,
                                              std::optional<core::BusinessDay> to);

// The last business day of which a posted message speaks; none: there is no such message.
core::Result<std::optional<core::BusinessDay>> last_day(const Books& books);

// Calls `take` for all flows up to the end of range.to. The flows of a month are one, dated its
// first day, where nothing in the month tells its days apart: no cost that changes, no end of the
// range.
core::Result<void> for_flows(const Books& books, const Settings& settings, const FigureRange& range,
                             const std::function<core::Result<void>(const Flow&)>& take);

// What points and their tender came to, one a currency, from the days up to the end of `to`.
core::Result<std::vector<PointsLedger::Day>> points_until(const Books& books, core::BusinessDay to);

}  // namespace rebuild
