// BlobWriter: a thread that keeps what lies beside one log, so that no worker waits for a disk.
// Must not know HTTP, nor what it keeps.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "relay/submission.h"

namespace relay {

class BlobWriter {
 public:
  BlobWriter();
  // Settles what was submitted first.
  ~BlobWriter();

  // Runs `work`, in turn, and sends `submission` home with what it said. Thread: any.
  // Owner: what `work` borrows stays till then.
  using Work = std::function<core::Result<bool>()>;
  void submit(std::shared_ptr<Submission> submission, Work work);

 private:
  struct Task {
    std::shared_ptr<Submission> submission;
    Work work;
  };
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;  // guarded by mutex_
  bool stop_ = false;        // guarded by mutex_
  std::thread thread_;
};

}  // namespace relay
