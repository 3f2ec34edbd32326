// A PostgreSQL database behind core::sql's interface.
// Must not know any schema. What its transactions promise: docs/durability.md.
#pragma once

#include <string>
#include <string_view>

#include "core/sql/database.h"

namespace core::postgres {

// Whether a name is a URL of a PostgreSQL database, and no file.
bool is_url(std::string_view name);

struct OpenOptions {
  // Everything that is read is of one moment, the first question's; nothing can be written.
  bool read_only = false;
  // How long begin() waits for another writer before it is kBusy.
  int busy_timeout_ms = 0;
};

// Tables are those of the connection's first schema, which search_path names (public). Marks are a
// row of the table sql_marks. Transactions exclude each other by an advisory lock of that schema;
// who reads sees the last commit meanwhile.
// Errors: kUsage (the URL cannot be read), kNetwork, kDatabase (a server older than 15, or a
// database that is not in UTF-8).
Result<sql::Database> open(const std::string& url, OpenOptions options);

}  // namespace core::postgres
