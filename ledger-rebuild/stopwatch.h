// Stopwatch: where the time of a replay goes.
#pragma once

#include <chrono>

namespace rebuild {

class Stopwatch {
 public:
  // Adds the seconds since the last call, or the beginning.
  void lap(double& sum) {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> passed = now - start_;
    start_ = now;
    sum += passed.count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace rebuild
