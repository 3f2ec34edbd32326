// Quantity: a 64-bit count of thousandths of a product's unit.
// Must not know products. No operators: every sum is checked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/arithmetic.h"
#include "core/base/decimal.h"
#include "core/base/result.h"

namespace core {

struct Quantity {
  static constexpr std::int64_t kUnit = 1000;  // thousandths in one
  std::int64_t thousandths = 0;
  auto operator<=>(const Quantity&) const = default;
};

// Errors: kOverflow.
inline Result<Quantity> add(Quantity a, Quantity b) {
  TRY_ASSIGN(const std::int64_t sum, checked_add(a.thousandths, b.thousandths));
  return Quantity{sum};
}
inline Result<Quantity> subtract(Quantity a, Quantity b) {
  TRY_ASSIGN(const std::int64_t difference, checked_subtract(a.thousandths, b.thousandths));
  return Quantity{difference};
}

// a * b, as in "2 sets of 4 chairs each". Errors: kInexact (no whole thousandth), kOverflow.
inline Result<Quantity> multiply_exact(Quantity a, Quantity b) {
  TRY_ASSIGN(const std::int64_t product,
             divide_exact(Int128{a.thousandths} * b.thousandths, Quantity::kUnit));
  return Quantity{product};
}

// "0.5" is 500 thousandths. Errors: kMalformed, kInexact (a fourth decimal place), kOverflow.
inline Result<Quantity> parse_quantity(std::string_view text) {
  TRY_ASSIGN(const std::int64_t thousandths, parse_decimal(text, 3, Rounding::kExact));
  return Quantity{thousandths};
}
// "0.500".
inline std::string to_string(Quantity quantity) {
  return format_decimal(quantity.thousandths, 3);
}

}  // namespace core
