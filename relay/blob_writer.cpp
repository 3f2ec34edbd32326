// One task after the other.
// Must not know HTTP.
#include "relay/blob_writer.h"

namespace relay {

BlobWriter::BlobWriter() {
  thread_ = std::thread([this] { run(); });
}

BlobWriter::~BlobWriter() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void BlobWriter::submit(std::shared_ptr<Submission> submission, Work work) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back({std::move(submission), std::move(work)});
  }
  wake_.notify_one();
}

void BlobWriter::run() {
  while (true) {
    std::vector<Task> tasks;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      tasks.swap(tasks_);
    }
    for (Task& task : tasks) {
      task.submission->kept = task.work();
      Home* const home = task.submission->home;
      home->settled({std::move(task.submission)});
    }
  }
}

}  // namespace relay
