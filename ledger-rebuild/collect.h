// Collect: brings the backups that wait at a relay to a directory of head office's.
// Must not know what is in a part. docs/backups.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/envelope/roster.h"
#include "core/wire/backup_box.h"

namespace rebuild {

struct Collected {
  std::uint64_t parts = 0;  // all that waited and came
  std::uint64_t written = 0;
  std::uint64_t bytes = 0;            // of the written ones
  std::uint64_t tills = 0;            // a directory each
  std::vector<std::string> troubles;  // parts that did not come, and why
};

enum class AtTheRelay { kRemove, kKeep };

// Each part becomes a file "STORE-TILL/STORE-TILL-EPOCH-NUMBER-PART.backup" below `to`; one that is
// there already with other bytes stays, and the new one gets its hash in its name. A part is
// removed from the relay when its file and its name are synced. One that the relay cannot give
// stays there and holds up no other. Errors: those of BackupBox::each, kIo, kDiskFull, kSyncFailed;
// what was brought before stays.
core::Result<Collected> collect(core::wire::BackupBox& box, const core::envelope::Roster& roster,
                                const std::filesystem::path& to, AtTheRelay afterwards);

}  // namespace rebuild
