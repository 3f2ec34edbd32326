// check and dump: what an operator or a test sees of a log that no relay is serving.
// Must not change anything. Format: docs/formats/log.md.
#pragma once

#include <cstdio>
#include <filesystem>

#include "core/base/ids.h"
#include "core/base/result.h"

namespace relay {

// One line a damage, then a summary; then whether the blobs have the bytes that their names say,
// and whether tree and index are those of the entries. Errors: kNotFound, kIo, kMalformed; kDamaged
// when entries or bytes are damaged. A torn tail alone is reported, and no error.
core::Result<void> check_log(const std::filesystem::path& directory, std::FILE* out);

// One line an entry: index, segment, offset, id, kid, epoch, sequence; damages in their place.
// Errors: as check_log.
core::Result<void> dump_log(const std::filesystem::path& directory, core::LogIndex from,
                            std::FILE* out);

}  // namespace relay
