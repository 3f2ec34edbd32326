// Database: one interface to a database's tables, whatever keeps them: SQLite (core/sqlite) or
// PostgreSQL (core/postgres). Which texts both understand: docs/adr/0016-books-in-postgresql.md.
// Must not know any schema, or any of the two libraries.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::sql {

// What a library does for Statement, with the same meaning.
class StatementHandle {
 public:
  virtual ~StatementHandle() = default;
  virtual void bind_int(int position, std::int64_t value) = 0;
  virtual void bind_text(int position, std::string_view value) = 0;
  virtual void bind_blob(int position, ByteView value) = 0;
  virtual void bind_null(int position) = 0;
  virtual Result<bool> step() = 0;
  virtual Result<void> run() = 0;
  virtual void reset() = 0;
  virtual std::int64_t column_int(int column) const = 0;
  virtual std::string_view column_text(int column) const = 0;
  virtual ByteView column_blob(int column) const = 0;
  virtual bool column_is_null(int column) const = 0;
};

// A prepared statement. Parameters are written ? or ?1 and count from 1, columns from 0.
// Owner: the database must outlive it. Thread: the database's.
class Statement {
 public:
  explicit Statement(std::unique_ptr<StatementHandle> handle) : handle_(std::move(handle)) {}

  // Values are copied. A failure to bind is reported by the next step() or run().
  Statement& bind_int(int position, std::int64_t value) {
    handle_->bind_int(position, value);
    return *this;
  }
  Statement& bind_text(int position, std::string_view value) {
    handle_->bind_text(position, value);
    return *this;
  }
  Statement& bind_blob(int position, ByteView value) {
    handle_->bind_blob(position, value);
    return *this;
  }
  Statement& bind_null(int position) {
    handle_->bind_null(position);
    return *this;
  }

  // True: a row is there. False: done. Errors: as Database.
  Result<bool> step() { return handle_->step(); }
  // To the end, ignoring rows, and resets: for statements that change something. An error may come
  // later, at the next step(), exec() or commit(): a server is not waited for after each row.
  Result<void> run() { return handle_->run(); }
  // Ready for new values; the bound ones stay.
  void reset() { handle_->reset(); }

  // Views live until the next step(), reset() or the end of the statement.
  std::int64_t column_int(int column) const { return handle_->column_int(column); }
  std::string_view column_text(int column) const { return handle_->column_text(column); }
  ByteView column_blob(int column) const { return handle_->column_blob(column); }
  bool column_is_null(int column) const { return handle_->column_is_null(column); }

 private:
  std::unique_ptr<StatementHandle> handle_;
};

// Whose tables a database has: both numbers are their maker's. Zeros: nobody's, or not known.
struct Marks {
  bool is_empty = false;  // there are no tables at all
  std::int64_t application = 0;
  std::int64_t version = 0;
};

// How much of an answer is in memory at once.
enum class Rows { kAll, kSome };

// What a library does for Database and Transaction.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual const std::string& name() const = 0;
  virtual Result<std::unique_ptr<StatementHandle>> prepare(std::string_view sql, Rows rows) = 0;
  virtual Result<void> exec(const std::string& sql) = 0;
  virtual Result<Marks> marks() = 0;
  virtual Result<void> create_tables(const std::string& schema, const Marks& marks) = 0;
  virtual Result<void> begin() = 0;
  virtual Result<void> commit() = 0;
  virtual void rollback() = 0;
};

// One connection. Thread: one at a time.
// Errors of every operation, with the database's name and the library's text: kBusy (another
// process holds it), kDiskFull, kDamaged, kSyncFailed, kIo, kNetwork (the server went away),
// kOverflow (a sum that does not fit), kDatabase (everything else).
class Database {
 public:
  explicit Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  // For people: a file, or a URL without its password.
  const std::string& name() const { return connection_->name(); }
  // Runs one or more statements that have no parameters and whose rows do not matter.
  Result<void> exec(const std::string& sql) { return connection_->exec(sql); }
  Result<Statement> prepare(std::string_view sql);
  // As prepare(), for an answer that may be large: it is taken in pieces. Shape: no parameters.
  // Lives inside a transaction, or in a database that is only read.
  Result<Statement> scan(std::string_view sql);
  // The first column of the first row; kNotFound when there is no row.
  Result<std::int64_t> query_int(std::string_view sql);
  Result<std::string> query_text(std::string_view sql);

  Result<Marks> marks() { return connection_->marks(); }
  // Makes tables in an empty database. The schema is SQLite's, with its PRAGMAs for the marks.
  Result<void> create_tables(const std::string& schema, const Marks& marks) {
    return connection_->create_tables(schema, marks);
  }

 private:
  friend class Transaction;
  std::unique_ptr<Connection> connection_;
};

// kDamaged: what a database holds is nothing that its owner writes.
Unexpected damaged(std::string_view database, std::string_view what);

// The only writer, from begin() to commit(); rolls back when it is destroyed without a commit that
// succeeded. Owner: the database must outlive it. Its statements must be finished or reset before
// commit().
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // Says every error of the transaction that was not said before. After an error nothing of the
  // transaction is kept, except after kSyncFailed, kIo and kNetwork, when only opening the database
  // again can tell.
  Result<void> commit();

 private:
  explicit Transaction(Connection* owner) : owner_(owner) {}
  Connection* owner_;
};

}  // namespace core::sql
