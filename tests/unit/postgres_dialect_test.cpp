// core/postgres without a server: texts, values, and URLs that must not be shown.
#include <doctest/doctest.h>

#include <limits>

#include "core/postgres/database.h"
#include "core/postgres/dialect.h"
#include "core/postgres/values.h"

using namespace core::postgres;

TEST_CASE("parameters are numbered; what is in quotes stays") {
  CHECK(query_text("SELECT a FROM t WHERE b = ? AND c = ?") ==
        "SELECT a FROM t WHERE b = $1 AND c = $2");
  CHECK(query_text("UPDATE t SET a = ?2 WHERE b = ?1 OR c = ?2") ==
        "UPDATE t SET a = $2 WHERE b = $1 OR c = $2");
  CHECK(query_text("SELECT '?', \"?\", 'it''s ?' FROM t WHERE a = ?") ==
        "SELECT '?', \"?\", 'it''s ?' FROM t WHERE a = $1");
  CHECK(query_text("SELECT 'open") == "SELECT 'open");
  CHECK(query_text("") == "");
}

TEST_CASE("a schema gets PostgreSQL's types, and text that is compared by bytes") {
  CHECK(schema_text("PRAGMA user_version = 4;\n\nCREATE TABLE t(\n  a INTEGER PRIMARY KEY,\n"
                    "  b BLOB NOT NULL,\n  c ANY,\n  d TEXT\n) STRICT, WITHOUT ROWID;\n"
                    "CREATE TABLE u(a INTEGER) STRICT;\n") ==
        "\nCREATE TABLE t(\n  a BIGINT PRIMARY KEY,\n  b BYTEA NOT NULL,\n  c BYTEA,\n"
        "  d TEXT COLLATE \"C\"\n);\nCREATE TABLE u(a BIGINT);\n");
  // Words inside words and in quotes are not types.
  CHECK(schema_text("CREATE TABLE MANY(TEXT_BLOB INTEGER DEFAULT 'TEXT')") ==
        "CREATE TABLE MANY(TEXT_BLOB BIGINT DEFAULT 'TEXT')");
}

TEST_CASE("only a plain insert is copied") {
  CHECK(copy_target("INSERT INTO t VALUES(?, ?, ?)") == "t");
  CHECK(copy_target("INSERT INTO t VALUES(?)") == "t");
  CHECK(copy_target("INSERT INTO t(a, b) VALUES(?, ?)") == "t(a, b)");
  for (const char* other :
       {"INSERT INTO t VALUES('a', ?)", "INSERT INTO t VALUES(?, 1)",
        "INSERT INTO t VALUES(?, ?) ON CONFLICT(a) DO UPDATE SET b = excluded.b",
        "INSERT INTO t SELECT a FROM u WHERE b = ?", "INSERT INTO t AS kept VALUES(?) RETURNING a",
        "INSERT INTO t VALUES(?2, ?1)", "UPDATE t SET a = ?", "INSERT INTO t DEFAULT VALUES", ""}) {
    CAPTURE(other);
    CHECK(copy_target(other).empty());
  }
}

namespace {

// A numeric as the server sends it: weight, sign, digits to the base 10000.
std::string numeric(int weight, int sign, std::initializer_list<int> digits) {
  std::string out;
  const auto put = [&](int value) {
    out += static_cast<char>(value >> 8);
    out += static_cast<char>(value & 0xff);
  };
  for (const int head : {static_cast<int>(digits.size()), weight, sign, 0}) put(head);
  for (const int digit : digits) put(digit);
  return out;
}

constexpr int kPlus = 0;
constexpr int kMinus = 0x4000;

}  // namespace

TEST_CASE("sums are read whole or refused") {
  CHECK(*decode_int(kNumeric, numeric(0, kPlus, {})) == 0);
  CHECK(*decode_int(kNumeric, numeric(0, kPlus, {7})) == 7);
  CHECK(*decode_int(kNumeric, numeric(1, kMinus, {12, 34})) == -120034);
  CHECK(*decode_int(kNumeric, numeric(2, kPlus, {5})) == 500000000);  // trailing zeros are not sent
  CHECK(*decode_int(kNumeric, numeric(4, kPlus, {922, 3372, 368, 5477, 5807})) ==
        std::numeric_limits<std::int64_t>::max());
  CHECK(*decode_int(kNumeric, numeric(4, kMinus, {922, 3372, 368, 5477, 5808})) ==
        std::numeric_limits<std::int64_t>::min());
  for (const auto& bad :
       {numeric(4, kPlus, {922, 3372, 368, 5477, 5808}),
        numeric(4, kMinus, {922, 3372, 368, 5477, 5809}), numeric(9, kPlus, {1})}) {
    CHECK(decode_int(kNumeric, bad).error().code == core::Errc::kOverflow);
  }
  CHECK_FALSE(decode_int(kNumeric, numeric(0, kPlus, {7, 5000})).has_value());  // 7.5
  CHECK_FALSE(decode_int(kNumeric, numeric(0, 0xC000, {})).has_value());        // not a number
  CHECK_FALSE(decode_int(kNumeric, "short").has_value());
}

TEST_CASE("numbers keep their sign in every width, and are digits among bytes") {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 40,
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    CHECK(*decode_int(kInt8, *encode_int(kInt8, value)) == value);
    CHECK(*decode_int(kBytea, *encode_int(kBytea, value)) == value);
  }
  CHECK(*decode_int(kInt4, *encode_int(kInt4, -5)) == -5);
  CHECK(*decode_int(kInt2, *encode_int(kInt2, -5)) == -5);
  CHECK(*encode_int(kBytea, -120) == "-120");
  CHECK(encode_int(kInt4, std::int64_t{1} << 31).error().code == core::Errc::kOverflow);
  CHECK_FALSE(encode_bytes(kInt8, "12345678").has_value());  // would be read as a number
  CHECK_FALSE(encode_int(kNumeric, 1).has_value());
}

TEST_CASE("a URL that cannot be read, or not reached, is refused without its password") {
  CHECK(is_url("postgres://a@b/c"));
  CHECK(is_url("postgresql:///c"));
  CHECK_FALSE(is_url("postgres.db"));
  CHECK_FALSE(is_url("/var/postgres://x"));
  for (const char* url : {"postgres://me:secret@[half/books", "postgres://me:secret%zz@host/books",
                          "postgres://me:secret@host/books?secret=1",
                          "postgres://me:secret@/books?host=/nowhere/at/all",
                          "postgres://me:secret@127.0.0.1:1/books?connect_timeout=2",
                          "postgres:///books?host=/nowhere&password=secret"}) {
    CAPTURE(url);
    const auto db = open(url, {});
    REQUIRE_FALSE(db.has_value());
    CHECK(db.error().what.find("secret") == std::string::npos);
    const auto code = db.error().code;
    CHECK((code == core::Errc::kUsage || code == core::Errc::kNetwork));
  }
}
