// Sender: carries the outbox to the relay, and does not give up by itself.
// Must not know HTTP: posting is handed in (core::wire::RelayClient::post in the program).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/random.h"
#include "core/base/result.h"
#include "core/wire/answers.h"
#include "till/outbox.h"

namespace till {

struct SendOptions {
  std::size_t batch_messages_max = 16;
  std::size_t batch_bytes_max = 60000;
  // Before attempt n + 1: a uniform random time in [0, min(cap, base * 2^n)] ("full jitter").
  std::chrono::milliseconds backoff_base{200};
  std::chrono::milliseconds backoff_cap{60000};
  // Failed attempts in a row after which the run ends; none: never.
  std::optional<std::uint64_t> attempts_max;
  // The run ends when the pauses and attempts have taken this long; none: never.
  std::optional<std::chrono::milliseconds> time_max;
};

// What the outside world does for a sender.
struct SenderPorts {
  using Answers = core::Result<core::wire::PostAnswers>;
  std::function<Answers(std::span<const core::Bytes>)> post;
  std::function<void(std::chrono::milliseconds)> sleep;
  std::function<std::int64_t()> now_ms;  // monotonic
  // Told of each failed attempt before its pause; may be empty.
  std::function<void(const core::Error&, std::chrono::milliseconds pause)> on_retry;
};

struct Refusal {
  core::Sequence sequence;
  std::string reason;
};

struct SendReport {
  std::uint64_t accepted = 0;
  std::uint64_t duplicates = 0;
  std::vector<Refusal> refused;  // still in the outbox, marked
  std::uint64_t failed_attempts = 0;
  std::optional<core::Error> gave_up;  // why the run ended before the end of the outbox
};

// Goes through the outbox once, oldest first, in batches; a batch that the network loses is sent
// again until the relay answered it or the limits are reached. A message that the relay refuses is
// marked and passed over. Each answered batch is settled in the journal before the next is sent, so
// a run that is killed loses nothing: the next one sends again, and the relay says "duplicate".
// Errors: those of the journal only; the network's are in the report.
core::Result<SendReport> send_outbox(Outbox outbox, const SenderPorts& ports,
                                     const SendOptions& options, core::Random& random);

}  // namespace till
