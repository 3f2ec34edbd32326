// Due: what is still to be paid while a customer is paying.
// Must not know documents. What is paid in the end is settled by Till::ring, which agrees with it.
#pragma once

#include <cstdint>

#include "core/base/money.h"
#include "core/base/result.h"
#include "core/retail/document.h"

namespace till {

struct Due {
  core::Money exact;          // by anything but cash
  core::Money in_cash;        // rounded to the smallest coin; zero: everything is paid
  core::Money change;         // when everything is paid
  core::Money coupon_excess;  // what coupons are worth above the total
};

// Coupons pay first, cash last; change is given for cash only.
// Shape: tenders of zero and above. Errors: kUnbalanced (what gives no change is above what is
// due), kCurrency, kOverflow, kMalformed (a step below 1).
core::Result<Due> due_of(core::Money total, const core::retail::Tenders& tendered,
                         std::int64_t cash_step_minor);

}  // namespace till
