// Dialect: the books' SQL texts, which are SQLite's, as PostgreSQL reads them. What the texts must
// keep to so that so little is left to do: docs/adr/0016-books-in-postgresql.md.
// Must not know connections.
#pragma once

#include <string>
#include <string_view>

namespace core::postgres {

// ? and ?1 become $1. What stands in quotes is left alone.
// Shape: either numbered or unnumbered parameters, at most nine numbered ones.
std::string query_text(std::string_view sql);

// CREATE statements: INTEGER becomes BIGINT, BLOB and ANY become BYTEA, TEXT is compared by bytes;
// STRICT, WITHOUT ROWID and PRAGMA lines are left out.
std::string schema_text(std::string_view sql);

// What a plain insert's rows can be copied into: "table" or "table(column, ...)". Empty: the text
// is not INSERT INTO ... VALUES(?, ..., ?) and nothing more.
std::string copy_target(std::string_view sql);

}  // namespace core::postgres
