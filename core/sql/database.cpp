// Database: what both libraries have in common.
#include "core/sql/database.h"

#include <utility>

#include "core/base/check.h"

namespace core::sql {

Result<Statement> Database::prepare(std::string_view sql) {
  TRY_ASSIGN(auto handle, connection_->prepare(sql, Rows::kAll));
  return Statement(std::move(handle));
}

Result<Statement> Database::scan(std::string_view sql) {
  TRY_ASSIGN(auto handle, connection_->prepare(sql, Rows::kSome));
  return Statement(std::move(handle));
}

Result<std::int64_t> Database::query_int(std::string_view sql) {
  TRY_ASSIGN(Statement statement, prepare(sql));
  TRY_ASSIGN(const bool row, statement.step());
  if (!row) return fail(Errc::kNotFound, name() + ": no row for: " + std::string(sql));
  return statement.column_int(0);
}

Result<std::string> Database::query_text(std::string_view sql) {
  TRY_ASSIGN(Statement statement, prepare(sql));
  TRY_ASSIGN(const bool row, statement.step());
  if (!row) return fail(Errc::kNotFound, name() + ": no row for: " + std::string(sql));
  return std::string(statement.column_text(0));
}

Unexpected damaged(std::string_view database, std::string_view what) {
  return fail(Errc::kDamaged, std::string(database) + ": " + std::string(what));
}

Result<Transaction> Transaction::begin(Database& database) {
  TRY(database.connection_->begin());
  return Transaction(database.connection_.get());
}

Transaction::Transaction(Transaction&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)) {}

Transaction::~Transaction() {
  if (owner_ != nullptr) owner_->rollback();
}

Result<void> Transaction::commit() {
  CORE_CHECK(owner_ != nullptr);
  TRY(owner_->commit());
  owner_ = nullptr;
  return {};
}

}  // namespace core::sql
