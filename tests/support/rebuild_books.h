// RebuiltBooks: a books.db in a temporary directory, and the replays that made it.
#pragma once

#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "ledger-rebuild/replay.h"
#include "ledger-rebuild/report.h"
#include "tests/support/temp_dir.h"

namespace test {

class RebuiltBooks {
 public:
  explicit RebuiltBooks(const core::envelope::Roster& roster) : roster_(roster) {}

  // Replays a log that holds these messages, at indices from 0.
  core::Result<rebuild::ReplayOutcome> try_replay(std::vector<core::Bytes> log,
                                                  rebuild::ReplayOptions options = {}) {
    return rebuild::replay(*rebuild::memory_source(std::move(log)), roster_, file(), options);
  }
  rebuild::ReplayOutcome replay(std::vector<core::Bytes> log, rebuild::ReplayOptions options = {}) {
    auto outcome = try_replay(std::move(log), options);
    if (!outcome) core::check_failed(core::describe(outcome.error()).c_str(), __FILE__, __LINE__);
    return *outcome;
  }
  rebuild::Books open() const {
    auto books = rebuild::Books::open(file());
    if (!books) core::check_failed(core::describe(books.error()).c_str(), __FILE__, __LINE__);
    return std::move(books).value();
  }
  std::filesystem::path file() const { return dir_ / "books.db"; }

 private:
  TempDir dir_;
  const core::envelope::Roster& roster_;
};

}  // namespace test
