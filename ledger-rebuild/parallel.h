// for_chunks: spreads work over threads in small pieces, taken as each thread gets free: the pieces
// cost unequal time, and a fixed share each would wait for the slowest.
// Must not know what the work is.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace rebuild {

inline unsigned thread_count(unsigned wanted) {
  return wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

// Calls work(begin, end) for pieces of `chunk`, which cover [0, count) once. The calling thread
// takes part. Thread: `work` runs on several at once; it must not throw.
template <typename Work>
void for_chunks(std::size_t count, unsigned threads, Work work, std::size_t chunk = 64) {
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    while (true) {
      const std::size_t begin = next.fetch_add(chunk);
      if (begin >= count) return;
      work(begin, std::min(begin + chunk, count));
    }
  };
  const std::size_t helpers = std::min<std::size_t>(threads, (count + chunk - 1) / chunk);
  std::vector<std::jthread> team;
  for (std::size_t i = 1; i < helpers; ++i) team.emplace_back(take);
  take();
}

}  // namespace rebuild
