// Restore: a journal made again from a backup, and what becomes of each document of the till that
// was lost: proven, unsent, lost or unknown, as far as the books bound it.
// Must not know files of a backup (ledger-rebuild/recover.h).
// Rules: docs/formats/backup.md, "The new journal".
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/enrol_request.h"
#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "core/journal/key.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/recover.h"

namespace rebuild {

// What became of a closed day's documents.
enum class DayVerdict {
  kProven,        // the books posted its closing, whose root these documents have
  kUnsent,        // the books do not have its closing: it can be sent as it is
  kNotPosted,     // the books have its closing, and it counts nowhere
  kNotCompared,   // there are no books to compare with
  kContradicted,  // its closing has another root than these documents
};
std::string_view day_verdict_text(DayVerdict verdict);

struct RestoredDay {
  core::BusinessDay day;
  std::uint64_t documents = 0;
  DayVerdict verdict = DayVerdict::kNotCompared;
};

// Numbers that a closing in the books has, and no document of the backup.
struct LostNumbers {
  core::BusinessDay day;
  int series = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

struct UnsentMessage {
  core::Epoch epoch;
  core::Sequence sequence;
  core::Bytes message;
};

struct Restored {
  std::vector<RestoredDay> days;
  std::vector<LostNumbers> lost;
  std::vector<core::BusinessDay> lost_days;        // closed in the books, and not in the backup
  std::optional<core::BusinessDay> open_in_books;  // opened there and never closed: unknown
  std::vector<UnsentMessage> unsent;
  std::optional<core::BusinessDay> last_day;  // closed, as far as anybody knows
  std::map<int, std::uint64_t> numbers;       // by series: the last that is known
  std::uint64_t skipped = 0;                  // each series goes on so far above it
  core::envelope::EnrolRequest request;
};

struct RestoreOrder {
  core::TillRef till;
  std::filesystem::path journal;
  core::journal::JournalKey key;      // empty: it is not encrypted
  std::optional<std::uint64_t> skip;  // nullopt: twice what its busiest day gave out, 100 at least
};

// Makes the journal. `books`: nullptr, or those of the till's log. Errors: kExists, kMalformed (the
// backup holds what no journal has), kDamaged, kIo, kDiskFull, kSyncFailed, kDatabase; there is no
// journal then.
core::Result<Restored> restore(const BackupChoice& backup, const RestoreOrder& order,
                               const core::envelope::Roster& roster, const Books* books);

}  // namespace rebuild
