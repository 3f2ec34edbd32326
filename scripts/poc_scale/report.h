// Reports of a sweep: a table for people, JSON for programs, one HTML page with plots.
// Must not know how figures are made. JSON fields: docs/sweep.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "scripts/poc_scale/receipts_file.h"
#include "scripts/poc_scale/run.h"

namespace sweep {

struct SweepReport {
  std::string commit;  // of the source tree that was built, or "unknown"
  std::string machine;
  std::uint64_t seed = 0;
  bool full_durability = false;  // of the simulated tills' journals
  std::size_t connections = 0;
  std::vector<RunResult> runs;
  // Receipts mode only.
  std::optional<ReceiptsFile> receipts;
  std::map<std::string, std::int64_t> units_by_department;  // thousandths, "unknown" included
};

std::string to_table(const SweepReport& report);
std::string to_json(const SweepReport& report);
// Writes index.html into `directory`. Plots are drawn by gnuplot; without it the page has its
// tables and says so. Errors: kIo.
core::Result<void> write_html(const SweepReport& report, const std::filesystem::path& directory);

}  // namespace sweep
