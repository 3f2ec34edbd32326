// Checked 64-bit arithmetic and the one rounding function of the house.
// Must not know money from quantity; see core/base/money.h and core/base/quantity.h.
#pragma once

#include <cstdint>

#include "core/base/result.h"

namespace core {

__extension__ using Int128 = __int128;

// Errors of all three: kOverflow.
Result<std::int64_t> checked_add(std::int64_t a, std::int64_t b);
Result<std::int64_t> checked_subtract(std::int64_t a, std::int64_t b);
Result<std::int64_t> checked_negate(std::int64_t a);

// numerator / denominator, rounded to the nearest integer, halves away from zero.
// The only place in the house where a figure is rounded.
// Shape: denominator > 0 (CORE_CHECK). Errors: kOverflow (the result does not fit 64 bits).
Result<std::int64_t> round_half_away(Int128 numerator, std::int64_t denominator);

// numerator / denominator when it is an integer.
// Shape: denominator > 0 (CORE_CHECK). Errors: kInexact (a remainder is left), kOverflow.
Result<std::int64_t> divide_exact(Int128 numerator, std::int64_t denominator);

}  // namespace core
