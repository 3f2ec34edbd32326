// Payment: what is handed over against what is due: order of tenders, change, cash rounding.
// Must not know documents or journals.
#pragma once

#include <cstdint>

#include "core/base/money.h"
#include "core/base/result.h"
#include "core/retail/document.h"

namespace till {

struct Payment {
  core::retail::Tenders tenders;  // add up to what was due; cash net of change
  core::Money change;
  core::Money coupon_excess;  // what coupons were worth above the total; paid out in cash
};

// Coupons pay first, then what is fixed (points, vouchers, deposits), then the card, then cash,
// which alone is rounded; change is given for cash only, and what coupons are worth above the total
// is paid out. Nothing tendered: all that is left, in cash.
// Errors: kUsage (a tender that is computed, or below zero), kCurrency, kUnbalanced (short; a card,
// voucher, deposit or points above what is due), kMalformed, kOverflow.
core::Result<Payment> settle(core::Money total, const core::retail::Tenders& tendered,
                             std::int64_t cash_step_minor);

// Pays `net`, zero or below, back; cash alone is rounded. Puts what was paid into `tenders`, and
// returns what is handed over, above zero. Errors: kMalformed, kOverflow.
core::Result<core::Money> pay_back(core::Money net, core::retail::TenderKind by,
                                   std::int64_t cash_step_minor, core::retail::Tenders& tenders);

}  // namespace till
