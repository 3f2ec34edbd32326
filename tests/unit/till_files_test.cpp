// Catalog file and command-line words: every error names its place.
#include <doctest/doctest.h>

#include "tests/unit/till_samples.h"
#include "till/words.h"

using namespace till_test;
using core::Errc;

namespace {

// A catalog that is sound but for what is put into its places.
std::string catalog_text(const std::string& tax, const std::string& product,
                         const std::string& bom) {
  return R"({"currency": "USD", "taxes": [{"code": 1, "percent": "8.25"})" + tax +
         R"(], "products": [{"id": 1, "name": "a", "price": "1.50", "tax": 1, "kind": "stocked"})" +
         product + R"(], "bom": [)" + bom + "]}";
}

void refused(const std::string& text, Errc code, const std::string& place) {
  const auto catalog = core::retail::parse_catalog(text, "c.json");
  REQUIRE_FALSE(catalog);
  CHECK(catalog.error().code == code);
  CHECK_MESSAGE(catalog.error().what.find("c.json") == 0, catalog.error().what);
  CHECK_MESSAGE(catalog.error().what.find(place) != std::string::npos, catalog.error().what);
}

}  // namespace

TEST_CASE("the GardenWorld seed holds the four products and the set's parts") {
  const core::retail::Catalog catalog = garden();
  CHECK(catalog.products().size() == 4);
  CHECK(catalog.find(kSet)->price == usd(50000));
  CHECK(catalog.find_tax(catalog.find(kSet)->tax)->basis_points == 0);
  CHECK_FALSE(catalog.find(kChair)->price);
  CHECK(catalog.explode(kSet, units(4)).value() == parts_for(4));
}

TEST_CASE("a catalog file's amounts are decimal text, to the last digit") {
  const auto catalog = core::retail::parse_catalog(
      catalog_text("", R"(, {"id": 2, "name": "b", "tax": 1, "kind": "kit"})",
                   R"({"parent": 2, "component": 1, "quantity": "0.125"})"),
      "c.json");
  REQUIRE(catalog);
  CHECK(catalog->find_tax(core::TaxCode{1})->basis_points == 825);
  CHECK(catalog->find(core::ProductId{1})->price == usd(150));
  CHECK(catalog->explode(core::ProductId{2}, units(1))->at(core::ProductId{1}) ==
        core::Quantity{125});
}

TEST_CASE("a catalog file's errors name the file and the place") {
  refused("{", Errc::kMalformed, "byte 2");
  refused("[]", Errc::kMalformed, "an object is expected");
  refused("{}", Errc::kMalformed, "'currency' is missing");
  refused(R"({"currency": "usd"})", Errc::kMalformed, "c.json.currency");
  refused(R"({"currency": "USD", "currency": "EUR"})", Errc::kMalformed,
          "'currency' is there twice");
  refused(catalog_text(R"(, {"code": 2, "percent": "101"})", "", ""), Errc::kMalformed,
          "taxes[1].percent");
  refused(catalog_text(R"(, {"code": 2, "percent": "0.125"})", "", ""), Errc::kInexact,
          "taxes[1].percent");
  refused(catalog_text(R"(, {"code": 4294967296, "percent": "1"})", "", ""), Errc::kMalformed,
          "taxes[1].code");
  const auto product = [](const std::string& fields) {
    return catalog_text("", ", {" + fields + "}", "");
  };
  refused(product(R"("id": 2, "name": "b", "tax": 1, "kind": "box")"), Errc::kMalformed,
          "products[1].kind");
  refused(product(R"("id": 2, "name": "b", "tax": 1, "kind": "stocked", "price": 1.5)"),
          Errc::kMalformed, "products[1].price");
  refused(product(R"("id": 2, "name": "b", "tax": 1, "kind": "stocked", "price": "1.505")"),
          Errc::kInexact, "products[1].price");
  refused(product(R"("id": 2, "name": "b", "tax": 1, "kind": "stocked", "prise": "1")"),
          Errc::kMalformed, "unknown key 'prise'");
  refused(product(R"("id": -2, "name": "b", "tax": 1, "kind": "stocked")"), Errc::kMalformed,
          "products[1].id");
  refused(product(R"("id": 2, "name": "b", "tax": 3, "kind": "stocked")"), Errc::kMalformed,
          "unknown tax code 3");
  refused(product(R"("id": 1, "name": "b", "tax": 1, "kind": "stocked")"), Errc::kMalformed,
          "product 1 is there twice");
  refused(catalog_text("", R"(, {"id": 2, "name": "b", "tax": 1, "kind": "kit"})",
                       R"({"parent": 2, "component": 2, "quantity": "1"})"),
          Errc::kCycle, "product 2");
  refused(catalog_text("", "", R"({"parent": 2, "component": 2, "quantity": "0.1234"})"),
          Errc::kInexact, "bom[0].quantity");
}

TEST_CASE("a catalog file says units, barcodes, PLU numbers and barcode patterns") {
  const std::string text = R"({"products": [
      {"id": 1, "name": "a", "price": "1.50", "tax": 1, "kind": "stocked", "unit": "piece",
       "barcodes": ["4006381333931", "036000291452"]},
      {"id": 2, "name": "b", "tax": 1, "kind": "stocked", "unit": "kg", "plu": "04011"},
      {"id": 3, "name": "c", "tax": 1, "kind": "stocked", "unit": "bunch", "whole": true},
      {"id": 4, "name": "d", "tax": 1, "kind": "stocked", "unit": "piece", "whole": false}],
    "bom": [], "barcode_patterns": ["21PPPPPWWWWWC"], "taxes": [{"code": 1, "percent": "0"}],
    "currency": "USD"})";  // after the prices that are in it
  const auto catalog = core::retail::parse_catalog(text, "c.json");
  REQUIRE_MESSAGE(catalog, (catalog ? "" : describe(catalog.error())));
  CHECK(catalog->find(core::ProductId{1})->price == usd(150));
  CHECK(catalog->find(core::ProductId{1})->whole);
  CHECK(catalog->find(core::ProductId{2})->unit == "kg");
  CHECK_FALSE(catalog->find(core::ProductId{2})->whole);
  CHECK(catalog->find(core::ProductId{3})->whole);
  CHECK_FALSE(catalog->find(core::ProductId{4})->whole);
  using core::retail::CodeKind;
  CHECK(catalog->codes() ==
        core::retail::ProductCodes{{{CodeKind::kGtin, 4006381333931}, core::ProductId{1}},
                                   {{CodeKind::kGtin, 36000291452}, core::ProductId{1}},
                                   {{CodeKind::kItem, 4011}, core::ProductId{2}}});
  CHECK(catalog->patterns().size() == 1);
}

TEST_CASE("codes and units that cannot be are refused with their place") {
  const auto product = [](const std::string& fields) {
    return catalog_text(
        "", R"(, {"id": 2, "name": "b", "tax": 1, "kind": "stocked", )" + fields + "}", "");
  };
  refused(product(R"("barcodes": ["4006381333932"])"), Errc::kMalformed, "products[1].barcodes[0]");
  refused(product(R"("barcodes": [4006381333931])"), Errc::kMalformed, "products[1].barcodes[0]");
  refused(product(R"("barcodes": "4006381333931")"), Errc::kMalformed, "a list is expected");
  refused(product(R"("barcodes": ["96385074", "96385074"])"), Errc::kMalformed,
          "barcode 96385074 is both product 2 and product 2");
  refused(product(R"("plu": 4011)"), Errc::kMalformed, "products[1].plu");
  refused(product(R"("plu": "0")"), Errc::kMalformed, "products[1].plu");
  refused(product(R"("plu": "12345678901")"), Errc::kMalformed, "1 to 10 digits");
  refused(product(R"("unit": "")"), Errc::kMalformed, "products[1].unit");
  refused(product(R"("unit": "a very long unit, 25 b")"), Errc::kMalformed, "product 2");
  refused(product(R"("whole": 1)"), Errc::kMalformed, "products[1].whole");
  refused(product(R"("unit": "kg", "unit": "g")"), Errc::kMalformed, "'unit' is there twice");
  refused(R"({"currency": "USD", "taxes": [], "products": {"a": {}}, "bom": []})", Errc::kMalformed,
          "products: a list is expected");
  refused(R"({"currency": "USD", "taxes": [], "products": [1], "bom": []})", Errc::kMalformed,
          "a list of objects is expected");
  refused(R"({"products": [{"id": 1}], "taxes": [], "bom": []})", Errc::kMalformed,
          "'currency' is missing");
  const auto patterns = [](const std::string& list) {
    return R"({"currency": "USD", "taxes": [], "products": [], "bom": [], "barcode_patterns": )" +
           list + "}";
  };
  refused(patterns(R"(["99PPPPPWWWWWC"])"), Errc::kMalformed, "barcode_patterns[0]");
  refused(patterns(R"(["21PPPPPWWWWWC", "211PPPPWWWWWC"])"), Errc::kMalformed,
          "two barcode patterns");
}

TEST_CASE("a catalog file that is not there is named") {
  const auto catalog = core::retail::read_catalog_file("/nowhere/c.json");
  CHECK(catalog.error().code == Errc::kNotFound);
  CHECK(catalog.error().what.find("/nowhere/c.json") == 0);
}

TEST_CASE("the words of the command line") {
  CHECK(till::parse_line("145x2", kUsd)->quantity == units(2));
  CHECK(till::parse_line("145=0.5", kUsd)->quantity == core::Quantity{500});
  CHECK(till::parse_line("145", kUsd)->quantity == units(1));
  for (const char* word : {"", "x2", "145x", "145xa", "chair=1", "145=1.0001", "-1x2"}) {
    CAPTURE(word);
    CHECK(till::parse_line(word, kUsd).error().code == Errc::kUsage);
  }
  CHECK_FALSE(till::parse_code_word("145x2").value().has_value());
  CHECK(till::parse_code_word("barcode:96385074").value()->digits == "96385074");
  CHECK(till::parse_code_word("plu:4011=0.350").value()->count == core::Quantity{350});
  for (const char* word : {"barcode:", "plu:x2", "plu:4011=", "plu:4011xa"}) {
    CAPTURE(word);
    CHECK(till::parse_code_word(word).error().code == Errc::kUsage);
  }
  CHECK(till::parse_prices({"145=1.50", "133=2"}, kUsd)->at(kSet) == usd(150));
  CHECK(till::parse_prices({"145=1.505"}, kUsd).error().code == Errc::kUsage);
  CHECK(till::parse_prices({"145=1", "145=2"}, kUsd).error().code == Errc::kUsage);
  CHECK(till::parse_received({"133=16", "134=4"})->at(kTable) == units(4));
  CHECK(till::parse_received({"133=16", "133=4"}).error().code == Errc::kUsage);
  CHECK(till::parse_received({"133"}).error().code == Errc::kUsage);
  CHECK(till::parse_tenders({"cash=10.00", "card=5"}, kUsd)->size() == 2);
  for (const char* word : {"cash", "cash=", "cash=1.001", "gold=1"}) {
    CAPTURE(word);
    CHECK(till::parse_tenders({word}, kUsd).error().code == Errc::kUsage);
  }
  CHECK(till::parse_tenders({"cash=1", "cash=2"}, kUsd).error().code == Errc::kUsage);
  auto lines = sets(1).lines;
  CHECK(till::apply_discounts({"50.00"}, lines));
  CHECK(lines[0].discount == usd(5000));
  CHECK(till::apply_discounts({"145=1.00"}, lines).error().code == Errc::kUsage);  // twice
  lines = {sets(1).lines[0], basket_of(kChair, units(1)).lines[0]};
  CHECK(till::apply_discounts({"1.00"}, lines).error().code == Errc::kUsage);
  CHECK(till::apply_discounts({"134=1.00"}, lines).error().code == Errc::kUsage);
  CHECK(till::apply_discounts({"133=1.00"}, lines));
  CHECK(lines[1].discount == usd(100));
}
