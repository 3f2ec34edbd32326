// Catalog: checks at load, so that a sale cannot meet a cycle or a rounded component.
#include "core/retail/catalog.h"

#include <utility>

#include "core/base/arithmetic.h"
#include "core/retail/limits.h"

namespace core::retail {
namespace {

constexpr std::int32_t kBasisPointsInOne = 10000;
constexpr std::size_t kTaxCodesMax = 256;
constexpr std::size_t kPatternsMax = 100;
constexpr std::uint64_t kCodeLimit = 100'000'000'000'000;  // 14 digits
constexpr std::size_t kKitDepthMax = 64;  // deeper is a mistake in the data, not a product

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
  return build(
      CatalogParts{currency, taxes, std::move(products), std::move(bom), cash_step_minor, {}, {}});
}

Result<Catalog> Catalog::build(CatalogParts parts) {
  Catalog catalog;
  catalog.currency_ = parts.currency;
  constexpr std::int64_t kCashStepMax = 1'000'000;
  if (parts.cash_step_minor < 1 || parts.cash_step_minor > kCashStepMax) {
    return fail(Errc::kMalformed, "cash is rounded to a step of 1 to 1000000 minor units");
  }
  catalog.cash_step_minor_ = parts.cash_step_minor;
  TRY(catalog.add_taxes(parts.taxes));
  TRY(catalog.add(std::move(parts.products), std::move(parts.bom)));
  TRY(catalog.add_codes(parts.codes));
  TRY(catalog.add_patterns(std::move(parts.patterns)));
  return catalog;
}

Result<void> Catalog::add(std::vector<Product> products, std::vector<BomLine> bom) {
  std::vector<ProductId> kits;
  for (Product& product : products) {
    if (product.kind == ProductKind::kKit) kits.push_back(product.id);
    TRY(add_product(std::move(product)));
  }
  ByParent by_parent;
  for (const BomLine& line : bom) {
    TRY(check_bom_line(line));
    by_parent.emplace(line.parent, line);
  }
  if (bom_.empty()) {
    bom_ = std::move(bom);
  } else {
    bom_.insert(bom_.end(), bom.begin(), bom.end());
  }
  std::map<ProductId, Mark> marks;
  for (const ProductId kit : kits) TRY(explode_unit(kit, marks, by_parent));
  return {};
}

Result<void> Catalog::add_taxes(const std::vector<TaxRate>& taxes) {
  if (taxes.size() > kTaxCodesMax) {
    return fail(Errc::kTooLarge, "a catalog has at most " + std::to_string(kTaxCodesMax) +
                                     " tax codes: a closing has a row for each");
  }
  for (const TaxRate& tax : taxes) {
    if (tax.basis_points < 0 || tax.basis_points > kBasisPointsInOne) {
      return fail(Errc::kMalformed,
                  "tax " + to_string(tax.code) + ": a rate is 0 to 10000 basis points");
    }
    if (!taxes_.emplace(tax.code, tax).second) {
      return fail(Errc::kMalformed, "tax " + to_string(tax.code) + " is there twice");
    }
  }
  return {};
}

Result<void> Catalog::add_product(Product product) {
  const ProductId id = product.id;
  TRY(check_product_id(id));
  if (find_tax(product.tax) == nullptr) {
    return fail(Errc::kMalformed, named(id) + ": unknown tax code " + to_string(product.tax));
  }
  if (product.price && product.price->currency != currency_) {
    return fail(Errc::kCurrency,
                named(id) + ": the price is not in " + std::string(currency_.code()));
  }
  if (product.price && product.price->minor < 0) {
    return fail(Errc::kMalformed, named(id) + ": the price is negative");
  }
  if (product.name.size() > kProductNameBytesMax || product.unit.size() > kUnitBytesMax) {
    return fail(Errc::kMalformed, named(id) + ": a name has at most " +
                                      std::to_string(kProductNameBytesMax) + " bytes, a unit " +
                                      std::to_string(kUnitBytesMax));
  }
  if (!products_.emplace(id, std::move(product)).second) {
    return fail(Errc::kMalformed, named(id) + " is there twice");
  }
  return {};
}

Result<void> Catalog::add_codes(const std::vector<std::pair<ProductCode, ProductId>>& codes) {
  for (const auto& [code, id] : codes) {
    const std::string what =
        (code.kind == CodeKind::kGtin ? "barcode " : "PLU ") + std::to_string(code.code);
    if (find(id) == nullptr) {
      return fail(Errc::kMalformed, what + ": " + named(id) + " is not in the catalog");
    }
    if (code.code == 0 || code.code >= kCodeLimit) {
      return fail(Errc::kMalformed, named(id) + ": a code has 1 to 14 digits and is not zero");
    }
    const auto [it, added] = codes_.emplace(code, id);
    if (!added) {
      return fail(Errc::kMalformed, what + " is both " + named(it->second) + " and " + named(id));
    }
  }
  return {};
}

Result<void> Catalog::add_patterns(std::vector<BarcodePattern> patterns) {
  if (patterns.size() > kPatternsMax) {
    return fail(Errc::kTooLarge,
                "a catalog has at most " + std::to_string(kPatternsMax) + " barcode patterns");
  }
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const std::string& a = patterns[i].prefix;
      const std::string& b = patterns[j].prefix;
      if (a.starts_with(b) || b.starts_with(a)) {
        return fail(Errc::kMalformed,
                    "two barcode patterns read one barcode: those of " + b + " and " + a);
      }
    }
  }
  patterns_ = std::move(patterns);
  return {};
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
  if (unit_components_.contains(line.parent)) {
    return fail(Errc::kMalformed, named(line.parent) + " has its bill of materials already");
  }
  if (line.quantity.thousandths <= 0) {
    return fail(Errc::kMalformed,
                named(line.parent) + ": a component's quantity is not above zero");
  }
  return {};
}

bool Catalog::is_open_kit(ProductId id) const {
  return products_.at(id).kind == ProductKind::kKit && !unit_components_.contains(id);
}

// Depth first, with an explicit stack: the data may be hostile.
Result<void> Catalog::explode_unit(ProductId root, std::map<ProductId, Mark>& marks,
                                   const ByParent& by_parent) {
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
    if (first == last) {
      return fail(Errc::kMalformed, named(id) + " is a kit without a bill of materials");
    }
    bool waits = false;
    for (auto it = first; it != last && !waits; ++it) {
      const ProductId component = it->second.component;
      if (!is_open_kit(component)) continue;
      if (marks[component] == Mark::kOpen) {
        return fail(Errc::kCycle, named(component) + " contains itself, by way of " + named(id));
      }
      path.push_back(component);
      waits = true;
    }
    if (waits) continue;
    TRY_ASSIGN(unit_components_[id], explode_once(id, by_parent));
    marks[id] = Mark::kDone;
    path.pop_back();
  }
  return {};
}

// Shape: the components that are kits are exploded.
Result<Components> Catalog::explode_once(ProductId kit, const ByParent& by_parent) const {
  Components components;
  const auto [first, last] = by_parent.equal_range(kit);
  for (auto it = first; it != last; ++it) {
    const auto parts = explode(it->second.component, it->second.quantity);
    if (!parts) return in_product(kit, parts.error());
    for (const auto& [part, quantity] : *parts) {
      const auto added = add_to(components, part, quantity);
      if (!added) return in_product(kit, added.error());
    }
  }
  return components;
}

Result<Components> Catalog::explode(ProductId product, Quantity quantity) const {
  const Product* found = find(product);
  if (found == nullptr) {
    return fail(Errc::kNotFound, named(product) + " is not in the catalog");
  }
  if (found->kind == ProductKind::kStocked) return Components{{product, quantity}};
  Components out;
  for (const auto& [part, per_unit] : unit_components_.at(product)) {
    const auto consumed = multiply_exact(per_unit, quantity);
    if (!consumed) return in_product(product, consumed.error());
    out.emplace(part, *consumed);
  }
  return out;
}

}  // namespace core::retail
