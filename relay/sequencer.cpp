// Group commit: whatever waits becomes one group, one write and one sync.
// Must not know HTTP.
#include "relay/sequencer.h"

#include <chrono>

namespace relay {
namespace {

using core::LogIndex;
using core::wire::PostAnswer;
using core::wire::PostStatus;

constexpr std::size_t kGroupBytesMax = std::size_t{4} << 20;

std::uint64_t microseconds_since(std::chrono::steady_clock::time_point start) {
  const auto passed = std::chrono::steady_clock::now() - start;
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(passed).count());
}

}  // namespace

// The new messages of one batch. Their ids become known only after the sync.
struct Sequencer::Group {
  std::uint64_t first_index = 0;
  std::vector<core::ByteView> bodies;
  KnownIds ids;
  std::vector<core::disk::RecordPlace> places;
  std::optional<core::Error> error;
};

Sequencer::Sequencer(std::unique_ptr<core::disk::LogWriter> log, KnownIds known, Metrics& metrics,
                     Deliver deliver)
    : log_(std::move(log)),
      known_(std::move(known)),
      metrics_(metrics),
      deliver_(std::move(deliver)),
      thread_([this] { run(); }) {}

Sequencer::~Sequencer() {
  if (thread_.joinable()) {
    const auto ignored = stop();
    static_cast<void>(ignored);
  }
}

void Sequencer::submit(std::shared_ptr<Submission> submission) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = queue_.empty();
    queue_.push_back(std::move(submission));
  }
  if (was_empty) wake_.notify_one();
}

core::Result<void> Sequencer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (fatal_) return core::fail(*fatal_);
  return log_->close();
}

void Sequencer::run() {
  while (true) {
    Queue waiting;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
      if (queue_.empty()) return;
      waiting.swap(queue_);
    }
    take_batch(waiting);
  }
}

// Commits `waiting` in groups of bounded size.
void Sequencer::take_batch(Queue& waiting) {
  Queue batch;
  std::size_t bytes = 0;
  for (auto& submission : waiting) {
    for (const Item& item : submission->items) bytes += item.bytes.size();
    batch.push_back(std::move(submission));
    if (bytes < kGroupBytesMax) continue;
    commit(std::exchange(batch, {}));
    bytes = 0;
  }
  if (!batch.empty()) commit(std::move(batch));
}

void Sequencer::commit(Queue batch) {
  Group group;
  group.first_index = log_->log_size();
  for (const auto& submission : batch) answer(*submission, group);
  if (fatal_) group.error = fatal_;
  if (!group.error && !group.bodies.empty()) write(group);
  if (!group.error) known_.merge(group.ids);
  for (const auto& submission : batch) settle(*submission, group);
  metrics_.log_size = log_->log_size();
  deliver_(Delivery{std::move(batch), std::move(group.places), fatal_});
}

// What each item's answer will be if the group becomes durable.
void Sequencer::answer(Submission& submission, Group& group) {
  submission.answers.clear();
  for (const Item& item : submission.items) {
    PostAnswer& answer = submission.answers.emplace_back();
    if (!item.refusal.empty()) {
      answer.reason = item.refusal;
      continue;
    }
    answer.status = PostStatus::kDuplicate;
    if (const auto known = known_.find(item.id); known != known_.end()) {
      answer.index = known->second;
      continue;
    }
    const LogIndex next{group.first_index + group.bodies.size()};
    const auto [place, is_new] = group.ids.try_emplace(item.id, next);
    answer.index = place->second;
    if (!is_new) continue;
    answer.status = PostStatus::kAccepted;
    group.bodies.push_back(item.bytes);
  }
}

void Sequencer::write(Group& group) {
  const auto start = std::chrono::steady_clock::now();
  const auto written = log_->append_group(group.bodies, group.places);
  metrics_.checkpoint_failures = log_->checkpoint_failures();
  if (written) {
    metrics_.commit_microseconds += microseconds_since(start);
    ++metrics_.groups;
    return;
  }
  group.error = written.error();
  if (!log_->usable()) fatal_ = written.error();
}

// After the commit: only what is durable may be claimed.
void Sequencer::settle(Submission& submission, const Group& group) const {
  submission.outcome = Submission::Outcome::kAnswered;
  for (const PostAnswer& answer : submission.answers) {
    const bool claims_new =
        answer.status != PostStatus::kRefused && answer.index.value >= group.first_index;
    if (claims_new && group.error) {
      submission.outcome = fatal_ ? Submission::Outcome::kFailed : Submission::Outcome::kDiskFull;
      return;
    }
  }
  for (const PostAnswer& answer : submission.answers) {
    if (answer.status == PostStatus::kAccepted) ++metrics_.accepted;
    if (answer.status == PostStatus::kDuplicate) ++metrics_.duplicate;
    if (answer.status == PostStatus::kRefused) ++metrics_.refused_malformed;
  }
}

}  // namespace relay
