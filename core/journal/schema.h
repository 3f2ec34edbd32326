// The journal's tables and constants, for the till that keeps one and for head office, which makes
// one again from a till's backup. Must not know what the rows mean. Format:
// docs/formats/journal.md.
#pragma once

#include <cstdint>

namespace core::journal {

inline constexpr std::int64_t kApplicationId = 0x44425431;  // "DBT1", in the SQLite header
inline constexpr std::int64_t kSchemaVersion = 9;

// Small, because a sale changes two pages, and because a journal of a day or two should be small.
inline constexpr int kPageSize = 1024;

inline constexpr const char* kSchema = R"sql(
CREATE TABLE identity(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  store INT NOT NULL, till INT NOT NULL, currency TEXT NOT NULL, origin TEXT NOT NULL,
  seed BLOB NOT NULL, sealing_key BLOB NOT NULL, chain_key BLOB NOT NULL) STRICT;
CREATE TABLE state(
  id INTEGER PRIMARY KEY CHECK(id = 1),
  epoch INT NOT NULL, entry BLOB NOT NULL, last_sequence INT NOT NULL, last_id BLOB NOT NULL,
  open_day INT, last_day INT, first_position INT NOT NULL,
  sold_minor INT NOT NULL, refunded_minor INT NOT NULL,
  log_key BLOB, tree_size INT, tree_root BLOB, seals_to BLOB,
  delivery_awaited_since INT, epoch_day INT) STRICT;
CREATE TABLE counter(series INTEGER PRIMARY KEY, last INT NOT NULL) STRICT;
INSERT INTO counter VALUES (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0),
  (10, 0), (11, 0), (12, 0), (13, 0);
CREATE TABLE settings(
  id INTEGER PRIMARY KEY CHECK(id = 1), earn_minor INT NOT NULL, point_minor INT NOT NULL,
  tax_at_deposit INT NOT NULL, member_key BLOB NOT NULL, cut_off_minutes INT NOT NULL,
  key_days INT NOT NULL) STRICT;
INSERT INTO settings VALUES (1, 0, 0, 0, x'', 240, 0);
CREATE TABLE catalog(version INTEGER PRIMARY KEY, terms BLOB) STRICT;
CREATE TABLE product(
  id INT NOT NULL, version INT NOT NULL, gone INT NOT NULL, name TEXT NOT NULL, price_minor INT,
  tax INT NOT NULL, kind INT NOT NULL, unit TEXT NOT NULL, whole INT NOT NULL,
  PRIMARY KEY(id, version)) STRICT, WITHOUT ROWID;
CREATE TABLE bom(
  parent INT NOT NULL, version INT NOT NULL, place INT NOT NULL, component INT NOT NULL,
  thousandths INT NOT NULL, PRIMARY KEY(parent, version, place)) STRICT, WITHOUT ROWID;
CREATE TABLE label(
  kind INT NOT NULL, key ANY NOT NULL, version INT NOT NULL, product INT NOT NULL,
  gone INT NOT NULL, PRIMARY KEY(kind, key, version, product)) STRICT, WITHOUT ROWID;
CREATE TABLE minted(
  id INTEGER PRIMARY KEY, version INT NOT NULL, gtin INT, told INT NOT NULL DEFAULT 0) STRICT;
CREATE TABLE document(
  position INTEGER PRIMARY KEY, day INT NOT NULL, series INT NOT NULL, number INT NOT NULL,
  about_series INT, about INT, body BLOB NOT NULL, chain BLOB NOT NULL) STRICT;
CREATE UNIQUE INDEX document_number ON document(series, number);
CREATE INDEX document_about ON document(about_series, about) WHERE about IS NOT NULL;
CREATE TABLE open_item(
  series INT NOT NULL, number INT NOT NULL, amount_minor INT NOT NULL,
  PRIMARY KEY(series, number)) STRICT, WITHOUT ROWID;
CREATE TABLE print(
  position INTEGER PRIMARY KEY, state INT NOT NULL, copy INT NOT NULL, before INT NOT NULL,
  changed INT NOT NULL) STRICT;
CREATE INDEX print_doubtful ON print(position) WHERE state <> 2;
CREATE TABLE receipt_heading(line INTEGER PRIMARY KEY, words TEXT NOT NULL) STRICT;
CREATE TABLE goods_receipt(
  position INTEGER PRIMARY KEY, day INT NOT NULL, product INT NOT NULL,
  thousandths INT NOT NULL) STRICT;
CREATE TABLE outbox(
  sequence INTEGER PRIMARY KEY, closing INT NOT NULL, message BLOB NOT NULL,
  log_index INT, receipt BLOB, refusal TEXT, changed INT NOT NULL) STRICT;
)sql";

// Operators and the audit log: till/journal_operators.cpp.
inline constexpr const char* kOperatorsSchema = R"sql(
CREATE TABLE operator(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, role INT NOT NULL, pin_hash TEXT NOT NULL,
  active INT NOT NULL, failures INT NOT NULL, tried_boot BLOB, tried_ms INT,
  clocked_in INT NOT NULL) STRICT;
CREATE TABLE audit(
  position INTEGER PRIMARY KEY, time_ms INT NOT NULL, operator INT NOT NULL,
  approver INT NOT NULL, device TEXT NOT NULL, event INT NOT NULL, subject TEXT NOT NULL,
  before TEXT NOT NULL, after TEXT NOT NULL, chain BLOB NOT NULL) STRICT;
CREATE TABLE audit_head(
  id INTEGER PRIMARY KEY CHECK(id = 1), rows INT NOT NULL, chain BLOB NOT NULL) STRICT;
)sql";

// Backup increments and the lives that ended before this one: till/backup.cpp.
inline constexpr const char* kBackupSchema = R"sql(
CREATE TABLE backup(
  id INTEGER PRIMARY KEY CHECK(id = 1), number INT NOT NULL, link BLOB NOT NULL,
  whole INT NOT NULL) STRICT;
INSERT INTO backup VALUES (1, 0, x'', 1);
CREATE TABLE backup_mark(name TEXT PRIMARY KEY, reached INT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE backup_target(place TEXT PRIMARY KEY, has INT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE increment(
  number INT NOT NULL, part INT NOT NULL, bytes BLOB NOT NULL,
  PRIMARY KEY(number, part)) STRICT;
CREATE TABLE past(
  epoch INTEGER PRIMARY KEY, key BLOB NOT NULL, documents INT NOT NULL, last_day INT,
  sold_minor INT NOT NULL, refunded_minor INT NOT NULL) STRICT;
CREATE TABLE past_number(
  epoch INT NOT NULL, series INT NOT NULL, last INT NOT NULL,
  PRIMARY KEY(epoch, series)) STRICT, WITHOUT ROWID;
CREATE TABLE past_message(
  position INTEGER PRIMARY KEY, epoch INT NOT NULL, sequence INT NOT NULL, closing INT NOT NULL,
  message BLOB NOT NULL, log_index INT, receipt BLOB) STRICT;
)sql";

// What head office tells the till: till/notices.cpp. Not in backups: it is asked for again.
inline constexpr const char* kNoticesSchema = R"sql(
CREATE TABLE head_office(
  id INTEGER PRIMARY KEY CHECK(id = 1), root BLOB NOT NULL, epoch INT NOT NULL, key BLOB,
  reached INT, generation INT, fleet BLOB, store BLOB) STRICT;
CREATE TABLE feed(
  kind INTEGER PRIMARY KEY, epoch INT NOT NULL, sequence INT NOT NULL, id BLOB NOT NULL,
  trouble TEXT NOT NULL) STRICT;
CREATE TABLE notice(
  kind INT NOT NULL, epoch INT NOT NULL, sequence INT NOT NULL, message BLOB NOT NULL,
  PRIMARY KEY(kind, epoch, sequence)) STRICT;
CREATE TABLE piece(hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE store_price(
  product INTEGER PRIMARY KEY, price_minor INT NOT NULL, fleet_minor INT) STRICT;
CREATE TABLE dispatch(
  number INTEGER PRIMARY KEY, note BLOB NOT NULL, received INT) STRICT;
CREATE TABLE firmware(
  id INTEGER PRIMARY KEY CHECK(id = 1), notice BLOB NOT NULL) STRICT;
)sql";

// The balance service and the holds that this till asked it for: till/points.cpp. In no backup:
// holds end with their key's closings.
inline constexpr const char* kPointsSchema = R"sql(
CREATE TABLE points_service(
  id INTEGER PRIMARY KEY CHECK(id = 1), url TEXT NOT NULL, timeout_ms INT NOT NULL,
  allowance BLOB) STRICT;
INSERT INTO points_service VALUES (1, '', 1500, NULL);
CREATE TABLE points_hold(
  id BLOB PRIMARY KEY, day INT NOT NULL, member BLOB NOT NULL,
  points INT NOT NULL CHECK(points > 0),
  state INT NOT NULL CHECK(state BETWEEN 1 AND 6)) STRICT, WITHOUT ROWID;
)sql";

// The keys that the till asked for and does not have yet: till/rotation.cpp. In no backup.
inline constexpr const char* kNextKeySchema = R"sql(
CREATE TABLE next_key(
  id INTEGER PRIMARY KEY CHECK(id = 1), seed BLOB NOT NULL, sealing_key BLOB NOT NULL,
  epoch INT, entry BLOB, seals_to BLOB) STRICT;
)sql";

// What refuses changes of what was written down. REPLACE deletes without a DELETE trigger, so an
// insertion must not meet a row that is there. check() compares these texts with the file's.
inline constexpr const char* kGuards = R"sql(
CREATE TRIGGER document_stays BEFORE UPDATE ON document
  BEGIN SELECT raise(ABORT, 'documents are append-only'); END;
CREATE TRIGGER document_is_kept BEFORE DELETE ON document
  BEGIN SELECT raise(ABORT, 'documents are append-only'); END;
CREATE TRIGGER print_is_kept BEFORE DELETE ON print WHEN OLD.state <> 1 OR OLD.copy <> 0
  BEGIN SELECT raise(ABORT, 'what may be on paper is not forgotten'); END;
CREATE TRIGGER print_goes_on BEFORE UPDATE ON print WHEN NEW.state = 1 AND NEW.copy <= OLD.copy
  BEGIN SELECT raise(ABORT, 'no original or copy is printed twice'); END;
CREATE TRIGGER document_is_new BEFORE INSERT ON document
  WHEN EXISTS (SELECT 1 FROM document WHERE position = NEW.position)
    OR EXISTS (SELECT 1 FROM document WHERE series = NEW.series AND number = NEW.number)
  BEGIN SELECT raise(ABORT, 'documents are append-only'); END;
CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
  BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
  BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_new BEFORE INSERT ON audit
  WHEN EXISTS (SELECT 1 FROM audit WHERE position = NEW.position)
  BEGIN SELECT raise(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER operator_is_kept BEFORE DELETE ON operator
  BEGIN SELECT raise(ABORT, 'operators are kept'); END;
)sql";

// SQLite's integers are signed; identifiers above 2^63 - 1 come back as they went in.
inline std::int64_t to_sql(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}
inline std::uint64_t from_sql(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

}  // namespace core::journal
