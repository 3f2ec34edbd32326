// Sequencer over a simulated disk: order, duplicates, full disks, failed syncs.
#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>

#include "core/disk/log_scan.h"
#include "core/tlog/receipt.h"
#include "relay/sequencer.h"
#include "tests/crash/disk_sim.h"
#include "tests/support/memory_log.h"
#include "tests/unit/relay_messages.h"

namespace {

using core::Bytes;
using core::Errc;
using core::wire::PostStatus;
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

const core::tlog::NoteVerifier kVerifier("test.example/log", test::memory_log_key().public_key());

// A sequencer, and a place where its deliveries arrive. Every receipt that it gives is verified.
class Bench final : public relay::Home {
 public:
  explicit Bench(SimDisk& disk, std::uint64_t segment_bytes = 1 << 20) {
    index_ = relay::EntryIndex::open(disk, "log").value();
    core::disk::Recovery recovery;
    std::vector<relay::MessageId> ids;
    auto writer = core::disk::LogWriter::open(
        disk, "log",
        {.segment_bytes = segment_bytes, .room_bytes = 512, .sealed = index_->sealed()},
        [&ids](core::disk::LogEntry entry) {
          ids.push_back(core::envelope::message_id(entry.body));
        },
        recovery);
    REQUIRE(writer);
    read_at_start = ids.size();
    index_->append(ids, recovery.places);
    sequencer_ =
        relay::Sequencer::start({std::move(*writer), *index_, "test.example/log",
                                 test::memory_log_key(), recovery.closed, segment_bytes},
                                metrics, [this](const core::Error& error) { fatal = error; })
            .value();
  }

  // Submits all at once and waits for all.
  void run(const std::vector<std::shared_ptr<Request>>& requests) {
    const std::size_t wanted = done_ + requests.size();
    relay::Sequencer::Queue submissions;
    for (const auto& request : requests) {
      request->home = this;
      submissions.push_back(request);
    }
    sequencer_->submit(submissions);
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return done_ >= wanted; });
    for (const auto& request : requests) {
      if (request->outcome == Submission::Outcome::kAnswered) REQUIRE(relay::prove(*request));
      verify(*request);
    }
  }

  Submission::Outcome outcome(const std::vector<Bytes>& messages) {
    last = make_request(messages);
    run({last});
    return last->outcome;
  }

  core::Result<void> stop() { return sequencer_->stop(); }
  const relay::EntryIndex& index() const { return *index_; }

  relay::Metrics metrics;
  std::shared_ptr<Request> last;
  std::optional<core::Error> fatal;
  std::size_t read_at_start = 0;

 private:
  void settled(std::vector<std::shared_ptr<Submission>> done) override {
    const std::lock_guard lock(mutex_);
    done_ += done.size();
    arrived_.notify_all();
  }

  static void verify(const Submission& request) {
    if (request.outcome != Submission::Outcome::kAnswered) return;
    for (std::size_t i = 0; i < request.items.size(); ++i) {
      const auto& answer = request.answers.each[i];
      if (answer.status == PostStatus::kRefused) continue;
      const core::tlog::Receipt receipt{answer.index, request.answers.checkpoint, answer.proof};
      CHECK(core::tlog::verify_receipt(receipt, request.items[i].id, kVerifier));
    }
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::size_t done_ = 0;
  std::unique_ptr<relay::EntryIndex> index_;
  std::unique_ptr<relay::Sequencer> sequencer_;
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
    CHECK(bench.last->answers.each[1].status == PostStatus::kAccepted);
    CHECK(bench.last->answers.each[1].index.value == 1);
    CHECK(bench.outcome({make_message(2), make_message(3)}) == Submission::Outcome::kAnswered);
    CHECK(bench.last->answers.each[0].status == PostStatus::kDuplicate);
    CHECK(bench.last->answers.each[0].index.value == 1);
    CHECK(bench.last->answers.each[1].index.value == 2);
    CHECK(bench.stop());
  }
  Bench bench(disk);
  CHECK(bench.outcome({make_message(3), make_message(4)}) == Submission::Outcome::kAnswered);
  CHECK(bench.last->answers.each[0].status == PostStatus::kDuplicate);
  CHECK(bench.last->answers.each[0].index.value == 2);
  CHECK(bench.last->answers.each[1].index.value == 3);
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
    for (const auto& answer : request->answers.each) {
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
  CHECK(bench.last->answers.each[0].status == PostStatus::kAccepted);
  CHECK(bench.last->answers.each[1].status == PostStatus::kAccepted);
  CHECK(bench.stop());
}

TEST_CASE("refused items take no place and do not hinder their neighbours") {
  SimDisk disk(1);
  Bench bench(disk);
  CHECK(bench.outcome({Bytes{0x17}, make_message(1)}) == Submission::Outcome::kAnswered);
  CHECK(bench.last->answers.each[0].status == PostStatus::kRefused);
  CHECK_FALSE(bench.last->answers.each[0].reason.empty());
  CHECK(bench.last->answers.each[1].index.value == 0);
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
    CHECK(bench.last->answers.each[0].status == PostStatus::kDuplicate);
    CHECK(bench.outcome({make_message(2)}) == Submission::Outcome::kAnswered);
    CHECK(bench.last->answers.each[0].status == PostStatus::kAccepted);
    CHECK(bench.last->answers.each[0].index.value == 1);
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

TEST_CASE(
    "sealed segments are not read again, and their messages stay known, proven and readable") {
  SimDisk disk(1);
  constexpr std::uint64_t kSegment = 2000;
  constexpr std::uint64_t kMessages = 600;  // more than two tiles and two pages of ids
  for (std::uint64_t n = 0; n < kMessages;) {
    Bench bench(disk, kSegment);
    for (int i = 0; i < 40 && n < kMessages; ++i, n += 3) {
      REQUIRE(bench.outcome({make_message(n + 1), make_message(n + 2), make_message(n + 3)}) ==
              Submission::Outcome::kAnswered);
    }
    CHECK(bench.metrics.seal_failures == 0);
    REQUIRE(bench.stop());
    disk.restart();
  }
  Bench bench(disk, kSegment);
  CHECK(bench.read_at_start < 60);
  CHECK(bench.index().sealed().entries > kMessages - 60);
  for (std::uint64_t n = 0; n < kMessages; ++n) {
    CAPTURE(n);
    REQUIRE(bench.outcome({make_message(n + 1)}) == Submission::Outcome::kAnswered);
    CHECK(bench.last->answers.each[0].status == PostStatus::kDuplicate);
    CHECK(bench.last->answers.each[0].index.value == n);
  }
  core::disk::RecordReader reader(disk, "log");
  Bytes read;
  Bytes expected;
  REQUIRE(reader.append_bodies({}, bench.index().places(0, kMessages).value(), read));
  for (std::uint64_t n = 0; n < kMessages; ++n) core::append(expected, make_message(n + 1));
  CHECK(read == expected);
  CHECK(bench.stop());
}

TEST_CASE("whatever call of a seal fails, no message is forgotten, also by the next process") {
  SimDisk disk(1);
  std::uint64_t n = 1;  // the next message to be acknowledged
  std::uint64_t seal_failures = 0;
  std::uint64_t ended = 0;
  for (std::uint64_t call = 1; call < 60; ++call) {
    Bench bench(disk, 2000);
    disk.plan(call, call % 2 == 0 ? Fault::kPartly : Fault::kRefused, Errc::kDiskFull);
    for (int i = 0; i < 14; ++i) {
      if (bench.outcome({make_message(n)}) == Submission::Outcome::kAnswered) ++n;
    }
    disk.no_faults();
    seal_failures += bench.metrics.seal_failures;
    if (bench.fatal) ++ended;
    if (!bench.fatal) {
      for (std::uint64_t i = 1; i < n; ++i) {
        REQUIRE(bench.outcome({make_message(i)}) == Submission::Outcome::kAnswered);
        CHECK(bench.last->answers.each[0].status == PostStatus::kDuplicate);
      }
    }
    static_cast<void>(bench.stop().has_value());
    disk.restart();
  }
  CHECK(seal_failures > 10);
  CHECK(ended > 0);  // a failed sync of the log itself, too
  Bench bench(disk, 2000);
  CHECK(bench.index().sealed().entries > n / 2);
  for (std::uint64_t i = 1; i < n; ++i) {
    REQUIRE(bench.outcome({make_message(i)}) == Submission::Outcome::kAnswered);
    CHECK(bench.last->answers.each[0].status == PostStatus::kDuplicate);
  }
  CHECK(bench.stop());
}

TEST_CASE("after a power cut sealed segments are what the index says, and nothing is forgotten") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    SimDisk disk(seed);
    std::uint64_t n = 0;
    for (int life = 0; life < 3; ++life) {
      Bench bench(disk, 2000);
      for (std::uint64_t i = 1; i <= n; i += 7) {
        REQUIRE(bench.outcome({make_message(i)}) == Submission::Outcome::kAnswered);
        CHECK(bench.last->answers.each[0].status == PostStatus::kDuplicate);
      }
      for (int i = 0; i < 30; ++i) {
        REQUIRE(bench.outcome({make_message(++n)}) == Submission::Outcome::kAnswered);
      }
      REQUIRE(bench.stop());
      disk.power_cut();
      disk.restart();
    }
    const Bench bench(disk, 2000);
    CHECK(bench.index().sealed().entries > 0);
    CHECK(bench.index().size() == n);
  }
}
