// Courier: the hand-over between the till's thread and the network's.
#include "till/api/courier.h"

#include <algorithm>
#include <utility>

namespace till::api {
namespace {

using core::Errc;
using core::fail;
using core::Result;

// Full jitter, as in till/sender.h.
constexpr std::int64_t kBackoffBase_ms = 1000;
constexpr std::int64_t kBackoffCap_ms = 60000;

}  // namespace

Courier::Courier(Post post, std::function<std::int64_t()> now_ms, core::Random random)
    : post_(std::move(post)),
      now_ms_(std::move(now_ms)),
      random_(random),
      thread_([this] { work(); }) {}

Courier::~Courier() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Courier::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return ended_ || to_post_; });
    if (ended_) return;
    const Batch batch = std::move(*to_post_);
    to_post_.reset();
    lock.unlock();
    auto answers = post_(batch);
    lock.lock();
    answers_ = std::move(answers);
  }
}

// The answer to these messages, if it is there; else kBusy, and they are on their way if the thread
// is free.
SenderPorts::Answers Courier::exchange(std::span<const core::Bytes> messages) {
  const std::lock_guard lock(mutex_);
  const bool same = std::equal(messages.begin(), messages.end(), sent_.begin(), sent_.end());
  if (answers_) {
    auto answers = std::move(*answers_);
    answers_.reset();
    sent_.clear();
    if (same) return answers;  // what was asked meanwhile for others is asked again: a duplicate
  }
  if (sent_.empty()) {
    sent_.assign(messages.begin(), messages.end());
    to_post_ = sent_;
    wake_.notify_one();
  }
  return fail(Errc::kBusy, "on its way");
}

void Courier::back_off() {
  const std::int64_t ceiling = kBackoffBase_ms
                               << std::min<std::uint64_t>(failures_in_a_row_, 6);  // 64 s
  ++failures_in_a_row_;
  next_try_ms_ = now_ms_() + static_cast<std::int64_t>(random_.between(
                                 0, static_cast<std::uint64_t>(std::min(ceiling, kBackoffCap_ms))));
}

Result<std::optional<core::Error>> Courier::step(Outbox outbox) {
  if (sent_.empty() && now_ms_() < next_try_ms_) return std::optional<core::Error>();
  SenderPorts ports;
  ports.post = [this](std::span<const core::Bytes> messages) { return exchange(messages); };
  ports.sleep = [](std::chrono::milliseconds) {};
  ports.now_ms = now_ms_;
  SendOptions options;
  options.attempts_max = 1;
  TRY_ASSIGN(const SendReport report, send_outbox(outbox, ports, options, random_));
  if (report.accepted + report.duplicates > 0) failures_in_a_row_ = 0;
  if (!report.gave_up) {
    // Refused messages stay pending: they are tried again, but not at every step.
    if (!report.refused.empty()) {
      back_off();
      return std::optional<core::Error>(
          core::Error{Errc::kProtocol, "the relay refused message " +
                                           to_string(report.refused.front().sequence) + ": " +
                                           report.refused.front().reason});
    }
    return std::optional<core::Error>();
  }
  if (report.gave_up->code == Errc::kBusy) return std::optional<core::Error>();
  back_off();
  return report.gave_up;
}

}  // namespace till::api
