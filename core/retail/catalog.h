// Catalog: products with prices, tax, bills of materials and what they are found by, checked as a
// whole when it is made.
// Must not know where it is kept. Terms: docs/glossary.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/flat_map.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"
#include "core/retail/barcode.h"

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

// "product 145", for an error.
inline std::string named(ProductId id) {
  return "product " + to_string(id);
}

struct Product {
  ProductId id;
  std::string name;
  // Of one unit, an inclusive tax inside it; a product without one cannot be rung.
  std::optional<Money> price;
  TaxCode tax;
  ProductKind kind = ProductKind::kStocked;
  std::string unit{};  // that a quantity counts, such as "piece" or "kg"; empty: nobody said
  bool whole = false;  // only whole units are sold
  bool operator==(const Product&) const = default;
};

inline constexpr std::size_t kProductNameBytesMax = 500;
inline constexpr std::size_t kUnitBytesMax = 16;

// One unit of `parent` takes `quantity` of `component`.
struct BomLine {
  ProductId parent;
  ProductId component;
  Quantity quantity;
  bool operator==(const BomLine&) const = default;
};

using Components = FlatMap<ProductId, Quantity>;

enum class CodeKind : std::uint8_t {
  kGtin = 0,  // the digits of a barcode, of this shop's own ones too
  kItem = 1,  // a PLU number, or the item code inside a barcode with a price or a weight
};

// What a scanner or a cashier finds a product by: one product a code, any number of codes each.
struct ProductCode {
  CodeKind kind = CodeKind::kGtin;
  std::uint64_t code = 0;  // leading zeros do not count
  auto operator<=>(const ProductCode&) const = default;
};
using ProductCodes = std::map<ProductCode, ProductId>;

struct CatalogParts {
  Currency currency;
  std::vector<TaxRate> taxes;
  std::vector<Product> products;
  std::vector<BomLine> bom;
  // What is settled in cash is rounded to a multiple of it; 1: not at all.
  std::int64_t cash_step_minor = 1;
  std::vector<std::pair<ProductCode, ProductId>> codes;
  std::vector<BarcodePattern> patterns;  // each with a prefix that begins no other's
};

class Catalog {
 public:
  // Explodes every kit once, for one unit. Errors: kMalformed (an id or a code twice, an unknown
  // tax code, component or coded product, a bill of materials on a stocked product or none on a
  // kit, a quantity or price below the possible, a name or unit too long, two patterns for one
  // barcode), kCurrency, kCycle, kInexact (a component is no whole thousandth), kOverflow,
  // kTooLarge (tax codes, patterns).
  static Result<Catalog> build(CatalogParts parts);
  static Result<Catalog> build(Currency currency, const std::vector<TaxRate>& taxes,
                               std::vector<Product> products, std::vector<BomLine> bom,
                               std::int64_t cash_step_minor = 1);

  // More products and their bills of materials, whose components are here or among them. Errors: as
  // of build(), after which the catalog is good for nothing.
  Result<void> add(std::vector<Product> products, std::vector<BomLine> bom);

  Currency currency() const { return currency_; }
  std::int64_t cash_step_minor() const { return cash_step_minor_; }
  const Product* find(ProductId id) const;      // nullptr when there is none
  const TaxRate* find_tax(TaxCode code) const;  // nullptr when there is none
  const std::map<ProductId, Product>& products() const { return products_; }
  const TaxRates& taxes() const { return taxes_; }
  const std::vector<BomLine>& bom() const { return bom_; }
  const ProductCodes& codes() const { return codes_; }
  const std::vector<BarcodePattern>& patterns() const { return patterns_; }

  // The stocked products that `quantity` of `product` consumes, to any depth.
  // Errors: kNotFound, kInexact (for example a third of a kit), kOverflow.
  Result<Components> explode(ProductId product, Quantity quantity) const;

 private:
  enum class Mark { kNone, kOpen, kDone };
  using ByParent = std::multimap<ProductId, BomLine>;
  Result<void> add_taxes(const std::vector<TaxRate>& taxes);
  Result<void> add_product(Product product);
  Result<void> add_codes(const std::vector<std::pair<ProductCode, ProductId>>& codes);
  Result<void> add_patterns(std::vector<BarcodePattern> patterns);
  Result<void> check_bom_line(const BomLine& line) const;
  Result<void> explode_unit(ProductId id, std::map<ProductId, Mark>& marks,
                            const ByParent& by_parent);
  Result<Components> explode_once(ProductId kit, const ByParent& by_parent) const;
  // A kit without its components yet, or not.
  bool is_open_kit(ProductId id) const;

  Currency currency_;
  std::int64_t cash_step_minor_ = 1;
  std::map<ProductId, Product> products_;
  TaxRates taxes_;
  std::vector<BomLine> bom_;
  ProductCodes codes_;
  std::vector<BarcodePattern> patterns_;
  std::map<ProductId, Components> unit_components_;  // of every kit, for one unit
};

}  // namespace core::retail
