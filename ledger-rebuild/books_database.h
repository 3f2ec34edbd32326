// Opening the books' database: an SQLite file, or a PostgreSQL database by its URL. The only place
// of the rebuild that knows which it is. Must not know tables.
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/sql/database.h"

namespace rebuild {

// Shape: a file, or postgres://user@host/database as libpq takes it.
// Errors: kNotFound (no such file), kUsage (a URL that cannot be read), kNetwork, kDatabase.
core::Result<core::sql::Database> open_to_read(const std::filesystem::path& books);
// The same for a few questions to one moment, which a commit waits for: to be closed soon. Errors:
// also kBusy (a replay is writing the file), after a short while.
core::Result<core::sql::Database> open_one_moment(const std::filesystem::path& books);
// Makes the file when there is none. Errors: likewise.
core::Result<core::sql::Database> open_to_write(const std::filesystem::path& books);

}  // namespace rebuild
