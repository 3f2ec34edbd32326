// Catalog: products with prices, tax and bills of materials, checked as a whole when it is made.
// Must not know where it is kept. Terms: docs/glossary.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"

namespace core::retail {

// Shape: basis_points 0..10000 (100 %); 0 is exempt, and then `inclusive` means nothing.
struct TaxRate {
  TaxCode code;
  std::int32_t basis_points = 0;
  bool inclusive = true;  // inside the price; else added on top of it
  bool operator==(const TaxRate&) const = default;
};
using TaxRates = std::map<TaxCode, TaxRate>;  // each under its own code

enum class ProductKind {
  kStocked,  // consumes itself
  kKit,      // is never on the shelf: explodes into the components of its bill of materials
};

struct Product {
  ProductId id;
  std::string name;
  // Of one unit, an inclusive tax inside it; a product without one cannot be rung.
  std::optional<Money> price;
  TaxCode tax;
  ProductKind kind = ProductKind::kStocked;
};

// One unit of `parent` takes `quantity` of `component`.
struct BomLine {
  ProductId parent;
  ProductId component;
  Quantity quantity;
};

using Components = std::map<ProductId, Quantity>;

class Catalog {
 public:
  // Explodes every kit once, for one unit. Errors: kMalformed (an id twice, an unknown tax code or
  // component, a bill of materials on a stocked product or none on a kit, a quantity or price below
  // the possible), kCurrency, kCycle, kInexact (a component is no whole thousandth), kOverflow,
  // kTooLarge (tax codes).
  // `cash_step_minor`: what is settled in cash is rounded to a multiple of it; 1: not at all.
  static Result<Catalog> build(Currency currency, const std::vector<TaxRate>& taxes,
                               std::vector<Product> products, std::vector<BomLine> bom,
                               std::int64_t cash_step_minor = 1);

  Currency currency() const { return currency_; }
  std::int64_t cash_step_minor() const { return cash_step_minor_; }
  const Product* find(ProductId id) const;      // nullptr when there is none
  const TaxRate* find_tax(TaxCode code) const;  // nullptr when there is none
  const std::map<ProductId, Product>& products() const { return products_; }
  const TaxRates& taxes() const { return taxes_; }
  const std::vector<BomLine>& bom() const { return bom_; }

  // The stocked products that `quantity` of `product` consumes, to any depth.
  // Errors: kNotFound, kInexact (for example a third of a kit), kOverflow.
  Result<Components> explode(ProductId product, Quantity quantity) const;

 private:
  enum class Mark { kNone, kOpen, kDone };
  Result<void> check_bom_line(const BomLine& line) const;
  Result<void> explode_unit(ProductId id, std::map<ProductId, Mark>& marks,
                            const std::multimap<ProductId, BomLine>& by_parent);

  Currency currency_;
  std::int64_t cash_step_minor_ = 1;
  std::map<ProductId, Product> products_;
  TaxRates taxes_;
  std::vector<BomLine> bom_;
  std::map<ProductId, Components> unit_components_;  // of every product, for one unit
};

}  // namespace core::retail
