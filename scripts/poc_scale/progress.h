// Progress: a bar on a terminal, plain lines elsewhere.
// Must not know what it counts.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sweep {

// Thread: one at a time. Writes to stderr, at most ten times a second.
class Progress {
 public:
  Progress(std::string label, std::uint64_t all, bool quiet = false);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void at(std::uint64_t done);

 private:
  void draw(std::uint64_t done, bool last);

  std::string label_;
  std::uint64_t all_;
  bool quiet_;
  bool terminal_;
  bool finished_ = false;
  std::chrono::steady_clock::time_point started_;
  std::chrono::steady_clock::time_point drawn_;
};

}  // namespace sweep
