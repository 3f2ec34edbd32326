// Sender: batches, back-off and settling of answers.
#include "till/sender.h"

#include <algorithm>
#include <utility>

namespace till {
namespace {

using core::Errc;
using core::Result;
using core::wire::PostAnswer;
using core::wire::PostStatus;
using std::chrono::milliseconds;

using Batch = std::vector<OutboxEntry>;

// What the relay said about the request as such, not about one of its messages.
bool is_verdict(Errc code) {
  return code == Errc::kTooLarge || code == Errc::kMalformed;
}

// The relay's proof does not hold: nothing is cleared, and it is asked again.
bool is_bad_receipt(Errc code) {
  return code == Errc::kBadSignature || code == Errc::kUnknownKey || code == Errc::kMalformed ||
         code == Errc::kProtocol;
}

class Run {
 public:
  Run(Outbox outbox, const SenderPorts& ports, const SendOptions& options, core::Random& random)
      : outbox_(outbox), ports_(ports), options_(options), random_(random) {}

  Result<SendReport> go() {
    started_ms_ = ports_.now_ms();
    core::Sequence done;
    while (true) {
      TRY_ASSIGN(const Batch batch,
                 outbox_.pending(done, options_.batch_messages_max, options_.batch_bytes_max));
      if (batch.empty()) return std::move(report_);
      TRY(deliver(batch));
      if (report_.gave_up) return std::move(report_);
      done = batch.back().sequence;
    }
  }

 private:
  // Ends with every message of the batch settled, or with gave_up.
  Result<void> deliver(std::span<const OutboxEntry> batch) {
    std::vector<core::Bytes> bodies;
    for (const OutboxEntry& entry : batch) bodies.push_back(entry.message);
    while (true) {
      SenderPorts::Answers answers = ports_.post(bodies);
      if (answers && answers->each.size() == batch.size()) {
        const auto settled = settle(batch, std::move(*answers));
        if (settled) failures_in_a_row_ = 0;
        if (settled || !is_bad_receipt(settled.error().code)) return settled;
        if (!pause(settled.error())) return {};
        continue;
      }
      const core::Error error =
          answers ? core::Error{Errc::kProtocol,
                                "the relay gave " + std::to_string(answers->each.size()) +
                                    " answers to " + std::to_string(batch.size()) + " messages"}
                  : answers.error();
      if (is_verdict(error.code)) return isolate(batch, error);
      if (!pause(error)) return {};
    }
  }

  // One message of the batch offends the relay: sends each alone, to find and mark it.
  Result<void> isolate(std::span<const OutboxEntry> batch, const core::Error& error) {
    failures_in_a_row_ = 0;
    if (batch.size() == 1) return refuse(batch.front().sequence, describe(error));
    for (std::size_t i = 0; i < batch.size() && !report_.gave_up; ++i) {
      TRY(deliver(batch.subspan(i, 1)));
    }
    return {};
  }

  Result<void> settle(std::span<const OutboxEntry> batch, core::wire::PostAnswers answers) {
    std::vector<Outbox::Acknowledgement> proven;
    std::vector<Refusal> refused;
    std::uint64_t accepted = 0;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      PostAnswer& answer = answers.each[i];
      if (answer.status == PostStatus::kRefused) {
        refused.push_back({batch[i].sequence, answer.reason});
        continue;
      }
      proven.push_back(
          {batch[i].sequence, {answer.index, answers.checkpoint, std::move(answer.proof)}});
      if (answer.status == PostStatus::kAccepted) ++accepted;
    }
    if (!proven.empty()) TRY(outbox_.acknowledge(proven));
    report_.accepted += accepted;
    report_.duplicates += proven.size() - accepted;
    for (const Refusal& refusal : refused) TRY(refuse(refusal.sequence, refusal.reason));
    return {};
  }

  Result<void> refuse(core::Sequence sequence, const std::string& reason) {
    report_.refused.push_back({sequence, reason});
    return outbox_.mark_refused(sequence, reason);
  }

  // False: a limit is reached, and gave_up says why the last attempt failed.
  bool pause(const core::Error& error) {
    ++report_.failed_attempts;
    ++failures_in_a_row_;
    const milliseconds wait = next_wait();
    const milliseconds spent{ports_.now_ms() - started_ms_};
    if ((options_.attempts_max && failures_in_a_row_ >= *options_.attempts_max) ||
        (options_.time_max && spent + wait > *options_.time_max)) {
      report_.gave_up = error;
      return false;
    }
    if (ports_.on_retry) ports_.on_retry(error, wait);
    ports_.sleep(wait);
    return true;
  }

  milliseconds next_wait() {
    milliseconds ceiling = std::min(options_.backoff_base, options_.backoff_cap);
    for (std::uint64_t i = 1; i < failures_in_a_row_ && ceiling < options_.backoff_cap; ++i) {
      ceiling = std::min(ceiling * 2, options_.backoff_cap);
    }
    const auto drawn = random_.between(0, static_cast<std::uint64_t>(ceiling.count()));
    return milliseconds(static_cast<milliseconds::rep>(drawn));
  }

  Outbox outbox_;
  const SenderPorts& ports_;
  const SendOptions& options_;
  core::Random& random_;
  SendReport report_;
  std::int64_t started_ms_ = 0;
  std::uint64_t failures_in_a_row_ = 0;
};

}  // namespace

Result<SendReport> send_outbox(Outbox outbox, const SenderPorts& ports, const SendOptions& options,
                               core::Random& random) {
  CORE_CHECK(ports.post && ports.sleep && ports.now_ms);
  return Run(outbox, ports, options, random).go();
}

}  // namespace till
