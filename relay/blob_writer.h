// BlobWriter: a thread that keeps one log's blobs, so that no worker waits for a disk.
// Must not know HTTP.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "relay/blobs.h"
#include "relay/submission.h"

namespace relay {

// Owner: the blobs outlive it.
class BlobWriter {
 public:
  explicit BlobWriter(Blobs& blobs);
  // Settles what was submitted first.
  ~BlobWriter();

  // Puts a blob, in turn, and sends `submission` home with what Blobs::put said. Thread: any.
  // Owner: the submission keeps `bytes` till then.
  void submit(std::shared_ptr<Submission> submission, const core::envelope::Hash& hash,
              core::ByteView bytes);

 private:
  struct Task {
    std::shared_ptr<Submission> submission;
    core::envelope::Hash hash;
    core::ByteView bytes;
  };
  void run();

  Blobs& blobs_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;  // guarded by mutex_
  bool stop_ = false;        // guarded by mutex_
  std::thread thread_;
};

}  // namespace relay
