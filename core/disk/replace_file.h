// replace_file: a small file that is always the old one or the new one, as a whole.
// Must not know what is in it.
#pragma once

#include <filesystem>

#include "core/disk/file.h"

namespace core::disk {

enum class Access {
  kGroup,  // the owner writes, the group may read
  kOwner,
};

// Which syncs stand between the new content and the answer.
enum class Sync {
  kFull,  // file and directory: when it returns, a power cut leaves the new file
  kNone,  // for simulated machines that share one disk
};

// Writes "<path>.tmp" and renames it onto `path`.
// Errors: kDiskFull, kIo, kSyncFailed; `path` is then the old file or, after a failed sync of the
// directory, either of the two.
Result<void> replace_file(Filesystem& filesystem, const std::filesystem::path& path,
                          ByteView content, Access access, Sync sync = Sync::kFull);

}  // namespace core::disk
