// Clock: injected time, evidence only. Nothing in the books is ordered or decided by it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace core {

class Clock {
 public:
  virtual ~Clock() = default;
  // Milliseconds since 1970-01-01 UTC.
  virtual std::int64_t now_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::int64_t now_ms() const override {
    using std::chrono::duration_cast;
    return duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
};

// Milliseconds since some moment; never goes back.
class SteadyClock final : public Clock {
 public:
  std::int64_t now_ms() const override {
    using std::chrono::duration_cast;
    return duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

// Follows a clock that may be set, but never back: while that one is behind, time goes on from
// where it was, at the pace of a steady one. Thread: any. Owner: both clocks outlive it.
class ForwardClock final : public Clock {
 public:
  ForwardClock(const Clock& wall, const Clock& steady)
      : wall_(wall), steady_(steady), last_ms_(wall.now_ms()), at_ms_(steady.now_ms()) {}

  std::int64_t now_ms() const override {
    const std::lock_guard lock(mutex_);
    const std::int64_t steady = steady_.now_ms();
    last_ms_ = std::max(wall_.now_ms(), last_ms_ + (steady - at_ms_));
    at_ms_ = steady;
    return last_ms_;
  }
  // How far the clock that it follows is behind.
  std::int64_t lead_ms() const { return now_ms() - wall_.now_ms(); }

 private:
  const Clock& wall_;
  const Clock& steady_;
  mutable std::mutex mutex_;
  mutable std::int64_t last_ms_;
  mutable std::int64_t at_ms_;  // of the steady clock
};

// Stands still until it is told to move; for tests and simulations.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::int64_t start_ms) : now_ms_(start_ms) {}
  std::int64_t now_ms() const override { return now_ms_; }
  void advance_ms(std::int64_t by) { now_ms_ += by; }

 private:
  std::int64_t now_ms_;
};

}  // namespace core
