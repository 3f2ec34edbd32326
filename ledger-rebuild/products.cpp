// Products: from the tables definitions and decided.
#include "ledger-rebuild/products.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/state.h"

namespace rebuild {

using core::ProductId;
using core::Result;
using core::retail::Definition;
using core::sql::Database;
using core::sql::Statement;

namespace {

// Revoked ones tell nothing; of a contradicted place nobody knows which is right, but a name is
// better than none.
constexpr const char* kDefinitionsSql =
    "SELECT d.product, d.name, d.tax, d.unit, d.whole, d.price_minor, d.currency, d.gtin, m.store, "
    "m.till, m.epoch, m.sequence FROM definitions d JOIN messages m ON m.number = d.message "
    "WHERE m.state IN (1, 2, 3) ORDER BY d.product, CASE WHEN m.state = 3 THEN 1 ELSE 0 END, "
    "m.epoch, m.sequence, m.id, m.store, m.till";
constexpr const char* kDecidedSql =
    "SELECT m.number, m.epoch, m.sequence, m.id, m.kind, d.product, d.target FROM decided d "
    "JOIN messages m ON m.number = d.message WHERE m.state = 1 AND m.kind IN (5, 6) "
    "ORDER BY m.epoch, m.sequence, d.product";
constexpr const char* kUndoneSql =
    "SELECT m.epoch, m.sequence, m.id, c.epoch, c.sequence, c.id FROM covered c "
    "JOIN messages m ON m.number = c.message WHERE m.state = 1 AND m.kind = 7 "
    "ORDER BY m.epoch, m.sequence";

Result<Definition> definition_at(const Statement& row) {
  Definition out;
  out.name = row.column_text(1);
  out.tax = id_at<core::TaxCode>(row, 2);
  out.unit = row.column_text(3);
  out.whole = row.column_int(4) != 0;
  TRY_ASSIGN(const auto currency, core::Currency::parse(row.column_text(6)));
  out.price = core::Money{row.column_int(5), currency};
  if (row.column_int(7) != 0) out.gtin = static_cast<std::uint64_t>(row.column_int(7));
  return out;
}

// The price is of the day on which it was told.
bool is_same_product(Definition a, const Definition& b) {
  a.price = b.price;
  return a == b;
}

Result<void> read_definitions(Database& db, Products& out) {
  return for_rows(db, kDefinitionsSql, [&](const Statement& row) -> Result<void> {
    TRY_ASSIGN(Definition definition, definition_at(row));
    IdleDefinition told{
        id_at<ProductId>(row, 0),       till_at(row, 8), id_at<core::Epoch>(row, 10),
        id_at<core::Sequence>(row, 11), definition,      false};
    if (core::retail::may_define(told.told_by, told.epoch, told.product)) {
      const auto [first, is_new] = out.minted.emplace(told.product, definition);
      if (is_new || is_same_product(first->second, definition)) return {};
      told.is_own = true;
    }
    out.idle.push_back(std::move(told));
    return {};
  });
}

Result<void> read_place(const Statement& row, int column, core::Epoch& epoch,
                        core::Sequence& sequence, core::envelope::MessageId& id) {
  epoch = id_at<core::Epoch>(row, column);
  sequence = id_at<core::Sequence>(row, column + 1);
  TRY_ASSIGN(id, core::envelope::MessageId::from(row.column_blob(column + 2)));
  return {};
}

void add_decided(ProductDecision& decision, bool is_merge, ProductId product, ProductId into) {
  if (is_merge) {
    auto* merge = std::get_if<ProductMerge>(&decision.bulletin);
    merge->products.push_back(product);
    merge->into = into;
  } else {
    std::get_if<ProductSplit>(&decision.bulletin)->products.push_back(product);
  }
}

Result<void> read_decisions_on_products(Database& db, Products& out) {
  std::int64_t message = -1;
  TRY(for_rows(db, kDecidedSql, [&](const Statement& row) -> Result<void> {
    const bool is_merge = static_cast<Kind>(row.column_int(4)) == Kind::kProductMerge;
    if (row.column_int(0) != message) {
      ProductDecision next;
      TRY(read_place(row, 1, next.epoch, next.sequence, next.id));
      next.bulletin = is_merge ? ProductBulletin(ProductMerge{}) : ProductBulletin(ProductSplit{});
      out.decisions.push_back(std::move(next));
      message = row.column_int(0);
    }
    add_decided(out.decisions.back(), is_merge, id_at<ProductId>(row, 5), id_at<ProductId>(row, 6));
    return {};
  }));
  TRY(for_rows(db, kUndoneSql, [&](const Statement& row) -> Result<void> {
    ProductDecision next;
    ProductUndo undo;
    TRY(read_place(row, 0, next.epoch, next.sequence, next.id));
    TRY(read_place(row, 3, undo.epoch, undo.sequence, undo.id));
    next.bulletin = undo;
    out.decisions.push_back(std::move(next));
    return {};
  }));
  std::sort(out.decisions.begin(), out.decisions.end(), [](const auto& a, const auto& b) {
    return std::tie(a.epoch, a.sequence) < std::tie(b.epoch, b.sequence);
  });
  return {};
}

// By the months' sums: a few rows a product.
Result<void> read_untold(Database& db, Products& out) {
  const std::string range = " WHERE product BETWEEN " + std::to_string(core::retail::kMintedFirst) +
                            " AND " + std::to_string(core::retail::kMintedLast);
  return for_rows(db,
                  "SELECT product FROM (SELECT product FROM month_moves" + range +
                      " AND thousandths <> 0 UNION SELECT product FROM month_products" + range +
                      " AND (thousandths <> 0 OR net_minor <> 0)) AS p ORDER BY product",
                  [&](const Statement& row) -> Result<void> {
                    const auto product = id_at<ProductId>(row, 0);
                    if (!out.minted.contains(product)) out.untold.push_back(product);
                    return {};
                  });
}

}  // namespace

Result<Products> read_products(const Books& books) {
  Products out;
  Database& db = books.database();
  TRY(read_definitions(db, out));
  TRY(read_decisions_on_products(db, out));
  TRY(read_untold(db, out));
  out.groups = ProductGroups::make(out.minted, out.decisions);
  return out;
}

Settings settings_for(const Products& products, Settings settings) {
  if (!settings.has_products) return settings;
  for (const auto& [number, all] : products.groups.groups()) {
    const auto row = settings.products.find(number);
    if (row == settings.products.end()) continue;
    const ProductInfo info = row->second;
    for (const ProductId product : all) settings.products.emplace(product, info);
  }
  return settings;
}

}  // namespace rebuild
