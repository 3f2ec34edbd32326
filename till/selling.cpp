// Till: ringing a sale: prices, tenders and change. Writing it down: till/documents.cpp.
#include <utility>

#include "core/base/arithmetic.h"
#include "core/retail/cash_rounding.h"
#include "core/retail/tax_share.h"
#include "till/till.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::Sale;
using core::retail::TenderKind;
using core::retail::Tenders;

struct Payment {
  Tenders tenders;  // cash net of change
  Money change;
  Money coupon_excess;
};

Money tendered_as(const Tenders& tendered, TenderKind kind, core::Currency currency) {
  const auto it = tendered.find(kind);
  return it == tendered.end() ? Money{0, currency} : it->second;
}

Result<void> check_tendered(const Tenders& tendered, core::Currency currency) {
  for (const auto& [kind, amount] : tendered) {
    if (kind == TenderKind::kCouponExcess || kind == TenderKind::kCashRounding) {
      return fail(Errc::kUsage, "coupon excess and rounding are computed, not tendered");
    }
    if (amount.currency != currency) {
      return fail(Errc::kCurrency, "a tender is not in " + std::string(currency.code()));
    }
    if (amount.minor < 0) return fail(Errc::kUsage, "a tender is below zero");
  }
  return {};
}

// Coupons pay first, then the card, then cash, which alone is rounded; change is given for cash
// only, and what coupons are worth above the total is paid out.
Result<Payment> settle(Money total, const Tenders& tendered, std::int64_t cash_step_minor) {
  const core::Currency currency = total.currency;
  TRY(check_tendered(tendered, currency));
  const Money coupon = tendered_as(tendered, TenderKind::kCoupon, currency);
  const Money card = tendered_as(tendered, TenderKind::kCard, currency);
  Money cash = tendered_as(tendered, TenderKind::kCash, currency);
  Payment out{{}, {0, currency}, {0, currency}};
  Money due = total;
  if (coupon > due) {
    TRY_ASSIGN(out.coupon_excess, subtract(coupon, due));
    due = Money{0, currency};
  } else {
    TRY_ASSIGN(due, subtract(due, coupon));
  }
  if (card > due) {
    return fail(Errc::kUnbalanced, "the card's " + to_string(card) + " is above the " +
                                       to_string(due) + " due; change is given for cash only");
  }
  TRY_ASSIGN(due, subtract(due, card));
  TRY_ASSIGN(const core::retail::CashRounding rounded,
             core::retail::round_cash(due, cash_step_minor));
  due = rounded.due;
  if (tendered.empty()) cash = due;
  if (cash < due) {
    return fail(Errc::kUnbalanced, "the tenders are short: " + to_string(due) +
                                       " is due in cash, " + to_string(cash) + " was given");
  }
  TRY_ASSIGN(out.change, subtract(cash, due));
  if (due.minor != 0) out.tenders.emplace(TenderKind::kCash, due);
  if (card.minor != 0) out.tenders.emplace(TenderKind::kCard, card);
  if (coupon.minor != 0) out.tenders.emplace(TenderKind::kCoupon, coupon);
  if (rounded.difference.minor != 0) {
    TRY_ASSIGN(const Money given_up, negate(rounded.difference));
    out.tenders.emplace(TenderKind::kCashRounding, given_up);
  }
  if (out.coupon_excess.minor != 0) {
    TRY_ASSIGN(const Money paid_out, negate(out.coupon_excess));
    out.tenders.emplace(TenderKind::kCouponExcess, paid_out);
  }
  return out;
}

}  // namespace

Result<Rung> Till::ring(const Basket& basket, std::int64_t time_ms) {
  TRY(need_open_day());
  if (basket.lines.empty()) return fail(Errc::kUsage, "a sale has one line at least");
  Sale sale;
  sale.currency = journal_.identity().currency;
  sale.time_ms = time_ms;
  std::vector<core::ProductId> ids;
  for (const BasketLine& line : basket.lines) ids.push_back(line.product);
  const bool began_before = basket.catalog.value != 0;
  TRY_ASSIGN(const core::retail::Catalog* catalog,
             shelf().slice(began_before ? basket.catalog : shelf_.present, ids));
  for (const BasketLine& line : basket.lines) {
    TRY_ASSIGN(core::retail::SaleLine priced,
               price_line(*catalog, line.product, line.quantity, line.discount));
    sale.lines.push_back(std::move(priced));
  }
  TRY(tax_lines(catalog->taxes(), sale.lines));
  TRY_ASSIGN(const Money total, net_of(sale));
  TRY_ASSIGN(Payment payment, settle(total, basket.tendered, catalog->cash_step_minor()));
  sale.tenders = std::move(payment.tenders);
  TRY_ASSIGN(DocumentNumbers numbers, record_sale(std::move(sale)));
  return Rung{std::move(numbers), total, payment.change, payment.coupon_excess};
}

}  // namespace till
