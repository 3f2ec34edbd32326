// RecordReader: bodies of records whose place is known, checked again as they are read.
// Must not know messages or which records are durable: the caller asks for those only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "core/base/ids.h"
#include "core/disk/file.h"

namespace core::disk {

struct RecordPlace {
  std::uint32_t segment = 0;  // ordinal
  std::uint32_t length = 0;   // of the body, bytes
  std::uint64_t offset = 0;   // of the record's header in the segment
};

// Thread: one.
class RecordReader {
 public:
  RecordReader(Filesystem& filesystem, std::filesystem::path directory)
      : filesystem_(filesystem), directory_(std::move(directory)) {}

  // Appends the bodies of the entries from `first` on, which are at `places`. Neighbours are read
  // in one call. Errors: kDamaged (with segment and offset; also when another entry is there), kIo,
  // kNotFound; `out` may have grown by some of them then.
  Result<void> append_bodies(LogIndex first, std::span<const RecordPlace> places, Bytes& out);

 private:
  Result<void> open(std::uint32_t segment);
  Result<void> append_run(LogIndex first, std::span<const RecordPlace> run, Bytes& out);

  Filesystem& filesystem_;
  std::filesystem::path directory_;
  std::unique_ptr<File> file_;  // of open_segment_
  std::uint32_t open_segment_ = 0;
  Bytes buffer_;
};

}  // namespace core::disk
