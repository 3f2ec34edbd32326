// NewJournal: a till's journal made again from its backup, with new keys.
// Must not know where the backup was, nor what its documents say.
// Format: docs/formats/backup.md, "The new journal".
#pragma once

#include <filesystem>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/journal/end_life.h"
#include "core/journal/key.h"
#include "core/sqlite/database.h"

namespace core::journal {

// A file beside `path` until finish(), which gives it its name: there is a whole journal or none.
// Errors of all: those of Database.
class NewJournal {
 public:
  // Errors: kExists; of the key, those of Database.
  static Result<NewJournal> begin(const std::filesystem::path& path, const JournalKey& key);
  NewJournal(NewJournal&&) = default;
  ~NewJournal();

  // As core/journal/content.h has it.
  Result<void> put(ByteView content, bool first_part);
  // After all rows, as core/journal/end_life.h has it. Errors: also kMalformed (no whole
  // increment).
  Result<void> end_life(const NewIdentity& identity, const EndOfLife& end);
  // Durable when it returns. Errors: also kIo, kSyncFailed.
  Result<void> finish();

  sqlite::Database& database() { return *database_; }

 private:
  NewJournal(std::filesystem::path path, sqlite::Database database);

  std::filesystem::path path_;
  std::optional<sqlite::Database> database_;  // none: finished, or moved from
};

}  // namespace core::journal
