// NewJournal: rows put in before the triggers, in one transaction, in a file that is renamed.
#include "core/journal/new_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "core/journal/content.h"
#include "core/journal/schema.h"

namespace core::journal {
namespace {

using sqlite::Database;
using sqlite::Statement;

std::filesystem::path beside(const std::filesystem::path& path) {
  return path.string() + ".tmp";
}

Result<void> sync_path(const std::filesystem::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return fail(Errc::kIo, path.string() + ": cannot be opened");
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) return fail(Errc::kSyncFailed, path.string() + ": fsync failed");
  return {};
}

Result<void> put_identity(Database& db, const NewIdentity& identity) {
  TRY_ASSIGN(Statement s, db.prepare("INSERT INTO identity VALUES (1, ?, ?, ?, ?, ?, ?, ?)"));
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

}  // namespace

NewJournal::NewJournal(std::filesystem::path path, Database database)
    : path_(std::move(path)), database_(std::move(database)) {}

NewJournal::~NewJournal() {
  if (!database_) return;
  database_.reset();
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(beside(path_), ignored);
}

Result<NewJournal> NewJournal::begin(const std::filesystem::path& path, const JournalKey& key) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    return fail(Errc::kExists, path.string() + ": there is a file already");
  }
  // What an earlier attempt left.
  std::filesystem::remove(beside(path), ignored);
  std::filesystem::remove(beside(path).string() + "-journal", ignored);
  sqlite::OpenOptions options;
  options.create = true;
  options.page_size = kPageSize;
  options.key = key.view();
  options.page_checks = true;
  TRY_ASSIGN(Database db, Database::open(beside(path), options));
  NewJournal out(path, std::move(db));
  TRY(out.database_->exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; BEGIN"));
  for (const char* part :
       {kSchema, kOperatorsSchema, kBackupSchema, kNoticesSchema, kPointsSchema}) {
    TRY(out.database_->exec(part));
  }
  // The first page says that pages have checksums: it is in the file before the rows, of which a
  // long transaction writes some early.
  TRY(out.database_->exec("COMMIT; BEGIN"));
  return out;
}

Result<void> NewJournal::put(ByteView content, bool first_part) {
  return put_rows(*database_, content, first_part);
}

Result<void> NewJournal::end_life(const NewIdentity& identity, const EndOfLife& end) {
  Database& db = *database_;
  TRY_ASSIGN(const std::int64_t states, db.query_int("SELECT count(*) FROM state "
                                                     "WHERE open_day IS NULL"));
  if (states != 1) return fail(Errc::kMalformed, "the backup ends inside a day");
  TRY(put_identity(db, identity));
  TRY(put_past(db, end));
  TRY(put_numbers(db, end));
  // The report of the last closed day reads its documents; without them it reads none.
  TRY_ASSIGN(Statement s,
             db.prepare("UPDATE state SET epoch = 0, entry = ?1, last_sequence = 0, last_id = ?1, "
                        "log_key = NULL, seals_to = NULL, delivery_awaited_since = NULL, "
                        "first_position = CASE WHEN last_day IS ?2 THEN first_position "
                        "ELSE (SELECT count(*) + 1 FROM document) END, "
                        "last_day = ?2, sold_minor = ?3, refunded_minor = ?4"));
  s.bind_blob(1, envelope::Hash{}.view());
  if (end.last_day) s.bind_int(2, end.last_day->days);
  return s.bind_int(3, end.sold_minor).bind_int(4, end.refunded_minor).run();
}

Result<void> NewJournal::finish() {
  TRY(database_->exec(kGuards));
  TRY(database_->exec("PRAGMA application_id=" + std::to_string(kApplicationId) +
                      "; PRAGMA user_version=" + std::to_string(kSchemaVersion) + "; COMMIT"));
  database_.reset();
  const std::filesystem::path file = beside(path_);
  TRY(sync_path(file, O_RDONLY));
  std::error_code error;
  std::filesystem::rename(file, path_, error);
  if (error) return fail(Errc::kIo, path_.string() + ": " + error.message());
  const std::filesystem::path directory = path_.has_parent_path() ? path_.parent_path() : ".";
  return sync_path(directory, O_RDONLY | O_DIRECTORY);
}

}  // namespace core::journal
