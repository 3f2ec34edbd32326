// RowCursor: the rows of a query, one ahead. Private to the room.
#pragma once

#include <functional>
#include <optional>

#include "core/base/business_day.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

inline core::BusinessDay day_in(const core::sql::Statement& row, int column) {
  return core::BusinessDay{static_cast<std::int32_t>(row.column_int(column))};
}

// Without open() it has no rows. Owner: the books must outlive it.
template <typename Row>
class RowCursor {
 public:
  using Read = std::function<core::Result<Row>(const core::sql::Statement&)>;

  core::Result<void> open(const Books& books, const char* sql, Read read) {
    TRY_ASSIGN(auto statement, books.database().prepare(sql));
    statement_.emplace(std::move(statement));
    read_ = std::move(read);
    return advance();
  }
  // The row that comes next; none: there are no more.
  const std::optional<Row>& peek() const { return row_; }
  core::Result<void> advance() {
    row_.reset();
    TRY_ASSIGN(const bool there, statement_->step());
    if (!there) return {};
    TRY_ASSIGN(Row row, read_(*statement_));
    row_.emplace(std::move(row));
    return {};
  }

 private:
  std::optional<core::sql::Statement> statement_;
  Read read_;
  std::optional<Row> row_;
};

}  // namespace rebuild
