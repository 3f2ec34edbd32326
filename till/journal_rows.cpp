// Journal: the rows of catalog, documents, voids, goods receipts and messages.
#include <utility>
#include <vector>

#include "till/journal.h"
#include "till/journal_schema.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::Catalog;
using core::sqlite::Database;
using core::sqlite::Statement;

constexpr std::int64_t kKindSale = 1;
// Of the column product.kind.
constexpr std::int64_t kRowStocked = 0;
constexpr std::int64_t kRowKit = 1;

// Calls `take` with each row of a statement without parameters.
Result<void> each_row(Database& db, std::string_view sql,
                      const std::function<Result<void>(const Statement&)>& take) {
  TRY_ASSIGN(Statement s, db.prepare(sql));
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return {};
    TRY(take(s));
  }
}

}  // namespace

Result<void> Journal::put_catalog(const Catalog& catalog) {
  TRY(database_.exec("DELETE FROM tax; DELETE FROM product; DELETE FROM bom"));
  TRY_ASSIGN(Statement tax, database_.prepare("INSERT INTO tax VALUES (?, ?)"));
  for (const auto& [code, rate] : catalog.taxes()) {
    TRY(tax.bind_int(1, code.value).bind_int(2, rate.basis_points).run());
  }
  TRY_ASSIGN(Statement product, database_.prepare("INSERT INTO product VALUES (?, ?, ?, ?, ?)"));
  for (const auto& [id, p] : catalog.products()) {
    product.bind_int(1, to_sql(id.value)).bind_text(2, p.name).bind_int(4, p.tax.value);
    if (p.price) {
      product.bind_int(3, p.price->minor);
    } else {
      product.bind_null(3);
    }
    TRY(product.bind_int(5, p.kind == core::retail::ProductKind::kKit ? kRowKit : kRowStocked)
            .run());
  }
  TRY_ASSIGN(Statement bom, database_.prepare("INSERT INTO bom VALUES (NULL, ?, ?, ?)"));
  for (const core::retail::BomLine& line : catalog.bom()) {
    bom.bind_int(1, to_sql(line.parent.value)).bind_int(2, to_sql(line.component.value));
    TRY(bom.bind_int(3, line.quantity.thousandths).run());
  }
  return {};
}

Result<Catalog> Journal::read_catalog() {
  using core::ProductId;
  std::vector<core::retail::TaxRate> taxes;
  std::vector<core::retail::Product> products;
  std::vector<core::retail::BomLine> bom;
  TRY(each_row(database_, "SELECT code, basis_points FROM tax",
               [&](const Statement& s) -> Result<void> {
                 taxes.push_back({core::TaxCode{static_cast<std::uint32_t>(s.column_int(0))},
                                  static_cast<std::int32_t>(s.column_int(1))});
                 return {};
               }));
  TRY(each_row(database_, "SELECT id, name, price_minor, tax, kind FROM product",
               [&](const Statement& s) -> Result<void> {
                 core::retail::Product p;
                 p.id = ProductId{from_sql(s.column_int(0))};
                 p.name = s.column_text(1);
                 if (!s.column_is_null(2)) p.price = Money{s.column_int(2), identity_.currency};
                 p.tax = core::TaxCode{static_cast<std::uint32_t>(s.column_int(3))};
                 const std::int64_t kind = s.column_int(4);
                 if (kind != kRowStocked && kind != kRowKit) {
                   return fail(Errc::kDamaged, path().string() + ": product " + to_string(p.id) +
                                                   " is of unknown kind " + std::to_string(kind));
                 }
                 p.kind = kind == kRowKit ? core::retail::ProductKind::kKit
                                          : core::retail::ProductKind::kStocked;
                 products.push_back(std::move(p));
                 return {};
               }));
  TRY(each_row(database_, "SELECT parent, component, thousandths FROM bom ORDER BY place",
               [&](const Statement& s) -> Result<void> {
                 bom.push_back({ProductId{from_sql(s.column_int(0))},
                                ProductId{from_sql(s.column_int(1))},
                                core::Quantity{s.column_int(2)}});
                 return {};
               }));
  auto catalog =
      Catalog::build(identity_.currency, std::move(taxes), std::move(products), std::move(bom));
  if (!catalog) {
    return fail(Errc::kDamaged, path().string() + ": the catalog, " + catalog.error().what);
  }
  return catalog;
}

Result<void> Journal::add_document(core::BusinessDay day, core::ByteView body,
                                   const Counters& next) {
  TRY_ASSIGN(Statement document, database_.prepare("INSERT INTO document VALUES (?, ?, ?, ?)"));
  document.bind_int(1, to_sql(documents_ + 1)).bind_int(2, day.days).bind_int(3, kKindSale);
  TRY(document.bind_blob(4, body).run());
  TRY_ASSIGN(Statement counter,
             database_.prepare("REPLACE INTO counter VALUES (1, ?), (2, ?), (3, ?)"));
  counter.bind_int(1, to_sql(next[0])).bind_int(2, to_sql(next[1])).bind_int(3, to_sql(next[2]));
  TRY(counter.run());
  ++documents_;
  counters_ = next;
  return {};
}

Result<void> Journal::add_void(std::uint64_t position, std::string_view reason,
                               std::int64_t time_ms) {
  TRY_ASSIGN(Statement s, database_.prepare("INSERT INTO void VALUES (?, ?, ?)"));
  return s.bind_int(1, to_sql(position)).bind_text(2, reason).bind_int(3, time_ms).run();
}

Result<void> Journal::add_receipt(core::BusinessDay day, core::ProductId product,
                                  core::Quantity quantity) {
  TRY_ASSIGN(Statement s, database_.prepare("INSERT INTO goods_receipt VALUES (NULL, ?, ?, ?)"));
  s.bind_int(1, day.days).bind_int(2, to_sql(product.value)).bind_int(3, quantity.thousandths);
  return s.run();
}

Result<void> Journal::add_message(core::Sequence sequence, bool closing, core::ByteView message) {
  TRY_ASSIGN(Statement s,
             database_.prepare("INSERT INTO outbox(sequence, closing, message) VALUES (?, ?, ?)"));
  s.bind_int(1, to_sql(sequence.value)).bind_int(2, closing ? 1 : 0).bind_blob(3, message);
  return s.run();
}

Result<void> Journal::documents_from(std::uint64_t first,
                                     const std::function<Result<void>(DocumentRow&&)>& take) {
  TRY_ASSIGN(Statement s,
             database_.prepare("SELECT d.position, d.day, d.body, v.reason FROM document d "
                               "LEFT JOIN void v ON v.position = d.position "
                               "WHERE d.position >= ? ORDER BY d.position"));
  s.bind_int(1, to_sql(first));
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return {};
    DocumentRow document;
    document.position = from_sql(s.column_int(0));
    const std::string place =
        path().string() + ": document at position " + std::to_string(document.position);
    auto sale = core::retail::decode_sale(s.column_blob(2));
    if (!sale) return fail(Errc::kDamaged, place + ": " + sale.error().what);
    if (sale->day.days != s.column_int(1)) {
      return fail(Errc::kDamaged, place + ": its row and its body name two days");
    }
    document.sale = std::move(*sale);
    document.voided = !s.column_is_null(3);
    document.void_reason = s.column_text(3);
    TRY(take(std::move(document)));
  }
}

}  // namespace till
