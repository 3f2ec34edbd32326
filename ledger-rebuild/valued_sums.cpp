// ValuedSums: what stood before the days and what stands after them; the difference is posted.
#include "ledger-rebuild/valued_sums.h"

#include <algorithm>

#include "ledger-rebuild/month_sums.h"
#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/stock_flows.h"

namespace rebuild {

using core::BusinessDay;
using core::Currency;
using core::Money;
using core::ProductId;
using core::Result;

namespace {

// What the goods that left each product's shelf are worth, from the first day on.
using SoldValues = std::map<std::pair<Currency, ProductId>, Exact>;

// Rounded so that all products of a currency come to what its account does: each gets what the sum
// of those up to it is rounded to, less what went before. With `sign` added to `out`.
Result<void> add_rounded(const SoldValues& sold, int sign, std::map<ProductId, Money>& out) {
  std::map<Currency, Exact> sums;
  for (const auto& [key, value] : sold) {
    Exact& sum = sums[key.first];
    TRY_ASSIGN(const std::int64_t before, core::round_half_away(sum, kExactUnit));
    TRY(add_value(sum, value));
    TRY_ASSIGN(const std::int64_t after, core::round_half_away(sum, kExactUnit));
    TRY_ASSIGN(const std::int64_t amount, core::checked_subtract(after, before));
    Money& cost = out.try_emplace(key.second, Money{0, key.first}).first->second;
    TRY_ASSIGN(cost.minor, core::checked_add(cost.minor, sign * amount));
  }
  return {};
}

Result<void> add_stock(const Books& books, const Settings& settings, const FigureRange& range,
                       BusinessDay last, ValuedSums& out) {
  StockLedger before(settings);
  StockLedger after(settings);
  SoldValues sold_before;
  SoldValues sold;
  TRY(for_flows(books, settings, range, [&](const Flow& flow) -> Result<void> {
    const ProductInfo* product = settings.costed(flow.product);
    if (product == nullptr) {
      out.without_cost.insert(flow.product);
      return {};
    }
    const bool is_before = range.from && flow.day < *range.from;
    TRY(after.add(flow));
    if (is_before) TRY(before.add(flow));
    if (flow.place != Place::kSold) return {};
    const Exact worth = Exact{flow.thousandths} * worth_on(product->cost, flow.day);
    if (is_before) TRY(add_value(sold_before[{product->currency, flow.product}], worth));
    return add_value(sold[{product->currency, flow.product}], worth);
  }));
  Values start;
  if (range.from) {
    TRY_ASSIGN(start, before.at(std::min(BusinessDay{range.from->days - 1}, last)));
  }
  TRY_ASSIGN(Values more, after.at(last));
  for (const auto& [key, value] : start) TRY(add_value(more[key], -value));
  TRY_ASSIGN(out.postings, Telescope(start).post(more));
  TRY(add_rounded(sold_before, -1, out.products));
  return add_rounded(sold, 1, out.products);
}

Result<void> add_points(const Books& books, const Settings& settings, const FigureRange& range,
                        BusinessDay last, ValuedSums& out) {
  PointsLedger ledger(settings);
  std::map<Currency, PointsLedger::Day> before;
  if (range.from) {
    TRY_ASSIGN(const auto days, points_until(books, BusinessDay{range.from->days - 1}));
    for (PointsLedger::Day day : days) {
      day.day = std::min(day.day, last);
      before[day.currency] = day;
      TRY(ledger.post(day));
    }
  }
  TRY_ASSIGN(const auto days,
             points_until(books, range.to.value_or(BusinessDay{BusinessDay::kMax})));
  for (PointsLedger::Day day : days) {
    const PointsLedger::Day& start = before[day.currency];
    day.day = last;
    TRY_ASSIGN(day.earned, core::checked_subtract(day.earned, start.earned));
    TRY_ASSIGN(day.redeemed, core::checked_subtract(day.redeemed, start.redeemed));
    TRY_ASSIGN(day.tender_minor, core::checked_subtract(day.tender_minor, start.tender_minor));
    TRY_ASSIGN(const ValuedPostings postings, ledger.post(day));
    out.postings.insert(out.postings.end(), postings.begin(), postings.end());
  }
  return {};
}

}  // namespace

Result<BusinessDay> valuation_day(const Books& books, const Settings& settings,
                                  std::optional<BusinessDay> to) {
  const BusinessDay asked = to.value_or(BusinessDay{BusinessDay::kMax});
  const std::set<BusinessDay> changes = change_days(settings);
  // Only a change near the end or behind it makes a difference; else the messages are not read.
  TRY_ASSIGN(const std::int64_t month,
             books.database().query_int(
                 "SELECT COALESCE(MAX(month), 0) FROM (SELECT month FROM (SELECT month FROM "
                 "month_moves WHERE thousandths <> 0 ORDER BY month DESC LIMIT 1) AS a UNION ALL "
                 "SELECT month FROM (SELECT month FROM month_takings WHERE sales <> 0 OR "
                 "net_minor <> 0 ORDER BY month DESC LIMIT 1) AS b) AS c"));
  const bool none_near = changes.empty() || month_of(*changes.rbegin()) < month;
  if (none_near) return asked;
  TRY_ASSIGN(const auto last, last_day(books));
  return last ? std::min(asked, *last) : asked;
}

Result<ValuedSums> valued_sums(const Books& books, const Settings& settings,
                               const FigureRange& range) {
  ValuedSums out;
  if (!settings.has_products && !settings.has_points) return out;
  TRY_ASSIGN(const BusinessDay last, valuation_day(books, settings, range.to));
  if (settings.has_products) TRY(add_stock(books, settings, range, last, out));
  if (settings.has_points) TRY(add_points(books, settings, range, last, out));
  return out;
}

}  // namespace rebuild
