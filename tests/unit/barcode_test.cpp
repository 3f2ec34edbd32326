// Barcodes: which digits are a product's, which hide a price or a weight, which are none at all.
#include <doctest/doctest.h>

#include "core/retail/barcode.h"

using namespace core;
using namespace core::retail;

namespace {

Currency currency(std::string_view code) {
  return *Currency::parse(code);
}
BarcodePattern pattern(std::string_view text, std::string_view code = "EUR") {
  return *parse_barcode_pattern(text, currency(code));
}
bool refused(std::string_view text, std::string_view code = "EUR") {
  const auto parsed = parse_barcode_pattern(text, currency(code));
  return !parsed && parsed.error().code == Errc::kMalformed;
}
// Adds the check digit.
std::string ean(std::string digits) {
  digits.push_back(static_cast<char>('0' + gs1_check_digit(digits)));
  return digits;
}
Barcode priced(std::uint64_t code, std::int64_t price_minor) {
  return Barcode{BarcodeKind::kPriced, code, price_minor, Quantity{}};
}
Barcode weighed(std::uint64_t code, std::int64_t thousandths) {
  return Barcode{BarcodeKind::kWeighed, code, 0, Quantity{thousandths}};
}
Barcode plain(BarcodeKind kind, std::uint64_t code) {
  return Barcode{kind, code, 0, Quantity{}};
}
Barcode read(std::string_view text, const std::vector<BarcodePattern>& patterns = {}) {
  return *parse_barcode(text, patterns);
}
std::string why(std::string_view text) {
  const auto parsed = parse_barcode(text, {});
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == Errc::kMalformed);
  return parsed.error().what;
}

}  // namespace

TEST_CASE("check digits are those of GS1's worked examples") {
  CHECK(gs1_check_digit("629104150021") == 3);
  CHECK(gs1_check_digit("03600029145") == 2);
  CHECK(gs1_check_digit("7351353") == 7);
  CHECK(gs1_check_digit("400638133393") == 1);
  CHECK(gs1_check_digit("1540014128876") == 3);
  CHECK(gs1_check_digit("000000000000") == 0);
}

TEST_CASE("a GTIN of any length is one number, so that leading zeros make no other product") {
  CHECK(*parse_gtin("036000291452") == 36000291452);
  CHECK(*parse_gtin("0036000291452") == 36000291452);
  CHECK(*parse_gtin("00036000291452") == 36000291452);
  CHECK(*parse_gtin("73513537") == 73513537);
  CHECK(*parse_gtin("15400141288763") == 15400141288763);
  CHECK(read("036000291452") == plain(BarcodeKind::kGtin, 36000291452));
  CHECK(read("0036000291452") == read("036000291452"));
}

TEST_CASE("a wrong check digit is named together with the right one") {
  CHECK(why("4006381333932") == "GTIN 4006381333932: check digit 2, expected 1");
  CHECK(why("036000291453") == "GTIN 036000291453: check digit 3, expected 2");
}

TEST_CASE("any single wrong digit is noticed") {
  const std::string good = "4006381333931";
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (char digit = '0'; digit <= '9'; ++digit) {
      std::string other = good;
      other[at] = digit;
      CHECK(parse_gtin(other).has_value() == (digit == good[at]));
    }
  }
}

TEST_CASE("a wrong length is named, and nothing beyond the limit is read") {
  CHECK(why("") == "barcode of 0 digits; a PLU has 4 or 5, a GTIN 8, 12, 13 or 14");
  for (const std::size_t length : {1U, 2U, 3U, 6U, 7U, 9U, 10U, 11U, 15U, 18U, 48U}) {
    CHECK(why(std::string(length, '0')).find(std::to_string(length) + " digits") !=
          std::string::npos);
  }
  CHECK(why(std::string(49, 'x')) == "barcode of 49 characters; the limit is 48");
  CHECK(parse_gtin(std::string(1000, '0')).error().code == Errc::kMalformed);
  CHECK(parse_gtin("4011").error().what == "GTIN of 4 digits; it has 8, 12, 13 or 14");
}

TEST_CASE("what is not a digit is named by its place") {
  CHECK(why("40063813339x1") == "barcode: character 12 of 13 is not a digit");
  CHECK(why(" 4006381333931") == "barcode: character 1 of 14 is not a digit");
  CHECK(why("4006381333931\n") == "barcode: character 14 of 14 is not a digit");
  CHECK(why(std::string_view("4006\0", 5)) == "barcode: character 5 of 5 is not a digit");
  CHECK(why("-4011") == "barcode: character 1 of 5 is not a digit");
  CHECK(why("\xd9\xa4\xd9\xa0") == "barcode: character 1 of 4 is not a digit");
}

TEST_CASE("zeros only are no product's number") {
  CHECK(why("00000000") == "a GTIN of zeros is no product's");
  CHECK(why("0000000000000") == "a GTIN of zeros is no product's");
}

TEST_CASE("a weight inside an EAN-13 is in thousandths") {
  const std::vector<BarcodePattern> patterns{pattern("21PPPPPWWWWWC")};
  CHECK(read(ean("210001201250"), patterns) == weighed(12, 1250));
  CHECK(read(ean("219999999999"), patterns) == weighed(99999, 99999));
  CHECK(read(ean("210000000000"), patterns) == weighed(0, 0));
  // Hundredths of a kilogram; a whole number of pieces.
  CHECK(read(ean("210001201250"), {pattern("21PPPPPWWW.WWC")}) == weighed(12, 12500));
  CHECK(read(ean("210001201250"), {pattern("21PPPPPWWWW.WC")}) == weighed(12, 125000));
}

TEST_CASE("a price inside an EAN-13 is in minor units, whatever their number") {
  CHECK(read(ean("220001201250"), {pattern("22PPPPPAAAAAC")}) == priced(12, 1250));
  CHECK(read(ean("220001201250"), {pattern("22PPPPPAAA.AAC")}) == priced(12, 1250));
  CHECK(read(ean("220001201250"), {pattern("22PPPPPAAAA.AC")}) == priced(12, 12500));
  CHECK(read(ean("220001201250"), {pattern("22PPPPPAAAAAC", "JPY")}) == priced(12, 1250));
  // 12.50 KWD are 12500 of its thousandths.
  CHECK(read(ean("220001201250"), {pattern("22PPPPPAAA.AAC", "KWD")}) == priced(12, 12500));
}

TEST_CASE("a price check digit is skipped, and the GS1 check digit is not") {
  const std::vector<BarcodePattern> patterns{pattern("02PPPPPVAAAAC", "USD")};
  CHECK(read(ean("021234570499"), patterns) == priced(12345, 499));
  CHECK(read(ean("021234500499"), patterns) == priced(12345, 499));
  // The same label as a UPC-A of twelve digits.
  CHECK(read(ean("21234570499"), patterns) == priced(12345, 499));
  CHECK_FALSE(parse_barcode("0212345704990", patterns).has_value());
}

TEST_CASE("the first pattern whose prefix fits reads the number") {
  const std::vector<BarcodePattern> patterns{pattern("291PPPPWWWWWC"), pattern("29PPPPPAAAAAC")};
  CHECK(read(ean("291123401250"), patterns) == weighed(1234, 1250));
  CHECK(read(ean("292123401250"), patterns) == priced(21234, 1250));
}

TEST_CASE("a restricted number that no pattern knows is the shop's own, not the world's") {
  const std::vector<BarcodePattern> patterns{pattern("21PPPPPWWWWWC")};
  for (const char* digits : {"200001201250", "299999999999", "020001201250", "040001201250"}) {
    const std::string text = ean(digits);
    CHECK(read(text, patterns) == plain(BarcodeKind::kRestricted, std::stoull(text)));
  }
  CHECK(read(ean("2000012")).kind == BarcodeKind::kRestricted);
  CHECK(read(ean("0000012")).kind == BarcodeKind::kRestricted);
  CHECK(read(ean("03000120125")).kind == BarcodeKind::kGtin);
  CHECK(read(ean("300001201250")).kind == BarcodeKind::kGtin);
  CHECK(read(ean("1210001201250"), patterns).kind == BarcodeKind::kGtin);  // a case of them
}

TEST_CASE("PLU numbers are those of fresh produce") {
  CHECK(read("4011") == plain(BarcodeKind::kPlu, 4011));
  CHECK(read("94011") == plain(BarcodeKind::kPlu, 94011));
  for (const char* good : {"3000", "4999", "93000", "94999", "83000", "84999"}) {
    CHECK(parse_barcode(good, {}).has_value());
  }
  for (const char* bad :
       {"0000", "2999", "5000", "9000", "04011", "82999", "85000", "92999", "95000", "34011"}) {
    CHECK(why(bad).find("PLU " + std::string(bad)) == 0);
  }
}

TEST_CASE("a pattern that does not lay out thirteen digits is refused") {
  CHECK(pattern("21PPPPPVWWWWC") == BarcodePattern{"21", 5, true, 4, BarcodeKind::kWeighed, 0});
  CHECK(pattern("0212PPPAAA.AAC", "KWD") ==
        BarcodePattern{"0212", 3, false, 5, BarcodeKind::kPriced, 1});
  CHECK(refused(""));
  CHECK(refused("PPPPPPPWWWWWC"));  // no prefix
  CHECK(refused("2PPPPPPWWWWWC"));  // one digit could be of any of ten prefixes
  CHECK(refused("40PPPPPWWWWWC"));  // GS1 Germany's numbers
  CHECK(refused("00PPPPPWWWWWC"));
  CHECK(refused("21PPPPPWWWWC"));    // twelve
  CHECK(refused("21PPPPPWWWWWWC"));  // fourteen
  CHECK(refused("21PPPPPWWWWWW"));   // no check digit
  CHECK(refused("21PPPPPWWWWCC"));
  CHECK(refused("21PPPPPWWWWWCx"));
  CHECK(refused("21PPPPPPPPPPC"));  // no value
  CHECK(refused("21WWWWWWWWWWC"));  // no item code
  CHECK(refused("21PPPPPWWAAAC"));  // both
  CHECK(refused("21PPPPPVVWWWC"));
  CHECK(refused("21PPPPPWWW..WC"));
  CHECK(refused(std::string(10000, '2')));
}

TEST_CASE("a pattern with more decimal places than can be kept is refused") {
  CHECK(refused("21PPPPPW.WWWWC"));
  CHECK(refused("21PPPPPWWWWW.C"));
  CHECK(refused("22PPPPPAA.AAAC"));
  CHECK(refused("22PPPPPAAAA.AC", "JPY"));
  CHECK_FALSE(refused("22PPPPPAA.AAAC", "KWD"));
  CHECK_FALSE(refused("21PPPPPWW.WWWC"));
}
