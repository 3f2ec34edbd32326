// Shelf writer: the old rows and the new catalog walked side by side, both in ascending order.
// Must not write a row that says what the one before it says.
#include "till/shelf_writer.h"

#include <algorithm>

#include "core/journal/schema.h"
#include "core/retail/minted.h"

namespace till {

using core::journal::to_sql;
namespace {

using core::CatalogVersion;
using core::Errc;
using core::fail;
using core::ProductId;
using core::Result;
using core::retail::BomLine;
using core::retail::Catalog;
using core::retail::Product;
using core::retail::ProductCode;
using core::sqlite::Statement;

}  // namespace

Result<CatalogVersion> ShelfWriter::write(const Catalog& catalog) {
  for (const auto& [id, product] : catalog.products()) {
    if (!core::retail::is_minted(id)) continue;
    return fail(Errc::kMalformed, core::retail::named(id) +
                                      ": numbers from 2^52 to 2^53 - 1 are for what tills mint");
  }
  TRY(write_products(catalog));
  TRY(write_bom(catalog));
  TRY(write_codes(catalog));
  TRY(write_names());
  std::optional<core::retail::Terms> before;
  if (present_.value != 0) {
    TRY_ASSIGN(before, rows::find_terms(db_, present_));
  }
  TRY_ASSIGN(const core::retail::Terms terms, terms_with_minted(catalog, before));
  const core::Bytes encoded = encode_terms(terms);
  if (before == terms) return finish(nullptr);
  changed_ = true;
  return finish(&encoded);
}

Result<CatalogVersion> ShelfWriter::write_minted(const Product& product,
                                                 std::optional<std::uint64_t> gtin) {
  TRY(put_product(product, false));
  names_.emplace_back(rows::name_key(product.name), product.id);
  TRY(write_names());
  if (gtin) TRY(put_code({core::retail::CodeKind::kGtin, *gtin}, product.id, false));
  TRY_ASSIGN(Statement s, db_.prepare("INSERT INTO minted(id, version, gtin) VALUES (?, ?, ?)"));
  s.bind_int(1, to_sql(product.id.value)).bind_int(2, next_.value);
  gtin ? s.bind_int(3, to_sql(*gtin)) : s.bind_null(3);
  TRY(s.run());
  return finish(nullptr);
}

Result<core::retail::Terms> ShelfWriter::terms_with_minted(
    const Catalog& catalog, const std::optional<core::retail::Terms>& before) const {
  core::retail::Terms terms = terms_of(catalog);
  if (!before) return terms;
  for (const core::retail::TaxRate& tax : before->taxes) {
    const bool is_needed =
        minted_taxes_.contains(tax.code) && catalog.find_tax(tax.code) == nullptr;
    if (is_needed) terms.taxes.push_back(tax);
  }
  std::sort(terms.taxes.begin(), terms.taxes.end(),
            [](const auto& a, const auto& b) { return a.code < b.code; });
  // A closing has a row for each: core/retail/catalog.cpp has the limit.
  TRY(Catalog::build(currency_, terms.taxes, {}, {}));
  return terms;
}

Result<CatalogVersion> ShelfWriter::write_prices(const Prices& prices) {
  for (const auto& [id, price] : prices) {
    const std::string name = "product " + to_string(id);
    TRY_ASSIGN(auto row, rows::find_product(db_, currency_, present_, id));
    if (!row || row->gone) return fail(Errc::kNotFound, name + " is not in the catalog");
    if (price.currency != currency_) {
      return fail(Errc::kCurrency, name + ": the price is not in " + std::string(currency_.code()));
    }
    if (price.minor < 0) return fail(Errc::kMalformed, name + ": the price is below zero");
    if (row->product.price == price) continue;
    row->product.price = price;
    TRY(put_product(row->product, false));
  }
  return finish(nullptr);
}

Result<void> ShelfWriter::write_products(const Catalog& catalog) {
  auto it = catalog.products().begin();
  const auto end = catalog.products().end();
  const auto put_new = [&](const Product& product) {
    names_.emplace_back(rows::name_key(product.name), product.id);
    return put_product(product, false);
  };
  TRY(rows::each_product(db_, currency_, present_, [&](rows::ProductRow&& row) -> Result<void> {
    for (; it != end && it->first < row.product.id; ++it) TRY(put_new(it->second));
    if (core::retail::is_minted(row.product.id)) {
      minted_taxes_.insert(row.product.tax);
      return {};
    }
    if (it == end || it->first != row.product.id) {
      return row.gone ? Result<void>() : put_product(row.product, true);
    }
    const Product& product = (it++)->second;
    if (product == row.product && !row.gone) return {};
    if (product.name != row.product.name) return put_new(product);
    return put_product(product, false);
  }));
  for (; it != end; ++it) TRY(put_new(it->second));
  return {};
}

Result<void> ShelfWriter::write_bom(const Catalog& catalog) {
  std::map<ProductId, std::vector<BomLine>> differing;
  for (const BomLine& line : catalog.bom()) differing[line.parent].push_back(line);
  TRY(rows::each_bom(db_, present_, [&](ProductId parent, std::vector<BomLine>&& lines) {
    const auto it = differing.find(parent);
    if (it != differing.end() && it->second == lines) differing.erase(it);
    return Result<void>();
  }));
  TRY_ASSIGN(Statement s, db_.prepare("INSERT INTO bom VALUES (?, ?, ?, ?, ?)"));
  for (const auto& [parent, lines] : differing) {
    std::int64_t place = 0;
    for (const BomLine& line : lines) {
      s.bind_int(1, to_sql(parent.value)).bind_int(2, next_.value).bind_int(3, ++place);
      TRY(s.bind_int(4, to_sql(line.component.value)).bind_int(5, line.quantity.thousandths).run());
      changed_ = true;
    }
  }
  return {};
}

Result<void> ShelfWriter::write_codes(const Catalog& catalog) {
  auto it = catalog.codes().begin();
  const auto end = catalog.codes().end();
  TRY(rows::each_code(
      db_, present_, [&](ProductCode code, ProductId id, bool gone) -> Result<void> {
        for (; it != end && it->first < code; ++it) TRY(put_code(it->first, it->second, false));
        if (it == end || it->first != code)
          return gone || core::retail::is_minted(id) ? Result<void>() : put_code(code, id, true);
        const ProductId now = (it++)->second;
        return now == id && !gone ? Result<void>() : put_code(code, now, false);
      }));
  for (; it != end; ++it) TRY(put_code(it->first, it->second, false));
  return {};
}

// In the order of the index: it is written from its one end to the other.
Result<void> ShelfWriter::write_names() {
  std::sort(names_.begin(), names_.end());
  TRY_ASSIGN(Statement s, db_.prepare("INSERT INTO label VALUES (?, ?, ?, ?, 0)"));
  for (const auto& [key, id] : names_) {
    s.bind_int(1, rows::kLabelName).bind_text(2, key);
    TRY(s.bind_int(3, next_.value).bind_int(4, to_sql(id.value)).run());
  }
  return {};
}

Result<void> ShelfWriter::put_product(const Product& product, bool gone) {
  TRY_ASSIGN(Statement s,
             db_.prepare("INSERT INTO product(id, version, gone, name, price_minor, tax, kind, "
                         "unit, whole) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  s.bind_int(1, to_sql(product.id.value)).bind_int(2, next_.value).bind_int(3, gone ? 1 : 0);
  s.bind_text(4, product.name).bind_int(6, product.tax.value);
  if (product.price) s.bind_int(5, product.price->minor);
  s.bind_int(7, static_cast<int>(product.kind)).bind_text(8, product.unit);
  changed_ = true;
  return s.bind_int(9, product.whole ? 1 : 0).run();
}

Result<void> ShelfWriter::put_code(ProductCode code, ProductId product, bool gone) {
  TRY_ASSIGN(Statement s, db_.prepare("INSERT INTO label VALUES (?, ?, ?, ?, ?)"));
  s.bind_int(1, static_cast<int>(code.kind)).bind_int(2, to_sql(code.code));
  s.bind_int(3, next_.value).bind_int(4, to_sql(product.value));
  changed_ = true;
  return s.bind_int(5, gone ? 1 : 0).run();
}

Result<CatalogVersion> ShelfWriter::finish(const core::Bytes* terms) {
  if (!changed_) return present_;
  TRY_ASSIGN(Statement s, db_.prepare("INSERT INTO catalog VALUES (?, ?)"));
  s.bind_int(1, next_.value);
  if (terms != nullptr) s.bind_blob(2, *terms);
  TRY(s.run());
  return next_;
}

}  // namespace till
