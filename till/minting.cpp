// Till: products that the catalog does not know, and what the messages tell of them.
// Why: docs/products.md, docs/adr/0021-products-of-tills.md.
#include <algorithm>
#include <utility>

#include "core/base/fold_case.h"
#include "core/journal/schema.h"
#include "core/retail/limits.h"
#include "core/retail/minted.h"
#include "till/till.h"

namespace till {

using core::Errc;
using core::fail;
using core::ProductId;
using core::Result;
using core::journal::from_sql;
using core::journal::to_sql;
using core::retail::Definition;
using core::retail::Product;
using core::retail::Summary;
using core::sqlite::Statement;

// Numbers go up within an epoch; the next life of this till has another epoch in them, and so never
// gives one of these again, whatever its backup lacks.
Result<ProductId> Till::next_minted_id() {
  const core::Epoch epoch = journal_.state().epoch;
  if (epoch.value == 0) {
    return fail(Errc::kState,
                "the till has not joined, and a minted product's number has its epoch");
  }
  TRY_ASSIGN(const ProductId first, core::retail::minted_id({ref(), epoch, 1}));
  TRY_ASSIGN(Statement s,
             journal_.database().prepare("SELECT max(id) FROM minted WHERE id BETWEEN ? AND ?"));
  s.bind_int(1, to_sql(first.value));
  TRY_ASSIGN(const bool there,
             s.bind_int(2, to_sql(first.value - 1 + core::retail::kMintedNumberMax)).step());
  if (!there || s.column_is_null(0)) return first;
  const ProductId last{from_sql(s.column_int(0))};
  return core::retail::minted_id({ref(), epoch, core::retail::minted_parts(last).number + 1});
}

Result<std::optional<std::uint64_t>> Till::free_gtin(std::string_view digits) {
  std::optional<std::uint64_t> gtin;
  if (digits.empty()) return gtin;
  TRY_ASSIGN(gtin, core::retail::parse_gtin(digits));
  const auto found = shelf().find_code(shelf_.present, digits);
  if (found) {
    return fail(Errc::kExists, "barcode " + std::string(digits) + " is that of product " +
                                   to_string(found->product.id) + ", " + found->product.name);
  }
  if (found.error().code != Errc::kNotFound) return fail(found.error());
  TRY_ASSIGN(const core::retail::Terms* terms, shelf().terms(shelf_.present));
  TRY_ASSIGN(const auto read, core::retail::parse_barcode(digits, terms->patterns));
  using core::retail::BarcodeKind;
  if (read.kind != BarcodeKind::kGtin && read.kind != BarcodeKind::kRestricted) {
    return fail(Errc::kMalformed, "barcode " + std::string(digits) +
                                      " has a price or a weight inside: a scan reads it as item "
                                      "code " +
                                      std::to_string(read.code));
  }
  return gtin;
}

// Who mints the same thing twice wants the first one.
Result<void> Till::need_new_name(const std::string& name) {
  TRY_ASSIGN(Statement s, journal_.database().prepare("SELECT id FROM minted"));
  const std::string folded = core::fold_case(name);
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) return {};
    const ProductId id{from_sql(s.column_int(0))};
    TRY_ASSIGN(const auto product, shelf().find(shelf_.present, id));
    if (!product || core::fold_case(product->name) != folded) continue;
    return fail(Errc::kExists,
                "this till minted " + product->name + " already: product " + to_string(id));
  }
}

Result<Product> Till::mint(const MintOrder& order) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kCatalog}));
  Product product;
  TRY_ASSIGN(product.id, next_minted_id());
  if (order.price.currency != currency()) {
    return fail(Errc::kCurrency, "the price is not in " + std::string(currency().code()));
  }
  TRY(core::retail::check_figure(order.price.minor, "the price"));
  TRY_ASSIGN(const auto gtin, free_gtin(order.gtin));
  TRY(core::retail::check_definition(
      {order.name, order.tax, order.price, gtin, order.unit, order.whole}));
  TRY_ASSIGN(const core::retail::Terms* terms, shelf().terms(shelf_.present));
  const bool has_tax = std::any_of(terms->taxes.begin(), terms->taxes.end(),
                                   [&](const auto& tax) { return tax.code == order.tax; });
  if (!has_tax) {
    return fail(Errc::kNotFound, "the catalog has no tax code " + to_string(order.tax));
  }
  TRY(need_new_name(order.name));
  product.name = order.name;
  product.price = order.price;
  product.tax = order.tax;
  product.unit = order.unit;
  product.whole = order.whole;
  const AuditNote note{AuditEvent::kProductMinted, core::retail::named(product.id), "",
                       product.name + ", " + to_string(order.price), operators().now_ms()};
  TRY(shelf().add_minted(product, gtin,
                         [&](core::CatalogVersion) { return operators().write(actor, note); }));
  operators().is_written();
  return product;
}

namespace {

void set_prices_currency(core::retail::Opening& opening, core::Currency currency) {
  if (!opening.definitions.empty()) opening.currency = currency;
}
void set_prices_currency(core::retail::Closing&, core::Currency) {}

}  // namespace

Result<void> Till::define_minted(Summary& summary) {
  const auto ids = core::retail::minted_in(summary);
  if (ids.empty()) return {};
  core::retail::Definitions definitions;
  TRY_ASSIGN(Statement s,
             journal_.database().prepare("SELECT gtin FROM minted WHERE id = ? AND told = 0"));
  for (const ProductId id : ids) {
    TRY_ASSIGN(const bool is_untold, s.bind_int(1, to_sql(id.value)).step());
    if (is_untold) {
      TRY_ASSIGN(const auto product, shelf().find(shelf_.present, id));
      if (!product || !product->price) {
        return core::sqlite::damaged(
            journal_.path(), core::retail::named(id) + " was minted and is not in the catalog");
      }
      Definition definition{product->name, product->tax,  *product->price, {},
                            product->unit, product->whole};
      if (!s.column_is_null(0)) definition.gtin = from_sql(s.column_int(0));
      definitions.emplace(id, std::move(definition));
    }
    s.reset();
  }
  std::visit(
      [&](auto& said) {
        said.definitions = std::move(definitions);
        set_prices_currency(said, currency());
      },
      summary);
  return {};
}

Result<void> Till::note_told(const Summary& part, core::Sequence sequence) {
  for (const auto& [id, definition] : core::retail::definitions_of(part)) {
    TRY_ASSIGN(Statement s, journal_.database().prepare("UPDATE minted SET told = ? WHERE id = ?"));
    TRY(s.bind_int(1, to_sql(sequence.value)).bind_int(2, to_sql(id.value)).run());
  }
  return {};
}

}  // namespace till
