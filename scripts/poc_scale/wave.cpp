// Wave: lanes on one event loop; each lane is a connection that serves one till after the other.
#include "scripts/poc_scale/wave.h"

#include <algorithm>
#include <memory>

#include "core/base/random.h"
#include "scripts/poc_scale/measure.h"

namespace sweep {
namespace {

using core::wire::EventLoop;
using core::wire::PostAnswer;
using core::wire::RelayConnection;
using std::chrono::milliseconds;

constexpr milliseconds kTimeout{10000};
// The bad network, as the published proof of concept has it: 20 + [0, 200) ms each way.
constexpr std::uint64_t kDelayLow_ms = 20;
constexpr std::uint64_t kDelayHigh_ms = 219;
constexpr std::uint64_t kLostPercent = 4;  // of requests, and again of answers
constexpr milliseconds kLostNoticed{700};  // when a till stops waiting for a lost answer
constexpr std::uint64_t kBackoffBase_ms = 20;
constexpr std::uint64_t kBackoffCap_ms = 1000;

class Wave;

class Lane {
 public:
  Lane(Wave& wave, EventLoop& loop, const core::wire::Endpoint& relay)
      : wave_(wave), loop_(loop), connection_(loop, relay, kTimeout) {}

  void next_queue();

 private:
  void send();
  void post(milliseconds way_in);
  void on_answers(RelayConnection::Answers answers);
  void deliver(RelayConnection::Answers answers);
  void again_after(milliseconds pause);
  void failed();

  Wave& wave_;
  EventLoop& loop_;
  RelayConnection connection_;
  std::size_t queue_ = 0;
  std::size_t position_ = 0;
  std::uint64_t attempts_ = 0;
  bool answer_lost_ = false;
  Stopwatch sent_;
};

class Wave {
 public:
  Wave(const core::wire::Endpoint& relay, std::span<const Queue> queues, const WaveOptions& options)
      : queues_(queues), options_(options), random_(options.seed) {
    for (const Queue& queue : queues) {
      outcome_.answers.emplace_back(queue.size());
      messages_ += queue.size();
    }
    outcome_.round_trips_ms.reserve(messages_);
    const std::size_t lanes =
        std::min(options.connections, std::max<std::size_t>(queues.size(), 1));
    for (std::size_t i = 0; i < lanes; ++i) {
      lanes_.push_back(std::make_unique<Lane>(*this, loop_, relay));
    }
  }

  WaveOutcome run() {
    const Stopwatch watch;
    for (auto& lane : lanes_) lane->next_queue();
    loop_.run();
    outcome_.seconds = watch.seconds();
    return std::move(outcome_);
  }

 private:
  friend class Lane;

  void end() {
    ended_ = true;
    loop_.stop();
  }

  std::span<const Queue> queues_;
  const WaveOptions& options_;
  core::Random random_;
  EventLoop loop_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  WaveOutcome outcome_;
  std::uint64_t messages_ = 0;
  std::uint64_t answered_ = 0;
  std::size_t next_queue_ = 0;
  bool ended_ = false;
};

void Lane::next_queue() {
  while (wave_.next_queue_ < wave_.queues_.size()) {
    queue_ = wave_.next_queue_++;
    position_ = 0;
    if (wave_.queues_[queue_].empty()) continue;
    send();
    return;
  }
}

void Lane::send() {
  if (wave_.ended_) return;
  sent_ = Stopwatch();
  if (wave_.options_.network == Network::kPlain) return post(milliseconds(0));
  if (wave_.random_.between(1, 100) <= kLostPercent) {
    ++wave_.outcome_.lost_requests;
    return again_after(kLostNoticed);
  }
  post(milliseconds(wave_.random_.between(kDelayLow_ms, kDelayHigh_ms)));
}

void Lane::post(milliseconds way_in) {
  const core::Bytes& message = *wave_.queues_[queue_][position_];
  const auto go = [this, &message] {
    connection_.post(message, 1,
                     [this](RelayConnection::Answers answers) { on_answers(std::move(answers)); });
  };
  if (way_in.count() == 0) return go();
  loop_.after(way_in, go);
}

void Lane::on_answers(RelayConnection::Answers answers) {
  if (wave_.options_.network == Network::kPlain) return deliver(std::move(answers));
  if (answers && wave_.random_.between(1, 100) <= kLostPercent) {
    ++wave_.outcome_.lost_answers;
    if (!answer_lost_) ++wave_.outcome_.committed_unheard;
    answer_lost_ = true;
    connection_.close();
    return again_after(kLostNoticed);
  }
  const milliseconds way_back(wave_.random_.between(kDelayLow_ms, kDelayHigh_ms));
  loop_.after(way_back, [this, answers = std::move(answers)] { deliver(answers); });
}

void Lane::deliver(RelayConnection::Answers answers) {
  if (!answers) return failed();
  WaveOutcome& outcome = wave_.outcome_;
  PostAnswer& answer = answers->each.front();
  switch (answer.status) {
    case core::wire::PostStatus::kAccepted:
      ++outcome.accepted;
      break;
    case core::wire::PostStatus::kDuplicate:
      ++outcome.duplicates;
      break;
    case core::wire::PostStatus::kRefused:
      ++outcome.refused;
      break;
  }
  outcome.round_trips_ms.push_back(static_cast<float>(sent_.seconds() * 1000));
  outcome.answers[queue_][position_] = Answered{std::move(answer), std::move(answers->checkpoint)};
  attempts_ = 0;
  answer_lost_ = false;
  ++wave_.answered_;
  if (wave_.options_.on_answer && !wave_.options_.on_answer(wave_.answered_)) return wave_.end();
  if (++position_ < wave_.queues_[queue_].size()) return send();
  next_queue();
}

void Lane::failed() {
  ++wave_.outcome_.failed_sends;
  if (!wave_.options_.retry) return;
  const std::uint64_t ceiling =
      std::min(kBackoffCap_ms, kBackoffBase_ms << std::min<std::uint64_t>(attempts_++, 10));
  again_after(milliseconds(wave_.random_.between(0, ceiling)));
}

void Lane::again_after(milliseconds pause) {
  loop_.after(pause, [this] { send(); });
}

}  // namespace

void append(WaveOutcome& before, WaveOutcome wave) {
  before.answers.resize(wave.answers.size());
  for (std::size_t i = 0; i < wave.answers.size(); ++i) {
    std::move(wave.answers[i].begin(), wave.answers[i].end(),
              std::back_inserter(before.answers[i]));
  }
  before.accepted += wave.accepted;
  before.duplicates += wave.duplicates;
  before.refused += wave.refused;
  before.failed_sends += wave.failed_sends;
  before.lost_requests += wave.lost_requests;
  before.lost_answers += wave.lost_answers;
  before.committed_unheard += wave.committed_unheard;
  before.round_trips_ms.insert(before.round_trips_ms.end(), wave.round_trips_ms.begin(),
                               wave.round_trips_ms.end());
  before.seconds += wave.seconds;
}

WaveOutcome send_wave(const core::wire::Endpoint& relay, std::span<const Queue> queues,
                      const WaveOptions& options) {
  return Wave(relay, queues, options).run();
}

}  // namespace sweep
