// Shelf: look-ups, versions, prices in mid-day, and what is sold whole.
#include <doctest/doctest.h>

#include "core/retail/terms.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using core::CatalogVersion;
using core::Errc;
using core::ProductId;
using core::retail::BarcodeKind;
using core::retail::Catalog;
using core::retail::CatalogParts;
using core::retail::CodeKind;
using core::retail::Product;
using core::retail::ProductCode;
using core::retail::ProductKind;
using till::Till;

namespace {

constexpr CatalogVersion kFirst{1};
constexpr CatalogVersion kSecond{2};

Product goods(std::uint64_t id, const std::string& name, std::int64_t price,
              const std::string& unit = "", bool whole = false) {
  return {ProductId{id}, name, usd(price), core::TaxCode{1}, ProductKind::kStocked, unit, whole};
}

CatalogParts grocery() {
  CatalogParts parts;
  parts.currency = kUsd;
  parts.taxes = {{core::TaxCode{1}, 500, true}};
  parts.products = {goods(1, "Milk 1 l", 119, "piece", true), goods(2, "MILCHREIS", 249),
                    goods(3, "Äpfel", 299, "kg"), goods(4, "apple juice", 189, "l"),
                    goods(5, "Salami", 1990, "kg")};
  parts.codes = {{{CodeKind::kGtin, 4006381333931}, ProductId{1}},
                 {{CodeKind::kGtin, 96385074}, ProductId{2}},
                 {{CodeKind::kItem, 4011}, ProductId{3}},
                 {{CodeKind::kItem, 12345}, ProductId{5}}};
  parts.patterns = {core::retail::parse_barcode_pattern("21PPPPPWWWWWC", kUsd).value(),
                    core::retail::parse_barcode_pattern("22PPPPPAAAAAC", kUsd).value()};
  return parts;
}

Catalog built(CatalogParts parts) {
  return Catalog::build(std::move(parts)).value();
}

// The number with the check digit that it needs.
std::string checked(const std::string& digits) {
  return digits + std::to_string(core::retail::gs1_check_digit(digits));
}

std::vector<std::string> names_of(const std::vector<Product>& products) {
  std::vector<std::string> names;
  for (const Product& product : products) names.push_back(product.name);
  return names;
}

std::int64_t rows(const Shop& shop, const std::string& table) {
  auto db = core::sqlite::Database::open(shop.journal(), {}).value();
  return db.query_int("SELECT count(*) FROM " + table).value();
}

}  // namespace

TEST_CASE("a product is found by its number, its barcodes and its PLU") {
  Shop shop(built(grocery()));
  Till till = shop.open();
  CHECK(till.shelf().find(kFirst, ProductId{1}).value()->name == "Milk 1 l");
  CHECK_FALSE(till.shelf().find(kFirst, ProductId{9}).value().has_value());
  const auto by = [&](const std::string& code) { return till.shelf().find_code(kFirst, code); };
  CHECK(by("4006381333931")->product.id == ProductId{1});
  CHECK(by("04006381333931")->product.id == ProductId{1});  // as a GTIN-14
  CHECK(by("96385074")->product.id == ProductId{2});
  CHECK(by("4011")->product.id == ProductId{3});
  CHECK(by("4006381333932").error().code == Errc::kMalformed);  // the check digit
  CHECK(by("milk").error().code == Errc::kMalformed);
  CHECK(by(checked("400638133394")).error().code == Errc::kNotFound);
  CHECK(by("3999").error().code == Errc::kNotFound);
}

TEST_CASE(
    "a barcode with a weight or a price inside says it of the product whose item code it has") {
  Shop shop(built(grocery()));
  Till till = shop.open();
  const auto weighed = till.shelf().find_code(kFirst, checked("211234500355")).value();
  CHECK(weighed.product.id == ProductId{5});
  CHECK(weighed.weight == core::Quantity{355});
  CHECK_FALSE(weighed.price.has_value());
  const auto priced = till.shelf().find_code(kFirst, checked("221234500706")).value();
  CHECK(priced.product.id == ProductId{5});
  CHECK(priced.price == usd(706));
  CHECK_FALSE(priced.weight.has_value());
  // The item code of another length is the same number: the PLU of the apples.
  CHECK(till.shelf().find_code(kFirst, checked("210401101250"))->product.id == ProductId{3});
  const auto none = till.shelf().find_code(kFirst, checked("219999900100"));
  CHECK(none.error().code == Errc::kNotFound);
  CHECK(none.error().what.find("item code is 99999") != std::string::npos);
  // A prefix that no pattern has: the shop's own number.
  CHECK(till.shelf().find_code(kFirst, checked("231234500355")).error().code == Errc::kNotFound);
}

TEST_CASE("names are found by their beginning, upper and lower case alike, a bounded number") {
  CatalogParts parts = grocery();
  for (std::uint64_t id = 100; id < 300; ++id) {
    parts.products.push_back(goods(id, "Yoghurt " + std::to_string(id), 99));
  }
  const std::string long_name(120, 'Z');
  parts.products.push_back(goods(300, long_name + "one", 1));
  parts.products.push_back(goods(301, long_name + "TWO", 1));
  Shop shop(built(std::move(parts)));
  Till till = shop.open();
  const auto found = [&](const std::string& beginning, std::size_t most = 10) {
    return names_of(till.shelf().find_names(kFirst, beginning, most).value());
  };
  CHECK(found("mil") == std::vector<std::string>{"MILCHREIS", "Milk 1 l"});
  CHECK(found("ÄP") == std::vector<std::string>{"Äpfel"});
  CHECK(found("äpfel") == std::vector<std::string>{"Äpfel"});
  CHECK(found("APPLE") == std::vector<std::string>{"apple juice"});
  CHECK(found("x").empty());
  CHECK(found("yog", 3) == std::vector<std::string>{"Yoghurt 100", "Yoghurt 101", "Yoghurt 102"});
  CHECK(found("YOGHURT 29").size() == 10);
  CHECK(found("y", 100000).size() == till::kNamesFoundMax);
  CHECK(found("y", 0).empty());
  CHECK(found(long_name + "t") == std::vector<std::string>{long_name + "TWO"});
  CHECK(till.shelf().find_names(kFirst, "", 10).error().code == Errc::kMalformed);
  CHECK(till.shelf().find_names(kFirst, "\xC3", 10).error().code == Errc::kMalformed);
  CHECK(till.shelf().find_names(kSecond, "a", 10).error().code == Errc::kNotFound);
}

TEST_CASE("a catalog is written as the rows in which it differs, and what held before is kept") {
  Shop shop(built(grocery()));
  CHECK(rows(shop, "product") == 5);
  CHECK(rows(shop, "label") == 9);
  CatalogParts parts = grocery();
  parts.products[0].price = usd(129);
  parts.products[1].name = "Rice pudding";
  parts.products.erase(parts.products.begin() + 3);  // 4, the juice
  parts.codes[2].second = ProductId{5};              // PLU 4011
  parts.codes.erase(parts.codes.begin() + 1);        // of 2
  const auto version = shop.step([&](Till& t) { return t.replace_catalog(built(parts)); });
  CHECK(version == kSecond);
  CHECK(rows(shop, "product") == 5 + 3);
  CHECK(rows(shop, "label") == 9 + 3);  // a name, a code that moved, a code that is gone
  CHECK(rows(shop, "catalog") == 2);
  Till till = shop.open();
  till::Shelf shelf = till.shelf();
  CHECK(shelf.find(kFirst, ProductId{1}).value()->price == usd(119));
  CHECK(shelf.find(kSecond, ProductId{1}).value()->price == usd(129));
  CHECK(names_of(shelf.find_names(kFirst, "milch", 10).value()).size() == 1);
  CHECK(names_of(shelf.find_names(kSecond, "milch", 10).value()).empty());
  CHECK(names_of(shelf.find_names(kSecond, "rice", 10).value()).size() == 1);
  CHECK(names_of(shelf.find_names(kFirst, "rice", 10).value()).empty());
  CHECK(shelf.find(kFirst, ProductId{4}).value().has_value());
  CHECK_FALSE(shelf.find(kSecond, ProductId{4}).value().has_value());
  CHECK(shelf.names(kSecond, {ProductId{4}, ProductId{77}}).value() ==
        till::ProductNames{{ProductId{4}, "apple juice"}});
  CHECK(shelf.find_code(kFirst, "4011")->product.id == ProductId{3});
  CHECK(shelf.find_code(kSecond, "4011")->product.id == ProductId{5});
  CHECK(shelf.find_code(kFirst, "96385074")->product.id == ProductId{2});
  CHECK(shelf.find_code(kSecond, "96385074").error().code == Errc::kNotFound);
  CHECK(till.check());
}

TEST_CASE("the same catalog again is no new version") {
  Shop shop(built(grocery()));
  CHECK(shop.step([](Till& t) { return t.replace_catalog(built(grocery())); }) == kFirst);
  CHECK(shop.step([](Till& t) { return t.change_prices({{ProductId{1}, usd(119)}}); }) == kFirst);
  CHECK(rows(shop, "product") == 5);
  CHECK(rows(shop, "catalog") == 1);
  CatalogParts parts = grocery();
  parts.cash_step_minor = 5;  // of the terms alone
  CHECK(shop.step([&](Till& t) { return t.replace_catalog(built(parts)); }) == kSecond);
  CHECK(rows(shop, "product") == 5);
  Till till = shop.open();
  CHECK((*till.shelf().terms(kFirst))->cash_step_minor == 1);
  CHECK((*till.shelf().terms(kSecond))->cash_step_minor == 5);
}

TEST_CASE("a receipt keeps the prices that it began with, whatever changes in mid-day") {
  Shop shop;
  shop.open_day(1);
  Till till = shop.open();
  till::Basket begun = sets(1);
  begun.catalog = till.shelf().present();
  CHECK(till.change_prices({{kSet, usd(60000)}}).value() == kSecond);
  CHECK(till.ring(begun, 1)->total == usd(50000));
  CHECK(till.ring(sets(1), 1)->total == usd(60000));
  CHECK(till.ring(begun, 1)->total == usd(50000));
  begun.catalog = CatalogVersion{3};
  CHECK(till.ring(begun, 1).error().code == Errc::kNotFound);
  CHECK(till.check());
}

TEST_CASE("prices that cannot be are refused, all of them or none are changed") {
  Shop shop;
  shop.refuses(Errc::kNotFound, [](Till& t) {
    return t.change_prices({{kChair, usd(1)}, {ProductId{999}, usd(1)}});
  });
  shop.refuses(Errc::kMalformed, [](Till& t) { return t.change_prices({{kSet, usd(-1)}}); });
  const core::Money euro{1, core::Currency::parse("EUR").value()};
  shop.refuses(Errc::kCurrency, [&](Till& t) { return t.change_prices({{kSet, euro}}); });
  CHECK(shop.step([](Till& t) { return t.change_prices({{kChair, usd(9900)}}); }) == kSecond);
  shop.open_day(1);
  CHECK(shop.ring(basket_of(kChair, units(2))).total == usd(19800));
}

TEST_CASE("what is sold by the piece is not sold in parts, what is weighed is") {
  Shop shop(built(grocery()));
  shop.step([](Till& t) { return t.open_day(day(1), {}); });
  const auto half = [](std::uint64_t id) { return basket_of(ProductId{id}, core::Quantity{500}); };
  shop.refuses(Errc::kMalformed, [&](Till& t) { return t.ring(half(1), 1); });
  CHECK(shop.ring(half(5)).total == usd(995));
  CHECK(shop.ring(basket_of(ProductId{1}, units(3))).total == usd(357));
}

TEST_CASE("more products than are remembered are rung all the same") {
  CatalogParts parts;
  parts.currency = kUsd;
  parts.taxes = {{core::TaxCode{1}, 0, true}};
  const std::uint64_t products = till::kProductsHeldMax + 300;
  for (std::uint64_t id = 1; id <= products; ++id) {
    parts.products.push_back(goods(id, "p" + std::to_string(id), static_cast<std::int64_t>(id)));
  }
  // And a kit of more than that.
  parts.products.push_back(
      {ProductId{9999}, "hamper", usd(5), core::TaxCode{1}, ProductKind::kKit});
  for (std::uint64_t id = 1; id <= products; ++id) {
    parts.bom.push_back({ProductId{9999}, ProductId{id}, units(1)});
  }
  Shop shop(built(std::move(parts)));
  shop.step([](Till& t) { return t.open_day(day(1), {}); });
  Till till = shop.open();
  for (const std::uint64_t step : {1u, 7u}) {
    for (std::uint64_t id = 1; id + 2 * step <= products; id += 50) {
      till::Basket basket;
      for (const std::uint64_t one : {id, id + step, id + 2 * step}) {
        basket.lines.push_back({ProductId{one}, units(1), usd(0)});
      }
      CHECK(till.ring(basket, 1)->total == usd(static_cast<std::int64_t>(3 * id + 3 * step)));
    }
  }
  CHECK(till.ring(basket_of(ProductId{9999}, units(2)), 1)->total == usd(10));
  CHECK(till.ring(basket_of(ProductId{1}, units(1)), 1)->total == usd(1));
}

TEST_CASE("terms are read as they were written, and nothing else is") {
  // docs/formats/journal.md has these bytes.
  const core::retail::Terms documented{
      {{core::TaxCode{1}, 825, true}},
      1,
      {core::retail::parse_barcode_pattern("21PPPPPWWWWWC", kUsd).value()}};
  CHECK(core::to_hex(core::retail::encode_terms(documented)) ==
        "8301818301190339f5818662323105f405f500");
  const core::retail::Terms terms = core::retail::terms_of(built(grocery()));
  const core::Bytes bytes = core::retail::encode_terms(terms);
  CHECK(core::retail::decode_terms(bytes).value() == terms);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK_FALSE(core::retail::decode_terms(core::ByteView(bytes).first(i)).has_value());
  }
  core::Bytes longer = bytes;
  longer.push_back(0);
  CHECK(core::retail::decode_terms(longer).error().code == Errc::kMalformed);
}

TEST_CASE("check finds a catalog that does not fit together") {
  const auto finds = [](const std::string& sql, const std::string& says) {
    CAPTURE(sql);
    Shop shop(built(grocery()));
    shop.step([](Till& t) { return t.change_prices({{ProductId{1}, usd(1)}}); });
    shop.check();
    REQUIRE(core::sqlite::Database::open(shop.journal(), {})->exec(sql));
    Till till = shop.open();
    const auto checked = till.check();
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::kDamaged);
    CHECK_MESSAGE(checked.error().what.find(says) != std::string::npos, checked.error().what);
  };
  finds("UPDATE product SET version = 3 WHERE version = 2", "a row of product is of no version");
  finds("DELETE FROM label WHERE kind = 2 AND product = 3", "product 3 is not found by its name");
  finds("DELETE FROM product WHERE id = 5", "product 5 is not in the catalog");
  finds("UPDATE product SET tax = 9 WHERE id = 5", "unknown tax code 9");
  finds("UPDATE product SET kind = 1 WHERE id = 5", "kit without a bill of materials");
  finds("UPDATE catalog SET terms = x'00' WHERE version = 1", "its terms");
}
