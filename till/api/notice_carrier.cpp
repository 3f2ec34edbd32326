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
// What waits in memory to be taken up; more is asked for behind it.
constexpr std::size_t kAnswerBytesMax = std::size_t{4} << 20;
constexpr std::uint64_t kListsMax = 8;  // of one round

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
    const Task task = *to_ask_;
    to_ask_.reset();
    lock.unlock();
    Answer answer = ask(task);
    lock.lock();
    answer_ = std::move(answer);
  }
}

NoticeCarrier::Answer NoticeCarrier::ask(const Task& task) const {
  const Question& question = task.question;
  Answer answer{question, task.asker ? task.asker->keyid : std::string(), {}};
  if (task.asker && ports_.read_as) ports_.read_as(*task.asker);
  if (const auto* after = std::get_if<After>(&question)) {
    std::size_t bytes = 0;
    answer.done = ports_.ask(*after, [&](LogIndex index, Bytes message) -> Result<void> {
      bytes += message.size();
      answer.is_cut = bytes > kAnswerBytesMax;
      if (answer.is_cut) return fail(Errc::kTooLarge, "the rest later");
      answer.notices.emplace_back(index, std::move(message));
      return {};
    });
    if (answer.is_cut) answer.done = {};
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
    // What was taken up since it was asked is not asked for again.
    const bool is_it =
        list_ && (list_->after == after || (after && (!list_->after || *list_->after < *after)));
    if (!is_it) return want(after);
    for (const auto& [index, message] : list_->notices) {
      if (after && index <= *after) continue;
      TRY(take(index, message));
    }
    if (list_->is_cut) return want(list_->notices.empty() ? after : list_->notices.back().first);
    return {};
  };
  ports.piece = [this, want](const BlobName& name) -> Result<Bytes> {
    const auto piece = pieces_.find(name);
    if (piece == pieces_.end()) return want(name);
    return std::move(pieces_.extract(piece).mapped());  // the journal has it then
  };
  ports.roster = [this, want]() -> Result<Bytes> {
    const auto roster = rosters_.find(asker_ ? asker_->keyid : std::string());
    return roster == rosters_.end() ? Result<Bytes>(want(std::monostate{})) : roster->second;
  };
  ports.read_as = [this](const core::wire::ReadCredential& who) { asker_ = who; };
  return ports;
}

void NoticeCarrier::keep(Answer answer) {
  if (const auto* after = std::get_if<After>(&answer.question)) {
    list_ = List{*after, std::move(answer.notices), answer.is_cut};
    ++lists_;
  } else if (const auto* name = std::get_if<BlobName>(&answer.question)) {
    pieces_.insert_or_assign(*name, std::move(answer.bytes));
  } else {
    rosters_.insert_or_assign(answer.asker, answer.done ? Result<Bytes>(std::move(answer.bytes))
                                                        : Result<Bytes>(fail(answer.done.error())));
  }
}

void NoticeCarrier::start(Question question) {
  {
    const std::lock_guard lock(mutex_);
    to_ask_ = Task{std::move(question), asker_};
  }
  is_asking_ = true;
  wake_.notify_one();
}

void NoticeCarrier::rest() {
  list_.reset();
  pieces_.clear();
  rosters_.clear();
  lists_ = 0;
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
    // Not on the roster: an answer, too.
    const bool is_answer =
        answer->done || (std::holds_alternative<std::monostate>(answer->question) &&
                         answer->done.error().code == Errc::kBadSignature);
    if (!is_answer) {
      const core::Error error = answer->done.error();
      rest();
      return Wrong(error);
    }
    keep(std::move(*answer));
    if (lists_ > kListsMax) {
      rest();
      return Wrong(core::Error{Errc::kProtocol, "the relay goes on with notices without an end"});
    }
  } else if (now_ms_() < next_try_ms_) {
    return Wrong();
  }
  TRY_ASSIGN(const TillStatus status, till.status());
  if (status.epoch.value == 0) return Wrong();  // not joined yet: there is nobody to listen to
  wanted_.reset();
  const NoticePorts ports = brought();
  const auto report = fetch_notices(till, ports);
  if (wanted_) {
    start(*wanted_);
    return Wrong();
  }
  if (!report) {
    if (is_journals(report.error().code)) return fail(report.error());
    rest();
    return Wrong(report.error());
  }
  const std::string trouble = report->trouble;
  rest();
  failures_in_a_row_ = 0;
  next_try_ms_ = now_ms_() + kBetweenRounds_ms;
  return trouble.empty() ? Wrong() : Wrong(core::Error{Errc::kProtocol, trouble});
}

}  // namespace till::api
