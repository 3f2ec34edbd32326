// NoticeCarrier: the same fetching as the command's, from what the thread brought; whatever is not
// there is asked for, and the fetching is done again.
#include "till/api/notice_carrier.h"

#include <algorithm>

namespace till::api {
namespace {

using core::Bytes;
using core::Errc;
using core::fail;
using core::LogIndex;
using core::Result;
using core::envelope::BlobName;

constexpr std::int64_t kBetweenRounds_ms = 10 * 60 * 1000;
constexpr std::int64_t kFirstPauseAfterFailure_ms = 10'000;

}  // namespace

NoticeCarrier::NoticeCarrier(NoticePorts ports, std::function<std::int64_t()> now_ms)
    : ports_(std::move(ports)), now_ms_(std::move(now_ms)), thread_([this] { work(); }) {}

NoticeCarrier::~NoticeCarrier() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void NoticeCarrier::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return ended_ || to_ask_; });
    if (ended_) return;
    const Question question = *to_ask_;
    to_ask_.reset();
    lock.unlock();
    Answer answer = ask(question);
    lock.lock();
    answer_ = std::move(answer);
  }
}

NoticeCarrier::Answer NoticeCarrier::ask(const Question& question) const {
  Answer answer{question, {}};
  if (const auto* after = std::get_if<After>(&question)) {
    answer.done = ports_.ask(*after, [&](LogIndex index, Bytes message) -> Result<void> {
      answer.notices.emplace_back(index, std::move(message));
      return {};
    });
    return answer;
  }
  const auto* name = std::get_if<BlobName>(&question);
  auto bytes = name != nullptr ? ports_.piece(*name) : ports_.roster();
  if (bytes) {
    answer.bytes = std::move(*bytes);
  } else {
    answer.done = fail(bytes.error());
  }
  return answer;
}

NoticePorts NoticeCarrier::brought() {
  const auto want = [this](Question question) {
    wanted_ = question;
    return fail(Errc::kBusy, "it is being fetched");
  };
  NoticePorts ports;
  ports.ask = [this, want](After after, const NoticePorts::Take& take) -> Result<void> {
    if (!list_ || list_->first != after) {
      // What was taken up since it was asked is not asked for again.
      const bool is_rest = list_ && after && (!list_->first || *list_->first < *after);
      if (!is_rest) return want(after);
    }
    for (const auto& [index, message] : list_->second) {
      if (after && index <= *after) continue;
      TRY(take(index, message));
    }
    return {};
  };
  ports.piece = [this, want](const BlobName& name) -> Result<Bytes> {
    const auto piece = pieces_.find(name);
    if (piece == pieces_.end()) return want(name);
    return piece->second;
  };
  ports.roster = [this, want]() -> Result<Bytes> {
    if (!roster_) return want(std::monostate{});
    return *roster_;
  };
  return ports;
}

void NoticeCarrier::keep(Answer answer) {
  if (const auto* after = std::get_if<After>(&answer.question)) {
    list_.emplace(*after, std::move(answer.notices));
  } else if (const auto* name = std::get_if<BlobName>(&answer.question)) {
    pieces_.insert_or_assign(*name, std::move(answer.bytes));
  } else {
    roster_ = std::move(answer.bytes);
  }
}

void NoticeCarrier::start(Question question) {
  {
    const std::lock_guard lock(mutex_);
    to_ask_ = question;
  }
  is_asking_ = true;
  wake_.notify_one();
}

void NoticeCarrier::give_up() {
  list_.reset();
  pieces_.clear();
  roster_.reset();
  next_try_ms_ = now_ms_() +
                 std::min(kBetweenRounds_ms, kFirstPauseAfterFailure_ms
                                                 << std::min<std::uint64_t>(failures_in_a_row_, 6));
  ++failures_in_a_row_;
}

Result<std::optional<core::Error>> NoticeCarrier::step(Till& till) {
  using Wrong = std::optional<core::Error>;
  if (is_asking_) {
    std::optional<Answer> answer;
    {
      const std::lock_guard lock(mutex_);
      answer = std::exchange(answer_, std::nullopt);
    }
    if (!answer) return Wrong();
    is_asking_ = false;
    if (!answer->done) {
      const core::Error error = answer->done.error();
      give_up();
      return Wrong(error);
    }
    keep(std::move(*answer));
  } else if (now_ms_() < next_try_ms_) {
    return Wrong();
  }
  wanted_.reset();
  const NoticePorts ports = brought();
  const auto report = fetch_notices(till, ports);
  if (wanted_) {
    start(*wanted_);
    return Wrong();
  }
  if (!report) {
    const Errc code = report.error().code;
    // The till has not joined yet: there is nobody to listen to.
    const bool is_early = code == Errc::kState;
    if (code == Errc::kSyncFailed || code == Errc::kIo || code == Errc::kDiskFull) {
      return fail(report.error());
    }
    give_up();
    return is_early ? Wrong() : Wrong(report.error());
  }
  const std::string trouble = report->trouble;
  give_up();
  failures_in_a_row_ = 0;
  next_try_ms_ = now_ms_() + kBetweenRounds_ms;
  return trouble.empty() ? Wrong() : Wrong(core::Error{Errc::kProtocol, trouble});
}

}  // namespace till::api
