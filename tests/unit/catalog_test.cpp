// Catalog: what is refused at load, and what explodes to what.
#include <doctest/doctest.h>

#include "core/retail/catalog.h"

using namespace core;
using namespace core::retail;

namespace {

Currency usd() {
  return *Currency::parse("USD");
}
Quantity qty(std::string_view text) {
  return *parse_quantity(text);
}

Product product(std::uint64_t id, ProductKind kind) {
  return Product{ProductId{id}, "p" + std::to_string(id), Money{100, usd()}, TaxCode{1}, kind};
}
Product stocked(std::uint64_t id) {
  return product(id, ProductKind::kStocked);
}
Product kit(std::uint64_t id) {
  return product(id, ProductKind::kKit);
}
BomLine part(std::uint64_t parent, std::uint64_t component, std::string_view quantity) {
  return BomLine{ProductId{parent}, ProductId{component}, qty(quantity)};
}
Result<Catalog> build(std::vector<Product> products, std::vector<BomLine> bom) {
  return Catalog::build(usd(), {TaxRate{TaxCode{1}, 0}}, std::move(products), std::move(bom));
}

}  // namespace

TEST_CASE("a stocked product consumes itself, a kit its components") {
  const Catalog c = *build({kit(145), stocked(133), stocked(134), stocked(135)},
                           {part(145, 133, "4"), part(145, 134, "1"), part(145, 135, "1")});
  CHECK(*c.explode(ProductId{133}, qty("2")) == Components{{ProductId{133}, qty("2")}});
  CHECK(*c.explode(ProductId{145}, qty("2")) == Components{{ProductId{133}, qty("8")},
                                                           {ProductId{134}, qty("2")},
                                                           {ProductId{135}, qty("2")}});
}

TEST_CASE("kits explode to any depth, and a component on two branches adds up") {
  const Catalog c = *build(
      {kit(1), kit(2), kit(3), stocked(4), stocked(5)},
      {part(1, 2, "2"), part(1, 3, "3"), part(2, 4, "5"), part(3, 4, "0.5"), part(3, 5, "1")});
  CHECK(*c.explode(ProductId{1}, qty("1")) ==
        Components{{ProductId{4}, qty("11.5")}, {ProductId{5}, qty("3")}});
}

TEST_CASE("a cycle is refused when the catalog is loaded, at any length") {
  CHECK(build({kit(1)}, {part(1, 1, "1")}).error().code == Errc::kCycle);
  CHECK(build({kit(1), kit(2), kit(3)}, {part(1, 2, "1"), part(2, 3, "1"), part(3, 1, "1")})
            .error()
            .code == Errc::kCycle);
}

TEST_CASE("two parents of one component are no cycle") {
  CHECK(build({kit(1), kit(2), kit(3), stocked(4)},
              {part(1, 2, "1"), part(1, 3, "1"), part(2, 4, "1"), part(3, 4, "1")})
            .has_value());
}

TEST_CASE("a component that is no whole thousandth is refused when the catalog is loaded") {
  const auto refused =
      build({kit(1), kit(2), stocked(3)}, {part(1, 2, "0.5"), part(2, 3, "0.333")});
  CHECK(refused.error().code == Errc::kInexact);
  CHECK(refused.error().what.find("product 1") != std::string::npos);
}

TEST_CASE("a part of a kit that consumes no whole thousandth is refused") {
  const Catalog c = *build({kit(1), stocked(2)}, {part(1, 2, "0.333")});
  CHECK(c.explode(ProductId{1}, qty("0.5")).error().code == Errc::kInexact);
  CHECK(c.explode(ProductId{1}, qty("2"))->at(ProductId{2}) == qty("0.666"));
}

TEST_CASE("an explosion that overflows, or is nested without end, is refused") {
  std::vector<Product> products;
  std::vector<BomLine> bom;
  for (std::uint64_t i = 1; i <= 60; ++i) {
    products.push_back(kit(i));
    bom.push_back(part(i, i + 1, "10"));
  }
  products.push_back(stocked(61));
  CHECK(build(products, bom).error().code == Errc::kOverflow);

  products.clear();
  bom.clear();
  for (std::uint64_t i = 1; i <= 100; ++i) {
    products.push_back(kit(i));
    bom.push_back(part(i, i + 1, "1"));
  }
  products.push_back(stocked(101));
  CHECK(build(products, bom).error().code == Errc::kMalformed);
}

TEST_CASE("a catalog that contradicts itself is refused by name") {
  CHECK(build({stocked(1), stocked(1)}, {}).error().what.find("product 1") != std::string::npos);
  CHECK_FALSE(build({kit(1)}, {}).has_value());
  CHECK_FALSE(build({stocked(1), stocked(2)}, {part(1, 2, "1")}).has_value());
  CHECK_FALSE(build({kit(1)}, {part(1, 9, "1")}).has_value());
  CHECK_FALSE(build({kit(1), stocked(2)}, {part(1, 2, "0")}).has_value());
  Product odd_tax = stocked(1);
  odd_tax.tax = TaxCode{2};
  CHECK_FALSE(build({odd_tax}, {}).has_value());
  Product odd_currency = stocked(1);
  odd_currency.price = Money{1, *Currency::parse("EUR")};
  CHECK(build({odd_currency}, {}).error().code == Errc::kCurrency);
  Product negative = stocked(1);
  negative.price = Money{-1, usd()};
  CHECK_FALSE(build({negative}, {}).has_value());
  CHECK_FALSE(Catalog::build(usd(), {TaxRate{TaxCode{1}, 10001}}, {}, {}).has_value());
  CHECK_FALSE(
      Catalog::build(usd(), {TaxRate{TaxCode{1}, 0}, TaxRate{TaxCode{1}, 0}}, {}, {}).has_value());
}
