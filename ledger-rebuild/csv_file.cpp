// CsvFile: fields apart by commas, quoted ones with quotes doubled.
#include "ledger-rebuild/csv_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "core/base/decimal.h"

namespace rebuild {

using core::Errc;
using core::fail;
using core::Result;

namespace {

constexpr std::size_t kLineBytesMax = 1000;

CsvFields csv_fields(std::string line) {
  if (!line.empty() && line.back() == '\r') line.pop_back();
  CsvFields out(1);
  bool is_quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && is_quoted && i + 1 < line.size() && line[i + 1] == '"') {
      out.back() += line[++i];
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == ',' && !is_quoted) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

}  // namespace

Result<std::uint32_t> csv_number(const std::string& text, const char* what) {
  const auto number = core::parse_unsigned(text);
  if (number && *number >= 1 && *number <= UINT32_MAX) return static_cast<std::uint32_t>(*number);
  return fail(Errc::kMalformed, std::string(what) + " '" + text + "' is no number from 1");
}

Result<void> read_csv(const std::filesystem::path& file, const std::string& header,
                      const std::function<Result<void>(const CsvFields&)>& take) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    return fail(Errc::kNotFound, file.string() + ": there is no such file");
  }
  std::ifstream in(file);
  if (!in) return fail(Errc::kIo, file.string() + ": " + std::strerror(errno));
  const CsvFields columns = csv_fields(header);
  bool headed = false;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const auto here = [&](Errc code, const std::string& what) {
      return fail(code, file.string() + ":" + std::to_string(number) + ": " + what);
    };
    if (line.size() > kLineBytesMax) return here(Errc::kMalformed, "a line of over 1000 bytes");
    const CsvFields fields = csv_fields(line);
    if (number == 1) {
      if (fields != columns) return here(Errc::kMalformed, "expected the header " + header);
      headed = true;
      continue;
    }
    if (fields.size() == 1 && fields.front().empty()) continue;
    if (fields.size() != columns.size()) {
      return here(Errc::kMalformed, std::to_string(fields.size()) + " fields where " +
                                        std::to_string(columns.size()) + " are expected");
    }
    const auto taken = take(fields);
    if (!taken) return here(taken.error().code, taken.error().what);
  }
  if (in.bad()) return fail(Errc::kIo, file.string() + ": it could not be read to its end");
  if (headed) return {};
  return fail(Errc::kMalformed, file.string() + ": it is empty; expected the header " + header);
}

Result<void> read_csv_table(const std::filesystem::path& file,
                            const std::vector<std::string>& needed,
                            const std::function<Result<void>(const CsvRow&)>& take) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) {
    return fail(Errc::kNotFound, file.string() + ": there is no such file");
  }
  std::ifstream in(file);
  if (!in) return fail(Errc::kIo, file.string() + ": " + std::strerror(errno));
  std::string line;
  if (!std::getline(in, line)) return fail(Errc::kMalformed, file.string() + ": it is empty");
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // of UTF-8: some programs begin so
  if (line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  const CsvFields columns = csv_fields(line);
  for (const std::string& name : columns) {
    if (std::count(columns.begin(), columns.end(), name) == 1) continue;
    return fail(Errc::kMalformed, file.string() + ":1: the column '" + name + "' is there twice");
  }
  for (const std::string& name : needed) {
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) continue;
    return fail(Errc::kMalformed, file.string() + ":1: there is no column '" + name + "'");
  }
  std::string bad;
  std::size_t bad_rows = 0;
  const auto refuse = [&](std::size_t number, const std::string& what) {
    if (bad_rows++ < kBadRowsMax) {
      bad += "\n  " + file.string() + ":" + std::to_string(number) + ": " + what;
    }
  };
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    if (line.size() > kLineBytesMax) {
      refuse(number, "a line of over 1000 bytes");
      continue;
    }
    CsvFields fields = csv_fields(line);
    if (fields.size() == 1 && fields.front().empty()) continue;
    if (fields.size() != columns.size()) {
      refuse(number, std::to_string(fields.size()) + " fields where " +
                         std::to_string(columns.size()) + " are expected");
      continue;
    }
    CsvRow row;
    for (std::size_t i = 0; i < columns.size(); ++i) row[columns[i]] = std::move(fields[i]);
    if (const auto taken = take(row); !taken) refuse(number, taken.error().what);
  }
  if (in.bad()) return fail(Errc::kIo, file.string() + ": it could not be read to its end");
  if (bad_rows == 0) return {};
  return fail(Errc::kMalformed,
              std::to_string(bad_rows) + " bad rows, and nothing was taken:" + bad);
}

}  // namespace rebuild
