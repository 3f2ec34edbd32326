// Content: one list of tables and columns, walked for reading and for writing.
#include "core/journal/content.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

#include "core/base/fold_case.h"
#include "core/envelope/cbor.h"
#include "core/journal/schema.h"

namespace core::journal {
namespace {

using envelope::CborItem;
using envelope::CborReader;
using envelope::CborType;
using envelope::CborWriter;
using sqlite::ColumnType;
using sqlite::Database;
using sqlite::Statement;

enum class Carried {
  kWhole,    // all rows each time
  kAdded,    // rows whose `by` is above the mark
  kChanged,  // rows whose column `changed` has the number of the increment before, or a later one
};

struct Table {
  const char* name;
  Carried carried;
  const char* by;    // of added rows
  const char* keys;  // the order of the rows
  int columns;       // how many `names` are
  const char* names;
};

// Their numbers in the format are their places, from 1. The till's private keys are in none.
constexpr std::array<Table, 20> kTables = {{
    {"state", Carried::kWhole, "", "epoch", 15,
     "epoch, entry, last_sequence, last_id, open_day, last_day, first_position, sold_minor, "
     "refunded_minor, log_key, tree_size, tree_root, seals_to, delivery_awaited_since, "
     "epoch_day"},
    {"counter", Carried::kWhole, "", "series", 2, "series, last"},
    {"settings", Carried::kWhole, "", "earn_minor", 6,
     "earn_minor, point_minor, tax_at_deposit, member_key, cut_off_minutes, key_days"},
    {"catalog", Carried::kAdded, "version", "version", 2, "version, terms"},
    {"product", Carried::kAdded, "version", "id, version", 9,
     "id, version, gone, name, price_minor, tax, kind, unit, whole"},
    {"bom", Carried::kAdded, "version", "parent, version, place", 5,
     "parent, version, place, component, thousandths"},
    {"label", Carried::kAdded, "version", "kind, key, version, product", 5,
     "kind, key, version, product, gone"},
    {"document", Carried::kAdded, "position", "position", 8,
     "position, day, series, number, about_series, about, body, chain"},
    {"open_item", Carried::kWhole, "", "series, number", 3, "series, number, amount_minor"},
    {"goods_receipt", Carried::kAdded, "position", "position", 4,
     "position, day, product, thousandths"},
    {"print", Carried::kChanged, "", "position", 4, "position, state, copy, before"},
    {"receipt_heading", Carried::kWhole, "", "line", 2, "line, words"},
    {"operator", Carried::kWhole, "", "id", 9,
     "id, name, role, pin_hash, active, failures, tried_boot, tried_ms, clocked_in"},
    {"audit", Carried::kAdded, "position", "position", 10,
     "position, time_ms, operator, approver, device, event, subject, before, after, chain"},
    {"audit_head", Carried::kWhole, "", "rows", 2, "rows, chain"},
    {"outbox", Carried::kChanged, "", "sequence", 6,
     "sequence, closing, message, log_index, receipt, refusal"},
    {"past", Carried::kWhole, "", "epoch", 6,
     "epoch, key, documents, last_day, sold_minor, refunded_minor"},
    {"past_number", Carried::kWhole, "", "epoch, series", 3, "epoch, series, last"},
    {"past_message", Carried::kAdded, "position", "position", 7,
     "position, epoch, sequence, closing, message, log_index, receipt"},
    // Not what was told of them: the next life's chain tells it again.
    {"minted", Carried::kAdded, "version", "id", 3, "id, version, gtin"},
}};

// A part ends after the row that brings it here; a row has some 70,000 bytes at most.
// With the largest row and what sealing adds it is below what a relay takes (kBlobSizeMax).
constexpr std::size_t kPartSize = std::size_t{384} << 10;

void write_text(CborWriter& w, std::string_view text) {
  if (is_utf8(text)) {
    w.text(text);
    return;
  }
  // What a relay said, at worst: no reason to lose a backup.
  std::string plain(text);
  for (char& c : plain) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  w.text(plain);
}

void write_row(CborWriter& w, const Statement& row, int columns) {
  w.array(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) {
    switch (row.column_type(i)) {
      case ColumnType::kInteger:
        w.integer(row.column_int(i));
        break;
      case ColumnType::kText:
        write_text(w, row.column_text(i));
        break;
      case ColumnType::kBlob:
        w.bytes(row.column_blob(i));
        break;
      case ColumnType::kNull:
        w.array(0);
        break;
    }
  }
}

// Collects rows and cuts them into parts.
class PartWriter {
 public:
  explicit PartWriter(const ContentHead& head) : head_(head) {}

  void begin_table(std::size_t number) {
    end_table();
    table_ = number;
  }
  CborWriter& row() {
    if (rows_.view().size() + tables_.view().size() >= kPartSize) cut();
    ++row_count_;
    return rows_;
  }
  std::vector<Bytes> finish() && {
    end_table();
    if (table_count_ > 0 || parts_.empty()) cut();
    return std::move(parts_);
  }

 private:
  void end_table() {
    if (row_count_ == 0) return;
    tables_.array(2);
    tables_.unsigned_integer(table_);
    tables_.array(row_count_);
    tables_.encoded(rows_.view());
    ++table_count_;
    row_count_ = 0;
    rows_ = CborWriter();
  }
  void cut() {
    end_table();
    CborWriter w(tables_.view().size() + 64);
    w.array(6);
    w.integer(head_.journal_version);
    w.unsigned_integer(head_.since);
    w.text(head_.currency.code());
    w.bytes(head_.chain_key.view());
    if (head_.day) {
      w.integer(head_.day->days);
    } else {
      w.array(0);
    }
    w.array(table_count_);
    w.encoded(tables_.view());
    parts_.push_back(std::move(w).take());
    table_count_ = 0;
    tables_ = CborWriter();
  }

  const ContentHead& head_;
  std::vector<Bytes> parts_;
  CborWriter tables_;
  CborWriter rows_;
  std::size_t table_ = 0;
  std::size_t table_count_ = 0;
  std::size_t row_count_ = 0;
};

// What the rows of a table must have more than, or equal: its mark, or the increment before.
std::string condition_of(const Table& table) {
  switch (table.carried) {
    case Carried::kWhole:
      return "";
    case Carried::kAdded:
      return std::string(" WHERE ") + table.by + " > ?1";
    case Carried::kChanged:
      return " WHERE changed >= ?1";
  }
  return "";
}

Result<void> read_table(Database& database, std::size_t number, std::int64_t from,
                        PartWriter& parts, Marks& marks) {
  const Table& table = kTables.at(number - 1);
  // `by` again, behind the columns: what the mark becomes.
  TRY_ASSIGN(Statement s,
             database.prepare(
                 std::string("SELECT ") + table.names +
                 (table.carried == Carried::kAdded ? std::string(", ") + table.by : std::string()) +
                 " FROM " + table.name + condition_of(table) + " ORDER BY " + table.keys));
  if (table.carried != Carried::kWhole) s.bind_int(1, from);
  parts.begin_table(number);
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) return {};
    write_row(parts.row(), s, table.columns);
    if (table.carried == Carried::kAdded) {
      std::int64_t& mark = marks[table.name];
      mark = std::max(mark, s.column_int(table.columns));
    }
  }
}

Result<ContentHead> read_head(CborReader& r) {
  ContentHead head;
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 6) return r.refuse(0, "a backup's content has 6 items");
  TRY_ASSIGN(head.journal_version, r.integer());
  TRY_ASSIGN(head.since, r.unsigned_integer());
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::string_view currency, r.text());
  const auto parsed = Currency::parse(currency);
  if (!parsed) return r.refuse(at, parsed.error().what);
  head.currency = *parsed;
  at = r.offset();
  TRY_ASSIGN(const ByteView key, r.bytes());
  const auto chain_key = envelope::PublicKey::from(key);
  if (!chain_key) return r.refuse(at, chain_key.error().what);
  head.chain_key = *chain_key;
  at = r.offset();
  TRY_ASSIGN(const CborItem day, r.next());
  const bool none = day.type == CborType::kArray && day.argument == 0;
  const bool some = day.type == CborType::kUnsigned &&
                    day.argument <= std::uint64_t{std::numeric_limits<std::int32_t>::max()};
  if (!none && !some) return r.refuse(at, "a day, or [], is expected");
  if (some) head.day = BusinessDay{static_cast<std::int32_t>(day.argument)};
  return head;
}

Result<void> bind_value(CborReader& r, Statement& s, int position) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const CborItem item, r.next());
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  switch (item.type) {
    case CborType::kUnsigned:
      if (item.argument > kMax) break;
      s.bind_int(position, static_cast<std::int64_t>(item.argument));
      return {};
    case CborType::kNegative:
      if (item.argument > kMax) break;
      s.bind_int(position, -1 - static_cast<std::int64_t>(item.argument));
      return {};
    case CborType::kText:
      s.bind_text(position, as_text(item.string));
      return {};
    case CborType::kBytes:
      s.bind_blob(position, item.string);
      return {};
    case CborType::kArray:
      if (item.argument != 0) break;
      s.bind_null(position);
      return {};
    default:
      break;
  }
  return r.refuse(at, "a column's value is a number of 64 bits, text, bytes or []");
}

std::string insertion(const Table& table) {
  std::string values = "?";
  for (int i = 1; i < table.columns; ++i) values += ", ?";
  const bool changed = table.carried == Carried::kChanged;
  // A journal has one state, one settings and one head of its audit log: `id` is 1.
  const std::string_view name = table.name;
  const bool single = name == "state" || name == "settings" || name == "audit_head";
  return std::string(changed ? "REPLACE INTO " : "INSERT INTO ") + table.name + "(" + table.names +
         (changed ? ", changed" : "") + (single ? ", id" : "") + ") VALUES (" + values +
         (changed ? ", 0" : "") + (single ? ", 1" : "") + ")";
}

Result<void> put_table(Database& database, CborReader& r) {
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t pair, r.array());
  if (pair != 2) return r.refuse(at, "a table is its number and its rows");
  at = r.offset();
  TRY_ASSIGN(const std::uint64_t number, r.unsigned_integer());
  if (number == 0 || number > kTables.size()) {
    return r.refuse(at, "table " + std::to_string(number) + " is not known");
  }
  const Table& table = kTables.at(number - 1);
  TRY_ASSIGN(Statement s, database.prepare(insertion(table)));
  TRY_ASSIGN(const std::size_t rows, r.array());
  for (std::size_t i = 0; i < rows; ++i) {
    at = r.offset();
    TRY_ASSIGN(const std::size_t columns, r.array());
    if (columns != static_cast<std::size_t>(table.columns)) {
      return r.refuse(at, std::string("a row of ") + table.name + " has " +
                              std::to_string(table.columns) + " columns");
    }
    for (int column = 1; column <= table.columns; ++column) TRY(bind_value(r, s, column));
    const auto put = s.run();
    if (!put) return r.refuse(at, std::string(table.name) + ": " + put.error().what);
  }
  return {};
}

}  // namespace

Result<Changes> read_changes(Database& database, const ContentHead& head, const Marks& marks) {
  Changes out;
  out.marks = head.since == 0 ? Marks{} : marks;
  const Marks before = out.marks;
  PartWriter parts(head);
  for (std::size_t number = 1; number <= kTables.size(); ++number) {
    const Table& table = kTables.at(number - 1);
    const auto mark = before.find(table.name);
    const std::int64_t from = table.carried == Carried::kChanged
                                  ? static_cast<std::int64_t>(head.since)
                                  : (mark == before.end() ? 0 : mark->second);
    TRY(read_table(database, number, from, parts, out.marks));
  }
  out.parts = std::move(parts).finish();
  return out;
}

Result<ContentHead> read_head(ByteView content) {
  CborReader r(content);
  return read_head(r);
}

Result<void> put_rows(Database& database, ByteView content, bool first_part) {
  CborReader r(content);
  TRY_ASSIGN(const ContentHead head, read_head(r));
  if (head.journal_version != kSchemaVersion) {
    return fail(Errc::kMalformed,
                "a backup of journal version " + std::to_string(head.journal_version) +
                    "; this program knows version " + std::to_string(kSchemaVersion));
  }
  if (first_part) {
    for (const Table& table : kTables) {
      if (table.carried != Carried::kWhole) continue;
      TRY(database.exec(std::string("DELETE FROM ") + table.name));
    }
  }
  TRY_ASSIGN(const std::size_t tables, r.array());
  for (std::size_t i = 0; i < tables; ++i) TRY(put_table(database, r));
  return r.finish();
}

}  // namespace core::journal
