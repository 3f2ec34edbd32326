// Digest: a hash a message, over its row, its postings and its moves; then over those, sorted.
#include "ledger-rebuild/digest.h"

#include <algorithm>
#include <vector>

#include "core/envelope/cbor.h"
#include "core/envelope/message.h"

namespace rebuild {
namespace {

using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;
using core::envelope::CborWriter;
using core::sqlite::Database;
using core::sqlite::Statement;

// A cursor over rows that belong to messages, in ascending message number.
class RowCursor {
 public:
  RowCursor(Statement rows, int columns) : rows_(std::move(rows)), columns_(columns) {}

  Result<void> advance() {
    TRY_ASSIGN(more_, rows_.step());
    return {};
  }
  // Writes the rows of message `number` as CBOR arrays without that number. The currency of a
  // posting is its one text column.
  Result<void> take(std::int64_t number, Bytes& out) {
    while (more_ && rows_.column_int(0) == number) {
      CborWriter w;
      w.array(static_cast<std::size_t>(columns_ - 1));
      for (int i = 1; i < columns_; ++i) {
        i == text_column_ ? w.text(rows_.column_text(i)) : w.integer(rows_.column_int(i));
      }
      core::append(out, w.view());
      TRY(advance());
    }
    return {};
  }
  void set_text_column(int column) { text_column_ = column; }
  bool at_end() const { return !more_; }

 private:
  Statement rows_;
  int columns_;
  int text_column_ = -1;
  bool more_ = false;
};

struct MessageHash {
  Hash id;
  Hash row;
  Hash figures;
  bool has_figures = false;
};

void write_place(CborWriter& w, const Statement& row, int column) {
  // A message of an unknown key has neither store nor till; CBOR has no optional integer.
  w.integer(row.column_is_null(column) ? -1 : row.column_int(column));
}

Bytes encode_message_row(const Statement& row) {
  CborWriter w;
  w.array(24);
  w.bytes(row.column_blob(1));                                  // id
  w.bytes(row.column_blob(2));                                  // kid
  write_place(w, row, 3);                                       // store
  write_place(w, row, 4);                                       // till
  w.integer(row.column_int(5));                                 // epoch
  w.integer(row.column_int(6));                                 // sequence
  w.bytes(row.column_blob(7));                                  // prev
  w.bytes(row.column_blob(8));                                  // content
  for (int i = 9; i <= 14; ++i) w.integer(row.column_int(i));   // state .. parts
  w.text(row.column_text(15));                                  // currency
  for (int i = 16; i <= 24; ++i) w.integer(row.column_int(i));  // sales .. ever refunded
  return std::move(w).take();
}

Result<RowCursor> postings_of(Database& db) {
  TRY_ASSIGN(auto rows, db.prepare("SELECT message, reversal, account, code, currency, "
                                   "amount_minor FROM postings "
                                   "ORDER BY message, reversal, account, code"));
  RowCursor cursor(std::move(rows), 6);
  cursor.set_text_column(4);
  TRY(cursor.advance());
  return cursor;
}

Result<RowCursor> moves_of(Database& db) {
  TRY_ASSIGN(auto rows, db.prepare("SELECT message, reversal, product, from_place, to_place, "
                                   "thousandths FROM moves "
                                   "ORDER BY message, reversal, product, from_place, to_place"));
  RowCursor cursor(std::move(rows), 6);
  TRY(cursor.advance());
  return cursor;
}

Result<RowCursor> numbers_of(Database& db) {
  TRY_ASSIGN(auto rows, db.prepare("SELECT message, series, first, last FROM numbers "
                                   "ORDER BY message, series"));
  RowCursor cursor(std::move(rows), 4);
  TRY(cursor.advance());
  return cursor;
}

Result<RowCursor> refunded_of(Database& db) {
  TRY_ASSIGN(auto rows,
             db.prepare("SELECT message, store, till, invoice, amount_minor "
                        "FROM refunded_receipts ORDER BY message, store, till, invoice"));
  RowCursor cursor(std::move(rows), 5);
  TRY(cursor.advance());
  return cursor;
}

Result<std::vector<MessageHash>> hash_messages(Database& db) {
  TRY_ASSIGN(auto postings, postings_of(db));
  TRY_ASSIGN(auto moves, moves_of(db));
  TRY_ASSIGN(auto numbers, numbers_of(db));
  TRY_ASSIGN(auto refunded, refunded_of(db));
  TRY_ASSIGN(
      auto messages,
      db.prepare("SELECT number, id, kid, store, till, epoch, sequence, prev, content, "
                 "state, reason, kind, day, part, parts, currency, sales, voids, net_minor, "
                 "discount_minor, over_short_minor, refunds, refunded_minor, ever_sold_minor, "
                 "ever_refunded_minor FROM messages ORDER BY number"));
  std::vector<MessageHash> out;
  Bytes figures;
  while (true) {
    TRY_ASSIGN(const bool more, messages.step());
    if (!more) break;
    MessageHash& hash = out.emplace_back();
    TRY_ASSIGN(hash.id, Hash::from(messages.column_blob(1)));
    hash.row = core::envelope::sha256(encode_message_row(messages));
    figures.assign(hash.id.bytes.begin(), hash.id.bytes.end());
    TRY(postings.take(messages.column_int(0), figures));
    TRY(moves.take(messages.column_int(0), figures));
    TRY(numbers.take(messages.column_int(0), figures));
    TRY(refunded.take(messages.column_int(0), figures));
    hash.has_figures = figures.size() > Hash::kSize;
    if (hash.has_figures) hash.figures = core::envelope::sha256(figures);
  }
  if (!postings.at_end() || !moves.at_end() || !numbers.at_end() || !refunded.at_end()) {
    return fail(Errc::kDamaged, db.path().string() +
                                    ": postings, moves, numbers or refunded receipts without a "
                                    "message; replay the log into "
                                    "a new file");
  }
  std::sort(out.begin(), out.end(),
            [](const MessageHash& a, const MessageHash& b) { return a.id < b.id; });
  return out;
}

Result<Bytes> hash_quarantine(Database& db) {
  TRY_ASSIGN(auto rows, db.prepare("SELECT id, reason, detail, bytes FROM quarantine ORDER BY id"));
  Bytes out;
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    CborWriter w;
    w.array(4);
    w.bytes(rows.column_blob(0));
    w.integer(rows.column_int(1));
    w.text(rows.column_text(2));
    w.bytes(core::envelope::message_id(rows.column_blob(3)).view());
    core::append(out, core::envelope::sha256(w.view()).view());
  }
}

Hash finish(std::string_view domain, std::initializer_list<const Bytes*> lists) {
  CborWriter w;
  w.array(1 + lists.size());
  w.text(domain);
  for (const Bytes* list : lists) w.bytes(*list);
  return core::envelope::sha256(w.view());
}

}  // namespace

Result<BooksDigest> compute_digest(Database& db) {
  TRY_ASSIGN(const std::vector<MessageHash> messages, hash_messages(db));
  TRY_ASSIGN(const Bytes quarantine, hash_quarantine(db));
  Bytes rows;
  Bytes figures;
  rows.reserve(messages.size() * Hash::kSize);
  figures.reserve(messages.size() * Hash::kSize);
  for (const MessageHash& message : messages) {
    core::append(rows, message.row.view());
    if (message.has_figures) core::append(figures, message.figures.view());
  }
  BooksDigest digest;
  digest.figures = finish("daybook figures 3", {&figures});
  digest.books = finish("daybook books 3", {&rows, &figures, &quarantine});
  return digest;
}

}  // namespace rebuild
