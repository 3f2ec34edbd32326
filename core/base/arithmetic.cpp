// Checked 64-bit arithmetic and the one rounding function of the house.
#include "core/base/arithmetic.h"

#include <limits>

namespace core {
namespace {

Result<std::int64_t> narrow(Int128 value) {
  if (value > std::numeric_limits<std::int64_t>::max() ||
      value < std::numeric_limits<std::int64_t>::min()) {
    return fail(Errc::kOverflow, "a result does not fit 64 bits");
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

Unexpected sum_overflow(std::int64_t a, std::int64_t b) {
  return fail(Errc::kOverflow, "the sum of " + std::to_string(a) + " and " + std::to_string(b) +
                                   " does not fit 64 bits");
}

Unexpected difference_overflow(std::int64_t a, std::int64_t b) {
  return fail(Errc::kOverflow, "the difference of " + std::to_string(a) + " and " +
                                   std::to_string(b) + " does not fit 64 bits");
}

Result<std::int64_t> round_half_away(Int128 numerator, std::int64_t denominator) {
  CORE_CHECK(denominator > 0);
  const bool negative = numerator < 0;
  const Int128 magnitude = negative ? -numerator : numerator;
  Int128 quotient = magnitude / denominator;
  if ((magnitude % denominator) * 2 >= denominator) ++quotient;
  return narrow(negative ? -quotient : quotient);
}

Result<std::int64_t> divide_exact(Int128 numerator, std::int64_t denominator) {
  CORE_CHECK(denominator > 0);
  if (numerator % denominator != 0) {
    return fail(Errc::kInexact,
                "a result has a remainder when divided by " + std::to_string(denominator));
  }
  return narrow(numerator / denominator);
}

}  // namespace core
