// Money: a 64-bit count of minor units with its currency.
#include "core/base/money.h"

#include <algorithm>

#include "core/base/arithmetic.h"
#include "core/base/decimal.h"

namespace core {
namespace {

// ISO 4217 currencies whose minor unit is not a hundredth.
struct MinorDigits {
  std::string_view code;
  int digits;
};
constexpr MinorDigits kUnusual[] = {
    {"BHD", 3}, {"BIF", 0}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0}, {"IQD", 3}, {"ISK", 0}, {"JOD", 3},
    {"JPY", 0}, {"KMF", 0}, {"KRW", 0}, {"KWD", 3}, {"LYD", 3}, {"OMR", 3}, {"PYG", 0}, {"RWF", 0},
    {"TND", 3}, {"UGX", 0}, {"VND", 0}, {"VUV", 0}, {"XAF", 0}, {"XOF", 0}, {"XPF", 0},
};

}  // namespace

Unexpected two_currencies(Money a, Money b) {
  return fail(Errc::kCurrency, "amounts in " + std::string(a.currency.code()) + " and " +
                                   std::string(b.currency.code()) + " cannot be added");
}

Result<Currency> Currency::parse(std::string_view code) {
  const bool capitals =
      std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (code.size() != 3 || !capitals) {
    return fail(Errc::kMalformed, "'" + std::string(code.substr(0, 16)) +
                                      "' is no currency code; use three capitals such as USD");
  }
  Currency out;
  std::copy(code.begin(), code.end(), out.code_.begin());
  return out;
}

int Currency::minor_digits() const {
  for (const auto& unusual : kUnusual) {
    if (unusual.code == code()) return unusual.digits;
  }
  return 2;
}

Result<Money> negate(Money a) {
  TRY_ASSIGN(const std::int64_t minor, checked_negate(a.minor));
  return Money{minor, a.currency};
}

Result<Money> parse_money(std::string_view text, Currency currency) {
  TRY_ASSIGN(const std::int64_t minor,
             parse_decimal(text, currency.minor_digits(), Rounding::kExact));
  return Money{minor, currency};
}

std::string to_string(Money money) {
  return format_decimal(money.minor, money.currency.minor_digits()) + " " +
         std::string(money.currency.code());
}

}  // namespace core
