// Catalogs at random, and whether two say the same.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "core/base/random.h"
#include "core/retail/catalog.h"
#include "core/retail/terms.h"

namespace test {

using core::Money;
using core::ProductId;
using core::Quantity;
using core::TaxCode;
using namespace core::retail;

inline const core::Currency kUsd = core::Currency::parse("USD").value();

inline Product stocked(std::uint64_t id, std::optional<std::int64_t> price) {
  Product out;
  out.id = ProductId{id};
  out.name = "Product " + std::to_string(id);
  out.tax = TaxCode{1};
  out.unit = "piece";
  out.whole = true;
  if (price) out.price = Money{*price, kUsd};
  return out;
}

// A catalog of up to 12 products of 20, some kits of others, some with barcodes.
inline Catalog some_catalog(core::Random& random) {
  CatalogParts parts{kUsd, {{TaxCode{1}, 825, true}}, {}, {}, 1, {}, {}};
  if (random.between(0, 1) == 1) parts.taxes.push_back({TaxCode{2}, 0, true});
  std::vector<ProductId> here;
  for (std::uint64_t id = 1; id <= 20; ++id) {
    if (random.between(0, 2) == 0) continue;
    Product product = stocked(id, random.between(0, 3) == 0
                                      ? std::nullopt
                                      : std::optional<std::int64_t>(random.between(0, 500)));
    if (random.between(0, 3) == 0) product.name += " b";
    if (!here.empty() && random.between(0, 4) == 0) {
      product.kind = ProductKind::kKit;
      parts.bom.push_back({product.id, here[random.between(0, here.size() - 1)],
                           Quantity{static_cast<std::int64_t>(1000 * random.between(1, 3))}});
    }
    if (random.between(0, 2) == 0) {
      parts.codes.emplace_back(ProductCode{CodeKind::kItem, random.between(0, 1) * 100 + id},
                               product.id);
    }
    here.push_back(product.id);
    parts.products.push_back(std::move(product));
  }
  return Catalog::build(std::move(parts)).value();
}

inline bool same(const Catalog& a, const Catalog& b) {
  return a.products() == b.products() && a.bom() == b.bom() && a.codes() == b.codes() &&
         terms_of(a) == terms_of(b);
}

}  // namespace test
