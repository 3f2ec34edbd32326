// What the benchmarks share: results that must be there, stop watches, medians.
// Must not know what is measured.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/base/result.h"

namespace bench {

using Clock = std::chrono::steady_clock;

inline void stop(const core::Error& error) {
  std::fprintf(stderr, "benchmark: %s\n", core::describe(error).c_str());
  std::exit(1);
}

// The value, or the end of the program.
template <typename T>
T need(core::Result<T> result) {
  if (!result) stop(result.error());
  return std::move(result).value();
}
inline void need(const core::Result<void>& result) {
  if (!result) stop(result.error());
}

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace bench
