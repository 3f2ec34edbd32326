// Sample: starts a peer, loads it, looks at what it used and holds, stops it.
#include "scripts/bench/peers/sample.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "scripts/bench/bench_support.h"
#include "scripts/bench/peers/load.h"
#include "scripts/poc_scale/measure.h"

namespace bench {
namespace {

using core::Errc;
using core::fail;
using core::Result;

// The peer's directory, made anew; gone again, like the peer, when this goes.
class Stage {
 public:
  Stage(Peer& peer, const SampleOptions& options)
      : peer_(peer), directory_(options.directory / peer.name()) {}
  ~Stage() {
    peer_.kill();
    clear();
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  Result<void> prepare() {
    clear();
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (error) return fail(Errc::kIo, directory_.string() + " cannot be made");
    // What earlier runs left to write must not be written during this one.
    const int fd = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::syncfs(fd);
    ::close(fd);
    return {};
  }
  const std::filesystem::path& directory() const { return directory_; }

 private:
  void clear() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  Peer& peer_;
  std::filesystem::path directory_;
};

Place place_of(const Stage& stage, const SampleOptions& options) {
  return Place{stage.directory(), options.pin ? std::optional<int>(0) : std::nullopt};
}

double own_cpu_seconds() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(use.ru_utime) + seconds(use.ru_stime);
}

Result<void> check(Peer& peer, const LoadOutcome& outcome, std::size_t requests,
                   std::size_t distinct) {
  TRY_ASSIGN(const std::uint64_t stored, peer.stored());
  if (stored == distinct && outcome.accepted == distinct &&
      outcome.accepted + outcome.duplicate == requests) {
    return {};
  }
  return fail(Errc::kDamaged, peer.name() + " holds " + std::to_string(stored) + " messages of " +
                                  std::to_string(distinct) + "; it answered " +
                                  std::to_string(outcome.accepted) + " accepted and " +
                                  std::to_string(outcome.duplicate) + " duplicate");
}

double one_core_verify_rate(const Workload& workload) {
  std::vector<const core::Bytes*> messages;
  for (const core::Bytes& message : workload.messages) messages.push_back(&message);
  return sweep::verify_rate(messages);
}

}  // namespace

Result<Sample> take_sample(Peer& peer, const Workload& workload, std::size_t connections,
                           const SampleOptions& options) {
  Stage stage(peer, options);
  TRY(stage.prepare());
  Sample sample;
  sample.appends_per_second = append_sync_rate(options.directory);
  sample.verifies_per_second = one_core_verify_rate(workload);
  TRY(peer.start(place_of(stage, options)));
  LoadOutcome outcome;
  {
    Load load(peer, workload);
    TRY(load.connect(connections));
    const double cpu_before = tree_use(peer.pid()).cpu_seconds;
    const double own_before = own_cpu_seconds();
    TRY_ASSIGN(outcome, load.run(workload.messages.size()));
    sample.client_cpu_seconds = own_cpu_seconds() - own_before;
    const TreeUse use = tree_use(peer.pid());
    sample.cpu_seconds = use.cpu_seconds - cpu_before;
    sample.peak_bytes = static_cast<double>(use.peak_bytes);
    sample.held_bytes = static_cast<double>(use.held_bytes);
  }
  TRY(check(peer, outcome, workload.messages.size(), workload.distinct));
  TRY(peer.stop());
  sample.seconds = outcome.seconds;
  sample.accepted_per_second = static_cast<double>(outcome.accepted) / outcome.seconds;
  sample.duplicates = outcome.duplicate;
  const auto percentiles = sweep::percentiles(outcome.answer_ms);
  sample.p50_ms = percentiles.p50;
  sample.p99_ms = percentiles.p99;
  return sample;
}

Result<SyncCount> count_syncs(Peer& peer, const Workload& workload, std::size_t messages,
                              std::size_t connections, const SampleOptions& options) {
  Stage stage(peer, options);
  TRY(stage.prepare());
  TRY(peer.start(place_of(stage, options)));
  SyncCount count;
  {
    Load load(peer, workload);
    TRY(load.connect(connections));
    TRY_ASSIGN(const auto counter, SyncCounter::attach(peer.pid(), stage.directory()));
    TRY_ASSIGN(const LoadOutcome outcome, load.run(messages));
    TRY_ASSIGN(count, counter->finish());
    TRY(check(peer, outcome, messages, messages));
  }
  TRY(peer.stop());
  return count;
}

}  // namespace bench
