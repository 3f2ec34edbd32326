// Small readers over rows of books.db. Private to the room.
#pragma once

#include <utility>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/sqlite/database.h"

namespace rebuild {

// What SQL calls a message that is the till's own word, posted or not: its states and reasons.
inline constexpr const char* kAuthenticSql = "(state < 5 OR reason IN (7, 8, 9))";

// Calls take(row) for every row of `sql`; an error that it returns ends the reading.
template <typename Take>
core::Result<void> for_rows(core::sqlite::Database& db, std::string_view sql, Take take) {
  TRY_ASSIGN(core::sqlite::Statement rows, db.prepare(sql));
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    TRY(take(std::as_const(rows)));
  }
}

template <typename Id>
Id id_at(const core::sqlite::Statement& row, int column) {
  return Id{static_cast<typename Id::rep>(row.column_int(column))};
}

inline core::TillRef till_at(const core::sqlite::Statement& row, int store_column) {
  return core::TillRef{id_at<core::StoreId>(row, store_column),
                       id_at<core::TillId>(row, store_column + 1)};
}

}  // namespace rebuild
