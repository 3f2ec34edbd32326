// SyncCount, by attaching strace; flushes from the kernel's statistics of the block device.
#include "scripts/bench/peers/sync_count.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "scripts/bench/bench_support.h"

namespace bench {
namespace {

using core::Errc;
using core::fail;
using core::Result;

// Documentation/block/stat.rst of the kernel: the 16th number, since 5.5.
std::optional<std::uint64_t> device_flushes(const std::filesystem::path& directory) {
  struct stat status {};
  if (::stat(directory.c_str(), &status) != 0) return {};
  std::ifstream in("/sys/dev/block/" + std::to_string(major(status.st_dev)) + ":" +
                   std::to_string(minor(status.st_dev)) + "/stat");
  std::uint64_t value = 0;
  for (int i = 0; i < 16; ++i) {
    if (!(in >> value)) return {};
  }
  return value;
}

std::size_t occurrences(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) ++count;
  return count;
}

}  // namespace

Result<std::unique_ptr<SyncCounter>> SyncCounter::attach(pid_t root,
                                                         const std::filesystem::path& directory) {
  auto counter = std::make_unique<SyncCounter>();
  counter->directory_ = directory;
  const auto processes = process_tree(root);
  ChildOptions options;
  options.argv = {"strace",
                  "--follow-forks",
                  "--summary-only",
                  "--summary-columns=name,calls",
                  "--trace=fsync,fdatasync,pwritev2",
                  "--output=" + (directory / "syncs").string()};
  for (const pid_t pid : processes) options.argv.push_back("--attach=" + std::to_string(pid));
  options.log = directory / "strace.txt";
  options.stop_signal = SIGINT;  // detaches and writes the summary
  TRY_ASSIGN(counter->strace_, Child::start(options));
  const auto start = Clock::now();
  while (occurrences(counter->strace_->said(), " attached") < processes.size()) {
    if (interrupted()) return fail(Errc::kState, "interrupted");
    if (!counter->strace_->running() || seconds_since(start) > 10) {
      return fail(Errc::kNotFound, "strace cannot attach; " + counter->strace_->last_words());
    }
    ::usleep(10000);
  }
  counter->flushes_ = device_flushes(directory);
  return counter;
}

Result<SyncCount> SyncCounter::finish() {
  SyncCount count;
  const auto flushes = device_flushes(directory_);
  if (flushes && flushes_) count.flushes = *flushes - *flushes_;
  TRY(strace_->stop());
  std::ifstream in(directory_ / "syncs");
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string name;
    std::uint64_t calls = 0;
    if (!(fields >> name >> calls)) continue;
    if (name == "fsync") count.fsync = calls;
    if (name == "fdatasync") count.fdatasync = calls;
    if (name == "pwritev2") count.pwritev2 = calls;
  }
  return count;
}

}  // namespace bench
