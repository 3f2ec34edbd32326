// PlaceTable: where each entry's record lies, on disk up to where it is sealed, in memory from
// there. Must not know messages. Format: docs/formats/log.md, "Index".
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/disk/record_reader.h"

namespace relay {

// Thread: one at a time. Owner: the filesystem must outlive it.
class PlaceTable {
 public:
  // Errors: kDamaged (the file is missing or too short), kIo.
  static core::Result<PlaceTable> open(core::disk::Filesystem& filesystem,
                                       const std::filesystem::path& directory,
                                       std::uint64_t sealed);

  void append(std::span<const core::disk::RecordPlace> places);
  std::uint64_t size() const { return sealed_ + tail_.size(); }
  // Shape: first + count <= size() (CORE_CHECK). Errors: kDamaged, kIo.
  core::Result<std::vector<core::disk::RecordPlace>> read(std::uint64_t first,
                                                          std::uint64_t count) const;

  // As HashTree's. Errors: kDiskFull, kIo, kSyncFailed.
  core::Result<void> write_sealed(std::uint64_t end);
  void commit_sealed(std::uint64_t end);

 private:
  PlaceTable(core::disk::Filesystem& filesystem, std::filesystem::path path)
      : filesystem_(&filesystem), path_(std::move(path)) {}

  core::disk::Filesystem* filesystem_;
  std::filesystem::path path_;
  std::unique_ptr<core::disk::File> file_;
  std::uint64_t sealed_ = 0;
  std::vector<core::disk::RecordPlace> tail_;
};

}  // namespace relay
