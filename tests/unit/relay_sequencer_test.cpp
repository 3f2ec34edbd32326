// Sequencer over a simulated disk: order, duplicates, full disks, failed syncs.
#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>

#include "core/disk/log_scan.h"
#include "relay/sequencer.h"
#include "tests/crash/disk_sim.h"
#include "tests/unit/relay_messages.h"

namespace {

using core::Bytes;
using core::Errc;
using core::wire::PostStatus;
using relay::Delivery;
using relay::Sequencer;
using relay::Submission;
using test::Fault;
using test::make_message;
using test::SimDisk;

struct Request : Submission {
  Bytes body;
};

std::shared_ptr<Request> make_request(const std::vector<Bytes>& messages) {
  auto request = std::make_shared<Request>();
  for (const Bytes& message : messages) core::append(request->body, message);
  request->items = relay::split_body(request->body).value();
  return request;
}

// A sequencer, and a place where its deliveries arrive.
class Bench {
 public:
  explicit Bench(SimDisk& disk) {
    core::disk::Recovery recovery;
    Sequencer::KnownIds known;
    auto writer = core::disk::LogWriter::open(
        disk, "log", {},
        [&known](core::disk::LogEntry entry) {
          known.emplace(core::envelope::message_id(entry.body), entry.index);
        },
        recovery);
    REQUIRE(writer);
    sequencer_.emplace(std::move(*writer), std::move(known), metrics,
                       [this](Delivery delivery) { take(std::move(delivery)); });
  }

  // Submits all at once and waits for all.
  void run(const std::vector<std::shared_ptr<Request>>& requests) {
    const std::size_t wanted = done_ + requests.size();
    for (const auto& request : requests) sequencer_->submit(request);
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return done_ >= wanted; });
  }

  Submission::Outcome outcome(const std::vector<Bytes>& messages) {
    last = make_request(messages);
    run({last});
    return last->outcome;
  }

  core::Result<void> stop() { return sequencer_->stop(); }

  relay::Metrics metrics;
  std::shared_ptr<Request> last;
  std::optional<core::Error> fatal;

 private:
  void take(Delivery delivery) {
    const std::lock_guard lock(mutex_);
    done_ += delivery.done.size();
    if (delivery.fatal) fatal = delivery.fatal;
    arrived_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::size_t done_ = 0;
  std::optional<Sequencer> sequencer_;
};

std::size_t entries_in(SimDisk& disk) {
  return core::disk::scan_log(disk, "log").value().entries.size();
}

}  // namespace

TEST_CASE("messages get the log's next places; a re-sent one keeps its own, also after a restart") {
  SimDisk disk(1);
  {
    Bench bench(disk);
    CHECK(bench.outcome({make_message(1), make_message(2)}) == Submission::Outcome::kAnswered);
    CHECK(bench.last->answers[1].status == PostStatus::kAccepted);
    CHECK(bench.last->answers[1].index.value == 1);
    CHECK(bench.outcome({make_message(2), make_message(3)}) == Submission::Outcome::kAnswered);
    CHECK(bench.last->answers[0].status == PostStatus::kDuplicate);
    CHECK(bench.last->answers[0].index.value == 1);
    CHECK(bench.last->answers[1].index.value == 2);
    CHECK(bench.stop());
  }
  Bench bench(disk);
  CHECK(bench.outcome({make_message(3), make_message(4)}) == Submission::Outcome::kAnswered);
  CHECK(bench.last->answers[0].status == PostStatus::kDuplicate);
  CHECK(bench.last->answers[0].index.value == 2);
  CHECK(bench.last->answers[1].index.value == 3);
  CHECK(bench.stop());
  CHECK(entries_in(disk) == 4);
}

TEST_CASE("the same message twice in one group is written once; both answers name one place") {
  SimDisk disk(1);
  Bench bench(disk);
  std::vector<std::shared_ptr<Request>> requests;
  for (int i = 0; i < 50; ++i) requests.push_back(make_request({make_message(1), make_message(1)}));
  bench.run(requests);
  std::size_t accepted = 0;
  for (const auto& request : requests) {
    for (const auto& answer : request->answers) {
      CHECK(answer.index.value == 0);
      accepted += answer.status == PostStatus::kAccepted ? 1 : 0;
    }
  }
  CHECK(accepted == 1);
  CHECK(bench.stop());
  CHECK(entries_in(disk) == 1);
}

TEST_CASE("another message of the same length and the same place in the chain is another message") {
  SimDisk disk(1);
  Bench bench(disk);
  const Bytes real = make_message(1);
  Bytes fake = real;
  fake[fake.size() - 64] ^= 1;  // a bit of the signature
  CHECK(bench.outcome({fake, real}) == Submission::Outcome::kAnswered);
  CHECK(bench.last->answers[0].status == PostStatus::kAccepted);
  CHECK(bench.last->answers[1].status == PostStatus::kAccepted);
  CHECK(bench.stop());
}

TEST_CASE("refused items take no place and do not hinder their neighbours") {
  SimDisk disk(1);
  Bench bench(disk);
  CHECK(bench.outcome({Bytes{0x17}, make_message(1)}) == Submission::Outcome::kAnswered);
  CHECK(bench.last->answers[0].status == PostStatus::kRefused);
  CHECK_FALSE(bench.last->answers[0].reason.empty());
  CHECK(bench.last->answers[1].index.value == 0);
  CHECK(bench.stop());
}

TEST_CASE("a full disk leaves no message remembered: sent again it is accepted") {
  for (const Fault fault : {Fault::kRefused, Fault::kPartly, Fault::kDone}) {
    SimDisk disk(1);
    Bench bench(disk);
    CHECK(bench.outcome({make_message(1)}) == Submission::Outcome::kAnswered);
    disk.plan(1, fault, Errc::kDiskFull);
    CHECK(bench.outcome({make_message(1), make_message(2)}) == Submission::Outcome::kDiskFull);
    CHECK(disk.faults_met() == 1);
    CHECK_FALSE(bench.fatal);
    disk.no_faults();
    CHECK(bench.outcome({make_message(1)}) == Submission::Outcome::kAnswered);
    CHECK(bench.last->answers[0].status == PostStatus::kDuplicate);
    CHECK(bench.outcome({make_message(2)}) == Submission::Outcome::kAnswered);
    CHECK(bench.last->answers[0].status == PostStatus::kAccepted);
    CHECK(bench.last->answers[0].index.value == 1);
    CHECK(bench.stop());
    CHECK(entries_in(disk) == 2);
  }
}

TEST_CASE("a failed sync is claimed by nobody, ends the log, and what was durable stays known") {
  SimDisk disk(1);
  Bench bench(disk);
  CHECK(bench.outcome({make_message(1)}) == Submission::Outcome::kAnswered);
  disk.plan(2, Fault::kRefused);  // the write, then this sync
  CHECK(bench.outcome({make_message(2)}) == Submission::Outcome::kFailed);
  REQUIRE(bench.fatal);
  CHECK(bench.fatal->code == Errc::kSyncFailed);
  CHECK(bench.outcome({make_message(3)}) == Submission::Outcome::kFailed);
  CHECK(bench.outcome({make_message(2)}) == Submission::Outcome::kFailed);
  CHECK(bench.outcome({make_message(1)}) == Submission::Outcome::kAnswered);
  CHECK(disk.faults_met() == 1);
  CHECK_FALSE(bench.stop());
}
