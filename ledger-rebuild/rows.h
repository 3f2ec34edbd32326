// Small readers over rows of books.db. Private to the room.
#pragma once

#include <utility>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/sql/database.h"

namespace rebuild {

// Calls take(row) for every row of `sql`; an error that it returns ends the reading.
template <typename Take>
core::Result<void> for_rows(core::sql::Database& db, std::string_view sql, Take take) {
  TRY_ASSIGN(core::sql::Statement rows, db.scan(sql));
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    TRY(take(std::as_const(rows)));
  }
}

// SQLite's integers are signed; nothing that the books keep needs the last bit.
inline std::int64_t as_int(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

// The messages of a chain, from the number of its last one (?1) back; to be used as `link`.
inline constexpr const char* kLinkSql =
    "WITH RECURSIVE link(number) AS (SELECT CAST(?1 AS BIGINT) WHERE CAST(?1 AS BIGINT) IS NOT "
    "NULL "
    "UNION SELECT m.previous FROM link JOIN messages m USING(number) "
    "WHERE m.previous IS NOT NULL) ";

template <typename Id>
Id id_at(const core::sql::Statement& row, int column) {
  return Id{static_cast<typename Id::rep>(row.column_int(column))};
}

inline core::TillRef till_at(const core::sql::Statement& row, int store_column) {
  return core::TillRef{id_at<core::StoreId>(row, store_column),
                       id_at<core::TillId>(row, store_column + 1)};
}

inline constexpr const char* kSetMetaSql =
    "INSERT INTO meta VALUES(?, ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value";
inline core::Result<void> set_meta(core::sql::Database& db, std::string_view name,
                                   std::int64_t value) {
  TRY_ASSIGN(auto row, db.prepare(kSetMetaSql));
  return row.bind_text(1, name).bind_int(2, value).run();
}
inline core::Result<void> set_meta(core::sql::Database& db, std::string_view name,
                                   core::ByteView value) {
  TRY_ASSIGN(auto row, db.prepare(kSetMetaSql));
  return row.bind_text(1, name).bind_blob(2, value).run();
}

}  // namespace rebuild
