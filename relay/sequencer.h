// Sequencer: puts messages in one order, drops re-sent ones for ever, and answers when the disk has
// them. Must not know HTTP. Rules: docs/formats/log.md, docs/formats/relay-http.md.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/disk/log_writer.h"
#include "core/wire/answers.h"
#include "relay/metrics.h"
#include "relay/split_body.h"

namespace relay {

// The messages of one request, on their way. Thread: the sequencer's between submit() and delivery,
// the owner's otherwise. Owner: `items` borrow from bytes that the owner keeps till delivery.
struct Submission {
  enum class Outcome {
    kAnswered,  // one answer an item; what they claim is durable
    kDiskFull,  // nothing new was kept of the request: send it again later
    kFailed,    // the log has failed: nothing is known
  };
  virtual ~Submission() = default;

  std::vector<Item> items;
  std::vector<core::wire::PostAnswer> answers;
  Outcome outcome = Outcome::kFailed;
};

// What one commit made durable, and who waited for it.
struct Delivery {
  std::vector<std::shared_ptr<Submission>> done;
  std::vector<core::disk::RecordPlace> places;  // of the new entries, by index
  std::optional<core::Error> fatal;             // the log has failed; the process must end
};

class Sequencer {
 public:
  using KnownIds =
      std::unordered_map<core::envelope::MessageId, core::LogIndex, core::FixedBytesHash>;
  // Called on the sequencer's thread.
  using Deliver = std::function<void(Delivery)>;

  // `known`: the ids of all entries that the log has.
  Sequencer(std::unique_ptr<core::disk::LogWriter> log, KnownIds known, Metrics& metrics,
            Deliver deliver);
  ~Sequencer();

  // Thread: any. Every submission is delivered exactly once.
  void submit(std::shared_ptr<Submission> submission);
  // Delivers what was submitted, ends the thread and closes the log. Errors: kSyncFailed, or what
  // ended the log before.
  core::Result<void> stop();

 private:
  struct Group;
  using Queue = std::vector<std::shared_ptr<Submission>>;

  void run();
  void take_batch(Queue& waiting);
  void commit(Queue batch);
  void answer(Submission& submission, Group& group);
  void write(Group& group);
  void settle(Submission& submission, const Group& group) const;

  std::unique_ptr<core::disk::LogWriter> log_;
  KnownIds known_;  // durable entries only
  Metrics& metrics_;
  Deliver deliver_;
  std::optional<core::Error> fatal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Queue queue_;        // guarded by mutex_
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace relay
