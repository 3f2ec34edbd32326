// Database: SQLite behind Result, with pooled statements and scoped transactions.
// Must not know any schema. Owners of a schema: docs/formats/journal.md, docs/formats/books.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::sqlite {

inline constexpr std::size_t kKeySize = 32;

struct DatabaseImpl;

enum class ColumnType { kInteger, kText, kBlob, kNull };

// A prepared statement, on loan: it goes back to its database's pool when it is destroyed, so that
// the same text is compiled once. Positions of parameters and columns follow SQLite: parameters
// from 1, columns from 0. Owner: the database must outlive it. Thread: the database's.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Values are copied. A failure to bind is reported by the next step().
  Statement& bind_int(int position, std::int64_t value);
  Statement& bind_text(int position, std::string_view value);
  Statement& bind_blob(int position, ByteView value);
  Statement& bind_null(int position);

  // True: a row is there. False: done. Errors: as Database; the statement is reset.
  Result<bool> step();
  // Steps to the end, ignoring rows, and resets: for statements that change something.
  Result<void> run();
  // Ready for new values; the bound ones stay.
  void reset();

  // Views live until the next step(), reset() or the end of the statement.
  std::int64_t column_int(int column) const;
  std::string_view column_text(int column) const;
  ByteView column_blob(int column) const;
  bool column_is_null(int column) const;
  // Of the present row's value; a floating-point number counts as a blob, which no table here has.
  ColumnType column_type(int column) const;

 private:
  friend class Database;
  Statement(DatabaseImpl* owner, void* handle) : owner_(owner), handle_(handle) {}

  DatabaseImpl* owner_;
  void* handle_;  // sqlite3_stmt
  int bind_result_ = 0;
};

struct OpenOptions {
  bool read_only = false;
  bool create = false;  // makes an empty database when there is none, readable by its owner only
  int busy_timeout_ms = 0;
  int page_size = 0;  // of a new file, and of every encrypted one; 0: SQLite's
  // Encrypts the whole file, with its log (SQLCipher 4, used as it is, without derivation). Shape:
  // kKeySize bytes, or none: not encrypted. Whether it fits shows when the file is first read: with
  // another one it is kDamaged.
  ByteView key = {};
  // Of a new file that is not encrypted: each page ends with a checksum. Of any file that has them
  // they are looked at whenever a page is read: a wrong one is kDamaged.
  bool page_checks = false;
};

// One connection. Thread: one at a time.
// Errors of every operation, with the file's name and SQLite's text: kBusy (another process holds
// it), kDiskFull, kDamaged (not a database, or a damaged one), kSyncFailed (close it and do not use
// it any more), kIo, kDatabase (everything else).
class Database {
 public:
  // Errors: also kNotFound (no such file, and not `create`).
  static Result<Database> open(const std::filesystem::path& path, OpenOptions options);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // Runs one or more statements that have no parameters and whose rows do not matter.
  Result<void> exec(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  // Encrypts everything anew, in one transaction; only for a database that is encrypted. After an
  // error only reopening it can tell which key it has.
  Result<void> rekey(ByteView key);
  // The first column of the first row; kNotFound when there is no row.
  Result<std::int64_t> query_int(std::string_view sql);
  Result<std::string> query_text(std::string_view sql);

  // Whether the file's pages have checksums, as page_checks gives them to a new one.
  bool has_page_checks() const;
  // Rows that the last INSERT, UPDATE or DELETE changed.
  std::int64_t changes() const;
  const std::filesystem::path& path() const;

 private:
  friend class Transaction;
  explicit Database(std::unique_ptr<DatabaseImpl> impl);
  std::unique_ptr<DatabaseImpl> impl_;
};

// kDamaged: what a file holds is nothing that its owner writes.
Unexpected damaged(const std::filesystem::path& file, std::string_view what);

// BEGIN IMMEDIATE ... COMMIT; rolls back when it is destroyed without a commit that succeeded.
// Owner: the database must outlive it. Its statements must be finished or reset before commit().
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // After an error nothing of the transaction is kept, except after kSyncFailed and kIo, when only
  // reopening the database can tell.
  Result<void> commit();

 private:
  explicit Transaction(DatabaseImpl* owner) : owner_(owner) {}
  DatabaseImpl* owner_;
};

}  // namespace core::sqlite
