// The tables of books.db. Private to the room; described in docs/formats/books.md.
#pragma once

#include <cstdint>

namespace rebuild {

// Another number is refused: books can be made again from the log at any time.
inline constexpr std::int64_t kBooksVersion = 8;
// SQLite's application_id: "DBB1".
inline constexpr std::int64_t kBooksApplication = 0x44424231;

// In SQLite's words; core/postgres/dialect.h replaces them. ANY: a number or bytes; or text that
// may quote a message, and so may be none.
inline constexpr const char* kBooksSchema = R"sql(
PRAGMA application_id = 0x44424231;
PRAGMA user_version = 8;

CREATE TABLE meta(
  name  TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE lost(
  first INTEGER PRIMARY KEY,
  last  INTEGER NOT NULL
) STRICT;

CREATE TABLE tiles(
  level    INTEGER NOT NULL,
  position INTEGER NOT NULL,
  hashes   BLOB NOT NULL,
  PRIMARY KEY(level, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE chains(
  number       INTEGER PRIMARY KEY,
  kid          BLOB NOT NULL UNIQUE,
  store        INTEGER NOT NULL,
  till         INTEGER NOT NULL,
  epoch        INTEGER NOT NULL,
  entry        BLOB NOT NULL,
  whole        INTEGER NOT NULL,
  tip_sequence INTEGER NOT NULL,
  tip          BLOB NOT NULL,
  last         INTEGER,
  rows         BLOB NOT NULL,
  figures      BLOB NOT NULL,
  verdict      BLOB NOT NULL
) STRICT;

CREATE TABLE messages(
  number           INTEGER PRIMARY KEY,
  id               BLOB NOT NULL,
  chain            INTEGER NOT NULL,
  previous         INTEGER,
  store            INTEGER NOT NULL,
  till             INTEGER NOT NULL,
  epoch            INTEGER NOT NULL,
  sequence         INTEGER NOT NULL,
  prev             BLOB NOT NULL,
  content          BLOB NOT NULL,
  signature        BLOB NOT NULL,
  signature_state  INTEGER NOT NULL,
  state            INTEGER NOT NULL,
  reason           INTEGER NOT NULL,
  kind             INTEGER NOT NULL,
  day              INTEGER NOT NULL,
  booked           INTEGER NOT NULL,
  part             INTEGER NOT NULL,
  parts            INTEGER NOT NULL,
  currency         TEXT NOT NULL,
  sales            INTEGER NOT NULL,
  voids            INTEGER NOT NULL,
  net_minor        INTEGER NOT NULL,
  discount_minor   INTEGER NOT NULL,
  over_short_minor INTEGER NOT NULL,
  refunds          INTEGER NOT NULL,
  refunded_minor   INTEGER NOT NULL,
  ever_sold_minor     INTEGER NOT NULL,
  ever_refunded_minor INTEGER NOT NULL,
  points_earned    INTEGER NOT NULL,
  points_redeemed  INTEGER NOT NULL,
  clock_doubts     INTEGER NOT NULL
) STRICT;

CREATE VIEW broken AS
  WITH RECURSIVE link(number) AS (
    SELECT last FROM chains WHERE whole = 0 AND last IS NOT NULL
    UNION SELECT m.previous FROM link JOIN messages m USING(number) WHERE m.previous IS NOT NULL)
  SELECT m.* FROM link JOIN messages m USING(number);

CREATE TABLE numbers(
  message INTEGER NOT NULL,
  series  INTEGER NOT NULL,
  first   INTEGER NOT NULL,
  last    INTEGER NOT NULL,
  PRIMARY KEY(message, series)
) STRICT, WITHOUT ROWID;

CREATE TABLE refunded_receipts(
  message      INTEGER NOT NULL,
  store        INTEGER NOT NULL,
  till         INTEGER NOT NULL,
  invoice      INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL,
  PRIMARY KEY(message, store, till, invoice)
) STRICT, WITHOUT ROWID;

CREATE TABLE postings(
  message      INTEGER NOT NULL,
  reversal     INTEGER NOT NULL,
  account      INTEGER NOT NULL,
  code         INTEGER NOT NULL,
  currency     TEXT NOT NULL,
  amount_minor INTEGER NOT NULL,
  PRIMARY KEY(message, reversal, account, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE moves(
  message     INTEGER NOT NULL,
  reversal    INTEGER NOT NULL,
  product     INTEGER NOT NULL,
  from_place  INTEGER NOT NULL,
  to_place    INTEGER NOT NULL,
  thousandths INTEGER NOT NULL,
  PRIMARY KEY(message, reversal, product, from_place, to_place)
) STRICT, WITHOUT ROWID;

CREATE TABLE sold(
  message     INTEGER NOT NULL,
  product     INTEGER NOT NULL,
  thousandths INTEGER NOT NULL,
  net_minor   INTEGER NOT NULL,
  PRIMARY KEY(message, product)
) STRICT, WITHOUT ROWID;

CREATE TABLE counted(
  message     INTEGER NOT NULL,
  product     INTEGER NOT NULL,
  thousandths INTEGER NOT NULL,
  PRIMARY KEY(message, product)
) STRICT, WITHOUT ROWID;

CREATE TABLE operators(
  message        INTEGER NOT NULL,
  operator       INTEGER NOT NULL,
  sales          INTEGER NOT NULL,
  net_minor      INTEGER NOT NULL,
  discount_minor INTEGER NOT NULL,
  lines_voided   INTEGER NOT NULL,
  refunds        INTEGER NOT NULL,
  refunded_minor INTEGER NOT NULL,
  PRIMARY KEY(message, operator)
) STRICT, WITHOUT ROWID;

CREATE TABLE member_points(
  message  INTEGER NOT NULL,
  member   BLOB NOT NULL,
  earned   INTEGER NOT NULL,
  redeemed INTEGER NOT NULL,
  PRIMARY KEY(message, member)
) STRICT, WITHOUT ROWID;

CREATE INDEX points_of_member ON member_points(member);

CREATE TABLE covered(
  message  INTEGER NOT NULL,
  store    INTEGER NOT NULL,
  till     INTEGER NOT NULL,
  epoch    INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  id       BLOB NOT NULL,
  PRIMARY KEY(message, store, till, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE definitions(
  message     INTEGER NOT NULL,
  product     INTEGER NOT NULL,
  name        TEXT NOT NULL,
  tax         INTEGER NOT NULL,
  unit        TEXT NOT NULL,
  whole       INTEGER NOT NULL,
  price_minor INTEGER NOT NULL,
  currency    TEXT NOT NULL,
  gtin        INTEGER NOT NULL,
  PRIMARY KEY(message, product)
) STRICT, WITHOUT ROWID;

CREATE TABLE decided(
  message INTEGER NOT NULL,
  product INTEGER NOT NULL,
  target  INTEGER NOT NULL,
  PRIMARY KEY(message, product)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries(
  message     INTEGER NOT NULL,
  kind        INTEGER NOT NULL,
  item        INTEGER NOT NULL,
  thousandths INTEGER NOT NULL,
  PRIMARY KEY(message, kind, item)
) STRICT, WITHOUT ROWID;

CREATE TABLE key_requests(
  message     INTEGER PRIMARY KEY,
  public_key  BLOB NOT NULL,
  sealing_key BLOB NOT NULL,
  proof       BLOB NOT NULL
) STRICT;

CREATE INDEX corrections ON messages(booked) WHERE booked <> day;
CREATE INDEX clocks ON messages(day) WHERE clock_doubts <> 0;

CREATE TABLE month_takings(
  month            INTEGER NOT NULL,
  store            INTEGER NOT NULL,
  currency         TEXT NOT NULL,
  sales            INTEGER NOT NULL,
  voids            INTEGER NOT NULL,
  refunds          INTEGER NOT NULL,
  shelf_minor      INTEGER NOT NULL,
  discount_minor   INTEGER NOT NULL,
  net_minor        INTEGER NOT NULL,
  refunded_minor   INTEGER NOT NULL,
  over_short_minor INTEGER NOT NULL,
  points_earned    INTEGER NOT NULL,
  points_redeemed  INTEGER NOT NULL,
  PRIMARY KEY(month, store, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE month_accounts(
  month        INTEGER NOT NULL,
  store        INTEGER NOT NULL,
  account      INTEGER NOT NULL,
  code         INTEGER NOT NULL,
  currency     TEXT NOT NULL,
  debit_minor  INTEGER NOT NULL,
  credit_minor INTEGER NOT NULL,
  PRIMARY KEY(month, store, account, code, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE month_products(
  month       INTEGER NOT NULL,
  product     INTEGER NOT NULL,
  currency    TEXT NOT NULL,
  thousandths INTEGER NOT NULL,
  net_minor   INTEGER NOT NULL,
  PRIMARY KEY(month, product, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE month_moves(
  month       INTEGER NOT NULL,
  product     INTEGER NOT NULL,
  place       INTEGER NOT NULL,
  thousandths INTEGER NOT NULL,
  PRIMARY KEY(month, product, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE quarantine(
  log_index INTEGER NOT NULL,
  id        BLOB PRIMARY KEY,
  chain     INTEGER,
  message   INTEGER,
  reason    INTEGER NOT NULL,
  detail    ANY NOT NULL,
  bytes     BLOB NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace rebuild
