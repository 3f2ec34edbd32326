// Sequencer: puts messages in one order, drops re-sent ones for ever, signs what the disk has, and
// answers then. Must not know HTTP. Rules: docs/formats/log.md, docs/formats/relay-http.md.
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
#include "core/tlog/note.h"
#include "relay/entry_index.h"
#include "relay/metrics.h"
#include "relay/submission.h"

namespace relay {

// What a log is written and signed with. Owner: the index outlives the sequencer.
struct SequencerSetup {
  std::unique_ptr<core::disk::LogWriter> log;
  EntryIndex& index;  // holds every entry of the log
  std::string origin;
  core::envelope::PrivateKey key;
  // Closed and not sealed; sealed together once they have this many bytes.
  std::vector<core::disk::SealedSegment> closed{};
  std::uint64_t seal_bytes = 0;
  std::function<void()> on_sealed{};
  // A notice of head office is in the log, durably, and not published yet. In the log's order.
  // Thread: the sequencer's.
  std::function<void(core::LogIndex, core::ByteView)> on_notice{};
};

class Sequencer {
 public:
  // Signs and stores the checkpoint of what is there, then takes submissions. `on_fatal` is called
  // once, on the sequencer's thread, when the log has failed and the process must end.
  // Errors: kDamaged, kIo (of the index); kSyncFailed.
  static core::Result<std::unique_ptr<Sequencer>> start(
      SequencerSetup setup, Metrics& metrics, std::function<void(const core::Error&)> on_fatal);
  ~Sequencer();

  using Queue = std::vector<std::shared_ptr<Submission>>;
  // Takes them all; each is settled exactly once. Thread: any.
  void submit(Queue& submissions);
  // Thread: any.
  std::shared_ptr<const Published> published() const;
  // Settles what was submitted, ends the thread and closes the log. Errors: kSyncFailed, or what
  // ended the log before.
  core::Result<void> stop();

 private:
  struct Group;

  Sequencer(SequencerSetup setup, Metrics& metrics,
            std::function<void(const core::Error&)> on_fatal);
  void run();
  void take_batch(Queue& waiting);
  void commit(Queue batch);
  void answer(Submission& submission, Group& group);
  void write(Group& group);
  void make_known(Group& group);
  core::Result<void> publish();
  void settle(Submission& submission, const Group& group);
  void seal();
  void give_up(const core::Error& error);

  SequencerSetup setup_;
  Metrics& metrics_;
  std::function<void(const core::Error&)> on_fatal_;
  core::tlog::HashSource source_;
  std::optional<core::Error> fatal_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Queue queue_;                                 // guarded by mutex_
  bool stop_ = false;                           // guarded by mutex_
  std::shared_ptr<const Published> published_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace relay
