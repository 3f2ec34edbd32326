// DayFold: a day's documents, added up.
#include "core/retail/day_fold.h"

#include "core/base/arithmetic.h"
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

namespace {

bool has_cash(const Tenders& tenders) {
  return tenders.contains(TenderKind::kCash) || tenders.contains(TenderKind::kCouponExcess);
}

bool opens_drawer(const Document& document) {
  if (const auto* sale = std::get_if<Sale>(&document)) return has_cash(sale->tenders);
  if (const auto* refund = std::get_if<Refund>(&document)) return has_cash(refund->tenders);
  if (const auto* layaway = std::get_if<Layaway>(&document)) return has_cash(layaway->tenders);
  return std::holds_alternative<CashMovement>(document) || std::holds_alternative<NoSale>(document);
}

Quantity signed_quantity(Quantity quantity, int sign) {
  return sign > 0 ? quantity : Quantity{-quantity.thousandths};
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
  closing_.counts.clock_doubts += heading.clock_doubtful ? 1u : 0u;
  closing_.counts.drawer_openings += opens_drawer(document) ? 1u : 0u;
  TRY(std::visit([this](const auto& d) { return take(d); }, document));
  return cancelled == nullptr ? Result<void>{} : take_back(*cancelled);
}

template <typename Add>
Result<void> DayFold::add_operator(OperatorId id, Add add) {
  if (id == OperatorId{}) return {};
  const Money zero{0, closing_.currency};
  return change_row(closing_.operators, id, OperatorRow{0, zero, zero, 0, 0, zero}, add);
}

Result<void> DayFold::add_sale(const Sale& sale, int sign) {
  TRY(add_operator(sale.operator_id, [&](OperatorRow& row) -> Result<void> {
    sign > 0 ? ++row.sales : --row.sales;
    for (const SaleLine& line : sale.lines) {
      TRY(accumulate(row.net, line.amount, sign));
      TRY(accumulate(row.discount, line.discount, sign));
    }
    return {};
  }));
  for (const SaleLine& line : sale.lines) TRY(add_line(line, sign));
  for (const Voucher& voucher : sale.vouchers_sold) {
    TRY(accumulate(closing_.liabilities.vouchers_sold, voucher.amount, sign));
  }
  TRY(add_deposit_taxes(sale.deposit_taxes, sign));
  TRY(add_points(sale.member, sale.points_earned, sale.points_redeemed, sign));
  return add_tenders(sale.tenders, sign);
}

Result<void> DayFold::take(const Sale& sale) {
  ++closing_.sales;
  closing_.counts.lines_voided += sale.lines_voided;
  TRY(add_operator(sale.operator_id, [&](OperatorRow& row) -> Result<void> {
    row.lines_voided += sale.lines_voided;
    return {};
  }));
  return add_sale(sale, 1);
}

Result<void> DayFold::take_back(const Sale& sale) {
  --closing_.sales;
  ++closing_.voids;
  return add_sale(sale, -1);
}

Result<void> DayFold::take(const Refund& refund) {
  const Money zero{0, closing_.currency};
  ++closing_.refunds;
  Money& receipt =
      closing_.refunded_receipts
          .try_emplace(ReceiptKey{refund.sold_at.value_or(TillRef{}), refund.invoice}, zero)
          .first->second;
  for (const RefundLine& line : refund.lines) {
    TRY(add_line(line.mirror, 1));
    TRY(accumulate(closing_.refunded, line.mirror.amount, -1));
    TRY(accumulate(receipt, line.mirror.amount, -1));
  }
  TRY(add_operator(refund.operator_id, [&](OperatorRow& row) -> Result<void> {
    ++row.refunds;
    for (const RefundLine& line : refund.lines) {
      TRY(accumulate(row.net, line.mirror.amount));
      TRY(accumulate(row.discount, line.mirror.discount));
      TRY(accumulate(row.refunded, line.mirror.amount, -1));
    }
    return {};
  }));
  TRY(add_points(refund.member, refund.points_taken_back, 0, -1));
  return add_tenders(refund.tenders, 1);
}

Result<void> DayFold::take(const CashMovement& movement) {
  const Money zero{0, closing_.currency};
  return change_row(closing_.cash_movements, movement.kind, zero,
                    [&](Money& sum) { return accumulate(sum, movement.amount); });
}

Result<void> DayFold::take(const NoSale&) {
  ++closing_.counts.no_sales;
  return {};
}

Result<void> DayFold::take(const StockMovement& movement) {
  const bool in = movement.kind == StockKind::kTransferIn;
  const TransferKey key{movement.transfer, in ? TransferWay::kIn : TransferWay::kOut,
                        movement.other_store};
  for (const auto& [product, quantity] : movement.lines) {
    switch (movement.kind) {
      case StockKind::kReceived:
        TRY(add_product(closing_.received, product, quantity));
        TRY(move_on_hand(product, quantity));
        break;
      case StockKind::kAdjustment:
        TRY(add_product(closing_.adjusted, product, quantity));
        TRY(move_on_hand(product, quantity));
        break;
      case StockKind::kTransferOut:
      case StockKind::kTransferIn:
        TRY(add_product(closing_.transfers[key], product, quantity));
        TRY(move_on_hand(product, signed_quantity(quantity, in ? 1 : -1)));
        break;
      case StockKind::kCount:
        closing_.on_hand[product] = quantity;
        break;
    }
  }
  return {};
}

Result<void> DayFold::take(const Layaway& layaway) {
  TRY_ASSIGN(const Money paid, sum_of(layaway.tenders, closing_.currency));
  Liabilities& liabilities = closing_.liabilities;
  TRY(accumulate(liabilities.deposits, paid));
  TRY(accumulate(liabilities.deposits, layaway.forfeited, -1));
  TRY(accumulate(liabilities.forfeited, layaway.forfeited));
  TRY(add_deposit_taxes(layaway.taxes, 1));
  return add_tenders(layaway.tenders, 1);
}

Result<void> DayFold::take(const Training&) {
  ++closing_.counts.trainings;
  return {};
}

Result<void> DayFold::take(const Copy&) {
  ++closing_.counts.copies;
  return {};
}

Result<void> DayFold::take(const CardResult& result) {
  const Money zero{0, closing_.currency};
  BatchRow& row =
      closing_.batches.try_emplace(BatchKey{result.terminal, result.batch}, BatchRow{0, zero, {}})
          .first->second;
  ++row.count;
  return accumulate(row.amount, result.amount, result.kind == CardKind::kAuthorised ? 1 : -1);
}

Result<void> DayFold::add_line(const SaleLine& line, int sign) {
  const Money zero{0, closing_.currency};
  TRY(accumulate(closing_.net, line.amount, sign));
  TRY(accumulate(closing_.discount, line.discount, sign));
  TRY(change_row(closing_.taxes, line.tax, TaxRow{zero, zero}, [&](TaxRow& row) -> Result<void> {
    TRY(accumulate(row.gross, line.amount, sign));
    return accumulate(row.tax, line.tax_amount, sign);
  }));
  TRY(change_row(closing_.sold, line.product, SoldRow{{}, zero}, [&](SoldRow& row) -> Result<void> {
    TRY(accumulate(row.net, line.amount, sign));
    TRY_ASSIGN(row.quantity, core::add(row.quantity, signed_quantity(line.quantity, sign)));
    return check_figure(row.quantity.thousandths,
                        "what the day sold of product " + to_string(line.product));
  }));
  for (const auto& [product, quantity] : line.consumed) {
    const Quantity taken = signed_quantity(quantity, sign);
    TRY(add_product(closing_.consumed, product, taken));
    TRY(move_on_hand(product, signed_quantity(taken, -1)));
  }
  return {};
}

Result<void> DayFold::add_product(Components& rows, ProductId product, Quantity quantity) {
  return change_row(rows, product, Quantity{}, [&](Quantity& sum) -> Result<void> {
    TRY_ASSIGN(sum, core::add(sum, quantity));
    return check_figure(sum.thousandths, "the day's sum of product " + to_string(product));
  });
}

Result<void> DayFold::move_on_hand(ProductId product, Quantity quantity) {
  const auto counted = closing_.on_hand.find(product);
  if (counted == closing_.on_hand.end()) return {};
  TRY_ASSIGN(counted->second, core::add(counted->second, quantity));
  return check_figure(counted->second.thousandths,
                      "what is on hand of product " + to_string(product));
}

Result<void> DayFold::add_points(const std::optional<MemberKey>& member, std::int64_t earned,
                                 std::int64_t redeemed, int sign) {
  if (!member) return {};
  return change_row(closing_.members, *member, PointsRow{}, [&](PointsRow& row) -> Result<void> {
    TRY_ASSIGN(row.earned, checked_add(row.earned, sign * earned));
    TRY_ASSIGN(row.redeemed, checked_add(row.redeemed, sign * redeemed));
    TRY(check_figure(row.earned, "a member's points of the day"));
    return check_figure(row.redeemed, "a member's points of the day");
  });
}

Result<void> DayFold::add_deposit_taxes(const std::map<TaxCode, Money>& taxes, int sign) {
  const Money zero{0, closing_.currency};
  for (const auto& [code, tax] : taxes) {
    TRY(change_row(closing_.deposit_taxes, code, zero,
                   [sign, tax = tax](Money& sum) { return accumulate(sum, tax, sign); }));
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
