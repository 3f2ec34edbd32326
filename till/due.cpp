// Due: the tenders so far against the total.
#include "till/due.h"

#include <algorithm>

#include "core/retail/cash_rounding.h"

namespace till {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::TenderKind;

Result<Due> due_of(Money total, const core::retail::Tenders& tendered,
                   std::int64_t cash_step_minor) {
  const Money zero{0, total.currency};
  Due out{zero, zero, zero, zero};
  Money cash = zero;
  Money coupon = zero;
  Money fixed = zero;  // pays at most what is due
  for (const auto& [kind, amount] : tendered) {
    Money& sum = kind == TenderKind::kCash ? cash : kind == TenderKind::kCoupon ? coupon : fixed;
    TRY_ASSIGN(sum, add(sum, amount));
  }
  Money left = zero;
  if (coupon > total) {
    TRY_ASSIGN(out.coupon_excess, subtract(coupon, total));
  } else {
    TRY_ASSIGN(left, subtract(total, coupon));
  }
  if (fixed > left) {
    return fail(Errc::kUnbalanced, to_string(fixed) + " is above the " + to_string(left) +
                                       " due; change is given for cash only");
  }
  TRY_ASSIGN(left, subtract(left, fixed));
  TRY_ASSIGN(const auto rounded, core::retail::round_cash(left, cash_step_minor));
  if (cash < rounded.due) {
    TRY_ASSIGN(out.in_cash, subtract(rounded.due, cash));
    TRY_ASSIGN(const Money exact, subtract(left, cash));
    out.exact = std::max(exact, zero);
  } else {
    TRY_ASSIGN(out.change, subtract(cash, rounded.due));
  }
  return out;
}

}  // namespace till
