// NewJournal: a till's journal made again from its backup, with new keys.
// Must not know where the backup was, nor what its documents say.
// Format: docs/formats/backup.md, "The new journal".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/envelope/enrol_request.h"
#include "core/envelope/keys.h"
#include "core/envelope/sealing.h"
#include "core/journal/key.h"
#include "core/sqlite/database.h"

namespace core::journal {

// Whose journal it is, and what never changes in it.
struct NewIdentity {
  TillRef ref;
  Currency currency;
  std::string origin;
  envelope::PublicKey chain_key;  // that the chains of documents and audit log go on from
  envelope::PrivateKey key = envelope::PrivateKey::generate();
  envelope::SealingPrivateKey sealing_key = envelope::SealingPrivateKey::generate();
};

// Where the life that ended left off, as far as anybody knows.
struct EndOfLife {
  Epoch epoch;
  envelope::PublicKey key;
  std::optional<BusinessDay> last_day;
  std::int64_t sold_minor = 0;  // grand totals
  std::int64_t refunded_minor = 0;
  std::map<int, std::uint64_t> numbers;  // by series: the last one that may have been given out
};

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
  // After all rows: what was outside a day at the end becomes a life that ended. Errors: kMalformed
  // (no whole increment, or a day is open, or a series that there is not).
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
