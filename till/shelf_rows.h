// Shelf rows: the catalog's tables read, each row as it holds in one version.
// Must not be used outside till/shelf*.cpp. Format: docs/formats/journal.md, "Catalog".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/retail/catalog.h"
#include "core/retail/terms.h"
#include "core/sqlite/database.h"

namespace till::rows {

// Of the column label.kind, besides core::retail::CodeKind.
inline constexpr std::int64_t kLabelName = 2;
// Of a folded name, so much is its label's key: more tells few products apart.
inline constexpr std::size_t kNameKeyBytes = 48;

// What a name is found by.
std::string name_key(std::string_view name);

// Columns of a product's row, in the order that read_product() expects.
inline constexpr std::string_view kProductColumns =
    "SELECT id, gone, name, price_minor, tax, kind, unit, whole FROM product ";

struct ProductRow {
  core::retail::Product product;
  bool gone = false;  // not in the catalog from this version on; the rest is what it was
};
// Errors of all: also kDamaged, when a row cannot be read.
core::Result<ProductRow> read_product(const core::sqlite::Database& db,
                                      const core::sqlite::Statement& row, core::Currency currency);

// The row of a product that holds in a version; nullopt: there is none.
core::Result<std::optional<ProductRow>> find_product(core::sqlite::Database& db,
                                                     core::Currency currency,
                                                     core::CatalogVersion version,
                                                     core::ProductId id);

// Each by ascending key, with what holds in the version, what is gone included.
core::Result<void> each_product(core::sqlite::Database& db, core::Currency currency,
                                core::CatalogVersion version,
                                const std::function<core::Result<void>(ProductRow&&)>& take);
using TakeBom =
    std::function<core::Result<void>(core::ProductId, std::vector<core::retail::BomLine>&&)>;
core::Result<void> each_bom(core::sqlite::Database& db, core::CatalogVersion version,
                            const TakeBom& take);
using TakeCode =
    std::function<core::Result<void>(core::retail::ProductCode, core::ProductId, bool gone)>;
core::Result<void> each_code(core::sqlite::Database& db, core::CatalogVersion version,
                             const TakeCode& take);

// The bill of materials of one kit; empty: there is none.
core::Result<std::vector<core::retail::BomLine>> find_bom(core::sqlite::Database& db,
                                                          core::CatalogVersion version,
                                                          core::ProductId parent);
// The row that a minted product began with. A receipt that began before may have it all the same: a
// cashier mints what is in the customer's hand.
core::Result<std::optional<ProductRow>> first_row(core::sqlite::Database& db,
                                                  core::Currency currency, core::ProductId id);
// Of the products that this till minted: which one has a GTIN. The one minted last, if several do.
core::Result<std::optional<core::ProductId>> find_minted(core::sqlite::Database& db,
                                                         std::uint64_t gtin);

// Errors: also kNotFound (no such version).
core::Result<core::retail::Terms> find_terms(core::sqlite::Database& db,
                                             core::CatalogVersion version);

}  // namespace till::rows
