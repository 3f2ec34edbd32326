// Barcode: the digits that a scanner or a cashier enters, checked and told apart.
// Must not know the catalog: whether a product has such a number is asked elsewhere.
// Sources: GS1 General Specifications, sections 2.1 (GTIN, restricted circulation) and 7.9.1 (check
// digit); GS1 prefixes 02, 04 and 20-29; IFPS, "Produce PLU: a user's guide".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"

namespace core::retail {

// Longer is refused unread; a GS1-128 symbol holds 48 characters.
inline constexpr std::size_t kBarcodeCharactersMax = 48;

enum class BarcodeKind {
  kGtin,        // code: a GTIN of 14 digits, unique in the world
  kRestricted,  // code: the same, but unique in this shop only, and no pattern knows it
  kPriced,      // code: item code of a pattern; price_minor is set
  kWeighed,     // code: item code of a pattern; weight is set
  kPlu,         // code: a PLU number of 4 or 5 digits
};

struct Barcode {
  BarcodeKind kind = BarcodeKind::kGtin;
  std::uint64_t code = 0;        // leading zeros do not count
  std::int64_t price_minor = 0;  // of the whole package; minor units
  Quantity weight;               // thousandths of the product's unit
  bool operator==(const Barcode&) const = default;
};

// How a shop or its country lays out an EAN-13 with a price or a weight inside.
// Digits, from the left: prefix, item code, perhaps a price check digit, value, GS1 check digit.
// The price check digit is skipped, not verified: its methods differ between countries, and the
// GS1 check digit covers the same digits.
struct BarcodePattern {
  std::string prefix;                       // starts with 02, 04 or 20-29
  std::size_t item_digits = 0;              // 1 and up
  bool price_check_digit = false;           // one digit between item code and value
  std::size_t value_digits = 0;             // 1 and up; all five parts are 13 digits together
  BarcodeKind kind = BarcodeKind::kPriced;  // kPriced or kWeighed
  std::size_t value_zeros = 0;              // 0..3, to append: 2 for a price in whole dollars
  bool operator==(const BarcodePattern&) const = default;
};

// Text form, a character a digit: the prefix, P of the item code, V a price check digit, A of the
// amount or W of the weight, C. A point sets the decimal places: "21PPPPPWWWWWC" counts
// thousandths, "21PPPPPWWW.WWC" hundredths; "22PPPPPAAAAAC" counts minor units of the currency,
// "22PPPPPAAAA.AC" tenths of its major unit.
// Errors: kMalformed (also more decimal places than the currency or a quantity has).
Result<BarcodePattern> parse_barcode_pattern(std::string_view text, Currency currency);

// The digit that makes a GTIN valid. Shape: digits only, without their check digit (CORE_CHECK).
int gs1_check_digit(std::string_view digits);

// "036000291452" (GTIN-12) and "0036000291452" (GTIN-13) are both 36000291452.
// Shape: 8, 12, 13 or 14 digits, not all zeros. UPC-E must be expanded by the scanner: its eight
// digits are read as a GTIN-8.
// Errors: kMalformed, saying what is wrong: the length, what is no digit, the check digit.
Result<std::uint64_t> parse_gtin(std::string_view text);

// Errors: kMalformed (zero, more than 14 digits, a wrong check digit).
Result<void> check_gtin(std::uint64_t gtin);
// Whether it is of restricted circulation: of one shop's own, so that another shop's product may
// have the same. Shape: a GTIN as parse_gtin() returns it.
bool is_restricted_gtin(std::uint64_t gtin);

// By its length: 4 or 5 digits are a PLU number (3000-4999; with 9 in front for organic, and 83000
// to 84999), 8, 12, 13 or 14 a GTIN. A GTIN of restricted circulation is read by the first pattern
// whose prefix it has.
// Shape: patterns as parse_barcode_pattern makes them (CORE_CHECK).
// Errors: kMalformed, as above.
Result<Barcode> parse_barcode(std::string_view text, const std::vector<BarcodePattern>& patterns);

}  // namespace core::retail
