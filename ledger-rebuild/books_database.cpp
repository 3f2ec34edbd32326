// Opening the books' database, with what each library needs to keep the replay's promises.
#include "ledger-rebuild/books_database.h"

#include "core/postgres/database.h"
#include "core/sqlite/sql_database.h"

namespace rebuild {
namespace {

constexpr int kReadBusyMs = 5000;
constexpr int kMomentBusyMs = 250;  // somebody waits for the answer
constexpr int kWriteBusyMs = 1000;

}  // namespace

core::Result<core::sql::Database> open_to_read(const std::filesystem::path& books) {
  if (core::postgres::is_url(books.string())) {
    return core::postgres::open(books.string(),
                                {.read_only = true, .busy_timeout_ms = kReadBusyMs});
  }
  // Not opened read-only: a replay that was killed left a journal that the next reader plays back.
  TRY_ASSIGN(auto db, core::sqlite::Database::open(books, {.busy_timeout_ms = kReadBusyMs}));
  TRY(db.exec("PRAGMA query_only = 1"));
  return core::sqlite::as_sql(std::move(db));
}

core::Result<core::sql::Database> open_one_moment(const std::filesystem::path& books) {
  if (core::postgres::is_url(books.string())) return open_to_read(books);  // is of one moment
  TRY_ASSIGN(auto db, core::sqlite::Database::open(books, {.busy_timeout_ms = kMomentBusyMs}));
  TRY(db.exec("PRAGMA query_only = 1; BEGIN"));
  return core::sqlite::as_sql(std::move(db));
}

core::Result<core::sql::Database> open_to_write(const std::filesystem::path& books) {
  if (core::postgres::is_url(books.string())) {
    return core::postgres::open(books.string(), {.busy_timeout_ms = kWriteBusyMs});
  }
  TRY_ASSIGN(auto db, core::sqlite::Database::open(
                          books, {.create = true, .busy_timeout_ms = kWriteBusyMs}));
  // The rollback journal keeps the old books until the new ones are synced; a large cache keeps
  // half-made pages out of the file until then.
  TRY(
      db.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; "
              "PRAGMA cache_size = -262144"));
  return core::sqlite::as_sql(std::move(db));
}

}  // namespace rebuild
