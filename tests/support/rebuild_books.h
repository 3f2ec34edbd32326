// RebuiltBooks: a books.db in a temporary directory, and the replays that made it.
#pragma once

#include <algorithm>
#include <set>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "ledger-rebuild/replay.h"
#include "ledger-rebuild/report.h"
#include "tests/support/temp_dir.h"

namespace test {

// A log of which some entries are lost, as a damaged segment leaves it; given in lots of a few.
class HoledSource final : public rebuild::Source {
 public:
  HoledSource(std::vector<core::Bytes> messages, std::set<std::uint64_t> lost)
      : inner_(rebuild::memory_source(std::move(messages))), lost_(std::move(lost)) {}

  core::Result<void> reach() override { return {}; }
  core::Result<rebuild::SourceState> read(core::LogIndex from,
                                          const rebuild::TakeLot& take) override {
    auto state =
        inner_->read(from, [&](std::span<const rebuild::SourceEntry> lot) -> core::Result<void> {
          std::vector<rebuild::SourceEntry> rest(lot.begin(), lot.end());
          std::erase_if(rest, [&](const auto& entry) { return lost_.contains(entry.index.value); });
          given_ += rest.size();
          constexpr std::size_t kLot = 3;
          for (std::size_t i = 0; i < rest.size(); i += kLot) {
            TRY(take(std::span(rest).subspan(i, std::min(kLot, rest.size() - i))));
          }
          return {};
        });
    if (!state) return state;
    for (const std::uint64_t index : lost_) {
      state->damages.push_back("entry " + std::to_string(index) + " is lost");
    }
    return state;
  }
  std::string name() const override { return "a damaged log"; }
  // Entries, in all readings.
  std::size_t given() const { return given_; }

 private:
  std::size_t given_ = 0;
  std::unique_ptr<rebuild::Source> inner_;
  std::set<std::uint64_t> lost_;
};

class RebuiltBooks {
 public:
  explicit RebuiltBooks(const core::envelope::Roster& roster) : roster_(roster) {}

  // Replays a log that holds these messages, at indices from 0.
  core::Result<rebuild::ReplayOutcome> try_replay(std::vector<core::Bytes> log,
                                                  rebuild::ReplayOptions options = {}) {
    return try_replay(*rebuild::memory_source(std::move(log)), options);
  }
  core::Result<rebuild::ReplayOutcome> try_replay(rebuild::Source& source,
                                                  rebuild::ReplayOptions options = {}) {
    return rebuild::replay(source, roster_, file(), options);
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
