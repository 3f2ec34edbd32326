// An SQLite database behind core::sql's interface, for who must not care which one it is.
// Must not know any schema.
#pragma once

#include "core/sql/database.h"
#include "core/sqlite/database.h"

namespace core::sqlite {

// Marks are PRAGMA application_id and user_version.
sql::Database as_sql(Database database);

}  // namespace core::sqlite
