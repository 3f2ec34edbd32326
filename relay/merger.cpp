// Merges while there is something to merge, behind everything else that wants the processor.
#include "relay/merger.h"

#include "relay/log_lines.h"
#include "relay/niceness.h"

namespace relay {
namespace {

constexpr int kNiceness = 10;

}  // namespace

Merger::Merger(EntryIndex& index, Metrics& metrics) : index_(index), metrics_(metrics) {
  thread_ = std::thread([this] { run(); });
}

Merger::~Merger() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Merger::wake() {
  {
    const std::lock_guard lock(mutex_);
    woken_ = true;
  }
  wake_.notify_one();
}

void Merger::run() {
  set_niceness(kNiceness);
  while (true) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || woken_; });
      if (stop_) return;
      woken_ = false;
    }
    merge_all();
  }
}

// What fails is tried again when something else was sealed: until then an id is looked for in a
// file more.
void Merger::merge_all() {
  while (!stop_) {
    const auto merged = index_.merge_once(stop_);
    if (merged && *merged) continue;
    if (!merged && !stop_) {
      ++metrics_.seal_failures;
      log_event(Level::kError, "merge-failed", {{"detail", core::describe(merged.error())}});
    }
    return;
  }
}

}  // namespace relay
