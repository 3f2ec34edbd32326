// Digest: SHA-256 over the rows of the books as they are read back from the tables.
// Must not know how rows come about. Rows and their order: docs/formats/books.md, "Digest".
#pragma once

#include "core/base/result.h"
#include "core/sqlite/database.h"
#include "ledger-rebuild/books.h"

namespace rebuild {

// Errors of all: kDatabase, kDamaged (a row that the replay does not write).
core::Result<BooksDigest> compute_digest(core::sqlite::Database& db);
core::Result<BooksDigest> read_stored_digest(core::sqlite::Database& db);
core::Result<StateCounts> count_states(core::sqlite::Database& db);

// Errors: kMalformed (not books, or of another version).
core::Result<void> check_books_version(core::sqlite::Database& db);

}  // namespace rebuild
