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

struct SoldValue {
  Currency currency;
  Exact value = 0;
};

Result<std::map<ProductId, Money>> rounded(const std::map<ProductId, SoldValue>& sold,
                                           const Values& before) {
  std::map<ProductId, Money> out;
  std::map<Currency, Exact> sums;
  for (const auto& [product, row] : sold) {
    const auto start = before.find({row.currency, Account::kCostOfGoods});
    Exact& sum = sums.try_emplace(row.currency, start == before.end() ? Exact{0} : start->second)
                     .first->second;
    TRY_ASSIGN(const std::int64_t first, core::round_half_away(sum, kExactUnit));
    TRY(add_value(sum, row.value));
    TRY_ASSIGN(const std::int64_t last, core::round_half_away(sum, kExactUnit));
    TRY_ASSIGN(const std::int64_t amount, core::checked_subtract(last, first));
    out.emplace(product, Money{amount, row.currency});
  }
  return out;
}

Result<void> add_stock(const Books& books, const Settings& settings, const FigureRange& range,
                       BusinessDay last, ValuedSums& out) {
  StockLedger before(settings);
  StockLedger after(settings);
  std::map<ProductId, SoldValue> sold;
  TRY(for_flows(books, settings, range, [&](const Flow& flow) -> Result<void> {
    const ProductInfo* product = settings.costed(flow.product);
    if (product == nullptr) {
      out.without_cost.insert(flow.product);
      return {};
    }
    TRY(after.add(flow));
    if (range.from && flow.day < *range.from) return before.add(flow);
    if (flow.place != Place::kSold) return {};
    SoldValue& row = sold[flow.product];
    row.currency = product->currency;
    return add_value(row.value, Exact{flow.thousandths} * worth_on(product->cost, flow.day));
  }));
  Values start;
  if (range.from) {
    TRY_ASSIGN(start, before.at(std::min(BusinessDay{range.from->days - 1}, last)));
  }
  TRY_ASSIGN(Values more, after.at(last));
  for (const auto& [key, value] : start) TRY(add_value(more[key], -value));
  TRY_ASSIGN(out.postings, Telescope(start).post(more));
  TRY_ASSIGN(out.products, rounded(sold, start));
  return {};
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
