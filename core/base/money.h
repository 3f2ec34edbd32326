// Money: a 64-bit count of minor units with its currency.
// Must not know prices, taxes or tenders. No operators: every sum is checked.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/arithmetic.h"
#include "core/base/result.h"

namespace core {

// An ISO 4217 alphabetic code, for example "USD".
class Currency {
 public:
  constexpr Currency() = default;

  // Errors: kMalformed (not three capital letters).
  static Result<Currency> parse(std::string_view code);

  std::string_view code() const { return {code_.data(), code_.size()}; }
  // Decimal places of the minor unit (ISO 4217, table A.1): 2 for USD, 0 for JPY, 3 for KWD.
  int minor_digits() const;
  auto operator<=>(const Currency&) const = default;

 private:
  std::array<char, 3> code_{'X', 'X', 'X'};  // ISO 4217's "no currency"
};

struct Money {
  std::int64_t minor = 0;
  Currency currency;
  auto operator<=>(const Money&) const = default;
};

// What the sums below fail with.
Unexpected two_currencies(Money a, Money b);

// Errors of the sums: kCurrency (two currencies), kOverflow.
inline Result<Money> add(Money a, Money b) {
  if (a.currency != b.currency) return two_currencies(a, b);
  TRY_ASSIGN(const std::int64_t minor, checked_add(a.minor, b.minor));
  return Money{minor, a.currency};
}
inline Result<Money> subtract(Money a, Money b) {
  if (a.currency != b.currency) return two_currencies(a, b);
  TRY_ASSIGN(const std::int64_t minor, checked_subtract(a.minor, b.minor));
  return Money{minor, a.currency};
}
Result<Money> negate(Money a);

// "500.00" at USD is 50000 minor units. Errors: kMalformed, kInexact, kOverflow.
Result<Money> parse_money(std::string_view text, Currency currency);
// "500.00 USD".
std::string to_string(Money money);

}  // namespace core
