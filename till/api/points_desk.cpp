// PointsDesk: the hand-over between the till's thread and the network's.
#include "till/api/points_desk.h"

#include <chrono>

namespace till::api {

namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::int64_t kPointsPause_ms = 15000;  // after a failure, before a release is tried again

}  // namespace

PointsDesk::PointsDesk(AskPoints post, std::function<std::int64_t()> now_ms)
    : post_(std::move(post)), now_ms_(std::move(now_ms)), thread_([this] { work(); }) {}

PointsDesk::~PointsDesk() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void PointsDesk::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return ended_ || question_; });
    if (ended_) return;
    const Question question = std::move(*question_);
    question_.reset();
    lock.unlock();
    auto answer = post_(question.service, question.request);
    lock.lock();
    answer_.emplace(question.number, std::move(answer));
    wake_.notify_all();
  }
}

std::uint64_t PointsDesk::put(const PointsService& service, core::ByteView request) {
  const std::uint64_t number = ++last_number_;
  question_ = Question{number, service, core::to_bytes(request)};
  wake_.notify_all();
  return number;
}

Result<core::Bytes> PointsDesk::ask(const PointsService& service, core::ByteView request) {
  std::unique_lock lock(mutex_);
  background_.reset();  // who is waited for goes first; the other is asked again
  const std::uint64_t number = put(service, request);
  const bool answered = wake_.wait_for(lock, std::chrono::milliseconds(service.timeout_ms),
                                       [&] { return answer_ && answer_->first == number; });
  if (!answered) {
    return fail(Errc::kNetwork, "no answer in " + std::to_string(service.timeout_ms) + " ms");
  }
  auto answer = std::move(answer_->second);
  answer_.reset();
  return answer;
}

Result<std::optional<core::Error>> PointsDesk::step(Points points) {
  std::optional<core::Error> nothing;
  if (background_) {
    std::optional<Result<core::Bytes>> answer;
    {
      const std::lock_guard lock(mutex_);
      if (!answer_ || answer_->first != background_->first) return nothing;
      answer = std::move(answer_->second);
      answer_.reset();
    }
    const core::Bytes request = std::move(background_->second);
    background_.reset();
    const auto settled =
        *answer ? points.settle(request, **answer) : Result<void>(fail(answer->error()));
    if (settled) return nothing;
    next_try_ms_ = now_ms_() + kPointsPause_ms;
    if (*answer && is_journals(settled.error().code)) return fail(settled.error());
    return std::optional(settled.error());
  }
  if (now_ms_() < next_try_ms_) return nothing;
  TRY_ASSIGN(const auto request, points.next_request());
  if (!request) return nothing;
  TRY_ASSIGN(const PointsService service, points.service());
  const std::lock_guard lock(mutex_);
  background_.emplace(put(service, *request), *request);
  return nothing;
}

}  // namespace till::api
