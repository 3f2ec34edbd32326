// Journal: the rows of catalog, documents, voids, goods receipts and messages.
#include <utility>
#include <vector>

#include "core/tlog/tree.h"
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
  TRY_ASSIGN(Statement step, database_.prepare("REPLACE INTO cash_rounding VALUES (1, ?)"));
  TRY(step.bind_int(1, catalog.cash_step_minor()).run());
  TRY_ASSIGN(Statement tax, database_.prepare("INSERT INTO tax VALUES (?, ?, ?)"));
  for (const auto& [code, rate] : catalog.taxes()) {
    TRY(tax.bind_int(1, code.value)
            .bind_int(2, rate.basis_points)
            .bind_int(3, rate.inclusive ? 1 : 0)
            .run());
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
  TRY(each_row(database_, "SELECT code, basis_points, in_price FROM tax",
               [&](const Statement& s) -> Result<void> {
                 taxes.push_back({core::TaxCode{static_cast<std::uint32_t>(s.column_int(0))},
                                  static_cast<std::int32_t>(s.column_int(1)),
                                  s.column_int(2) != 0});
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
  TRY_ASSIGN(const std::int64_t cash_step_minor,
             database_.query_int("SELECT step_minor FROM cash_rounding"));
  auto catalog = Catalog::build(identity_.currency, std::move(taxes), std::move(products),
                                std::move(bom), cash_step_minor);
  if (!catalog) {
    return fail(Errc::kDamaged, path().string() + ": the catalog, " + catalog.error().what);
  }
  return catalog;
}

Result<void> Journal::add_document(const core::retail::Document& document) {
  const core::retail::Heading& heading = heading_of(document);
  const core::retail::Series series = series_of(document);
  const core::Bytes body = encode_document(document);
  const auto chain = core::tlog::hash_children(chain_, core::envelope::sha256_prefixed(0, body));
  TRY_ASSIGN(Statement row, database_.prepare("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?)"));
  row.bind_int(1, to_sql(documents_ + 1)).bind_int(2, heading.day.days);
  row.bind_int(3, static_cast<int>(series)).bind_int(4, to_sql(heading.numbers.at(series)));
  const std::uint64_t invoice = invoice_of(document);
  if (invoice != 0) row.bind_int(5, to_sql(invoice));
  TRY(row.bind_blob(6, body).bind_blob(7, chain.view()).run());
  TRY_ASSIGN(Statement counter, database_.prepare("UPDATE counter SET last = ? WHERE series = ?"));
  for (const auto& [taken, number] : heading.numbers) {
    TRY(counter.bind_int(1, to_sql(number)).bind_int(2, static_cast<int>(taken)).run());
    counter_of(counters_, taken) = number;
  }
  ++documents_;
  chain_ = chain;
  return {};
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

namespace {

constexpr std::string_view kDocumentColumns =
    "SELECT position, day, series, number, invoice, body, chain FROM document ";

}  // namespace

Result<DocumentRow> Journal::read_document(const Statement& row) {
  DocumentRow out;
  out.position = from_sql(row.column_int(0));
  const std::string place =
      path().string() + ": document at position " + std::to_string(out.position);
  const core::ByteView body = row.column_blob(5);
  auto document = core::retail::decode_document(body);
  if (!document) return fail(Errc::kDamaged, place + ": " + document.error().what);
  out.document = std::move(*document);
  out.leaf = core::envelope::sha256_prefixed(0, body);
  const auto chain = core::envelope::Hash::from(row.column_blob(6));
  if (!chain) return fail(Errc::kDamaged, place + ": its chain is not 32 bytes");
  out.chain = *chain;
  const core::retail::Heading& heading = heading_of(out.document);
  const core::retail::Series series = series_of(out.document);
  const auto number = heading.numbers.find(series);
  const bool agrees =
      heading.day.days == row.column_int(1) && static_cast<int>(series) == row.column_int(2) &&
      number != heading.numbers.end() && number->second == from_sql(row.column_int(3)) &&
      invoice_of(out.document) == from_sql(row.column_int(4));
  if (!agrees) return fail(Errc::kDamaged, place + ": its row and its body disagree");
  return out;
}

Result<void> Journal::each_document(Statement& rows, const TakeDocument& take) {
  while (true) {
    TRY_ASSIGN(const bool row, rows.step());
    if (!row) return {};
    TRY_ASSIGN(DocumentRow document, read_document(rows));
    TRY(take(std::move(document)));
  }
}

Result<void> Journal::documents_from(std::uint64_t first, const TakeDocument& take) {
  TRY_ASSIGN(Statement s, database_.prepare(std::string(kDocumentColumns) +
                                            "WHERE position >= ? ORDER BY position"));
  s.bind_int(1, to_sql(first));
  return each_document(s, take);
}

Result<void> Journal::documents_about(std::uint64_t invoice, const TakeDocument& take) {
  TRY_ASSIGN(Statement s, database_.prepare(std::string(kDocumentColumns) +
                                            "WHERE invoice = ? ORDER BY position"));
  s.bind_int(1, to_sql(invoice));
  return each_document(s, take);
}

Result<std::optional<DocumentRow>> Journal::find_document(core::retail::Series series,
                                                          std::uint64_t number) {
  TRY_ASSIGN(Statement s,
             database_.prepare(std::string(kDocumentColumns) + "WHERE series = ? AND number = ?"));
  s.bind_int(1, static_cast<int>(series)).bind_int(2, to_sql(number));
  std::optional<DocumentRow> found;
  TRY(each_document(s, [&](DocumentRow&& row) -> Result<void> {
    found = std::move(row);
    return {};
  }));
  return found;
}

}  // namespace till
