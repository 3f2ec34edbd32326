// DayFold: a day's documents, added up.
#include "core/retail/day_fold.h"

#include "core/retail/limits.h"

namespace core::retail {
namespace {

Result<Money> signed_money(Money money, int sign) {
  if (sign > 0) return money;
  return negate(money);
}

Result<void> accumulate(Money& sum, Money more, int sign = 1) {
  TRY_ASSIGN(const Money change, signed_money(more, sign));
  TRY_ASSIGN(sum, core::add(sum, change));
  return check_figure(sum.minor, "a day's sum in minor units");
}

// Rows that come to nothing are not there, so that the closing is a function of the sums.
template <typename Map, typename Key, typename Row, typename Add>
Result<void> change_row(Map& rows, Key key, const Row& zero, Add add) {
  const auto at = rows.try_emplace(key, zero).first;
  TRY(add(at->second));
  if (at->second == zero) rows.erase(at);
  return {};
}

}  // namespace

Result<void> DayFold::add(const Document& document, const Sale* cancelled) {
  const Heading& heading = heading_of(document);
  if (heading.day != closing_.day) {
    return fail(Errc::kMalformed, "a document of " + to_string(heading.day) + " in the fold of " +
                                      to_string(closing_.day));
  }
  CORE_CHECK(std::holds_alternative<Void>(document) == (cancelled != nullptr));
  for (const auto& [series, number] : heading.numbers) {
    NumberRange& range =
        closing_.numbers.try_emplace(series, NumberRange{number, number}).first->second;
    range.last = number;
  }
  TRY(std::visit([this](const auto& d) { return take(d); }, document));
  return cancelled == nullptr ? Result<void>{} : take_back(*cancelled);
}

Result<void> DayFold::take(const Sale& sale) {
  ++closing_.sales;
  for (const SaleLine& line : sale.lines) TRY(add_line(line, 1));
  return add_tenders(sale.tenders, 1);
}

Result<void> DayFold::take_back(const Sale& sale) {
  --closing_.sales;
  ++closing_.voids;
  for (const SaleLine& line : sale.lines) TRY(add_line(line, -1));
  return add_tenders(sale.tenders, -1);
}

Result<void> DayFold::take(const Refund& refund) {
  ++closing_.refunds;
  for (const RefundLine& line : refund.lines) {
    TRY(add_line(line.mirror, 1));
    TRY(accumulate(closing_.refunded, line.mirror.amount, -1));
  }
  return add_tenders(refund.tenders, 1);
}

Result<void> DayFold::take(const CashMovement& movement) {
  const Money zero{0, closing_.currency};
  return change_row(closing_.cash_movements, movement.kind, zero,
                    [&](Money& sum) { return accumulate(sum, movement.amount); });
}

Result<void> DayFold::take(const NoSale&) {
  ++closing_.no_sales;
  return {};
}

Result<void> DayFold::add_line(const SaleLine& line, int sign) {
  const Money zero{0, closing_.currency};
  TRY(accumulate(closing_.net, line.amount, sign));
  TRY(accumulate(closing_.discount, line.discount, sign));
  TRY(change_row(closing_.taxes, line.tax, TaxRow{zero, zero}, [&](TaxRow& row) -> Result<void> {
    TRY(accumulate(row.gross, line.amount, sign));
    return accumulate(row.tax, line.tax_amount, sign);
  }));
  for (const auto& [product, quantity] : line.consumed) {
    const auto add_quantity = [sign, quantity = quantity,
                               product = product](Quantity& sum) -> Result<void> {
      TRY_ASSIGN(sum, sign > 0 ? core::add(sum, quantity) : core::subtract(sum, quantity));
      return check_figure(sum.thousandths,
                          "the day's consumption of product " + to_string(product));
    };
    TRY(change_row(closing_.consumed, product, Quantity{}, add_quantity));
  }
  return {};
}

Result<void> DayFold::add_tenders(const Tenders& tenders, int sign) {
  const Money zero{0, closing_.currency};
  for (const auto& [kind, amount] : tenders) {
    TRY(change_row(closing_.tenders, kind, zero,
                   [sign, amount = amount](Money& sum) { return accumulate(sum, amount, sign); }));
  }
  return {};
}

Result<void> DayFold::count_cash(Money counted) {
  TRY_ASSIGN(const Money expected, expected_cash(closing_));
  TRY(check_figure(counted.minor, "the cash counted in minor units"));
  TRY_ASSIGN(closing_.over_short, core::subtract(counted, expected));
  closing_.counted = counted;
  return check_figure(closing_.over_short.minor, "over and short in minor units");
}

}  // namespace core::retail
