// Process: the real programs, started, watched, killed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace test {

// Under a sanitizer processes cannot be traced: cases that strace skip themselves, by name.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)  // GCC says so, clang is asked
#define DAYBOOK_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DAYBOOK_SANITIZED 1
#endif
#endif
#ifdef DAYBOOK_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// What a finished command left behind.
struct Outcome {
  int status = -1;  // exit status, or 128 + signal
  std::string out;
  std::string err;
};

// Runs a command to its end. argv[0] is a path or is looked up in PATH.
Outcome run(const std::vector<std::string>& argv);

// A command that goes on in the background; killed (SIGKILL) when the object goes.
class Process {
 public:
  explicit Process(const std::vector<std::string>& argv);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Waits for a line on stdout that contains `text` and returns the line; "" after `timeout`, or
  // when the process ends first.
  std::string wait_for_line(const std::string& text,
                            std::chrono::milliseconds timeout = std::chrono::seconds(20));
  void signal(int number);
  bool running();
  // Waits for the end. Outcome.status is 128 + signal for a killed process.
  Outcome wait();
  pid_t pid() const { return pid_; }

 private:
  void pump(std::chrono::milliseconds at_most);

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  bool reaped_ = false;
  int raw_status_ = 0;
  std::size_t searched_ = 0;  // bytes of out_ that wait_for_line has consumed
  std::string out_;
  std::string err_;
};

}  // namespace test
