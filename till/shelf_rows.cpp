// Shelf rows: the statements that read the catalog's tables.
// Must not decide what a product may be: that is core::retail::Catalog's.
#include "till/shelf_rows.h"

#include <string>
#include <utility>

#include "core/base/fold_case.h"
#include "core/journal/schema.h"

namespace till::rows {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::CatalogVersion;
using core::Errc;
using core::fail;
using core::ProductId;
using core::Result;
using core::retail::BomLine;
using core::retail::ProductCode;
using core::retail::ProductKind;
using core::sqlite::Database;
using core::sqlite::Statement;

ProductId product_at(const Statement& row, int column) {
  return ProductId{from_sql(row.column_int(column))};
}

}  // namespace

std::string name_key(std::string_view name) {
  const std::string folded = core::fold_case(name);
  return std::string(core::utf8_prefix(folded, kNameKeyBytes));
}

Result<ProductRow> read_product(const Database& db, const Statement& row, core::Currency currency) {
  ProductRow out;
  core::retail::Product& product = out.product;
  product.id = product_at(row, 0);
  out.gone = row.column_int(1) != 0;
  product.name = row.column_text(2);
  if (!row.column_is_null(3)) product.price = core::Money{row.column_int(3), currency};
  product.tax = core::TaxCode{static_cast<std::uint32_t>(row.column_int(4))};
  const std::int64_t kind = row.column_int(5);
  if (kind != static_cast<int>(ProductKind::kStocked) &&
      kind != static_cast<int>(ProductKind::kKit)) {
    return core::sqlite::damaged(db.path(), "the catalog, product " + to_string(product.id) +
                                                " is of kind " + std::to_string(kind));
  }
  product.kind = static_cast<ProductKind>(kind);
  product.unit = row.column_text(6);
  product.whole = row.column_int(7) != 0;
  return out;
}

Result<std::optional<ProductRow>> find_product(Database& db, core::Currency currency,
                                               CatalogVersion version, ProductId id) {
  static const std::string kSql =
      std::string(kProductColumns) + "WHERE id = ? AND version <= ? ORDER BY version DESC LIMIT 1";
  TRY_ASSIGN(Statement s, db.prepare(kSql));
  s.bind_int(1, to_sql(id.value)).bind_int(2, version.value);
  TRY_ASSIGN(const bool there, s.step());
  if (!there) return std::optional<ProductRow>();
  TRY_ASSIGN(ProductRow found, read_product(db, s, currency));
  return std::optional<ProductRow>(std::move(found));
}

Result<void> each_product(Database& db, core::Currency currency, CatalogVersion version,
                          const std::function<Result<void>(ProductRow&&)>& take) {
  static const std::string kSql =
      std::string(kProductColumns) + "WHERE version <= ? ORDER BY id, version";
  TRY_ASSIGN(Statement s, db.prepare(kSql));
  s.bind_int(1, version.value);
  std::optional<ProductRow> last;
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) break;
    TRY_ASSIGN(ProductRow row, read_product(db, s, currency));
    if (last && last->product.id != row.product.id) TRY(take(std::move(*last)));
    last = std::move(row);
  }
  if (last) TRY(take(std::move(*last)));
  return {};
}

Result<void> each_bom(Database& db, CatalogVersion version, const TakeBom& take) {
  TRY_ASSIGN(Statement s, db.prepare("SELECT parent, version, component, thousandths FROM bom "
                                     "WHERE version <= ? ORDER BY parent, version, place"));
  s.bind_int(1, version.value);
  std::vector<BomLine> lines;
  std::int64_t lines_version = 0;
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) break;
    const BomLine line{product_at(s, 0), product_at(s, 2), core::Quantity{s.column_int(3)}};
    const bool same_parent = !lines.empty() && lines.back().parent == line.parent;
    if (!lines.empty() && !same_parent) {
      const ProductId parent = lines.back().parent;
      TRY(take(parent, std::exchange(lines, {})));
    }
    if (!same_parent || s.column_int(1) != lines_version) lines.clear();
    lines_version = s.column_int(1);
    lines.push_back(line);
  }
  if (lines.empty()) return {};
  const ProductId parent = lines.back().parent;
  return take(parent, std::move(lines));
}

Result<void> each_code(Database& db, CatalogVersion version, const TakeCode& take) {
  struct Row {
    ProductCode code;
    ProductId product;
    bool gone;
  };
  TRY_ASSIGN(Statement s, db.prepare("SELECT kind, key, product, gone FROM label "
                                     "WHERE kind < ?2 AND version <= ?1 "
                                     "ORDER BY kind, key, version"));
  s.bind_int(1, version.value).bind_int(2, kLabelName);
  std::optional<Row> last;
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) break;
    const Row row{{static_cast<core::retail::CodeKind>(s.column_int(0)), from_sql(s.column_int(1))},
                  product_at(s, 2),
                  s.column_int(3) != 0};
    if (last && last->code != row.code) TRY(take(last->code, last->product, last->gone));
    last = row;
  }
  if (last) TRY(take(last->code, last->product, last->gone));
  return {};
}

Result<std::vector<BomLine>> find_bom(Database& db, CatalogVersion version, ProductId parent) {
  TRY_ASSIGN(Statement s,
             db.prepare("SELECT component, thousandths FROM bom WHERE parent = ?1 AND version = "
                        "(SELECT max(version) FROM bom WHERE parent = ?1 AND version <= ?2) "
                        "ORDER BY place"));
  s.bind_int(1, to_sql(parent.value)).bind_int(2, version.value);
  std::vector<BomLine> lines;
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) return lines;
    lines.push_back({parent, product_at(s, 0), core::Quantity{s.column_int(1)}});
  }
}

Result<std::optional<ProductRow>> first_row(Database& db, core::Currency currency, ProductId id) {
  static const std::string kSql =
      std::string(kProductColumns) + "WHERE id = ? ORDER BY version LIMIT 1";
  TRY_ASSIGN(Statement s, db.prepare(kSql));
  TRY_ASSIGN(const bool there, s.bind_int(1, to_sql(id.value)).step());
  if (!there) return std::optional<ProductRow>();
  TRY_ASSIGN(ProductRow found, read_product(db, s, currency));
  return std::optional<ProductRow>(std::move(found));
}

Result<std::optional<ProductId>> find_minted(Database& db, std::uint64_t gtin) {
  TRY_ASSIGN(Statement s, db.prepare("SELECT max(id) FROM minted WHERE gtin = ?"));
  TRY_ASSIGN(const bool there, s.bind_int(1, to_sql(gtin)).step());
  if (!there || s.column_is_null(0)) return std::optional<ProductId>();
  return std::optional<ProductId>(product_at(s, 0));
}

Result<core::retail::Terms> find_terms(Database& db, CatalogVersion version) {
  TRY_ASSIGN(Statement s, db.prepare("SELECT terms FROM catalog WHERE version <= ? AND terms IS "
                                     "NOT NULL ORDER BY version DESC LIMIT 1"));
  s.bind_int(1, version.value);
  TRY_ASSIGN(const bool there, s.step());
  if (!there) {
    return fail(Errc::kNotFound, "there is no version " + to_string(version) + " of the catalog");
  }
  auto terms = core::retail::decode_terms(s.column_blob(0));
  if (!terms)
    return core::sqlite::damaged(db.path(), "the catalog, its terms: " + terms.error().what);
  return terms;
}

}  // namespace till::rows
