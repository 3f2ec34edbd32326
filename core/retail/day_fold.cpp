// DayFold: a day's documents, added up.
#include "core/retail/day_fold.h"

#include "core/retail/limits.h"

namespace core::retail {
namespace {

Result<void> accumulate(Money& sum, Money more) {
  TRY_ASSIGN(sum, core::add(sum, more));
  return check_figure(sum.minor, "a day's sum in minor units");
}

// The row of a key, born as zero in the right currency.
template <typename Map, typename Key, typename Row>
Row& row_of(Map& rows, Key key, const Row& zero) {
  return rows.try_emplace(key, zero).first->second;
}

}  // namespace

Result<void> DayFold::add(const Sale& sale, bool voided) {
  if (sale.day != closing_.day) {
    return fail(Errc::kMalformed,
                "a sale of " + to_string(sale.day) + " in the fold of " + to_string(closing_.day));
  }
  if (voided) {
    ++closing_.voids;
    return {};
  }
  ++closing_.sales;
  for (const SaleLine& line : sale.lines) TRY(add_line(line));
  for (const auto& [kind, amount] : sale.tenders) {
    TRY(accumulate(row_of(closing_.tenders, kind, Money{0, closing_.currency}), amount));
  }
  return {};
}

Result<void> DayFold::add_line(const SaleLine& line) {
  const Money zero{0, closing_.currency};
  TRY(accumulate(closing_.net, line.amount));
  TRY(accumulate(closing_.discount, line.discount));
  TaxRow& tax = row_of(closing_.taxes, line.tax, TaxRow{zero, zero});
  TRY(accumulate(tax.gross, line.amount));
  TRY(accumulate(tax.tax, line.tax_amount));
  for (const auto& [product, quantity] : line.consumed) {
    Quantity& sum = closing_.consumed[product];
    TRY_ASSIGN(sum, core::add(sum, quantity));
    TRY(check_figure(sum.thousandths, "the day's consumption of product " + to_string(product)));
  }
  return {};
}

Result<void> DayFold::count_cash(Money counted) {
  Money expected{0, closing_.currency};
  for (const TenderKind kind : {TenderKind::kCash, TenderKind::kCouponExcess}) {
    const auto it = closing_.tenders.find(kind);
    if (it != closing_.tenders.end()) TRY(accumulate(expected, it->second));
  }
  TRY_ASSIGN(closing_.over_short, core::subtract(counted, expected));
  return check_figure(closing_.over_short.minor, "over and short in minor units");
}

}  // namespace core::retail
