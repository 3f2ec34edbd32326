// Backup: what goes to a till's backup targets, kept until every one of them has it.
// Must not know how a target keeps a file (till/backup_target.h), nor what an increment holds
// (core/journal/content.h). Format: docs/formats/backup.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "till/journal.h"

namespace till {

class BackupTarget;

// Why a till that has targets writes no increments.
enum class BackupState {
  kNoTarget,   // there is nowhere to copy them to
  kNotJoined,  // no epoch yet
  kInClear,    // head office has named no key to seal to
  kWritten,    // with each closing
};

struct BackupStatus {
  BackupState state = BackupState::kNoTarget;
  std::uint64_t number = 0;  // of the last increment; 0: none yet
  bool whole_due = false;    // the next closing's holds everything
  struct Target {
    std::string place;
    std::uint64_t waiting = 0;  // increments that it does not have
  };
  std::vector<Target> targets;
};

// A view on a till's journal. Owner: the Till must outlive it and must not be moved meanwhile.
// Errors of every operation: also those of core::sqlite::Database.
class Backup {
 public:
  explicit Backup(Journal& journal) : journal_(journal) {}

  core::Result<BackupStatus> status();
  core::Result<std::vector<std::string>> places();

  enum class Extent { kSinceLast, kWhole };
  // Inside a transaction, as the last of its rows: the next increment, if there is a target and the
  // till can seal. kWhole also without a target. Returns its number; nullopt: none was written.
  core::Result<std::optional<std::uint64_t>> write(Extent extent);
  // Inside a transaction: from now on these, and no others. True: one is new, and has nothing yet.
  core::Result<bool> set_places(const std::vector<std::string>& places);
  // Inside a transaction: the next increment holds everything.
  core::Result<void> ask_for_whole();

  enum class Reach { kNear, kAll };
  // Copies to each target, or to those that are not far, what it does not have; what all have is
  // deleted. A target that fails leaves the others theirs. Returns how many increments were copied.
  // Errors: the first target's, naming it; what was copied stays.
  core::Result<std::uint64_t> copy_due(Reach reach = Reach::kAll);

  // An increment that waits for a far target, for somebody who carries it while the till sells.
  struct Load {
    std::string place;
    core::Epoch epoch;  // numbers begin again in each
    std::uint64_t number = 0;
    std::vector<std::pair<std::string, core::Bytes>> files;  // by name
  };
  // The oldest for the first far target behind `after`, or from the beginning again; nullopt: none
  // waits.
  core::Result<std::optional<Load>> next_load(std::string_view after);
  // Of an epoch that has ended meanwhile: no change.
  core::Result<void> is_carried(const Load& load);
  // Copies one increment.
  core::Result<void> copy(std::uint64_t number, BackupTarget& target);
  // Deletes what all targets have.
  core::Result<void> forget_copied();

  // Whether the increments that are kept are signed, chained, and the last ones. Errors: kDamaged.
  core::Result<void> check();

 private:
  struct Waiting {
    std::string place;
    std::uint64_t has = 0;
  };
  core::Result<std::vector<Waiting>> waiting();
  core::Result<std::vector<std::uint64_t>> numbers_above(std::uint64_t has);
  // Parts of one increment, by name.
  core::Result<std::vector<std::pair<std::string, core::Bytes>>> files_of(std::uint64_t number);
  core::Result<void> mark(const std::string& place, std::uint64_t number);
  core::Result<std::uint64_t> copy_due_to(const std::string& place, std::uint64_t has);
  core::Result<std::optional<core::envelope::SealingKey>> sealing_key() const;
  core::Result<void> put_parts(std::uint64_t number, core::envelope::Hash link,
                               const std::vector<core::Bytes>& contents,
                               const core::envelope::SealingKey& key);

  Journal& journal_;
};

}  // namespace till
