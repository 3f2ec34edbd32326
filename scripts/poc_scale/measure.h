// Measure: clocks, processor time, memory, percentiles, the machine and its verify rate.
// Must not know tills or relays.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"

namespace sweep {

class Stopwatch {
 public:
  Stopwatch() : start_(std::chrono::steady_clock::now()) {}
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_;
};

struct Percentiles {
  double p50 = 0;
  double p95 = 0;
  double p99 = 0;
};
// Nearest rank. Sorts its argument; zeros for an empty one.
Percentiles percentiles(std::vector<float>& values);

struct ProcessUse {
  double cpu_seconds = 0;        // user and system, since its start
  std::uint64_t peak_bytes = 0;  // resident, high-water mark
};
// Of a running process, from /proc. Zeros when it is gone.
ProcessUse process_use(pid_t pid);

// Signatures that one core verifies in a second: parsed from these messages, whose signatures need
// not be of one key, with a key of its own for the same work. Median of `rounds`.
double verify_rate(std::span<const core::Bytes* const> messages, int rounds = 5);

// The same on all cores at once: their rates added up.
double verify_rate_all_cores(std::span<const core::Bytes* const> messages);

std::string machine_description();  // processor model and core count

}  // namespace sweep
