// Wave: many tills' messages sent through a number of kept-alive connections, one message a
// request, one request outstanding a connection. Must not know what messages mean. Network models:
// docs/sweep.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/wire/relay_client.h"

namespace sweep {

// One till's messages, oldest first; the next is sent when the one before is answered.
using Queue = std::vector<const core::Bytes*>;

enum class Network {
  kPlain,  // loopback as it is
  kBad,    // seeded: 20 to 219 ms each way, lost requests, answers lost after the commit
};

struct WaveOptions {
  std::size_t connections = 96;
  Network network = Network::kPlain;
  std::uint64_t seed = 1;
  // Called after each answer with the number of messages answered so far; false ends the wave.
  std::function<bool(std::uint64_t answered)> on_answer;
  // Failed sends are repeated (with the till's back-off) until answered, or never.
  bool retry = true;
};

// What the relay said of one message.
struct Answered {
  core::wire::PostAnswer answer;
  std::string checkpoint;
};
// By queue, then message; none: not answered.
using WaveAnswers = std::vector<std::vector<std::optional<Answered>>>;

struct WaveOutcome {
  WaveAnswers answers;
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t refused = 0;
  std::uint64_t failed_sends = 0;
  std::uint64_t lost_requests = 0;      // by the bad network
  std::uint64_t lost_answers = 0;       // by the bad network, after the relay committed
  std::uint64_t committed_unheard = 0;  // messages of which at least one answer was lost
  std::vector<float> round_trips_ms;    // of answered sends
  double seconds = 0;
};

// Puts a later wave of the same tills behind the ones before.
void append(WaveOutcome& before, WaveOutcome wave);

WaveOutcome send_wave(const core::wire::Endpoint& relay, std::span<const Queue> queues,
                      const WaveOptions& options);

}  // namespace sweep
