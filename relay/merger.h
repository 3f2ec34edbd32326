// Merger: a thread that merges the runs of ids of one log's index, so that nobody waits for it.
// Must not know what runs are. Rules: docs/formats/log.md, "Index".
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "relay/entry_index.h"
#include "relay/metrics.h"

namespace relay {

// Owner: the index and the metrics outlive it.
class Merger {
 public:
  Merger(EntryIndex& index, Metrics& metrics);
  // Gives up what it is at; the next process begins it again.
  ~Merger();

  // There may be something to merge. Thread: any.
  void wake();

 private:
  void run();
  void merge_all();

  EntryIndex& index_;
  Metrics& metrics_;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool woken_ = true;  // guarded by mutex_; an earlier process may have left work
  std::thread thread_;
};

}  // namespace relay
