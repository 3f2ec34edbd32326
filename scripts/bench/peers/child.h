// Child: a server process that ends with the benchmark; what it and its children use.
// Must not know which server.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"

namespace bench {

// From then on SIGINT and SIGTERM only set a flag; whatever waits here looks at it.
void watch_interrupts();
bool interrupted();

struct ChildOptions {
  std::vector<std::string> argv;  // argv[0] is a path or is looked up in PATH
  std::filesystem::path log;      // its standard output and error
  std::optional<int> core;        // the only processor that it may use
  std::string user;               // whom to run it as, when we are root; empty: as we are
  int stop_signal = 15;
};

class Child {
 public:
  // Errors: kIo, kNotFound (no such user). A program that cannot be run ends with status 127.
  static core::Result<std::unique_ptr<Child>> start(ChildOptions options);
  // Stops it, and kills what has not ended after five seconds.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  // Asks it to end and gives its exit status, or 128 + signal. Errors: kIo (not within 20 s).
  core::Result<int> stop();
  // Waits for an end of its own. Errors: kState (interrupted).
  core::Result<int> wait();
  // The end of its log, on one line.
  std::string last_words() const;
  // All of its log so far.
  std::string said() const;

 private:
  Child(pid_t pid, ChildOptions options) : pid_(pid), options_(std::move(options)) {}
  bool wait_ms(int milliseconds);

  pid_t pid_;
  ChildOptions options_;
  bool reaped_ = false;
  int status_ = 0;
};

// A process and all below it, as far as they are alive.
std::vector<pid_t> process_tree(pid_t root);

struct TreeUse {
  double cpu_seconds = 0;        // of the processes alive
  std::uint64_t peak_bytes = 0;  // sum of their high-water marks: shared pages count for each
  std::uint64_t held_bytes = 0;  // now, shared pages once; 0 where we may not look
};
TreeUse tree_use(pid_t root);

// Confines this process to one processor. Errors: kUsage (there is no such one).
core::Result<void> pin_to(int core);

}  // namespace bench
