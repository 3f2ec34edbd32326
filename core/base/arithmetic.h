// Checked 64-bit arithmetic and the one rounding function of the house.
// Must not know money from quantity; see core/base/money.h and core/base/quantity.h.
#pragma once

#include <cstdint>

#include "core/base/result.h"

namespace core {

__extension__ using Int128 = __int128;

// What the functions below fail with.
Unexpected sum_overflow(std::int64_t a, std::int64_t b);
Unexpected difference_overflow(std::int64_t a, std::int64_t b);

// Errors of all three: kOverflow.
inline Result<std::int64_t> checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return sum_overflow(a, b);
  return sum;
}
inline Result<std::int64_t> checked_subtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return difference_overflow(a, b);
  return difference;
}
inline Result<std::int64_t> checked_negate(std::int64_t a) {
  return checked_subtract(0, a);
}

// numerator / denominator, rounded to the nearest integer, halves away from zero.
// The only place in the house where a figure is rounded.
// Shape: denominator > 0 (CORE_CHECK). Errors: kOverflow (the result does not fit 64 bits).
Result<std::int64_t> round_half_away(Int128 numerator, std::int64_t denominator);

// numerator / denominator when it is an integer.
// Shape: denominator > 0 (CORE_CHECK). Errors: kInexact (a remainder is left), kOverflow.
Result<std::int64_t> divide_exact(Int128 numerator, std::int64_t denominator);

}  // namespace core
