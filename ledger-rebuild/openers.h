// Openers: the keys that open what tills sealed, agreed once for each till and epoch.
// Must not know messages. Format of the file that keeps them: docs/formats/roster.md, "Directory".
#pragma once

#include <filesystem>

#include "core/base/result.h"
#include "core/envelope/roster.h"
#include "core/envelope/sealing.h"

namespace rebuild {

// Where head office keeps what it agreed on; made again from the roster when it is lost.
inline constexpr const char* kOpenersFile = "openers";

// Gives each enrolment that seals to `own` its opener: the kept one, or one that is agreed on now,
// on all cores. Returns how many were not kept. A file that is damaged, or of another key, keeps
// nothing. Errors: kMalformed (a till's sealing key agrees on nothing), kIo.
core::Result<std::size_t> attach_openers(const std::filesystem::path& directory,
                                         const core::envelope::SealingPrivateKey& own,
                                         core::envelope::Roster& roster);

// Keeps all openers of the roster. Errors: kIo, kDiskFull, kSyncFailed.
core::Result<void> keep_openers(const std::filesystem::path& directory,
                                const core::envelope::SealingPublicKey& own,
                                const core::envelope::Roster& roster);

}  // namespace rebuild
