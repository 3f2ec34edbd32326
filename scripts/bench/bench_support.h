// What the benchmarks share: results that must be there, stop watches, medians, signed messages,
// the disk's own rate. Must not know what is measured.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"

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

struct MessageOptions {
  std::size_t messages = 20000;  // different ones
  std::size_t payload_bytes = 100;
  std::uint64_t seed = 1;
};
// The log that make_messages() are for, and who signs them.
inline constexpr const char* kOrigin = "bench.example/log";
core::envelope::PrivateKey sender(std::uint64_t seed);
// Signed messages of one sender, and after them every fifth again. Same options, same bytes.
std::vector<core::Bytes> make_messages(const MessageOptions& options);

// Appends of 4 KiB, each with its own fdatasync, a second.
double append_sync_rate(const std::filesystem::path& directory);

// As many descriptors as the system lets this process, and what it starts, have.
void raise_descriptor_limit();

}  // namespace bench
