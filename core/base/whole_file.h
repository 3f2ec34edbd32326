// WholeFile: a file's content at once, bounded. For what people hand over; logs have core/disk.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "core/base/result.h"

namespace core {

// Errors: kNotFound (no such file), kIo (a directory, no permission, a read that failed),
// kTooLarge.
Result<std::string> read_whole_file(const std::filesystem::path& path,
                                    std::size_t bytes_max = std::size_t{64} << 20);

}  // namespace core
