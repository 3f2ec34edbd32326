// Payment: settling what is due.
#include "till/payment.h"

#include <algorithm>

#include "core/retail/cash_rounding.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using namespace core::retail;

struct FixedTender {
  TenderKind kind;
  std::string_view name;
};

// Never above what is due, in this order.
constexpr FixedTender kFixed[] = {{TenderKind::kPoints, "points"},
                                  {TenderKind::kVoucher, "vouchers"},
                                  {TenderKind::kDeposit, "deposit"},
                                  {TenderKind::kCard, "card"}};

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

void put(Tenders& tenders, TenderKind kind, Money amount) {
  if (amount.minor != 0) tenders.emplace(kind, amount);
}

// Only what is computed, or nothing, was tendered: the rest is paid exactly, in cash.
bool pays_rest_in_cash(const Tenders& tendered) {
  return std::all_of(tendered.begin(), tendered.end(), [](const auto& tender) {
    return tender.first == TenderKind::kPoints || tender.first == TenderKind::kVoucher ||
           tender.first == TenderKind::kDeposit;
  });
}

}  // namespace

Result<Payment> settle(Money total, const Tenders& tendered, std::int64_t cash_step_minor) {
  const core::Currency currency = total.currency;
  TRY(check_tendered(tendered, currency));
  Payment out{{}, {0, currency}, {0, currency}};
  Money due = total;
  const Money coupon = tender_of(tendered, TenderKind::kCoupon, currency);
  put(out.tenders, TenderKind::kCoupon, coupon);
  if (coupon > due) {
    TRY_ASSIGN(out.coupon_excess, subtract(coupon, due));
    due = Money{0, currency};
  } else {
    TRY_ASSIGN(due, subtract(due, coupon));
  }
  for (const auto& [kind, name] : kFixed) {
    const Money amount = tender_of(tendered, kind, currency);
    if (amount > due) {
      return fail(Errc::kUnbalanced, "the " + std::string(name) + "'s " + to_string(amount) +
                                         " is above the " + to_string(due) +
                                         " due; change is given for cash only");
    }
    put(out.tenders, kind, amount);
    TRY_ASSIGN(due, subtract(due, amount));
  }
  TRY_ASSIGN(const CashRounding rounded, round_cash(due, cash_step_minor));
  due = rounded.due;
  Money cash = tender_of(tendered, TenderKind::kCash, currency);
  if (pays_rest_in_cash(tendered)) cash = due;
  if (cash < due) {
    return fail(Errc::kUnbalanced, "the tenders are short: " + to_string(due) +
                                       " is due in cash, " + to_string(cash) + " was given");
  }
  TRY_ASSIGN(out.change, subtract(cash, due));
  put(out.tenders, TenderKind::kCash, due);
  TRY_ASSIGN(const Money given_up, negate(rounded.difference));
  put(out.tenders, TenderKind::kCashRounding, given_up);
  TRY_ASSIGN(const Money paid_out, negate(out.coupon_excess));
  put(out.tenders, TenderKind::kCouponExcess, paid_out);
  return out;
}

Result<Money> pay_back(Money net, TenderKind by, std::int64_t cash_step_minor, Tenders& tenders) {
  TRY_ASSIGN(const CashRounding rounded,
             round_cash(net, by == TenderKind::kCash ? cash_step_minor : 1));
  put(tenders, by, rounded.due);
  TRY_ASSIGN(const Money given_up, negate(rounded.difference));
  put(tenders, TenderKind::kCashRounding, given_up);
  return negate(rounded.due);
}

}  // namespace till
