// VerifyBooks: the books against themselves, and against the log that they claim to be made from.
// Must not change either.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/envelope/roster.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/replay.h"
#include "ledger-rebuild/source.h"

namespace rebuild {

// What is wrong with the tables, one line each; empty: every entry balances, totals are the sums of
// the messages' own figures, states and rows agree, and the stored digest is that of the tables.
// Errors: kDatabase, kOverflow.
core::Result<std::vector<std::string>> verify_books(const Books& books);

// How a log compares with the one that the books were made from.
struct PrefixCheck {
  std::uint64_t entries = 0;             // of the books' log that were found and hashed
  std::optional<std::uint64_t> differs;  // the first index that has another entry, or none
};

// Hashes the log's entries, on all threads, and compares them with the tree in the books: says
// whether it is the same log, and reads no message. Errors: those of the source; kDatabase.
core::Result<PrefixCheck> check_prefix(const Books& books, Source& source, unsigned threads);

struct LogAudit {
  ReplayOutcome outcome;              // of a replay with every signature checked
  std::vector<std::string> problems;  // empty: the log gives these very books
};

// Replays `source` into new books below the directory for temporary files, and compares.
// Errors: as replay.
core::Result<LogAudit> verify_against_log(const Books& books, Source& source,
                                          const core::envelope::Roster& roster, unsigned threads,
                                          const Progress& progress);

}  // namespace rebuild
