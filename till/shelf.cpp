// Shelf: look-ups, slices and new versions. Rows: till/shelf_rows.cpp, till/shelf_writer.cpp.
// Must not keep more than a bounded number of products.
#include "till/shelf.h"

#include <algorithm>
#include <set>
#include <utility>

#include "core/base/fold_case.h"
#include "core/journal/schema.h"
#include "core/retail/minted.h"
#include "till/shelf_rows.h"
#include "till/shelf_writer.h"

namespace till {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::CatalogVersion;
using core::Errc;
using core::fail;
using core::ProductId;
using core::Result;
using core::retail::Barcode;
using core::retail::BarcodeKind;
using core::retail::BomLine;
using core::retail::Catalog;
using core::retail::CodeKind;
using core::retail::Product;
using core::retail::ProductCode;
using core::retail::ProductKind;
using core::sqlite::Statement;

constexpr std::size_t kVersionsHeldMax = 2;  // the present one, and that of an open receipt

Result<Catalog> empty_catalog(core::Currency currency, const core::retail::Terms& terms) {
  return Catalog::build({currency, terms.taxes, {}, {}, terms.cash_step_minor, {}, terms.patterns});
}

ProductCode code_of(const Barcode& barcode) {
  const bool is_gtin =
      barcode.kind == BarcodeKind::kGtin || barcode.kind == BarcodeKind::kRestricted;
  return {is_gtin ? CodeKind::kGtin : CodeKind::kItem, barcode.code};
}

}  // namespace

core::Unexpected Shelf::not_sound(const std::string& what) const {
  return fail(Errc::kDamaged, journal_->path().string() + ": the catalog, " + what);
}

Result<ShelfMemory> Shelf::remember(Journal& journal) {
  ShelfMemory memory;
  TRY_ASSIGN(const std::int64_t version,
             journal.database().query_int("SELECT ifnull(max(version), 0) FROM catalog"));
  memory.present = CatalogVersion{static_cast<std::uint32_t>(version)};
  if (memory.present.value == 0) {
    return fail(Errc::kDamaged, journal.path().string() + ": it has no catalog");
  }
  return memory;
}

Result<void> Shelf::need_version(CatalogVersion version) const {
  if (version.value != 0 && version <= memory_->present) return {};
  return fail(Errc::kNotFound, "there is no version " + to_string(version) +
                                   " of the catalog; the present one is " +
                                   to_string(memory_->present));
}

Result<ShelfMemory::Held*> Shelf::held(CatalogVersion version) {
  TRY(need_version(version));
  auto& all = memory_->held;
  const auto it = std::find_if(all.begin(), all.end(),
                               [&](const auto& one) { return one->version == version; });
  if (it != all.end()) {
    std::rotate(it, it + 1, all.end());
    return all.back().get();
  }
  TRY_ASSIGN(core::retail::Terms terms, rows::find_terms(journal_->database(), version));
  auto catalog = empty_catalog(currency(), terms);
  if (!catalog) return not_sound(catalog.error().what);
  if (all.size() == kVersionsHeldMax) all.erase(all.begin());
  all.push_back(std::make_unique<ShelfMemory::Held>(
      ShelfMemory::Held{version, std::move(terms), std::move(*catalog)}));
  return all.back().get();
}

Result<const core::retail::Terms*> Shelf::terms(CatalogVersion version) {
  TRY_ASSIGN(const ShelfMemory::Held* held, this->held(version));
  return &held->terms;
}

Result<std::optional<rows::ProductRow>> Shelf::find_row(CatalogVersion version,
                                                        const core::retail::Terms& terms,
                                                        ProductId id) {
  TRY_ASSIGN(auto row, rows::find_product(journal_->database(), currency(), version, id));
  if (row || !core::retail::is_minted(id)) return row;
  TRY_ASSIGN(row, rows::first_row(journal_->database(), currency(), id));
  const bool has_tax =
      row && std::any_of(terms.taxes.begin(), terms.taxes.end(),
                         [&](const auto& tax) { return tax.code == row->product.tax; });
  if (!has_tax) row.reset();
  return row;
}

Result<std::optional<Product>> Shelf::find(CatalogVersion version, ProductId id) {
  TRY_ASSIGN(const ShelfMemory::Held* held, this->held(version));
  if (const Product* product = held->products.find(id)) return std::optional<Product>(*product);
  TRY_ASSIGN(auto row, find_row(version, held->terms, id));
  if (!row || row->gone) return std::optional<Product>();
  return std::optional<Product>(std::move(row->product));
}

Result<std::optional<ProductId>> Shelf::find_label(CatalogVersion version, ProductCode code) {
  TRY_ASSIGN(Statement s, journal_->database().prepare(
                              "SELECT product, gone FROM label WHERE kind = ? AND key = ? AND "
                              "version <= ? ORDER BY version DESC LIMIT 1"));
  s.bind_int(1, static_cast<int>(code.kind)).bind_int(2, to_sql(code.code));
  s.bind_int(3, version.value);
  TRY_ASSIGN(const bool there, s.step());
  if (there && s.column_int(1) == 0) {
    return std::optional<ProductId>(ProductId{from_sql(s.column_int(0))});
  }
  if (code.kind != CodeKind::kGtin) return std::optional<ProductId>();
  return rows::find_minted(journal_->database(), code.code);  // later than the version, if at all
}

Result<FoundProduct> Shelf::find_code(CatalogVersion version, std::string_view digits) {
  TRY_ASSIGN(const core::retail::Terms* terms, this->terms(version));
  TRY_ASSIGN(const Barcode barcode, core::retail::parse_barcode(digits, terms->patterns));
  const ProductCode code = code_of(barcode);
  TRY_ASSIGN(const auto id, find_label(version, code));
  if (!id) {
    const std::string item = "; its item code is " + std::to_string(code.code);
    const bool inside =
        barcode.kind == BarcodeKind::kPriced || barcode.kind == BarcodeKind::kWeighed;
    return fail(Errc::kNotFound, "no product of the catalog has the code " + std::string(digits) +
                                     (inside ? item : ""));
  }
  TRY_ASSIGN(auto product, find(version, *id));
  if (!product && core::retail::is_minted(*id)) {
    return fail(Errc::kNotFound, "product " + to_string(*id) +
                                     " was minted later, with a tax that this version of the "
                                     "catalog does not have");
  }
  if (!product) {
    return not_sound("the code " + std::string(digits) + " is of product " + to_string(*id) +
                     ", which is not there");
  }
  FoundProduct found{std::move(*product), {}, {}};
  if (barcode.kind == BarcodeKind::kWeighed) found.weight = barcode.weight;
  if (barcode.kind == BarcodeKind::kPriced) {
    found.price = core::Money{barcode.price_minor, currency()};
  }
  return found;
}

Result<std::vector<Product>> Shelf::find_names(CatalogVersion version, std::string_view beginning,
                                               std::size_t count_max) {
  TRY(need_version(version));
  if (beginning.empty() || !core::is_utf8(beginning)) {
    return fail(Errc::kMalformed, "the beginning of a name is one letter at least, in UTF-8");
  }
  const std::string wanted = core::fold_case(beginning);
  const std::string key = rows::name_key(beginning);
  count_max = std::min(count_max, kNamesFoundMax);
  TRY_ASSIGN(Statement s,
             journal_->database().prepare("SELECT key, product FROM label WHERE kind = ? AND "
                                          "key >= ? AND version <= ? ORDER BY key"));
  s.bind_int(1, rows::kLabelName).bind_text(2, key).bind_int(3, version.value);
  std::vector<Product> found;
  std::set<ProductId> seen;  // a product that had the name before has two labels
  while (found.size() < count_max) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there || !s.column_text(0).starts_with(key)) break;
    const ProductId id{from_sql(s.column_int(1))};
    if (seen.contains(id)) continue;
    TRY_ASSIGN(auto product, find(version, id));
    if (!product) continue;
    // The label may be of a name that the product had before.
    if (rows::name_key(product->name) != s.column_text(0)) continue;
    if (!core::fold_case(product->name).starts_with(wanted)) continue;
    seen.insert(id);
    found.push_back(std::move(*product));
  }
  return found;
}

Result<bool> Shelf::hold(ShelfMemory::Held& held, const std::vector<ProductId>& ids) {
  std::vector<ProductId> wanted = ids;
  std::set<ProductId> seen;
  std::vector<Product> products;
  std::vector<BomLine> bom;
  while (!wanted.empty()) {
    const ProductId id = wanted.back();
    wanted.pop_back();
    if (held.products.find(id) != nullptr || !seen.insert(id).second) continue;
    TRY_ASSIGN(auto row, find_row(held.version, held.terms, id));
    if (!row || row->gone) continue;
    if (row->product.kind == ProductKind::kKit) {
      TRY_ASSIGN(const auto lines, rows::find_bom(journal_->database(), held.version, id));
      for (const BomLine& line : lines) wanted.push_back(line.component);
      bom.insert(bom.end(), lines.begin(), lines.end());
    }
    products.push_back(std::move(row->product));
  }
  const std::size_t before = held.products.products().size();
  if (before != 0 && before + products.size() > kProductsHeldMax) return false;
  const auto added = held.products.add(std::move(products), std::move(bom));
  if (!added) return not_sound(added.error().what);
  return true;
}

Result<const Catalog*> Shelf::slice(CatalogVersion version, const std::vector<ProductId>& ids) {
  TRY_ASSIGN(ShelfMemory::Held * held, this->held(version));
  auto fits = hold(*held, ids);
  if (fits && !*fits) {
    TRY_ASSIGN(held->products, empty_catalog(currency(), held->terms));
    fits = hold(*held, ids);
  }
  if (!fits) {
    memory_->held.pop_back();  // it may have a part of what was to be added
    return fail(fits.error());
  }
  return &held->products;
}

Result<ProductNames> Shelf::names(CatalogVersion version, const std::vector<ProductId>& ids) {
  TRY(need_version(version));
  ProductNames names;
  for (const ProductId id : ids) {
    TRY_ASSIGN(auto row, rows::find_product(journal_->database(), currency(), version, id));
    if (!row && core::retail::is_minted(id)) {
      TRY_ASSIGN(row, rows::first_row(journal_->database(), currency(), id));
    }
    if (row) names.insert_or_assign(id, std::move(row->product.name));
  }
  return names;
}

Result<Catalog> Shelf::whole(CatalogVersion version) {
  TRY_ASSIGN(const core::retail::Terms* terms, this->terms(version));
  core::retail::CatalogParts parts{currency(), terms->taxes,   {}, {}, terms->cash_step_minor,
                                   {},         terms->patterns};
  core::sqlite::Database& db = journal_->database();
  std::set<ProductId> kits;
  TRY(rows::each_product(db, currency(), version, [&](rows::ProductRow&& row) {
    if (row.gone) return Result<void>();
    if (row.product.kind == ProductKind::kKit) kits.insert(row.product.id);
    parts.products.push_back(std::move(row.product));
    return Result<void>();
  }));
  TRY(rows::each_bom(db, version, [&](ProductId parent, std::vector<BomLine>&& lines) {
    if (kits.contains(parent)) parts.bom.insert(parts.bom.end(), lines.begin(), lines.end());
    return Result<void>();
  }));
  TRY(rows::each_code(db, version, [&](ProductCode code, ProductId id, bool gone) {
    if (!gone) parts.codes.emplace_back(code, id);
    return Result<void>();
  }));
  auto catalog = Catalog::build(std::move(parts));
  if (!catalog) return not_sound(catalog.error().what);
  return catalog;
}

Result<CatalogVersion> Shelf::write(const Catalog& catalog) {
  if (catalog.currency() != currency()) {
    return fail(Errc::kCurrency, "the catalog is in " + std::string(catalog.currency().code()) +
                                     ", the till in " + std::string(currency().code()));
  }
  return ShelfWriter(journal_->database(), currency(), memory_->present).write(catalog);
}

Result<CatalogVersion> Shelf::write_prices(const Prices& prices) {
  return ShelfWriter(journal_->database(), currency(), memory_->present).write_prices(prices);
}

Result<CatalogVersion> Shelf::replace(const Catalog& catalog, const ShelfTold& told) {
  CatalogVersion next;
  TRY(journal_->transact([&]() -> Result<void> {
    TRY_ASSIGN(next, write(catalog));
    if (!told || next == memory_->present) return {};
    return told(next);
  }));
  memory_->present = next;
  return next;
}

Result<CatalogVersion> Shelf::change_prices(const Prices& prices, const ShelfTold& told) {
  CatalogVersion next;
  TRY(journal_->transact([&]() -> Result<void> {
    TRY_ASSIGN(next, write_prices(prices));
    if (!told || next == memory_->present) return {};
    return told(next);
  }));
  memory_->present = next;
  return next;
}

Result<CatalogVersion> Shelf::add_minted(const Product& product, std::optional<std::uint64_t> gtin,
                                         const ShelfTold& told) {
  CatalogVersion next;
  TRY(journal_->transact([&]() -> Result<void> {
    ShelfWriter writer(journal_->database(), currency(), memory_->present);
    TRY_ASSIGN(next, writer.write_minted(product, gtin));
    return told(next);
  }));
  memory_->present = next;
  return next;
}

Result<void> Shelf::check() {
  core::sqlite::Database& db = journal_->database();
  for (const char* table : {"product", "bom", "label"}) {
    TRY_ASSIGN(Statement later, db.prepare("SELECT 1 FROM " + std::string(table) +
                                           " WHERE version > ? OR version < 1 LIMIT 1"));
    TRY_ASSIGN(const bool found, later.bind_int(1, present().value).step());
    if (found) return not_sound(std::string("a row of ") + table + " is of no version");
  }
  TRY_ASSIGN(const Catalog catalog, whole(present()));
  TRY_ASSIGN(Statement name, db.prepare("SELECT 1 FROM label WHERE kind = ? AND key = ? AND "
                                        "product = ? LIMIT 1"));
  for (const auto& [id, product] : catalog.products()) {
    name.bind_int(1, rows::kLabelName).bind_text(2, rows::name_key(product.name));
    TRY_ASSIGN(const bool found, name.bind_int(3, to_sql(id.value)).step());
    if (!found) return not_sound("product " + to_string(id) + " is not found by its name");
    name.reset();
  }
  return {};
}

}  // namespace till
