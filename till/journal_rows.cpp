// Journal: the rows of documents, goods receipts and messages.
#include <utility>
#include <vector>

#include "core/journal/schema.h"
#include "core/tlog/tree.h"
#include "till/journal.h"

namespace till {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::sqlite::Statement;

}  // namespace

Result<void> Journal::add_document(const core::retail::Document& document) {
  const core::retail::Heading& heading = heading_of(document);
  const core::retail::Series series = series_of(document);
  const core::Bytes body = encode_document(document);
  const auto chain = core::tlog::hash_children(chain_, core::envelope::sha256_prefixed(0, body));
  TRY_ASSIGN(Statement row,
             database_.prepare("INSERT INTO document VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
  row.bind_int(1, to_sql(documents_ + 1)).bind_int(2, heading.day.days);
  row.bind_int(3, static_cast<int>(series)).bind_int(4, to_sql(heading.numbers.at(series)));
  if (const auto about = about_of(document)) {
    row.bind_int(5, static_cast<int>(about->series)).bind_int(6, to_sql(about->number));
  }
  TRY(row.bind_blob(7, body).bind_blob(8, chain.view()).run());
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
             database_.prepare("INSERT INTO outbox(sequence, closing, message, changed) "
                               "SELECT ?, ?, ?, number FROM backup"));
  s.bind_int(1, to_sql(sequence.value)).bind_int(2, closing ? 1 : 0).bind_blob(3, message);
  return s.run();
}

namespace {

constexpr std::string_view kDocumentColumns =
    "SELECT position, day, series, number, about_series, about, body, chain FROM document ";

}  // namespace

Result<DocumentRow> Journal::read_document(const Statement& row) {
  DocumentRow out;
  out.position = from_sql(row.column_int(0));
  const std::string place =
      path().string() + ": document at position " + std::to_string(out.position);
  const core::ByteView body = row.column_blob(6);
  auto document = core::retail::decode_document(body);
  if (!document) return fail(Errc::kDamaged, place + ": " + document.error().what);
  out.document = std::move(*document);
  out.leaf = core::envelope::sha256_prefixed(0, body);
  const auto chain = core::envelope::Hash::from(row.column_blob(7));
  if (!chain) return fail(Errc::kDamaged, place + ": its chain is not 32 bytes");
  out.chain = *chain;
  const core::retail::Heading& heading = heading_of(out.document);
  const core::retail::Series series = series_of(out.document);
  const auto number = heading.numbers.find(series);
  const auto about = about_of(out.document);
  const bool agrees =
      heading.day.days == row.column_int(1) && static_cast<int>(series) == row.column_int(2) &&
      number != heading.numbers.end() && number->second == from_sql(row.column_int(3)) &&
      (about ? static_cast<int>(about->series) : 0) == row.column_int(4) &&
      (about ? about->number : 0) == from_sql(row.column_int(5));
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

Result<void> Journal::documents_about(core::retail::DocumentName name, const TakeDocument& take) {
  TRY_ASSIGN(Statement s,
             database_.prepare(std::string(kDocumentColumns) +
                               "WHERE about_series = ? AND about = ? ORDER BY position"));
  s.bind_int(1, static_cast<int>(name.series)).bind_int(2, to_sql(name.number));
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
