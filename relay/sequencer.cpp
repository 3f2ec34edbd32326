// One thread: duplicates out, one write and one sync a group, then the checkpoint, then the
// answers. Must not know HTTP.
#include "relay/sequencer.h"

#include <chrono>
#include <cstdio>
#include <map>

#include "core/tlog/tree.h"
#include "relay/niceness.h"

namespace relay {
namespace {

using core::LogIndex;
using core::Result;
using core::wire::PostAnswer;
using core::wire::PostStatus;

// Enough for a thousand messages: more would save no syncs worth having, and hold memory.
constexpr std::size_t kGroupBytesMax = std::size_t{256} << 10;
// When the processor is what limits, requests are taken in before a group is written: so groups
// grow, and each sync and signature serves more of them. Enough weight is left that they are not
// starved.
constexpr int kSequencerNiceness = 5;

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
  std::vector<MessageId> ids;
  std::unordered_map<MessageId, LogIndex, core::FixedBytesHash> by_id;
  std::vector<std::size_t> notices;  // positions in bodies
  std::vector<core::disk::RecordPlace> places;
  std::optional<core::Error> error;
};

Sequencer::Sequencer(SequencerSetup setup, Metrics& metrics,
                     std::function<void(const core::Error&)> on_fatal)
    : setup_(std::move(setup)),
      metrics_(metrics),
      on_fatal_(std::move(on_fatal)),
      source_([this](unsigned level, std::uint64_t index) {
        return setup_.index.subtree(level, index);
      }) {}

Result<std::unique_ptr<Sequencer>> Sequencer::start(
    SequencerSetup setup, Metrics& metrics, std::function<void(const core::Error&)> on_fatal) {
  std::unique_ptr<Sequencer> sequencer(
      new Sequencer(std::move(setup), metrics, std::move(on_fatal)));
  TRY(sequencer->publish());
  TRY(sequencer->setup_.log->sync_checkpoint());
  sequencer->seal();
  sequencer->thread_ = std::thread([self = sequencer.get()] { self->run(); });
  return sequencer;
}

Sequencer::~Sequencer() {
  if (thread_.joinable()) static_cast<void>(stop().has_value());
}

void Sequencer::submit(Queue& submissions) {
  for (const auto& submission : submissions) {
    submission->answers.each.assign(submission->items.size(), {});
  }
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = queue_.empty();
    queue_.insert(queue_.end(), std::make_move_iterator(submissions.begin()),
                  std::make_move_iterator(submissions.end()));
  }
  submissions.clear();
  if (was_empty) wake_.notify_one();
}

std::shared_ptr<const Published> Sequencer::published() const {
  const std::lock_guard lock(mutex_);
  return published_;
}

Result<void> Sequencer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
  if (fatal_) return core::fail(*fatal_);
  return setup_.log->close();
}

void Sequencer::run() {
  set_niceness(kSequencerNiceness);
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
  group.first_index = setup_.log->log_size();
  for (const auto& submission : batch) answer(*submission, group);
  if (fatal_) group.error = fatal_;
  if (!group.error && !group.bodies.empty()) write(group);
  const auto start = std::chrono::steady_clock::now();
  if (!group.error && !group.bodies.empty()) make_known(group);
  for (const auto& submission : batch) settle(*submission, group);
  metrics_.publish_microseconds += microseconds_since(start);
  std::map<Home*, Queue> homes;
  for (auto& submission : batch) homes[submission->home].push_back(std::move(submission));
  for (auto& [home, done] : homes) home->settled(std::move(done));
  if (!fatal_) seal();
}

// What each item's answer will be if the group becomes durable.
void Sequencer::answer(Submission& submission, Group& group) {
  for (std::size_t i = 0; i < submission.items.size(); ++i) {
    const Item& item = submission.items[i];
    PostAnswer& answer = submission.answers.each[i];
    if (!item.refusal.empty()) {
      answer.reason = item.refusal;
      continue;
    }
    answer.status = PostStatus::kDuplicate;
    const auto known = setup_.index.find(item.id, item.absent_below);
    if (!known) {  // whether it is new cannot be told
      give_up(known.error());
      group.error = known.error();
      continue;
    }
    if (known->index) {
      answer.index = *known->index;
      continue;
    }
    const LogIndex next{group.first_index + group.bodies.size()};
    const auto [place, is_new] = group.by_id.try_emplace(item.id, next);
    answer.index = place->second;
    if (!is_new) continue;
    answer.status = PostStatus::kAccepted;
    if (item.is_notice) group.notices.push_back(group.bodies.size());
    group.bodies.push_back(item.bytes);
    group.ids.push_back(item.id);
  }
}

void Sequencer::write(Group& group) {
  const auto start = std::chrono::steady_clock::now();
  const auto written = setup_.log->append_group(group.bodies, group.places);
  if (!written) {
    group.error = written.error();
    if (!setup_.log->usable()) give_up(written.error());
    return;
  }
  metrics_.commit_microseconds += microseconds_since(start);
  ++metrics_.groups;
}

// Durable first; then known, signed and published.
void Sequencer::make_known(Group& group) {
  setup_.index.append(group.ids, group.places);
  if (setup_.on_notice) {
    for (const std::size_t at : group.notices) {
      setup_.on_notice(LogIndex{group.first_index + at}, group.bodies[at]);
    }
  }
  if (const auto published = publish(); !published) {
    group.error = published.error();
    give_up(published.error());
  }
}

Result<void> Sequencer::publish() {
  const std::uint64_t size = setup_.log->log_size();
  TRY_ASSIGN(auto tree, core::tlog::TreeView::open(source_, size));
  const core::tlog::Checkpoint checkpoint{setup_.origin, size, tree.root()};
  if (!setup_.log->store_checkpoint(tree.root().bytes)) ++metrics_.checkpoint_failures;
  const auto published = std::make_shared<const Published>(
      Published{size, core::tlog::sign_checkpoint(checkpoint, setup_.key), std::move(tree)});
  metrics_.log_size = size;
  const std::lock_guard lock(mutex_);
  published_ = published;
  return {};
}

// After the commit: only what is durable may be claimed.
void Sequencer::settle(Submission& submission, const Group& group) {
  submission.outcome = Submission::Outcome::kAnswered;
  for (const PostAnswer& answer : submission.answers.each) {
    const bool claims_new =
        answer.status != PostStatus::kRefused && answer.index.value >= group.first_index;
    if (claims_new && group.error) {
      submission.outcome = fatal_ ? Submission::Outcome::kFailed : Submission::Outcome::kDiskFull;
      return;
    }
  }
  submission.published = published_;
  for (const PostAnswer& answer : submission.answers.each) {
    if (answer.status == PostStatus::kAccepted) ++metrics_.accepted;
    if (answer.status == PostStatus::kDuplicate) ++metrics_.duplicate;
  }
}

// The closed segments go into the index on disk. What fails is tried again with the next one: until
// then their entries stay in memory.
void Sequencer::seal() {
  auto& closed = setup_.closed;
  auto& fresh = setup_.log->closed();
  closed.insert(closed.end(), fresh.begin(), fresh.end());
  fresh.clear();
  std::uint64_t bytes = 0;
  for (const core::disk::SealedSegment& segment : closed) bytes += segment.bytes;
  if (closed.empty() || bytes < setup_.seal_bytes) return;
  const auto sealed = setup_.index.seal(closed, setup_.log->open_first_index());
  if (sealed) {
    closed.clear();
    if (setup_.on_sealed) setup_.on_sealed();
    return;
  }
  ++metrics_.seal_failures;
  std::fprintf(stderr, "sealing: %s\n", core::describe(sealed.error()).c_str());
}

void Sequencer::give_up(const core::Error& error) {
  if (fatal_) return;
  fatal_ = error;
  on_fatal_(error);
}

}  // namespace relay
