// Digest: SHA-256 over the rows of the books, chain by chain, so that a night's messages continue
// it and nothing of the past is read again.
// Must not know how rows come about. Rows and their order: docs/formats/books.md, "Digest".
#pragma once

#include "core/base/result.h"
#include "core/sql/database.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/facts.h"
#include "ledger-rebuild/till_chains.h"

namespace rebuild {

// Of one message's rows in the tables.
struct MessageDigest {
  Hash row;
  Hash figures;
  bool has_figures = false;
};

// Of a message that is posted and not reversed.
MessageDigest digest_of(const Item& item, State state);
// Continues a chain's digests by the message that comes next in it.
void extend(TillChain& chain, const MessageDigest& message);

// Both digests of a chain, from its rows as they are in the tables now.
// Errors of all: kDatabase, kDamaged (a row that the replay does not write).
core::Result<void> digest_chain(core::sql::Database& db, TillChain& chain);

// Of chains, with the digests that they have, and of the quarantine as it is in the tables.
core::Result<BooksDigest> digest_books(core::sql::Database& db, const TillChains& chains);
// All of it from the tables.
core::Result<BooksDigest> compute_digest(core::sql::Database& db);
core::Result<BooksDigest> read_stored_digest(core::sql::Database& db);
core::Result<StateCounts> count_states(core::sql::Database& db);

// Errors: kMalformed (not books, or of another version).
core::Result<void> check_books_version(core::sql::Database& db);

}  // namespace rebuild
