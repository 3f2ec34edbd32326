// Checked arithmetic, rounding, money and quantity.
#include <doctest/doctest.h>

#include <limits>

#include "core/base/arithmetic.h"
#include "core/base/money.h"
#include "core/base/quantity.h"

using namespace core;

namespace {
constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
Currency usd() {
  return *Currency::parse("USD");
}
}  // namespace

TEST_CASE("a sum that does not fit 64 bits is an overflow error, not a wrap") {
  CHECK(*checked_add(kMax - 1, 1) == kMax);
  CHECK(checked_add(kMax, 1).error().code == Errc::kOverflow);
  CHECK(checked_add(kMin, -1).error().code == Errc::kOverflow);
  CHECK(checked_subtract(kMin, 1).error().code == Errc::kOverflow);
  CHECK(checked_negate(kMin).error().code == Errc::kOverflow);
  CHECK(*checked_negate(kMax) == -kMax);
}

TEST_CASE("halves round away from zero, on both sides") {
  CHECK(*round_half_away(5, 10) == 1);
  CHECK(*round_half_away(4, 10) == 0);
  CHECK(*round_half_away(-5, 10) == -1);
  CHECK(*round_half_away(-4, 10) == 0);
  CHECK(*round_half_away(15, 10) == 2);
  CHECK(*round_half_away(7, 3) == 2);
  CHECK(*round_half_away(1, 3) == 0);
  CHECK(*round_half_away(Int128{kMax} * 7, 7) == kMax);
  CHECK(round_half_away(Int128{kMax} * 2, 1).error().code == Errc::kOverflow);
}

TEST_CASE("an exact division refuses a remainder") {
  CHECK(*divide_exact(12, 4) == 3);
  CHECK(*divide_exact(-12, 4) == -3);
  CHECK(divide_exact(13, 4).error().code == Errc::kInexact);
}

TEST_CASE("amounts of two currencies cannot be added") {
  const Currency eur = *Currency::parse("EUR");
  CHECK(add(Money{1, usd()}, Money{2, eur}).error().code == Errc::kCurrency);
  CHECK(add(Money{1, usd()}, Money{2, usd()})->minor == 3);
  CHECK(subtract(Money{kMin, usd()}, Money{1, usd()}).error().code == Errc::kOverflow);
}

TEST_CASE("money text follows the currency's minor unit") {
  CHECK(parse_money("500.00", usd())->minor == 50000);
  CHECK(parse_money("500", usd())->minor == 50000);
  CHECK(parse_money("-0.05", usd())->minor == -5);
  CHECK(parse_money("1.005", usd()).error().code == Errc::kInexact);
  CHECK(parse_money("12", *Currency::parse("JPY"))->minor == 12);
  CHECK(parse_money("1.234", *Currency::parse("KWD"))->minor == 1234);
  CHECK(to_string(Money{-5, usd()}) == "-0.05 USD");
  CHECK(to_string(Money{1928550000, usd()}) == "19285500.00 USD");
  CHECK(to_string(Money{7, *Currency::parse("JPY")}) == "7 JPY");
  CHECK_FALSE(Currency::parse("usd").has_value());
  CHECK_FALSE(Currency::parse("USDX").has_value());
}

TEST_CASE("quantities are thousandths, and a product of two must be one too") {
  CHECK(parse_quantity("0.5")->thousandths == 500);
  CHECK(parse_quantity("0.0005").error().code == Errc::kInexact);
  CHECK(multiply_exact(Quantity{2000}, Quantity{4000})->thousandths == 8000);
  CHECK(multiply_exact(Quantity{500}, Quantity{500})->thousandths == 250);
  CHECK(multiply_exact(Quantity{333}, Quantity{500}).error().code == Errc::kInexact);
  CHECK(multiply_exact(Quantity{kMax}, Quantity{2000}).error().code == Errc::kOverflow);
  CHECK(to_string(Quantity{-1500}) == "-1.500");
}
