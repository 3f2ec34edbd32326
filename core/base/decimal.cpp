// Decimal text to scaled integers and back, without floating point.
#include "core/base/decimal.h"

#include <charconv>

#include "core/base/arithmetic.h"

namespace core {
namespace {

constexpr std::size_t kTextLengthMax = 64;
constexpr std::size_t kKeptDigitsMax = 19;  // of the largest 64-bit integer
constexpr int kExponentMax = 400;  // IEEE 754 double reaches 10^-324: exporters print such values

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Scanned {
  bool negative = false;
  std::string digits;  // without leading zeros; value = digits * 10^exponent
  int exponent = 0;
};

Unexpected no_number(std::string_view text) {
  return fail(Errc::kMalformed,
              "'" + std::string(text.substr(0, kTextLengthMax)) + "' is no decimal number");
}

Unexpected too_wide(std::string_view text) {
  return fail(Errc::kOverflow, "'" + std::string(text) + "' does not fit 64 bits");
}

Result<int> scan_exponent(std::string_view text, std::string_view whole) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  int exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc{} || end != text.data() + text.size() || exponent > kExponentMax ||
      exponent < -kExponentMax) {
    return no_number(whole);
  }
  return exponent;
}

Result<Scanned> scan(std::string_view text) {
  if (text.empty() || text.size() > kTextLengthMax) return no_number(text);
  Scanned out;
  std::string_view rest = text;
  if (rest.front() == '-') {
    out.negative = true;
    rest.remove_prefix(1);
  }
  bool any_digit = false;
  bool in_fraction = false;
  std::size_t i = 0;
  for (; i < rest.size(); ++i) {
    const char c = rest[i];
    if (c == '.' && !in_fraction && any_digit) {
      in_fraction = true;
      if (i + 1 >= rest.size() || !is_digit(rest[i + 1])) return no_number(text);
    } else if (is_digit(c)) {
      any_digit = true;
      if (in_fraction) --out.exponent;
      if (c != '0' || !out.digits.empty()) out.digits.push_back(c);
    } else {
      break;
    }
  }
  if (!any_digit) return no_number(text);
  if (i < rest.size()) {
    if (rest[i] != 'e' && rest[i] != 'E') return no_number(text);
    TRY_ASSIGN(const int exponent, scan_exponent(rest.substr(i + 1), text));
    out.exponent += exponent;
  }
  return out;
}

}  // namespace

Result<std::int64_t> parse_decimal(std::string_view text, int scale, Rounding rounding) {
  CORE_CHECK(scale >= 0 && scale <= 9);
  TRY_ASSIGN(Scanned number, scan(text));
  if (number.digits.empty()) return std::int64_t{0};

  // value * 10^scale = digits * 10^shift. One digit more than is kept decides the rounding.
  const int shift = number.exponent + scale;
  std::string digits = number.digits;
  char next_digit = '0';
  if (shift >= 0) {
    if (digits.size() + static_cast<std::size_t>(shift) > kKeptDigitsMax) return too_wide(text);
    digits.append(static_cast<std::size_t>(shift), '0');
  } else {
    const std::size_t drop = static_cast<std::size_t>(-shift);
    const std::size_t keep = digits.size() > drop ? digits.size() - drop : 0;
    if (rounding == Rounding::kExact && digits.find_first_not_of('0', keep) != std::string::npos) {
      return fail(Errc::kInexact, "'" + std::string(text) + "' has more than " +
                                      std::to_string(scale) + " decimal places");
    }
    if (drop <= digits.size()) next_digit = digits[keep];
    digits.resize(keep);
    if (digits.size() > kKeptDigitsMax) return too_wide(text);
  }
  Int128 tenfold = 0;
  for (const char c : digits) tenfold = tenfold * 10 + (c - '0');
  tenfold = tenfold * 10 + (next_digit - '0');
  return round_half_away(number.negative ? -tenfold : tenfold, 10);
}

std::string format_decimal(std::int64_t value, int scale) {
  CORE_CHECK(scale >= 0 && scale <= 9);
  const bool negative = value < 0;
  const std::uint64_t magnitude =
      negative ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  std::string digits = std::to_string(magnitude);
  const std::size_t places = static_cast<std::size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  if (scale > 0) digits.insert(digits.size() - places, 1, '.');
  return negative ? "-" + digits : digits;
}

Result<std::uint64_t> parse_unsigned(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    return fail(Errc::kOverflow, "'" + std::string(text) + "' does not fit 64 bits");
  }
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return fail(Errc::kMalformed, "'" + std::string(text) + "' is no whole number");
  }
  return value;
}

}  // namespace core
