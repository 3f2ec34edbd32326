// core::sqlite: the adapter's errors, its pool of statements, and that transactions roll back.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "core/sqlite/database.h"
#include "tests/support/temp_dir.h"

using core::Errc;
using core::sqlite::Database;
using core::sqlite::Statement;
using core::sqlite::Transaction;

namespace {

Database make(const std::filesystem::path& path) {
  Database db = Database::open(path, {.create = true}).value();
  REQUIRE(db.exec("CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)"));
  return db;
}

}  // namespace

TEST_CASE("values come back as they went in") {
  const test::TempDir dir;
  Database db = make(dir / "a.db");
  const core::Bytes blob = {0, 1, 255};
  Statement insert = db.prepare("INSERT INTO t VALUES (?, ?, ?)").value();
  REQUIRE(insert.bind_int(1, INT64_MIN).bind_text(2, "a\"b").bind_blob(3, blob).run());
  REQUIRE(insert.bind_int(1, INT64_MAX).bind_text(2, {}).bind_blob(3, {}).run());
  REQUIRE(insert.bind_int(1, 0).bind_null(2).bind_null(3).run());
  CHECK(db.changes() == 1);
  Statement select = db.prepare("SELECT a, b, c FROM t ORDER BY a").value();
  REQUIRE(*select.step());
  CHECK(select.column_int(0) == INT64_MIN);
  CHECK(select.column_text(1) == "a\"b");
  CHECK(core::equal(select.column_blob(2), blob));
  REQUIRE(*select.step());
  CHECK(select.column_is_null(1));
  REQUIRE(*select.step());
  CHECK(select.column_int(0) == INT64_MAX);
  CHECK_FALSE(select.column_is_null(1));
  CHECK_FALSE(select.column_is_null(2));
  CHECK(select.column_blob(2).empty());
  CHECK_FALSE(*select.step());
}

TEST_CASE("a statement that is lent out is compiled again, not shared") {
  const test::TempDir dir;
  Database db = make(dir / "a.db");
  REQUIRE(db.exec("INSERT INTO t VALUES (1, 0, 0), (2, 0, 0)"));
  Statement outer = db.prepare("SELECT a FROM t ORDER BY a").value();
  REQUIRE(*outer.step());
  {
    Statement inner = db.prepare("SELECT a FROM t ORDER BY a").value();
    REQUIRE(*inner.step());
    REQUIRE(*inner.step());
  }
  CHECK(outer.column_int(0) == 1);
  REQUIRE(*outer.step());
  CHECK(outer.column_int(0) == 2);
  outer.reset();
  CHECK(db.query_int("SELECT count(*) FROM t").value() == 2);
  CHECK(db.query_int("SELECT a FROM t WHERE a = 9").error().code == Errc::kNotFound);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  const test::TempDir dir;
  Database db = make(dir / "a.db");
  {
    const Transaction transaction = Transaction::begin(db).value();
    REQUIRE(db.exec("INSERT INTO t VALUES (1, 0, 0)"));
  }
  CHECK(db.query_int("SELECT count(*) FROM t").value() == 0);
  Transaction transaction = Transaction::begin(db).value();
  CHECK(Transaction::begin(db).error().code == Errc::kDatabase);
  REQUIRE(db.exec("INSERT INTO t VALUES (1, 0, 0)"));
  REQUIRE(transaction.commit());
  CHECK(db.query_int("SELECT count(*) FROM t").value() == 1);
}

TEST_CASE("errors have a code, the file's name and SQLite's text") {
  const test::TempDir dir;
  CHECK(Database::open(dir / "none.db", {}).error().code == Errc::kNotFound);
  CHECK(Database::open(dir / "no" / "dir.db", {.create = true}).error().code == Errc::kIo);
  Database db = make(dir / "a.db");
  const auto wrong = db.exec("SELEC 1");
  CHECK(wrong.error().code == Errc::kDatabase);
  CHECK(wrong.error().what.find((dir / "a.db").string()) == 0);
  CHECK(wrong.error().what.find("syntax error") != std::string::npos);
  CHECK(db.prepare("SELECT x FROM t").error().code == Errc::kDatabase);
  Statement bad = db.prepare("INSERT INTO t VALUES (1, 2, 3)").value();
  CHECK(bad.bind_int(1, 5).run().error().code == Errc::kDatabase);  // there is no parameter
  Database other = Database::open(dir / "a.db", {}).value();
  const Transaction held = Transaction::begin(db).value();
  CHECK(Transaction::begin(other).error().code == Errc::kBusy);
  const Database reader = Database::open(dir / "a.db", {.read_only = true}).value();
  test::write_file(dir / "b.db", core::as_bytes(std::string(2000, 'x')));
  Database damaged = Database::open(dir / "b.db", {}).value();
  CHECK(damaged.query_int("SELECT count(*) FROM sqlite_schema").error().code == Errc::kDamaged);
}

TEST_CASE("a database that is full says so and keeps what it had") {
  const test::TempDir dir;
  Database db = make(dir / "a.db");
  REQUIRE(db.exec("INSERT INTO t VALUES (1, 0, 0)"));
  REQUIRE(db.exec("PRAGMA max_page_count=4"));
  CHECK(db.exec("INSERT INTO t VALUES (2, 0, zeroblob(100000))").error().code == Errc::kDiskFull);
  CHECK(db.query_int("SELECT count(*) FROM t").value() == 1);
}

TEST_CASE("a new database is readable by its owner only") {
  const test::TempDir dir;
  const Database db = make(dir / "a.db");
  struct ::stat info {};
  REQUIRE(::stat((dir / "a.db").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}
