// Fleet: tills made, run and cleared by the till's own code, on all cores.
#include "scripts/poc_scale/fleet.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "scripts/poc_scale/progress.h"

namespace sweep {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::size_t kMessagesMax = 1'000'000;  // of one till
constexpr std::size_t kJournalsInFolder = 256;

// Runs `work(index)` for every index below `count` on all cores; the first error ends it.
Result<void> on_all_cores(std::size_t count, Progress& progress,
                          const std::function<Result<void>(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> done{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  std::optional<core::Error> error;
  const auto run = [&] {
    for (std::size_t i = next++; i < count && !failed; i = next++) {
      auto result = work(i);
      const std::lock_guard lock(mutex);
      progress.at(++done);
      if (result || error) continue;
      error = result.error();
      failed = true;
    }
  };
  std::vector<std::thread> threads;
  for (unsigned t = 1; t < std::max(1U, std::thread::hardware_concurrency()); ++t) {
    threads.emplace_back(run);
  }
  run();
  for (std::thread& thread : threads) thread.join();
  if (error) return fail(*error);
  return {};
}

Result<void> make_directory(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail(Errc::kIo, path.string() + ": " + error.message());
  return {};
}

std::filesystem::path journal_path(const std::filesystem::path& directory, std::size_t index) {
  return directory / "tills" / std::to_string(index / kJournalsInFolder) /
         ("till-" + std::to_string(index) + ".journal");
}

}  // namespace

core::envelope::PrivateKey Fleet::key(std::size_t index) const {
  const std::string text =
      "sweep till key " + std::to_string(options_.seed) + " " + std::to_string(index);
  return *core::envelope::PrivateKey::from_seed(
      core::envelope::sha256(core::as_bytes(text)).view());
}

core::envelope::SealingPrivateKey Fleet::sealing_key(std::size_t index) const {
  const std::string text =
      "sweep till sealing key " + std::to_string(options_.seed) + " " + std::to_string(index);
  return *core::envelope::SealingPrivateKey::from(
      core::envelope::sha256(core::as_bytes(text)).view());
}

Result<Fleet> Fleet::ring(const Workload& workload, const FleetOptions& options) {
  TRY(make_directory(options.directory / "backups"));
  for (std::size_t i = 0; i < workload.tills(); i += kJournalsInFolder) {
    TRY(make_directory(journal_path(options.directory, i).parent_path()));
  }
  TRY_ASSIGN(rebuild::HeadOffice head_office,
             rebuild::HeadOffice::create(options.directory / "head-office", kOrigin));
  Fleet fleet(std::move(head_office), options);
  std::vector<core::envelope::EnrolRequest> requests;
  for (std::size_t i = 0; i < workload.tills(); ++i) {
    requests.push_back(core::envelope::make_enrol_request(kOrigin, workload.till(i), fleet.key(i),
                                                          fleet.sealing_key(i).public_key()));
  }
  TRY(fleet.head_office_.name_log_key(options.log_key));
  TRY(fleet.head_office_.enrol(requests));
  fleet.tills_.resize(workload.tills());
  Progress progress("tills ring and close their days", workload.tills(), options.quiet);
  TRY(on_all_cores(workload.tills(), progress,
                   [&](std::size_t i) { return fleet.ring_till(workload, i); }));
  return fleet;
}

Result<void> Fleet::ring_till(const Workload& workload, std::size_t index) {
  FleetTill& out = tills_[index];
  const core::envelope::PrivateKey till_key = key(index);
  out.ref = workload.till(index);
  out.kid = core::envelope::derive_kid(kOrigin, till_key.public_key());
  out.journal = journal_path(options_.directory, index);
  const till::TillSetup setup{
      out.ref,  workload.catalog().currency(), std::string(kOrigin), workload.catalog(),
      till_key, {backups().string()},          sealing_key(index)};
  const auto all = [&]() -> Result<void> {
    TRY_ASSIGN(till::Till till, till::Till::create(out.journal, setup, options_.durability));
    TRY(till.join(head_office_.roster()));
    TRY_ASSIGN(out.documents, workload.run(till, index));
    TRY(till.copy_backups());
    TRY_ASSIGN(auto pending,
               till.outbox().pending(core::Sequence{0}, kMessagesMax, kMessagesMax * 1000));
    for (till::OutboxEntry& entry : pending) {
      out.messages.push_back({entry.sequence, entry.kind, std::move(entry.message)});
    }
    return {};
  };
  const auto done = all();
  if (!done)
    return fail(done.error().code, "till " + to_string(out.ref) + ": " + done.error().what);
  return {};
}

std::uint64_t Fleet::message_count() const {
  std::uint64_t count = 0;
  for (const FleetTill& till : tills_) count += till.messages.size();
  return count;
}

std::size_t Fleet::largest_closing() const {
  std::size_t largest = 0;
  for (const FleetTill& till : tills_) {
    for (const FleetMessage& message : till.messages) {
      if (message.kind == till::MessageKind::kClosing) {
        largest = std::max(largest, message.bytes.size());
      }
    }
  }
  return largest;
}

std::vector<Queue> Fleet::queues(till::MessageKind kind) const {
  std::vector<Queue> queues;
  for (const FleetTill& till : tills_) {
    Queue& queue = queues.emplace_back();
    for (const FleetMessage& message : till.messages) {
      if (message.kind == kind) queue.push_back(&message.bytes);
    }
  }
  return queues;
}

std::vector<Queue> Fleet::queues(till::MessageKind kind, std::size_t which) const {
  std::vector<Queue> queues = this->queues(kind);
  for (Queue& queue : queues) {
    if (which < queue.size()) queue[0] = queue[which];
    queue.resize(which < queue.size() ? 1 : 0);
  }
  return queues;
}

std::vector<Queue> Fleet::queues() const {
  std::vector<Queue> queues;
  for (const FleetTill& till : tills_) {
    Queue& queue = queues.emplace_back();
    for (const FleetMessage& message : till.messages) queue.push_back(&message.bytes);
  }
  return queues;
}

Result<void> Fleet::acknowledge(const WaveAnswers& answers) const {
  Progress progress("tills check receipts, clear outboxes", tills_.size(), options_.quiet);
  return on_all_cores(tills_.size(), progress, [&](std::size_t i) -> Result<void> {
    std::vector<till::Outbox::Acknowledgement> proven;
    for (std::size_t m = 0; m < answers[i].size(); ++m) {
      const auto& one = answers[i][m];
      if (!one || one->answer.status == core::wire::PostStatus::kRefused) continue;
      proven.push_back({tills_[i].messages[m].sequence,
                        {one->answer.index, one->checkpoint, one->answer.proof}});
    }
    TRY_ASSIGN(till::Till till, till::Till::open(tills_[i].journal, options_.durability));
    return till.outbox().acknowledge(proven);
  });
}

}  // namespace sweep
