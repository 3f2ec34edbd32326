// Decimal text, hexadecimal text, dates, errors.
#include <doctest/doctest.h>

#include <limits>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/clock.h"
#include "core/base/decimal.h"
#include "core/base/result.h"

using namespace core;

TEST_CASE("decimal text becomes a scaled integer without floating point") {
  const auto cents = [](std::string_view text) {
    return *parse_decimal(text, 2, Rounding::kHalfAway);
  };
  CHECK(cents("1.5") == 150);
  CHECK(cents("0.005") == 1);
  CHECK(cents("0.0049999") == 0);
  CHECK(cents("-0.005") == -1);
  CHECK(cents("4.440892e-16") == 0);  // a real retailer's export has this amount
  CHECK(cents("1e2") == 10000);
  CHECK(cents("1.2345E+1") == 1235);
  CHECK(cents("0") == 0);
  CHECK(cents("000.10") == 10);
  CHECK(cents("92233720368547758.07") == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("text that is no decimal number is refused") {
  for (const char* text : {"", "-", ".", "1.", ".5", "1e", "1e+", "1e999", "1,5", "0x10", " 1",
                           "1 ", "nan", "inf", "--1", "1.2.3", "1e1.5"}) {
    CAPTURE(text);
    const auto parsed = parse_decimal(text, 2, Rounding::kHalfAway);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == Errc::kMalformed);
  }
  CHECK_FALSE(parse_decimal(std::string(65, '1'), 2, Rounding::kHalfAway).has_value());
  CHECK(parse_decimal("92233720368547758.08", 2, Rounding::kExact).error().code == Errc::kOverflow);
  CHECK(parse_decimal("1e300", 2, Rounding::kExact).error().code == Errc::kOverflow);
  CHECK(parse_decimal("0.001", 2, Rounding::kExact).error().code == Errc::kInexact);
  CHECK(*parse_decimal("0.010", 2, Rounding::kExact) == 1);
}

TEST_CASE("scaled integers print with all their places") {
  CHECK(format_decimal(5, 2) == "0.05");
  CHECK(format_decimal(-5, 3) == "-0.005");
  CHECK(format_decimal(1250, 0) == "1250");
  CHECK(format_decimal(std::numeric_limits<std::int64_t>::min(), 2) == "-92233720368547758.08");
}

TEST_CASE("hexadecimal text round trips and refuses other characters") {
  const Bytes bytes{0x00, 0xff, 0x1a};
  CHECK(to_hex(bytes) == "00ff1a");
  CHECK(*from_hex("00FF1a") == bytes);
  CHECK_FALSE(from_hex("0").has_value());
  CHECK_FALSE(from_hex("0g").has_value());
}

TEST_CASE("business days are calendar dates") {
  CHECK(parse_business_day("1970-01-01")->days == 0);
  CHECK(parse_business_day("2017-06-30")->days == 17347);
  CHECK(to_string(BusinessDay{17347}) == "2017-06-30");
  CHECK(parse_business_day("2024-02-29").has_value());
  for (const char* text : {"2023-02-29", "2017-13-01", "2017-6-30", "17-06-30", "2017/06/30", "",
                           "2017-06-31", "1969-12-31", "2170-01-01", "2017-06-3x"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_business_day(text).has_value());
  }
}

TEST_CASE("every error has a text and an exit status, and only wrong usage is 2") {
  for (int code = 0; code <= static_cast<int>(Errc::kDatabase); ++code) {
    const auto errc = static_cast<Errc>(code);
    CHECK(errc_text(errc) != "unknown");
    CHECK(exit_status(errc) == (errc == Errc::kUsage ? 2 : 1));
  }
  CHECK(describe(Error{Errc::kTooLarge, "70000 bytes"}) == "too-large: 70000 bytes");
}

TEST_CASE("a forward clock follows a clock that is set ahead, and goes on when it is set back") {
  core::ManualClock wall(1'000'000);
  core::ManualClock steady(5);
  const core::ForwardClock clock(wall, steady);
  const auto pass = [&](std::int64_t ms) {
    wall.advance_ms(ms);
    steady.advance_ms(ms);
  };
  CHECK(clock.now_ms() == 1'000'000);
  pass(10);
  CHECK(clock.now_ms() == 1'000'010);
  wall.advance_ms(3'600'000);
  CHECK(clock.now_ms() == 4'600'010);
  wall.advance_ms(-7'200'000);
  CHECK(clock.now_ms() == 4'600'010);
  CHECK(clock.lead_ms() == 7'200'000);
  pass(1'000);
  CHECK(clock.now_ms() == 4'601'010);
  wall.advance_ms(7'200'001);
  CHECK(clock.now_ms() == 4'601'011);
  CHECK(clock.lead_ms() == 0);
}
