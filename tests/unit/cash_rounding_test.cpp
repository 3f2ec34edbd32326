// Cash rounding: the nearest coin, both ways, and a difference that is never lost.
#include <doctest/doctest.h>

#include <limits>

#include "core/retail/cash_rounding.h"

using namespace core;
using namespace core::retail;

namespace {

Currency chf() {
  return *Currency::parse("CHF");
}
CashRounding rounded(std::int64_t exact, std::int64_t step) {
  return *round_cash(Money{exact, chf()}, step);
}
CashRounding expected(std::int64_t due, std::int64_t difference) {
  return CashRounding{Money{due, chf()}, Money{difference, chf()}};
}

}  // namespace

TEST_CASE("cash is rounded to the nearest five, and the difference says by how much") {
  CHECK(rounded(1000, 5) == expected(1000, 0));
  CHECK(rounded(1001, 5) == expected(1000, -1));
  CHECK(rounded(1002, 5) == expected(1000, -2));
  CHECK(rounded(1003, 5) == expected(1005, 2));
  CHECK(rounded(1004, 5) == expected(1005, 1));
}

TEST_CASE("halves are rounded away from zero") {
  CHECK(rounded(1005, 10) == expected(1010, 5));
  CHECK(rounded(-1005, 10) == expected(-1010, -5));
  CHECK(rounded(1050, 100) == expected(1100, 50));
  CHECK(rounded(1049, 100) == expected(1000, -49));
}

TEST_CASE("cash that is paid out is the mirror of cash that is paid in") {
  CHECK(rounded(-1002, 5) == expected(-1000, 2));
  CHECK(rounded(-1003, 5) == expected(-1005, -2));
}

TEST_CASE("a due below half a coin becomes nothing") {
  CHECK(rounded(2, 5) == expected(0, -2));
  CHECK(rounded(0, 5) == expected(0, 0));
}

TEST_CASE("a step of one minor unit rounds nothing") {
  for (const std::int64_t exact : {-7, 0, 1, 1234567}) {
    CHECK(rounded(exact, 1) == expected(exact, 0));
  }
}

TEST_CASE("only minor units count, and the currency stays") {
  const Money yen{1234, *Currency::parse("JPY")};
  CHECK(round_cash(yen, 10)->due == Money{1230, yen.currency});
  const Money dinars{1313, *Currency::parse("KWD")};
  CHECK(round_cash(dinars, 5)->due == Money{1315, dinars.currency});
  CHECK(round_cash(dinars, 5)->difference == Money{2, dinars.currency});
}

TEST_CASE("a step below one is refused, and so is a result beyond 64 bits") {
  CHECK(round_cash(Money{1, chf()}, 0).error().code == Errc::kMalformed);
  CHECK(round_cash(Money{1, chf()}, -5).error().code == Errc::kMalformed);
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();  // ends in 807
  CHECK(round_cash(Money{most, chf()}, 10).error().code == Errc::kOverflow);
  CHECK(round_cash(Money{most, chf()}, 5)->due.minor == most - 2);
  CHECK(round_cash(Money{most, chf()}, most)->due.minor == most);
}
