// core/postgres on a real server: nothing is lost or shown half, whenever an error comes.
#include <doctest/doctest.h>

#include <limits>
#include <thread>

#include "core/postgres/database.h"
#include "tests/support/postgres_server.h"

using core::Errc;
using core::sql::Database;
using core::sql::Transaction;

namespace {

Database connect(const std::string& url, core::postgres::OpenOptions options = {}) {
  auto db = core::postgres::open(url, options);
  REQUIRE_MESSAGE(db.has_value(), core::describe(db.error()));
  return std::move(db).value();
}

// Inserted one by one, each as run() comes back.
core::Result<void> insert(Database& db, std::int64_t from, std::int64_t to, const char* sql) {
  TRY_ASSIGN(auto row, db.prepare(sql));
  for (std::int64_t i = from; i <= to; ++i) TRY(row.bind_int(1, i).bind_int(2, -i).run());
  return {};
}

constexpr const char* kCopied = "INSERT INTO t VALUES(?, ?)";
constexpr const char* kSent = "INSERT INTO t VALUES(?, ?) ON CONFLICT(a) DO UPDATE SET b = 0";

struct Table {
  Table() : url(server.fresh_books()), db(connect(url)) {
    const auto made = db.create_tables(
        "PRAGMA user_version = 2;\nCREATE TABLE t(a INTEGER PRIMARY KEY, b INTEGER NOT NULL)",
        {false, 7, 2});
    REQUIRE_MESSAGE(made.has_value(), core::describe(made.error()));
  }
  std::int64_t rows() const { return *connect(url).query_int("SELECT COUNT(*) FROM t"); }

  test::PostgresServer& server = test::PostgresServer::shared();
  std::string url;
  Database db;
};

}  // namespace

TEST_CASE("PostgreSQL: values come back as they went in, copied or sent") {
  if (test::PostgresServer::is_missing()) return;
  test::PostgresServer& server = test::PostgresServer::shared();
  Database db = connect(server.fresh_books());
  CHECK(db.marks()->is_empty);
  REQUIRE(db.create_tables("CREATE TABLE v(a INTEGER PRIMARY KEY, b TEXT, c BLOB, d ANY) STRICT",
                           {false, 7, 2}));
  CHECK_FALSE(db.marks()->is_empty);
  CHECK(db.marks()->application == 7);
  CHECK(db.marks()->version == 2);
  const core::Bytes blob = {0, 1, 255};
  for (const char* sql :
       {"INSERT INTO v VALUES(?, ?, ?, ?)",
        "INSERT INTO v VALUES(?, ?, ?, ?) ON CONFLICT(a) DO UPDATE SET b = 'no'"}) {
    REQUIRE(db.exec("DELETE FROM v"));
    auto transaction = Transaction::begin(db);
    auto row = db.prepare(sql).value();
    const auto min = std::numeric_limits<std::int64_t>::min();
    REQUIRE(row.bind_int(1, min).bind_text(2, "a\"b").bind_blob(3, blob).bind_int(4, -12).run());
    REQUIRE(row.bind_int(1, -1).bind_text(2, {}).bind_blob(3, {}).bind_blob(4, blob).run());
    REQUIRE(row.bind_int(1, 0).bind_null(2).bind_null(3).bind_null(4).run());
    auto select = db.prepare("SELECT a, b, c, d, a = 0 FROM v ORDER BY a").value();
    REQUIRE(*select.step());
    CHECK(select.column_int(0) == min);
    CHECK(select.column_text(0) == std::to_string(min));
    CHECK(select.column_text(1) == "a\"b");
    CHECK(core::equal(select.column_blob(2), blob));
    CHECK(select.column_int(3) == -12);
    REQUIRE(*select.step());
    CHECK_FALSE(select.column_is_null(1));
    CHECK(select.column_text(1).empty());
    CHECK(select.column_blob(2).empty());
    CHECK(core::equal(select.column_blob(3), blob));
    REQUIRE(*select.step());
    CHECK(select.column_is_null(1));
    CHECK(select.column_is_null(3));
    CHECK(select.column_int(4) == 1);
    CHECK_FALSE(*select.step());
    REQUIRE(transaction->commit());
  }
  CHECK_FALSE(db.prepare("SELECT nothing FROM v").has_value());
  auto wrong = db.prepare("INSERT INTO v VALUES(?, ?, ?, ?)").value();
  CHECK_FALSE(wrong.bind_text(1, "12345678").run().has_value());
}

TEST_CASE("PostgreSQL: an error of a row that nobody waited for is said, and commits nothing") {
  if (test::PostgresServer::is_missing()) return;
  Table table;
  for (const char* sql : {kCopied, kSent}) {
    CAPTURE(sql);
    // Divided by zero, or there twice, in the midst of many.
    const auto spoil = [&](Database& db) -> core::Result<void> {
      TRY(insert(db, 1, 700, sql));
      if (std::string(sql) == kCopied) return insert(db, 5, 5, kCopied);
      TRY_ASSIGN(auto bad, db.prepare("UPDATE t SET b = 1 / (a - a) WHERE a = ?"));
      return bad.bind_int(1, 3).run();
    };
    {  // said by the next question
      auto transaction = Transaction::begin(table.db);
      REQUIRE(transaction.has_value());
      REQUIRE(spoil(table.db).has_value());
      const auto count = table.db.query_int("SELECT COUNT(*) FROM t");
      REQUIRE_FALSE(count.has_value());
      CHECK(count.error().what.find("(PostgreSQL ") != std::string::npos);
      CHECK_FALSE(transaction->commit().has_value());  // though it was said once
    }
    CHECK(table.rows() == 0);
    {  // said by the commit
      auto transaction = Transaction::begin(table.db);
      REQUIRE(spoil(table.db).has_value());
      CHECK_FALSE(transaction->commit().has_value());
    }
    CHECK(table.rows() == 0);
    {  // the connection is good for another one
      auto transaction = Transaction::begin(table.db);
      REQUIRE(insert(table.db, 1, 3000, sql));
      CHECK(table.rows() == 0);  // not before the commit
      REQUIRE(transaction->commit());
    }
    CHECK(table.rows() == 3000);
    REQUIRE(table.db.exec("DELETE FROM t"));
  }
}

TEST_CASE("PostgreSQL: what the commit itself refuses is not called committed") {
  if (test::PostgresServer::is_missing()) return;
  Table table;
  REQUIRE(table.db.exec("ALTER TABLE t ADD UNIQUE(b) DEFERRABLE INITIALLY DEFERRED"));
  auto transaction = Transaction::begin(table.db);
  REQUIRE(insert(table.db, 1, 10, kCopied));
  REQUIRE(table.db.exec("UPDATE t SET b = -1"));
  CHECK(*table.db.query_int("SELECT COUNT(*) FROM t") == 10);
  CHECK(transaction->commit().error().what.find("23505") != std::string::npos);
  CHECK(table.rows() == 0);
}

TEST_CASE(
    "PostgreSQL: a large answer comes in pieces, whole and in order, beside other questions") {
  if (test::PostgresServer::is_missing()) return;
  Table table;
  for (const std::int64_t count : {0, 1, 1999, 2000, 2001, 4000, 6001}) {
    CAPTURE(count);
    auto transaction = Transaction::begin(table.db);
    REQUIRE(insert(table.db, 1, count, kCopied));
    auto rows = table.db.scan("SELECT a, b FROM t ORDER BY a").value();
    for (int round = 0; round < 2; ++round) {
      std::int64_t seen = 0;
      while (*rows.step()) {
        CHECK(rows.column_int(0) == ++seen);
        if (seen % 1000 == 1) CHECK(*table.db.query_int("SELECT MAX(a) FROM t") == count);
      }
      CHECK(seen == count);
    }
  }
  CHECK(table.rows() == 0);
}

TEST_CASE("PostgreSQL: a sum that does not fit is an error, not another number") {
  if (test::PostgresServer::is_missing()) return;
  Table table;
  REQUIRE(table.db.exec("INSERT INTO t VALUES(1, 9223372036854775807), (2, -5)"));
  CHECK(*table.db.query_int("SELECT SUM(b) FROM t") ==
        std::numeric_limits<std::int64_t>::max() - 5);
  REQUIRE(table.db.exec("INSERT INTO t VALUES(3, 6)"));
  const auto sum = table.db.query_int("SELECT SUM(b) FROM t");
  REQUIRE_FALSE(sum.has_value());
  CHECK(sum.error().code == Errc::kOverflow);
  CHECK(table.db.query_int("SELECT SUM(b) / 7.0 FROM t").error().code == Errc::kDatabase);
}

TEST_CASE("PostgreSQL: of two writers one is told; a reader stays at its moment") {
  if (test::PostgresServer::is_missing()) return;
  Table table;
  Database reader = connect(table.url, {.read_only = true});
  Database second = connect(table.url, {.busy_timeout_ms = 50});
  CHECK(*reader.query_int("SELECT COUNT(*) FROM t") == 0);
  {
    auto transaction = Transaction::begin(table.db);
    REQUIRE(insert(table.db, 1, 10, kCopied));
    CHECK(Transaction::begin(second).error().code == Errc::kBusy);
    auto elsewhere = connect(table.server.fresh_books());
    CHECK(Transaction::begin(elsewhere).has_value());  // other books
    REQUIRE(transaction->commit());
  }
  CHECK(*reader.query_int("SELECT COUNT(*) FROM t") == 0);
  CHECK_FALSE(reader.exec("DELETE FROM t").has_value());
}

TEST_CASE("PostgreSQL: a writer that waited sees what it waited for") {
  if (test::PostgresServer::is_missing()) return;
  Table table;
  auto first = Transaction::begin(table.db);
  REQUIRE(first.has_value());
  REQUIRE(insert(table.db, 1, 10, kCopied));
  std::int64_t seen = -1;
  std::thread waiting([&] {
    auto second = core::postgres::open(table.url, {.busy_timeout_ms = 20000});
    const auto begun = Transaction::begin(*second);
    if (begun) seen = second->query_int("SELECT COUNT(*) FROM t").value();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(first->commit().has_value());
  waiting.join();
  CHECK(seen == 10);
}

TEST_CASE("PostgreSQL: a commit waits for the disk, whatever the role is set to") {
  if (test::PostgresServer::is_missing()) return;
  test::PostgresServer& server = test::PostgresServer::shared();
  server.exec("ALTER ROLE postgres SET synchronous_commit = off");
  CHECK(*connect(server.url()).query_text("SELECT current_setting('synchronous_commit')") == "on");
  server.exec("ALTER ROLE postgres SET synchronous_commit = remote_apply");
  CHECK(*connect(server.url()).query_text("SELECT current_setting('synchronous_commit')") ==
        "remote_apply");
  server.exec("ALTER ROLE postgres RESET synchronous_commit");
}

TEST_CASE(
    "PostgreSQL: a database in another encoding, and a schema that is not there, are refused") {
  if (test::PostgresServer::is_missing()) return;
  test::PostgresServer& server = test::PostgresServer::shared();
  CHECK(core::postgres::open(server.url("nowhere"), {}).error().code == Errc::kDatabase);
  server.exec("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  std::string url = server.url();
  url.replace(url.find("/postgres?"), 10, "/latin?");
  const auto db = core::postgres::open(url, {});
  REQUIRE_FALSE(db.has_value());
  CHECK(db.error().what.find("UTF8") != std::string::npos);
}
