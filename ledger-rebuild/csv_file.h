// CsvFile: small tables that people or other companies hand in: read whole or refused by the line.
// Must not know what a field means. Format: RFC 4180, a row a line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace rebuild {

using CsvFields = std::vector<std::string>;

// Calls `take` for every row behind the header; rows have as many fields. An error that it returns
// is named with file and line. Errors: kNotFound, kIo, kMalformed.
core::Result<void> read_csv(const std::filesystem::path& file, const std::string& header,
                            const std::function<core::Result<void>(const CsvFields&)>& take);

// A number from 1, as stores and tills have. Errors: kMalformed, with `what`.
core::Result<std::uint32_t> csv_number(const std::string& text, const char* what);

}  // namespace rebuild
