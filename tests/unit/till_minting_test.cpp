// Minting: products that the catalog does not know, from their number to the message that tells.
#include <doctest/doctest.h>

#include "core/journal/schema.h"
#include "core/retail/minted.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::ProductId;
using core::retail::Catalog;
using core::retail::CatalogParts;
using core::retail::Closing;
using core::retail::CodeKind;
using core::retail::Opening;
using core::retail::Product;
using core::retail::ProductKind;
using till::MintOrder;
using till::Till;

namespace {

const std::string kJamCode = "4006381333931";

MintOrder jam() {
  return {"Plum jam", usd(340), core::TaxCode{1}, kJamCode, "", true};
}

CatalogParts small_catalog() {
  CatalogParts parts;
  parts.currency = kUsd;
  parts.taxes = {{core::TaxCode{1}, 500, true}, {core::TaxCode{2}, 1900, true}};
  parts.products = {
      {ProductId{1}, "Milk", usd(119), core::TaxCode{1}, ProductKind::kStocked, "l", false}};
  parts.patterns = {core::retail::parse_barcode_pattern("22PPPPPAAAAAC", kUsd).value()};
  return parts;
}

Catalog made(CatalogParts parts) {
  return Catalog::build(std::move(parts)).value();
}

ProductId minted(std::uint64_t number) {
  return core::retail::minted_id({kRef, core::Epoch{1}, number}).value();
}

Errc refused(Shop& shop, const MintOrder& order) {
  Till till = shop.open();
  const auto product = till.mint(order);
  REQUIRE_FALSE(product);
  return product.error().code;
}

core::retail::Summary message(Shop& shop, std::size_t index) {
  return shop.summary_of(shop.messages().at(index));
}

void check(Shop& shop) {
  Till till = shop.open();
  const auto sound = till.check();
  CHECK_MESSAGE(sound, (sound ? "" : describe(sound.error())));
}

}  // namespace

TEST_CASE("a minted product is sold, and told with its first movement and never again") {
  Shop shop(made(small_catalog()));
  const auto product = shop.step([](Till& till) { return till.mint(jam()); });
  CHECK(product.id == minted(1));
  const auto sell = [&](int number) {
    shop.step([&](Till& till) { return till.open_day(day(number), {}); });
    shop.step([&](Till& till) { return till.ring(basket_of(minted(1), units(2)), 0); });
    shop.step([](Till& till) { return till.close_day(); });
  };
  sell(1);
  sell(2);
  CHECK(core::retail::definitions_of(message(shop, 0)).empty());
  const auto first = std::get<Closing>(message(shop, 1));
  REQUIRE(first.definitions.size() == 1);
  CHECK(first.definitions.at(minted(1)) ==
        core::retail::Definition{"Plum jam", core::TaxCode{1}, usd(340), 4006381333931, "", true});
  CHECK(first.sold.at(minted(1)).net == usd(680));
  CHECK(std::get<Closing>(message(shop, 3)).definitions.empty());
  CHECK(std::get<Closing>(message(shop, 3)).sold.at(minted(1)).net == usd(680));
  check(shop);
}

TEST_CASE("a product that is delivered first is told by the opening") {
  Shop shop(made(small_catalog()));
  shop.step([](Till& till) { return till.mint(jam()); });
  shop.step([](Till& till) {
    return till.mint({"Honey", usd(500), core::TaxCode{2}, "", "", false});
  });
  shop.step([](Till& till) {
    return till.open_day(day(1), {{minted(2), units(7)}, {ProductId{1}, units(3)}});
  });
  shop.step([](Till& till) { return till.ring(basket_of(minted(1), units(1)), 0); });
  shop.step([](Till& till) { return till.ring(basket_of(minted(2), units(1)), 0); });
  shop.step([](Till& till) { return till.close_day(); });
  const auto opening = std::get<Opening>(message(shop, 0));
  CHECK(opening.currency == kUsd);
  REQUIRE(opening.definitions.size() == 1);
  CHECK(opening.definitions.at(minted(2)).name == "Honey");
  const auto closing = std::get<Closing>(message(shop, 1));
  REQUIRE(closing.definitions.size() == 1);
  CHECK(closing.definitions.contains(minted(1)));
  check(shop);
}

TEST_CASE("what cannot be minted is refused, with nothing changed") {
  Shop shop(made(small_catalog()));
  shop.step([](Till& till) { return till.mint(jam()); });
  CHECK(refused(shop, {"Other jam", usd(1), core::TaxCode{1}, kJamCode, "", false}) ==
        Errc::kExists);
  CHECK(refused(shop, {"PLUM JAM", usd(1), core::TaxCode{1}, "", "", false}) == Errc::kExists);
  CHECK(refused(shop, {"a", usd(1), core::TaxCode{9}, "", "", false}) == Errc::kNotFound);
  CHECK(refused(shop, {"a", usd(-1), core::TaxCode{1}, "", "", false}) == Errc::kMalformed);
  CHECK(
      refused(shop,
              {"a", {1, core::Currency::parse("EUR").value()}, core::TaxCode{1}, "", "", false}) ==
      Errc::kCurrency);
  CHECK(refused(shop, {"", usd(1), core::TaxCode{1}, "", "", false}) == Errc::kMalformed);
  CHECK(refused(shop, {"\xff", usd(1), core::TaxCode{1}, "", "", false}) == Errc::kMalformed);
  CHECK(refused(shop, {"a", usd(1), core::TaxCode{1}, "4006381333932", "", false}) ==
        Errc::kMalformed);
  // A label with a price inside is read as an item code.
  CHECK(refused(shop, {"a", usd(1), core::TaxCode{1}, "2212345006502", "", false}) ==
        Errc::kMalformed);
  Till till = shop.open();
  CHECK(till.shelf().present() == core::CatalogVersion{2});
  CHECK(till.mint({"b", usd(1), core::TaxCode{1}, "", "", false})->id == minted(2));

  Shop apart(made(small_catalog()), false);  // has not joined
  CHECK(refused(apart, jam()) == Errc::kState);
}

TEST_CASE("a catalog that is loaded leaves what was minted, and takes its barcode over") {
  Shop shop(made(small_catalog()));
  shop.step([](Till& till) { return till.mint(jam()); });
  shop.step([](Till& till) {
    return till.mint({"Deposit", usd(25), core::TaxCode{2}, "", "", false});
  });
  const auto load = [&](CatalogParts parts) {
    shop.step([&](Till& till) { return till.replace_catalog(made(std::move(parts))); });
    Till till = shop.open();
    CHECK(till.shelf().find(till.shelf().present(), minted(1)).value()->name == "Plum jam");
    CHECK(till.shelf().find(till.shelf().present(), minted(2)).value()->price == usd(25));
    return till.shelf().find_code(till.shelf().present(), kJamCode).value().product.id;
  };
  CatalogParts parts = small_catalog();
  parts.taxes.pop_back();  // that a minted product needs
  parts.products.push_back(
      {ProductId{2}, "Bread", usd(300), core::TaxCode{1}, ProductKind::kStocked, "", true});
  CHECK(load(parts) == minted(1));
  parts.products.push_back(
      {ProductId{3}, "Jam, plum", usd(350), core::TaxCode{1}, ProductKind::kStocked, "", true});
  parts.codes = {{{CodeKind::kGtin, 4006381333931}, ProductId{3}}};
  CHECK(load(parts) == ProductId{3});
  parts.codes.clear();
  CHECK(load(parts) == minted(1));
  shop.step([](Till& till) { return till.change_prices({{minted(1), usd(360)}}); });
  shop.step([](Till& till) { return till.open_day(day(1), {}); });
  shop.step([](Till& till) { return till.ring(basket_of(minted(2), units(1)), 0); });
  shop.step([](Till& till) { return till.ring(basket_of(minted(1), units(1)), 0); });
  shop.step([](Till& till) { return till.close_day(); });
  const auto closing = std::get<Closing>(message(shop, 1));
  CHECK(closing.net == usd(385));
  CHECK(closing.definitions.at(minted(1)).price == usd(360));  // of that day
  check(shop);

  // The numbers that only tills give are in no catalog.
  CatalogParts bad = small_catalog();
  bad.products.front().id = minted(9);
  Till till = shop.open();
  const auto refusal = till.replace_catalog(made(bad));
  REQUIRE_FALSE(refusal);
  CHECK(refusal.error().code == Errc::kMalformed);
}

TEST_CASE("a receipt that began before a product was minted can have it") {
  Shop shop(made(small_catalog()));
  shop.step([](Till& till) { return till.open_day(day(1), {}); });
  Till till = shop.open();
  const core::CatalogVersion begun = till.shelf().present();
  REQUIRE(till.mint(jam()));
  CHECK(till.shelf().find_code(begun, kJamCode).value().product.id == minted(1));
  till::Basket basket = basket_of(minted(1), units(1));
  basket.catalog = begun;
  CHECK(till.ring(basket, 0));
  CHECK(till.check());
}

TEST_CASE("check finds what was told of a minted product otherwise than it is") {
  const auto damaged = [](const std::string& sql) {
    Shop shop(made(small_catalog()));
    shop.step([](Till& till) { return till.mint(jam()); });
    shop.step([](Till& till) { return till.open_day(day(1), {{minted(1), units(3)}}); });
    {
      auto db = core::sqlite::Database::open(shop.journal(), {}).value();
      REQUIRE(db.exec(sql));
    }
    Till till = shop.open();
    const auto sound = till.check();
    return !sound && sound.error().code == Errc::kDamaged;
  };
  CHECK_FALSE(damaged("SELECT 1"));
  CHECK(damaged("UPDATE minted SET told = 0"));
  CHECK(damaged("UPDATE minted SET told = 2"));
  CHECK(damaged("UPDATE minted SET gtin = NULL"));
  CHECK(damaged("UPDATE product SET name = 'Plum jar' WHERE version = 2"));
  CHECK(damaged("DELETE FROM minted"));
  CHECK(damaged("UPDATE minted SET id = id + 65536"));  // of an epoch that is still to come
}
