// B2 and B5: a bad network, and a relay that is killed; each on a log directory of its own.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

#include "core/disk/log_reader.h"
#include "scripts/poc_scale/checks.h"
#include "scripts/poc_scale/relay_process.h"

namespace sweep {

using core::Errc;
using core::fail;
using core::Result;

namespace {

constexpr std::size_t kBadNetworkConnections = 2000;
constexpr std::uint64_t kEnoughToLoseSome = 200;  // messages

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

// Lets this process, and the relay that it starts, hold `connections` sockets.
void raise_file_limit(std::size_t connections) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t wanted = connections + 512;
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  limit.rlim_max = std::max(limit.rlim_max, wanted);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

Result<Check> check_bad_network(const CheckContext& context, RunResult& result) {
  const std::filesystem::path log = context.options.work / "b2-log";
  WaveOptions wave;
  wave.connections = kBadNetworkConnections;
  wave.network = Network::kBad;
  wave.seed = context.options.seed;
  raise_file_limit(wave.connections);
  TRY_ASSIGN(RelayProcess relay, RelayProcess::start(context.options.relay_binary, log));
  // A queue for each message: the bad network also changes the order within a till's chain.
  std::vector<Queue> queues;
  for (const Queue& queue : context.fleet.queues()) {
    for (const core::Bytes* message : queue) queues.push_back({message});
  }
  WaveOutcome outcome = send_wave(relay.endpoint(), queues, wave);
  TRY(relay.stop());
  result.rtt_bad_ms = percentiles(outcome.round_trips_ms);
  result.lost_requests = outcome.lost_requests;
  result.lost_answers = outcome.lost_answers;
  TRY_ASSIGN(const auto digest, digest_of_log(context, log, context.options.work / "b2-books.db"));
  const std::string detail = "plain p99 " + number(result.rtt_ms.p99) + " ms, bad p99 " +
                             number(result.rtt_bad_ms.p99) + " ms; " +
                             std::to_string(outcome.lost_requests) + " requests and " +
                             std::to_string(outcome.lost_answers) + " answers lost, " +
                             std::to_string(outcome.duplicates) + " duplicates";
  if (digest != context.digest) return failed(detail + "; the books digest differs");
  // An answer is lost after the commit, so exactly these messages must be duplicates when repeated.
  if (outcome.duplicates != outcome.committed_unheard) {
    return failed(detail + "; " + std::to_string(outcome.committed_unheard) +
                  " messages were committed unheard");
  }
  const bool bad_enough = outcome.lost_answers > 0 && outcome.lost_requests > 0;
  if (!bad_enough && context.fleet.message_count() >= kEnoughToLoseSome) {
    return failed(detail + "; the network lost nothing, which shows nothing");
  }
  return pass(detail + "; same digest");
}

namespace {

// Whether every answer that a till got before the kill is true of the log: same index, same bytes.
Result<std::uint64_t> count_lost(const std::filesystem::path& log, const std::vector<Queue>& queues,
                                 const WaveOutcome& outcome) {
  TRY_ASSIGN(const core::disk::LogContent content, core::disk::read_log(log));
  std::uint64_t lost = 0;
  for (std::size_t q = 0; q < queues.size(); ++q) {
    for (std::size_t m = 0; m < queues[q].size(); ++m) {
      const auto& answer = outcome.answers[q][m];
      if (!answer) continue;
      const std::uint64_t index = answer->answer.index.value;
      if (index >= content.entries.size() ||
          !core::equal(content.entries[index].body, *queues[q][m])) {
        ++lost;
      }
    }
  }
  return lost;
}

}  // namespace

// What came before the last evening stands in the log; half of the evening's are acknowledged when
// the relay is killed; it restarts on the same directory and the tills send what was not
// acknowledged.
Result<Check> check_relay_killed(const CheckContext& context) {
  const std::filesystem::path log = context.options.work / "b5-log";
  const std::vector<Queue> evening =
      context.mornings == 1
          ? context.fleet.queues(till::MessageKind::kClosing)
          : context.fleet.queues(till::MessageKind::kClosing, context.mornings - 1);
  std::uint64_t closings = 0;
  for (const Queue& queue : evening) closings += queue.size();
  TRY(copy_log_prefix(context.log, log, context.fleet.message_count() - closings));
  WaveOptions wave;
  // So few requests in flight that half of the evening is still unsent when the kill comes.
  wave.connections = std::clamp<std::size_t>(closings / 8, 1, context.options.connections);
  WaveOutcome before;
  {
    TRY_ASSIGN(RelayProcess relay, RelayProcess::start(context.options.relay_binary, log));
    wave.retry = false;
    wave.on_answer = [&](std::uint64_t answered) {
      if (answered == closings / 2) relay.kill();
      return answered < closings / 2 + 1;
    };
    before = send_wave(relay.endpoint(), evening, wave);
  }
  const std::uint64_t acknowledged = before.accepted + before.duplicates;
  TRY_ASSIGN(RelayProcess again, RelayProcess::start(context.options.relay_binary, log));
  TRY_ASSIGN(const std::uint64_t lost, count_lost(log, evening, before));
  wave.retry = true;
  wave.on_answer = nullptr;
  std::vector<Queue> rest;
  for (std::size_t q = 0; q < evening.size(); ++q) {
    Queue& queue = rest.emplace_back();
    for (std::size_t m = 0; m < evening[q].size(); ++m) {
      if (!before.answers[q][m]) queue.push_back(evening[q][m]);
    }
  }
  const WaveOutcome after = send_wave(again.endpoint(), rest, wave);
  TRY(again.stop());
  TRY_ASSIGN(const auto digest, digest_of_log(context, log, context.options.work / "b5-books.db"));
  const std::string detail = std::to_string(acknowledged) + " of " + std::to_string(closings) +
                             " acknowledged when killed, " + std::to_string(lost) +
                             " of them lost; then " + std::to_string(after.accepted) +
                             " accepted, " + std::to_string(after.duplicates) + " duplicates";
  if (acknowledged == 0 || acknowledged >= closings) {
    return failed(detail + "; the relay was not killed in the middle");
  }
  if (lost != 0) return failed(detail);
  if (digest != context.digest) return failed(detail + "; the books digest differs");
  return pass(detail + "; same digest");
}

Result<void> measure_connection_per_till(const CheckContext& context, RunResult& result) {
  const std::filesystem::path log = context.options.work / "per-till-log";
  const std::vector<Queue> queues = context.fleet.queues();
  WaveOptions wave;
  wave.connections = queues.size();
  raise_file_limit(wave.connections);
  TRY_ASSIGN(RelayProcess relay, RelayProcess::start(context.options.relay_binary, log));
  const WaveOutcome outcome = send_wave(relay.endpoint(), queues, wave);
  TRY(relay.stop());
  if (outcome.accepted != context.fleet.message_count()) {
    return fail(Errc::kState, "with a connection per till " + std::to_string(outcome.accepted) +
                                  " of " + std::to_string(context.fleet.message_count()) +
                                  " messages were accepted");
  }
  result.connections_per_till = wave.connections;
  result.accepted_per_second_connection_per_till =
      static_cast<double>(outcome.accepted) / outcome.seconds;
  return {};
}

}  // namespace sweep
