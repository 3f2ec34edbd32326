// BooksWriter: brings books.db from the verdicts of the replay before to those of this one.
// Must not know how verdicts or entries come about. Tables: docs/formats/books.md.
#pragma once

#include <span>
#include <string>

#include "core/base/result.h"
#include "core/envelope/roster.h"
#include "core/sqlite/database.h"
#include "ledger-rebuild/facts.h"

namespace rebuild {

// Inside a transaction that the caller began and commits.
// Errors of all: kDatabase, kDiskFull, kIo, kSyncFailed.
class BooksWriter {
 public:
  explicit BooksWriter(core::sqlite::Database& db) : db_(db) {}

  core::Result<void> create_tables(const std::string& origin);
  // Adds the enrolments that are not there yet.
  core::Result<void> write_roster(const core::envelope::Roster& roster);
  // Writes the difference between the items' `before` and their verdicts. Errors: also kDamaged
  // (a posted message whose postings are gone). Returns whether anything was written.
  core::Result<bool> write_items(std::span<const Item> items, std::span<const Verdict> verdicts);
  core::Result<bool> write_no_messages(std::span<const NoMessage> entries);
  core::Result<void> set_log_end(core::LogIndex end);
  // What head office saw of the log.
  core::Result<void> set_tree_head(const core::envelope::TreeHead& head);
  // Computes the digest from the tables and stores it.
  core::Result<void> store_digest();

 private:
  core::sqlite::Database& db_;
};

}  // namespace rebuild
