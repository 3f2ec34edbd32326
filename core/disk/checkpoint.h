// Checkpoint: how many entries of the log are known to be durable, and the root of the tree over
// them, kept beside the segments. Must not know segments or how a root is made. Format, and why it
// is written without a sync: docs/formats/log.md.
#pragma once

#include <array>
#include <filesystem>
#include <memory>

#include "core/disk/file.h"

namespace core::disk {

inline constexpr std::string_view kCheckpointName = "checkpoint";

using Root = std::array<std::uint8_t, 32>;  // opaque here

class Checkpoint {
 public:
  // Makes the file, durably, with log size 0. Errors: kDiskFull, kIo, kSyncFailed.
  static Result<void> create(Filesystem& filesystem, const std::filesystem::path& directory);
  // Errors: kNotFound; kDamaged (neither slot is intact); kIo.
  static Result<std::unique_ptr<Checkpoint>> open(Filesystem& filesystem,
                                                  const std::filesystem::path& directory,
                                                  OpenMode mode);

  std::uint64_t log_size() const { return log_size_; }
  const Root& root() const { return root_; }
  // Overwrites the older of the two slots. Errors: kDiskFull, kIo; the newer slot is untouched.
  Result<void> store(std::uint64_t log_size, const Root& root);
  Result<void> sync() { return file_->sync(); }

 private:
  explicit Checkpoint(std::unique_ptr<File> file) : file_(std::move(file)) {}
  Result<void> load();

  std::unique_ptr<File> file_;
  std::uint64_t counter_ = 0;  // of stores; its last bit names the slot
  std::uint64_t log_size_ = 0;
  Root root_{};
};

}  // namespace core::disk
