// BackupCarrier: carries backups to far targets while the till sells. The network has a thread of
// its own, which never sees the journal; what waits is read, and what arrived is marked, between
// two requests. The till waits for neither. Must not know how a target is reached:
// till/backup_target.h.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/base/result.h"
#include "till/backup.h"

namespace till::api {

class BackupCarrier {
 public:
  using Put = std::function<core::Result<void>(const Backup::Load&)>;

  // `put` may block; it is called on the carrier's thread only. `now_ms` is monotonic.
  BackupCarrier(Put put, std::function<std::int64_t()> now_ms);
  // Waits for the load under way.
  ~BackupCarrier();
  BackupCarrier(const BackupCarrier&) = delete;
  BackupCarrier& operator=(const BackupCarrier&) = delete;

  // Marks what arrived, and hands over what waits; never blocks. Returns what went wrong with a
  // target, once for each failure. Errors: the journal's only.
  core::Result<std::optional<core::Error>> step(Backup backup);

 private:
  void work();

  Put put_;
  std::function<std::int64_t()> now_ms_;
  std::int64_t next_try_ms_ = 0;
  std::uint64_t failures_in_a_row_ = 0;
  std::optional<Backup::Load> carried_;  // under way
  std::string last_place_;

  std::mutex mutex_;
  std::condition_variable wake_;
  const Backup::Load* to_carry_ = nullptr;     // guarded; borrowed from carried_
  std::optional<core::Result<void>> outcome_;  // guarded
  bool ended_ = false;                         // guarded
  std::thread thread_;
};

// To the target that a load names. Errors: those of BackupTarget::put().
core::Result<void> carry(const Backup::Load& load);

}  // namespace till::api
