// Cash rounding: what is due in cash, to the smallest coin that there is, and the difference made.
// Must not know tenders, prices or taxes: those stay exact, and the difference is booked apart.
// Sources of steps: 5 for CHF, and for EUR in Finland and the Netherlands; 100 for SEK (2010).
#pragma once

#include <cstdint>

#include "core/base/money.h"
#include "core/base/result.h"

namespace core::retail {

struct CashRounding {
  Money due;         // a multiple of the step
  Money difference;  // due - exact: above zero in the shop's favour
  bool operator==(const CashRounding&) const = default;
};

// Rounds to the nearest multiple of the step, halves away from zero; what is paid out (below zero)
// is the mirror of what is paid in.
// Only ever for the remainder that is settled in cash, after every other tender: a total or a line
// that were rounded would change what a card pays and what is taxed.
// Shape: step_minor 1 and up, in minor units; 1 rounds nothing.
// Errors: kMalformed (a step below 1), kOverflow.
Result<CashRounding> round_cash(Money exact, std::int64_t step_minor);

}  // namespace core::retail
