// Decimal text to scaled integers and back, without floating point.
// Must not know money from quantity.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace core {

enum class Rounding {
  kExact,     // refuse digits that the scale cannot hold
  kHalfAway,  // round them, halves away from zero (equals "half up" for amounts >= 0)
};

// Parses [-]digits[.digits][(e|E)[+|-]digits] as an integer count of 10^-scale.
// Shape: scale 0..9; text of 1..64 characters. "12.5" at scale 2 is 1250.
// Errors: kMalformed (no such number), kInexact (kExact and digits are left), kOverflow.
Result<std::int64_t> parse_decimal(std::string_view text, int scale, Rounding rounding);

// The shortest text with exactly `scale` fraction digits: 1250 at scale 2 is "12.50".
std::string format_decimal(std::int64_t value, int scale);

// Decimal digits only. Errors: kMalformed, kOverflow.
Result<std::uint64_t> parse_unsigned(std::string_view text);

}  // namespace core
