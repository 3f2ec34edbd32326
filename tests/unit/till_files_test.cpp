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
  const auto catalog = till::parse_catalog(text, "c.json");
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
  const auto catalog =
      till::parse_catalog(catalog_text("", R"(, {"id": 2, "name": "b", "tax": 1, "kind": "kit"})",
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

TEST_CASE("a catalog file that is not there is named") {
  const auto catalog = till::read_catalog_file("/nowhere/c.json");
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
