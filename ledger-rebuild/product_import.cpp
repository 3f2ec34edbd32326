// Product import: every row is read before the first product is changed.
#include "ledger-rebuild/product_import.h"

#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "core/base/decimal.h"
#include "core/retail/catalog_change.h"
#include "ledger-rebuild/csv_file.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::ProductId;
using core::Result;
using core::retail::Catalog;
using core::retail::CatalogChange;
using core::retail::CodeKind;
using core::retail::Product;
using core::retail::ProductCode;

class Import {
 public:
  Import(const Catalog& before, const ImportOptions& options)
      : before_(before), options_(options), change_{.currency = before.currency()} {
    for (const auto& [code, product] : before.codes()) {
      if (code.kind == CodeKind::kGtin) barcodes_[product].push_back(code);
    }
  }

  Result<void> take(const CsvRow& row) {
    TRY_ASSIGN(const ProductId id, read_id(row));
    if (!seen_.insert(id).second) {
      return fail(Errc::kMalformed, "product " + to_string(id) + " is in the table twice");
    }
    const Product* known = before_.find(id);
    Product product;
    if (known != nullptr) product = *known;
    product.id = id;
    if (const auto* name = field(row, "name")) product.name = *name;
    if (product.name.empty()) return fail(Errc::kMalformed, "a product without a name");
    TRY(read_tax(row, known != nullptr, product));
    TRY(read_price(row, product));
    TRY(read_unit(row, product));
    TRY(read_codes(row, id));
    products_.insert_or_assign(id, std::move(product));
    return {};
  }

  Result<Catalog> finish() && {
    for (auto& [id, product] : products_) {
      const Product* known = before_.find(id);
      if (known == nullptr || *known != product) change_.products.push_back(std::move(product));
    }
    if (options_.whole) {
      for (const auto& [id, product] : before_.products()) {
        if (!seen_.contains(id)) change_.gone.push_back(id);
      }
      for (const auto& [code, id] : before_.codes()) {
        if (!seen_.contains(id) && !change_.codes.contains(code)) {
          change_.codes.emplace(code, std::nullopt);
        }
      }
    }
    std::erase_if(change_.codes, [&](const auto& entry) {
      const auto old = before_.codes().find(entry.first);
      return old != before_.codes().end() && entry.second == old->second;
    });
    return core::retail::apply(&before_, change_);
  }

 private:
  // nullptr: the table has no such column.
  const std::string* field(const CsvRow& row, const std::string& ours) const {
    const auto renamed = options_.columns.find(ours);
    const auto it = row.find(renamed == options_.columns.end() ? ours : renamed->second);
    return it == row.end() ? nullptr : &it->second;
  }

  Result<ProductId> read_id(const CsvRow& row) const {
    const std::string text = *field(row, "product");
    const auto number = core::parse_unsigned(text);
    if (number && *number >= 1) return ProductId{*number};
    return fail(Errc::kMalformed, "product '" + text + "' is no number from 1");
  }

  Result<void> read_tax(const CsvRow& row, bool is_known, Product& product) const {
    const auto* text = field(row, "tax");
    if (text != nullptr && !text->empty()) {
      TRY_ASSIGN(const std::uint32_t code, csv_number(*text, "tax"));
      product.tax = core::TaxCode{code};
    } else if (!is_known) {
      if (!options_.tax) return fail(Errc::kMalformed, "a new product without a tax code");
      product.tax = *options_.tax;
    }
    if (before_.find_tax(product.tax) != nullptr) return {};
    return fail(Errc::kMalformed, "tax code " + to_string(product.tax) + " is not in the catalog");
  }

  Result<void> read_price(const CsvRow& row, Product& product) const {
    const auto* text = field(row, "price");
    if (text == nullptr) return {};
    product.price.reset();
    if (text->empty()) return {};
    TRY_ASSIGN(product.price, core::parse_money(*text, before_.currency()));
    if (product.price->minor >= 0) return {};
    return fail(Errc::kMalformed, "the price is below zero");
  }

  Result<void> read_unit(const CsvRow& row, Product& product) const {
    if (const auto* unit = field(row, "unit")) {
      if (unit->size() > core::retail::kUnitBytesMax) {
        return fail(Errc::kMalformed, "a unit has at most 16 bytes");
      }
      product.unit = *unit;
      product.whole = *unit == "piece";
    }
    const auto* whole = field(row, "whole");
    if (whole == nullptr) return {};
    if (*whole != "yes" && *whole != "no") {
      return fail(Errc::kMalformed, "whole is yes or no, not '" + *whole + "'");
    }
    product.whole = *whole == "yes";
    return {};
  }

  Result<void> read_codes(const CsvRow& row, ProductId id) {
    const auto* text = field(row, "barcodes");
    if (text == nullptr) return {};
    const auto had = barcodes_.find(id);
    if (had != barcodes_.end()) {
      for (const ProductCode code : had->second) change_.codes.try_emplace(code);
    }
    std::istringstream words(*text);
    for (std::string digits; words >> digits;) {
      TRY_ASSIGN(const std::uint64_t gtin, core::retail::parse_gtin(digits));
      const ProductCode code{CodeKind::kGtin, gtin};
      const auto other = coded_.emplace(code, id).first;
      if (other->second != id) {
        return fail(Errc::kMalformed,
                    "barcode " + digits + " is of product " + to_string(other->second) + ", too");
      }
      change_.codes.insert_or_assign(code, id);
    }
    return {};
  }

  const Catalog& before_;
  const ImportOptions& options_;
  CatalogChange change_;
  std::set<ProductId> seen_;
  std::map<ProductId, Product> products_;
  std::map<ProductCode, ProductId> coded_;                  // by the table
  std::map<ProductId, std::vector<ProductCode>> barcodes_;  // before
};

}  // namespace

Result<Catalog> import_products(const Catalog& before, const std::filesystem::path& file,
                                const ImportOptions& options) {
  Import import(before, options);
  const auto renamed = options.columns.find("product");
  const std::string needed = renamed == options.columns.end() ? "product" : renamed->second;
  std::vector<std::string> columns{needed};
  for (const auto& [ours, theirs] : options.columns) columns.push_back(theirs);
  TRY(read_csv_table(file, columns, [&](const CsvRow& row) { return import.take(row); }));
  return std::move(import).finish();
}

}  // namespace rebuild
