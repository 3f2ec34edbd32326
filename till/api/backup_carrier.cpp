// BackupCarrier: the hand-over between the till's thread and the network's.
#include "till/api/backup_carrier.h"

#include <algorithm>
#include <utility>

#include "till/backup_target.h"

namespace till::api {
namespace {

using core::Result;

// A mailbox that is away for the night is asked some hundred times.
constexpr std::int64_t kFirstPause_ms = 5'000;
constexpr std::int64_t kLongestPause_ms = 320'000;

}  // namespace

BackupCarrier::BackupCarrier(Put put, std::function<std::int64_t()> now_ms)
    : put_(std::move(put)), now_ms_(std::move(now_ms)), thread_([this] { work(); }) {}

BackupCarrier::~BackupCarrier() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void BackupCarrier::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return ended_ || to_carry_ != nullptr; });
    if (ended_) return;
    const Backup::Load& load = *std::exchange(to_carry_, nullptr);
    lock.unlock();
    auto outcome = put_(load);
    lock.lock();
    outcome_ = std::move(outcome);
  }
}

Result<std::optional<core::Error>> BackupCarrier::step(Backup backup) {
  std::optional<core::Error> wrong;
  if (carried_) {
    std::optional<Result<void>> outcome;
    {
      const std::lock_guard lock(mutex_);
      outcome = std::exchange(outcome_, std::nullopt);
    }
    if (!outcome) return wrong;
    const Backup::Load load = std::move(*carried_);
    carried_.reset();
    last_place_ = load.place;
    if (*outcome) {
      failures_in_a_row_ = 0;
      TRY(backup.is_carried(load));
    } else {
      next_try_ms_ =
          now_ms_() + std::min(kLongestPause_ms,
                               kFirstPause_ms << std::min<std::uint64_t>(failures_in_a_row_, 6));
      ++failures_in_a_row_;
      wrong = core::Error{outcome->error().code, load.place + ": " + outcome->error().what};
      return wrong;
    }
  }
  if (now_ms_() < next_try_ms_) return wrong;
  TRY_ASSIGN(carried_, backup.next_load(last_place_));
  if (!carried_) return wrong;
  {
    const std::lock_guard lock(mutex_);
    to_carry_ = &*carried_;
  }
  wake_.notify_one();
  return wrong;
}

Result<void> carry(const Backup::Load& load) {
  TRY_ASSIGN(const auto target, open_backup_target(load.place, core::disk::Sync::kFull));
  for (const auto& [name, file] : load.files) TRY(target->put(name, file));
  return {};
}

}  // namespace till::api
