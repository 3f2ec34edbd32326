// Replay: reads a log's new entries and brings the books up to date with them.
// Must not know where the log is kept or how figures are printed. Rules: docs/formats/books.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/roster.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/intake.h"
#include "ledger-rebuild/log_tree.h"
#include "ledger-rebuild/source.h"

namespace rebuild {

// Called now and then: entries read so far, and of how many (0: nobody knows).
using Progress = std::function<void(std::uint64_t done, std::uint64_t all)>;

struct ReplayOptions {
  // kEvery also compares everything that the books know already: the log from its first entry, and
  // all tables with their digest. kTips trusts the digests of the chains and the tree of the log.
  Verify verify = Verify::kEvery;
  unsigned threads = 0;  // 0: one a core
  // Of kTips: after so many new entries what was posted is kept, and a replay that is killed goes
  // on from there. Each time the tips' signatures are checked. kEvery does all at once.
  std::uint64_t stage = 2'000'000;
  Progress progress = {};
  // What the log must also have: what head office saw of it elsewhere.
  std::vector<LogHead> shown = {};
};

// What one replay did. Times in seconds.
struct ReplayOutcome {
  std::uint64_t entries_read = 0;  // entries that the source gave and the books did not have
  std::uint64_t messages_new = 0;  // of these, messages that were not in the books
  std::uint64_t signatures_checked = 0;
  std::vector<std::string> damages;  // of the source; each also means exit status 1
  std::vector<std::string> remarks;
  // Where the log is not the one that somebody was shown; each also means exit status 1.
  std::vector<std::string> log_faults;
  StateCounts states;        // of all messages in the books, afterwards
  BooksDigest digest;        // of the books, afterwards
  double open_seconds = 0;   // the books, before
  double read_seconds = 0;   // the source
  double check_seconds = 0;  // hash, parse, verify, open, decode, fold: on all threads
  double judge_seconds = 0;  // of what the march set aside, its rows included
  double rows_seconds = 0;   // inserting the rows of what marched
  double seal_seconds = 0;   // the digest of it all, and everything synced
};

// Posts everything that `source` has and `books` does not, one transaction a stage; creates the
// books when there are none. `books`: a file, or postgres://user@host/database. A replay that is
// killed or fails leaves the books of its last whole stage, which are those of the log up to there.
// Errors: those of the source; kDamaged (the log is not the one that these books were made from: it
// shrank, or a known entry has another id; or the tables are not those of their digest),
// kMalformed (books of another version, or of another origin), kState (a period was closed by a
// bulletin that is contradicted now), kBusy (another replay is writing),
// kDatabase.
core::Result<ReplayOutcome> replay(Source& source, const core::envelope::Roster& roster,
                                   const std::filesystem::path& books,
                                   const ReplayOptions& options = {});

}  // namespace rebuild
