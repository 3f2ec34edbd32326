// CsvFile: small tables that people or other companies hand in: read whole or refused by the line.
// Must not know what a field means. Format: RFC 4180, a row a line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace rebuild {

using CsvFields = std::vector<std::string>;

// Calls `take` for every row behind the header; rows have as many fields. An error that it returns
// is named with file and line. Errors: kNotFound, kIo, kMalformed.
core::Result<void> read_csv(const std::filesystem::path& file, const std::string& header,
                            const std::function<core::Result<void>(const CsvFields&)>& take);

// A row by its columns' names.
using CsvRow = std::map<std::string, std::string>;

// The same for tables of others: columns in any order, those of `needed` and any more. All bad rows
// are named, up to kBadRowsMax of them, before the whole is refused.
inline constexpr std::size_t kBadRowsMax = 20;
core::Result<void> read_csv_table(const std::filesystem::path& file,
                                  const std::vector<std::string>& needed,
                                  const std::function<core::Result<void>(const CsvRow&)>& take);

// A number from 1, as stores and tills have. Errors: kMalformed, with `what`.
core::Result<std::uint32_t> csv_number(const std::string& text, const char* what);

}  // namespace rebuild
