// Barcode: lengths, digits and check digits first, then what the digits say.
// Must not trust a scanner: it is a keyboard that anybody can type on.
// Sources: core/retail/barcode.h.
#include "core/retail/barcode.h"

#include <algorithm>

#include "core/base/decimal.h"

namespace core::retail {
namespace {

constexpr std::size_t kEan13Digits = 13;
constexpr std::size_t kGtinDigits = 14;
constexpr std::uint64_t kGtin8Limit = 100'000'000;
constexpr std::size_t kQuantityDecimals = 3;
constexpr std::size_t kPatternCharactersMax = kEan13Digits + 1;  // and a point

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

// Digits from the first to the last; says what else was there without repeating it.
Result<void> check_digits(std::string_view text) {
  if (text.size() > kBarcodeCharactersMax) {
    return fail(Errc::kMalformed, "barcode of " + std::to_string(text.size()) +
                                      " characters; the limit is " +
                                      std::to_string(kBarcodeCharactersMax));
  }
  const auto other = std::find_if_not(text.begin(), text.end(), is_digit);
  if (other != text.end()) {
    return fail(Errc::kMalformed, "barcode: character " + std::to_string(other - text.begin() + 1) +
                                      " of " + std::to_string(text.size()) + " is not a digit");
  }
  return {};
}

bool is_plu(std::uint64_t code) {
  if (code >= 83000 && code <= 84999) return true;
  const std::uint64_t conventional = code >= 90000 ? code - 90000 : code;
  return conventional >= 3000 && conventional <= 4999;
}

// The GTIN in the digits of its shortest old form, 8 or 13, or 14 when it needs them.
std::string gtin_digits(std::uint64_t gtin) {
  std::string digits = std::to_string(gtin);
  const std::size_t width = gtin < kGtin8Limit ? 8 : kEan13Digits;
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

bool restricted_prefix(std::string_view prefix) {
  return starts_with(prefix, "02") || starts_with(prefix, "04") || starts_with(prefix, "2");
}

// Shape: `digits` as gtin_digits makes them.
bool is_restricted(std::string_view digits) {
  if (digits.size() == 8) return digits[0] == '0' || digits[0] == '2';  // GS1-8 prefixes 0xx, 2xx
  return digits.size() == kEan13Digits && restricted_prefix(digits);
}

std::size_t pattern_digits(const BarcodePattern& pattern) {
  return pattern.prefix.size() + pattern.item_digits + (pattern.price_check_digit ? 1 : 0) +
         pattern.value_digits + 1;
}

// Shape: `digits` are 13 and have the pattern's prefix.
Result<Barcode> read_by(const BarcodePattern& pattern, std::string_view digits) {
  CORE_CHECK(pattern_digits(pattern) == kEan13Digits && pattern.value_zeros <= kQuantityDecimals);
  const std::size_t item_at = pattern.prefix.size();
  const std::size_t value_at = kEan13Digits - 1 - pattern.value_digits;
  std::string value_text(digits.substr(value_at, pattern.value_digits));
  value_text.append(pattern.value_zeros, '0');
  Barcode barcode;
  barcode.kind = pattern.kind;
  TRY_ASSIGN(barcode.code, parse_unsigned(digits.substr(item_at, pattern.item_digits)));
  TRY_ASSIGN(const std::int64_t value, parse_decimal(value_text, 0, Rounding::kExact));
  if (pattern.kind == BarcodeKind::kWeighed) {
    barcode.weight = Quantity{value};
  } else {
    barcode.price_minor = value;
  }
  return barcode;
}

Unexpected odd_pattern(std::string_view text, const std::string& why) {
  return fail(
      Errc::kMalformed,
      "barcode pattern '" + std::string(text.substr(0, kPatternCharactersMax)) + "': " + why);
}

}  // namespace

Result<BarcodePattern> parse_barcode_pattern(std::string_view text, Currency currency) {
  if (text.size() > kPatternCharactersMax) {
    return odd_pattern(text, "longer than 13 digits and a point");
  }
  BarcodePattern pattern;
  std::size_t at = 0;
  const auto count = [&text, &at](char wanted) {
    const std::size_t from = at;
    while (at < text.size() && text[at] == wanted) ++at;
    return at - from;
  };
  while (at < text.size() && is_digit(text[at])) pattern.prefix.push_back(text[at++]);
  if (pattern.prefix.size() < 2 || !restricted_prefix(pattern.prefix)) {
    return odd_pattern(text, "starts with digits from 02, 04 or 20 to 29");
  }
  pattern.item_digits = count('P');
  const std::size_t price_check_digits = count('V');
  pattern.price_check_digit = price_check_digits == 1;
  const char letter = at < text.size() && text[at] == 'W' ? 'W' : 'A';
  pattern.kind = letter == 'W' ? BarcodeKind::kWeighed : BarcodeKind::kPriced;
  const std::size_t scale =
      letter == 'W' ? kQuantityDecimals : static_cast<std::size_t>(currency.minor_digits());
  pattern.value_digits = count(letter);
  if (count('.') == 1) {
    const std::size_t decimals = count(letter);
    if (decimals < 1 || decimals > scale) {
      return odd_pattern(text, "1 to " + std::to_string(scale) + " decimal places can be kept");
    }
    pattern.value_digits += decimals;
    pattern.value_zeros = scale - decimals;
  }
  const bool ends = count('C') == 1 && at == text.size();
  if (pattern.item_digits == 0 || price_check_digits > 1 || pattern.value_digits == 0 || !ends ||
      pattern_digits(pattern) != kEan13Digits) {
    return odd_pattern(text,
                       "13 places: prefix, P of the item code, perhaps V, A of an amount or "
                       "W of a weight, C");
  }
  return pattern;
}

int gs1_check_digit(std::string_view digits) {
  int sum = 0;
  int weight = 3;  // of the digit next to the check digit; 3 and 1 alternate from there
  for (auto it = digits.rbegin(); it != digits.rend(); ++it) {
    CORE_CHECK(is_digit(*it));
    sum = (sum + weight * (*it - '0')) % 10;
    weight = 4 - weight;
  }
  return (10 - sum) % 10;
}

Result<std::uint64_t> parse_gtin(std::string_view text) {
  TRY(check_digits(text));
  if (text.size() != 8 && text.size() != 12 && text.size() != kEan13Digits &&
      text.size() != kGtinDigits) {
    return fail(Errc::kMalformed,
                "GTIN of " + std::to_string(text.size()) + " digits; it has 8, 12, 13 or 14");
  }
  const int expected = gs1_check_digit(text.substr(0, text.size() - 1));
  const int got = text.back() - '0';
  if (got != expected) {
    return fail(Errc::kMalformed, "GTIN " + std::string(text) + ": check digit " +
                                      std::to_string(got) + ", expected " +
                                      std::to_string(expected));
  }
  TRY_ASSIGN(const std::uint64_t gtin, parse_unsigned(text));
  if (gtin == 0) return fail(Errc::kMalformed, "a GTIN of zeros is no product's");
  return gtin;
}

Result<void> check_gtin(std::uint64_t gtin) {
  const std::string digits = gtin_digits(gtin);
  if (gtin == 0 || digits.size() > kGtinDigits) {
    return fail(Errc::kMalformed, "a GTIN has 8, 12, 13 or 14 digits and is not zero");
  }
  TRY(parse_gtin(digits));
  return {};
}

bool is_restricted_gtin(std::uint64_t gtin) {
  return is_restricted(gtin_digits(gtin));
}

Result<Barcode> parse_barcode(std::string_view text, const std::vector<BarcodePattern>& patterns) {
  TRY(check_digits(text));
  Barcode barcode;
  if (text.size() == 4 || text.size() == 5) {
    barcode.kind = BarcodeKind::kPlu;
    TRY_ASSIGN(barcode.code, parse_unsigned(text));
    if (!is_plu(barcode.code) || text.front() == '0') {
      return fail(Errc::kMalformed, "PLU " + std::string(text) +
                                        " is not from 3000 to 4999, such with 9 in front, or from "
                                        "83000 to 84999");
    }
    return barcode;
  }
  const std::size_t length = text.size();
  if (length != 8 && (length < 12 || length > kGtinDigits)) {
    return fail(Errc::kMalformed, "barcode of " + std::to_string(length) +
                                      " digits; a PLU has 4 or 5, a GTIN 8, 12, 13 or 14");
  }
  TRY_ASSIGN(barcode.code, parse_gtin(text));
  const std::string digits = gtin_digits(barcode.code);
  if (!is_restricted(digits)) return barcode;
  for (const BarcodePattern& pattern : patterns) {
    if (digits.size() == kEan13Digits && starts_with(digits, pattern.prefix)) {
      return read_by(pattern, digits);
    }
  }
  barcode.kind = BarcodeKind::kRestricted;
  return barcode;
}

}  // namespace core::retail
