// BackupFiles: every file below a directory that may be a part of a till's backup.
// Must not know whose it is, nor trust its name. What is there: docs/formats/backup.md, "Targets".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace rebuild {

struct BackupFile {
  std::string name;  // below the directory
  core::Bytes bytes;
  std::string fault;  // not empty: it was not read, and why
};

// In the order of their names. Errors: kNotFound, kIo, kTooLarge (more than 100,000 files, or
// 4 GiB of them).
core::Result<std::vector<BackupFile>> read_backup_files(const std::filesystem::path& directory);

}  // namespace rebuild
