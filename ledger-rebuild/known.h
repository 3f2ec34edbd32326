// Known: what the books remember of earlier replays, read back so that the whole set of messages
// can be judged again. Must not know how verdicts are reached. Tables: docs/formats/books.md.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/sqlite/database.h"
#include "ledger-rebuild/intake.h"

namespace rebuild {

struct SeenEntry {
  core::LogIndex index;
  MessageId id;
};

struct Known {
  Intake intake;                // every message and every entry that is none
  std::vector<SeenEntry> seen;  // ascending index
  core::LogIndex log_end;       // of the source, at the replay before
  std::size_t enrolments = 0;   // on the roster, at the replay before
  // The log's, at the replay before; none: nothing was replayed, or not without gaps.
  std::optional<core::envelope::TreeHead> tree_head;
  std::deque<core::Bytes> storage;  // of the bytes in quarantine
};

// What head office saw of the log. Errors: kDamaged, kDatabase.
core::Result<std::optional<core::envelope::TreeHead>> read_tree_head(core::sqlite::Database& db);

// Errors: kDamaged (a row that the replay does not write), kDatabase.
core::Result<Known> read_known(core::sqlite::Database& db);

// The part of `content` that the books do not have, after a check that the rest is the log that
// they were made from. Errors: kDamaged (the log shrank, or a known entry has another id).
core::Result<std::vector<SourceEntry>> new_entries(const SourceContent& content, const Known& known,
                                                   const std::string& source_name,
                                                   unsigned threads);

}  // namespace rebuild
