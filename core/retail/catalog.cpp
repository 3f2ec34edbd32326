// Catalog: checks at load, so that a sale cannot meet a cycle or a rounded component.
#include "core/retail/catalog.h"

#include "core/base/arithmetic.h"
#include "core/retail/limits.h"

namespace core::retail {
namespace {

constexpr std::int32_t kBasisPointsInOne = 10000;
constexpr std::size_t kTaxCodesMax = 256;
constexpr std::size_t kKitDepthMax = 64;  // deeper is a mistake in the data, not a product

std::string named(ProductId id) {
  return "product " + to_string(id);
}

Result<void> add_to(Components& sum, ProductId id, Quantity quantity) {
  TRY_ASSIGN(sum[id], add(sum[id], quantity));
  return {};
}

// Puts the culprit in front of an arithmetic error.
Unexpected in_product(ProductId id, const Error& error) {
  return fail(error.code, named(id) + ": " + error.what);
}

}  // namespace

Result<Catalog> Catalog::build(Currency currency, const std::vector<TaxRate>& taxes,
                               std::vector<Product> products, std::vector<BomLine> bom,
                               std::int64_t cash_step_minor) {
  Catalog catalog;
  catalog.currency_ = currency;
  constexpr std::int64_t kCashStepMax = 1'000'000;
  if (cash_step_minor < 1 || cash_step_minor > kCashStepMax) {
    return fail(Errc::kMalformed, "cash is rounded to a step of 1 to 1000000 minor units");
  }
  catalog.cash_step_minor_ = cash_step_minor;
  if (taxes.size() > kTaxCodesMax) {
    return fail(Errc::kTooLarge, "a catalog has at most " + std::to_string(kTaxCodesMax) +
                                     " tax codes: a closing has a row for each");
  }
  for (const TaxRate& tax : taxes) {
    if (tax.basis_points < 0 || tax.basis_points > kBasisPointsInOne) {
      return fail(Errc::kMalformed,
                  "tax " + to_string(tax.code) + ": a rate is 0 to 10000 basis points");
    }
    if (!catalog.taxes_.emplace(tax.code, tax).second) {
      return fail(Errc::kMalformed, "tax " + to_string(tax.code) + " is there twice");
    }
  }
  for (Product& product : products) {
    const ProductId id = product.id;
    TRY(check_product_id(id));
    if (catalog.find_tax(product.tax) == nullptr) {
      return fail(Errc::kMalformed, named(id) + ": unknown tax code " + to_string(product.tax));
    }
    if (product.price && product.price->currency != currency) {
      return fail(Errc::kCurrency,
                  named(id) + ": the price is not in " + std::string(currency.code()));
    }
    if (product.price && product.price->minor < 0) {
      return fail(Errc::kMalformed, named(id) + ": the price is negative");
    }
    if (!catalog.products_.emplace(id, std::move(product)).second) {
      return fail(Errc::kMalformed, named(id) + " is there twice");
    }
  }
  std::multimap<ProductId, BomLine> by_parent;
  for (const BomLine& line : bom) {
    TRY(catalog.check_bom_line(line));
    by_parent.emplace(line.parent, line);
  }
  catalog.bom_ = std::move(bom);
  std::map<ProductId, Mark> marks;
  for (const auto& [id, product] : catalog.products_) {
    TRY(catalog.explode_unit(id, marks, by_parent));
  }
  return catalog;
}

const Product* Catalog::find(ProductId id) const {
  const auto it = products_.find(id);
  return it == products_.end() ? nullptr : &it->second;
}

const TaxRate* Catalog::find_tax(TaxCode code) const {
  const auto it = taxes_.find(code);
  return it == taxes_.end() ? nullptr : &it->second;
}

Result<void> Catalog::check_bom_line(const BomLine& line) const {
  const Product* parent = find(line.parent);
  if (parent == nullptr || find(line.component) == nullptr) {
    return fail(Errc::kMalformed,
                "bill of materials: " + named(parent == nullptr ? line.parent : line.component) +
                    " is not in the catalog");
  }
  if (parent->kind != ProductKind::kKit) {
    return fail(Errc::kMalformed, named(line.parent) +
                                      " is stocked and has a bill of materials; make it a kit or "
                                      "remove its components");
  }
  if (line.quantity.thousandths <= 0) {
    return fail(Errc::kMalformed,
                named(line.parent) + ": a component's quantity is not above zero");
  }
  return {};
}

// Depth first, with an explicit stack: the data may be hostile.
Result<void> Catalog::explode_unit(ProductId root, std::map<ProductId, Mark>& marks,
                                   const std::multimap<ProductId, BomLine>& by_parent) {
  std::vector<ProductId> path{root};
  while (!path.empty()) {
    const ProductId id = path.back();
    if (marks[id] == Mark::kDone) {
      path.pop_back();
      continue;
    }
    marks[id] = Mark::kOpen;
    if (path.size() > kKitDepthMax) {
      return fail(Errc::kMalformed,
                  named(root) + ": kits are nested deeper than " + std::to_string(kKitDepthMax));
    }
    const auto [first, last] = by_parent.equal_range(id);
    const bool is_kit = products_.at(id).kind == ProductKind::kKit;
    if (is_kit && first == last) {
      return fail(Errc::kMalformed, named(id) + " is a kit without a bill of materials");
    }
    bool waits = false;
    for (auto it = first; it != last && !waits; ++it) {
      const ProductId component = it->second.component;
      const Mark mark = marks[component];
      if (mark == Mark::kOpen) {
        return fail(Errc::kCycle, named(component) + " contains itself, by way of " + named(id));
      }
      if (mark == Mark::kNone) {
        path.push_back(component);
        waits = true;
      }
    }
    if (waits) continue;
    Components components;
    if (!is_kit) components.emplace(id, Quantity{Quantity::kUnit});
    for (auto it = first; it != last; ++it) {
      for (const auto& [part, per_unit] : unit_components_.at(it->second.component)) {
        const auto quantity = multiply_exact(per_unit, it->second.quantity);
        if (!quantity) return in_product(id, quantity.error());
        const auto added = add_to(components, part, *quantity);
        if (!added) return in_product(id, added.error());
      }
    }
    unit_components_[id] = std::move(components);
    marks[id] = Mark::kDone;
    path.pop_back();
  }
  return {};
}

Result<Components> Catalog::explode(ProductId product, Quantity quantity) const {
  const auto it = unit_components_.find(product);
  if (it == unit_components_.end()) {
    return fail(Errc::kNotFound, named(product) + " is not in the catalog");
  }
  Components out;
  for (const auto& [part, per_unit] : it->second) {
    const auto consumed = multiply_exact(per_unit, quantity);
    if (!consumed) return in_product(product, consumed.error());
    out.emplace(part, *consumed);
  }
  return out;
}

}  // namespace core::retail
