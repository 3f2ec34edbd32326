// The interface's calls, passed on one by one.
#include "core/sqlite/sql_database.h"

#include <optional>
#include <utility>

namespace core::sqlite {
namespace {

class SqliteStatement final : public sql::StatementHandle {
 public:
  explicit SqliteStatement(Statement statement) : statement_(std::move(statement)) {}

  void bind_int(int position, std::int64_t value) override { statement_.bind_int(position, value); }
  void bind_text(int position, std::string_view value) override {
    statement_.bind_text(position, value);
  }
  void bind_blob(int position, ByteView value) override { statement_.bind_blob(position, value); }
  void bind_null(int position) override { statement_.bind_null(position); }
  Result<bool> step() override { return statement_.step(); }
  Result<void> run() override { return statement_.run(); }
  void reset() override { statement_.reset(); }
  std::int64_t column_int(int column) const override { return statement_.column_int(column); }
  std::string_view column_text(int column) const override { return statement_.column_text(column); }
  ByteView column_blob(int column) const override { return statement_.column_blob(column); }
  bool column_is_null(int column) const override { return statement_.column_is_null(column); }

 private:
  Statement statement_;
};

class SqliteConnection final : public sql::Connection {
 public:
  explicit SqliteConnection(Database database)
      : database_(std::move(database)), name_(database_.path().string()) {}

  const std::string& name() const override { return name_; }

  // SQLite never has more than one row in memory.
  Result<std::unique_ptr<sql::StatementHandle>> prepare(std::string_view sql, sql::Rows) override {
    TRY_ASSIGN(Statement statement, database_.prepare(sql));
    return std::unique_ptr<sql::StatementHandle>(
        std::make_unique<SqliteStatement>(std::move(statement)));
  }

  Result<void> exec(const std::string& sql) override { return database_.exec(sql); }

  Result<sql::Marks> marks() override {
    sql::Marks out;
    TRY_ASSIGN(const auto tables, database_.query_int("SELECT COUNT(*) FROM sqlite_schema"));
    out.is_empty = tables == 0;
    TRY_ASSIGN(out.application, database_.query_int("PRAGMA application_id"));
    TRY_ASSIGN(out.version, database_.query_int("PRAGMA user_version"));
    return out;
  }

  Result<void> create_tables(const std::string& schema, const sql::Marks& marks) override {
    TRY(database_.exec(schema));
    TRY_ASSIGN(const sql::Marks made, this->marks());
    CORE_CHECK(made.application == marks.application && made.version == marks.version);
    return {};
  }

  Result<void> begin() override {
    TRY_ASSIGN(Transaction begun, Transaction::begin(database_));
    transaction_.emplace(std::move(begun));
    return {};
  }
  Result<void> commit() override {
    TRY(transaction_.value().commit());
    transaction_.reset();
    return {};
  }
  void rollback() override { transaction_.reset(); }

 private:
  Database database_;
  std::string name_;
  std::optional<Transaction> transaction_;
};

}  // namespace

sql::Database as_sql(Database database) {
  return sql::Database(std::make_unique<SqliteConnection>(std::move(database)));
}

}  // namespace core::sqlite
