// SyncCount: how often a server asks the kernel to sync, by strace, and how often the disk is told.
// Must not know which server.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/base/result.h"
#include "scripts/bench/peers/child.h"

namespace bench {

struct SyncCount {
  std::uint64_t fsync = 0;
  std::uint64_t fdatasync = 0;
  std::uint64_t pwritev2 = 0;
  // Flushes that the whole disk was asked for meanwhile, others' included; nothing where the kernel
  // does not count them. They show what strace cannot: writes that are synchronous by themselves.
  std::optional<std::uint64_t> flushes;
};

// Counts from its making until finish().
class SyncCounter {
 public:
  // Attaches to a process and all below it. `directory`, on the disk to watch, takes strace's
  // files. Errors: kNotFound (no strace), kIo.
  static core::Result<std::unique_ptr<SyncCounter>> attach(pid_t root,
                                                           const std::filesystem::path& directory);
  core::Result<SyncCount> finish();

 private:
  std::unique_ptr<Child> strace_;
  std::filesystem::path directory_;
  std::optional<std::uint64_t> flushes_;
};

}  // namespace bench
