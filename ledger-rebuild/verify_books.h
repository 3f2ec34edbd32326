// VerifyBooks: the books against themselves, and against the log that they claim to be made from.
// Must not change either.
#pragma once

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
