// EndLife: rows of identity, past, past_message, past_number and state, and of all that was tied to
// the key that ended.
#include "core/journal/end_life.h"

#include "core/journal/schema.h"

namespace core::journal {
namespace {

using sqlite::Database;
using sqlite::Statement;

Result<void> put_identity(Database& db, const NewIdentity& identity) {
  TRY_ASSIGN(Statement s, db.prepare("REPLACE INTO identity VALUES (1, ?, ?, ?, ?, ?, ?, ?)"));
  s.bind_int(1, identity.ref.store.value).bind_int(2, identity.ref.till.value);
  s.bind_text(3, identity.currency.code()).bind_text(4, identity.origin);
  s.bind_blob(5, identity.key.seed()).bind_blob(6, identity.sealing_key.view());
  return s.bind_blob(7, identity.chain_key.view()).run();
}

Result<void> put_past(Database& db, const EndOfLife& end) {
  TRY_ASSIGN(Statement past,
             db.prepare("INSERT INTO past SELECT ?, ?, count(*), ?, ?, ? FROM document"));
  past.bind_int(1, end.epoch.value).bind_blob(2, end.key.view());
  if (end.last_day) past.bind_int(3, end.last_day->days);
  TRY(past.bind_int(4, end.sold_minor).bind_int(5, end.refunded_minor).run());
  TRY_ASSIGN(Statement messages,
             db.prepare("INSERT INTO past_message(epoch, sequence, closing, message, log_index, "
                        "receipt) SELECT ?, sequence, closing, message, log_index, receipt "
                        "FROM outbox ORDER BY sequence"));
  TRY(messages.bind_int(1, end.epoch.value).run());
  return db.exec("DELETE FROM outbox");
}

Result<void> put_numbers(Database& db, const EndOfLife& end) {
  TRY_ASSIGN(Statement counter,
             db.prepare("UPDATE counter SET last = ?1 WHERE series = ?2 AND last <= ?1"));
  TRY_ASSIGN(Statement past, db.prepare("INSERT INTO past_number VALUES (?, ?, ?)"));
  for (const auto& [series, last] : end.numbers) {
    TRY(counter.bind_int(1, to_sql(last)).bind_int(2, series).run());
    if (db.changes() != 1) {
      return fail(Errc::kMalformed, "series " + std::to_string(series) +
                                        ": not there, or beyond the number to go on from");
    }
    TRY(past.bind_int(1, end.epoch.value).bind_int(2, series).bind_int(3, to_sql(last)).run());
  }
  return {};
}

// What was tied to the key and its epoch: told definitions, backup increments, the own feed of
// notices, points' holds and allowance. A job that is being printed keeps its row.
Result<void> forget_epoch(Database& db) {
  return db.exec(
      "UPDATE minted SET told = 0 WHERE told <> 0;"
      "DELETE FROM increment;"
      "DELETE FROM backup_mark;"
      "UPDATE backup SET number = 0, link = x'', whole = 1;"
      "UPDATE backup_target SET has = 0;"
      "UPDATE print SET changed = 0 WHERE changed <> 0 AND state <> 1;"
      "DELETE FROM notice WHERE kind = 0;"
      "UPDATE head_office SET reached = NULL;"
      "UPDATE points_service SET allowance = NULL;"
      "DELETE FROM points_hold;"
      "DELETE FROM next_key");
}

}  // namespace

Result<void> end_life(Database& db, const NewIdentity& identity, const EndOfLife& end) {
  TRY_ASSIGN(const std::int64_t states, db.query_int("SELECT count(*) FROM state "
                                                     "WHERE open_day IS NULL"));
  if (states != 1) return fail(Errc::kMalformed, "the life ends inside a day");
  // Of rows that go, nothing stays in free space.
  TRY(db.exec("PRAGMA secure_delete = ON"));
  TRY(put_identity(db, identity));
  TRY(put_past(db, end));
  TRY(put_numbers(db, end));
  TRY(forget_epoch(db));
  // The report of the last closed day reads its documents; without them it reads none.
  TRY_ASSIGN(Statement s,
             db.prepare("UPDATE state SET epoch = 0, entry = ?1, last_sequence = 0, last_id = ?1, "
                        "log_key = NULL, seals_to = NULL, delivery_awaited_since = NULL, "
                        "epoch_day = NULL, "
                        "first_position = CASE WHEN last_day IS ?2 THEN first_position "
                        "ELSE (SELECT count(*) + 1 FROM document) END, "
                        "last_day = ?2, sold_minor = ?3, refunded_minor = ?4"));
  s.bind_blob(1, envelope::Hash{}.view());
  if (end.last_day) s.bind_int(2, end.last_day->days);
  return s.bind_int(3, end.sold_minor).bind_int(4, end.refunded_minor).run();
}

}  // namespace core::journal
