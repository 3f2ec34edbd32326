// Random bills of materials against a model that walks the tree one unit at a time.
#include <doctest/doctest.h>

#include <functional>

#include "core/base/random.h"
#include "core/retail/catalog.h"

using namespace core;
using namespace core::retail;

namespace {

struct RandomTree {
  std::vector<Product> products;
  std::vector<BomLine> bom;
};

// Components have larger ids than their parents, so there is no cycle.
RandomTree random_tree(Random& random) {
  const Currency usd = *Currency::parse("USD");
  RandomTree tree;
  const std::uint64_t count = random.between(2, 12);
  for (std::uint64_t id = 1; id <= count; ++id) {
    const bool kit = id < count && random.between(0, 2) > 0;
    tree.products.push_back(Product{ProductId{id}, "p", Money{100, usd}, TaxCode{1},
                                    kit ? ProductKind::kKit : ProductKind::kStocked});
    if (!kit) continue;
    for (std::uint64_t n = random.between(1, 3); n > 0; --n) {
      tree.bom.push_back(BomLine{ProductId{id}, ProductId{random.between(id + 1, count)},
                                 Quantity{static_cast<std::int64_t>(random.between(1, 5)) * 500}});
    }
  }
  return tree;
}

// The model: rational thousandths as a plain fraction over 2^depth, by recursion.
bool walk(const RandomTree& tree, ProductId id, long double quantity,
          std::map<ProductId, long double>& out) {
  for (const Product& product : tree.products) {
    if (product.id != id) continue;
    if (product.kind == ProductKind::kStocked) {
      out[id] += quantity;
      return true;
    }
  }
  for (const BomLine& line : tree.bom) {
    if (line.parent != id) continue;
    walk(tree, line.component,
         quantity * static_cast<long double>(line.quantity.thousandths) / 1000, out);
  }
  return true;
}

}  // namespace

TEST_CASE("an explosion equals the walk of the tree, or is refused as inexact") {
  int exact = 0;
  int inexact = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    const RandomTree tree = random_tree(random);
    const auto catalog =
        Catalog::build(*Currency::parse("USD"), {TaxRate{TaxCode{1}, 0}}, tree.products, tree.bom);
    if (!catalog) {
      CHECK(catalog.error().code == Errc::kInexact);
      ++inexact;
      continue;
    }
    ++exact;
    const auto sold = static_cast<std::int64_t>(random.between(1, 9));
    const auto exploded = catalog->explode(ProductId{1}, Quantity{sold * 1000});
    REQUIRE(exploded.has_value());
    // Halves to a depth of 12 are exact in long double.
    std::map<ProductId, long double> expected;
    walk(tree, ProductId{1}, static_cast<long double>(sold), expected);
    REQUIRE(expected.size() == exploded->size());
    for (const auto& [id, quantity] : *exploded) {
      CHECK(static_cast<long double>(quantity.thousandths) == expected.at(id) * 1000);
    }
  }
  CHECK(exact > 500);
  CHECK(inexact > 0);
}

TEST_CASE("closing any chain of kits to a ring is a cycle") {
  for (std::uint64_t length = 1; length <= 20; ++length) {
    CAPTURE(length);
    const Currency usd = *Currency::parse("USD");
    std::vector<Product> products;
    std::vector<BomLine> bom;
    for (std::uint64_t id = 1; id <= length; ++id) {
      products.push_back(Product{ProductId{id}, "p", Money{1, usd}, TaxCode{1}, ProductKind::kKit});
      bom.push_back(BomLine{ProductId{id}, ProductId{id % length + 1}, Quantity{1000}});
    }
    CHECK(Catalog::build(usd, {TaxRate{TaxCode{1}, 0}}, products, bom).error().code ==
          Errc::kCycle);
  }
}
