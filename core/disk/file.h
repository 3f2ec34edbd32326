// File, Filesystem: the few operations on files that the log needs, each with its error.
// Must not know records. The seam where tests inject faults and power cuts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::disk {

// An open file. Thread: one at a time; read_at from any.
class File {
 public:
  virtual ~File() = default;

  // Writes all of `bytes`. Errors: kDiskFull, kIo; any part may have been written then.
  virtual Result<void> write_at(std::uint64_t offset, ByteView bytes) = 0;
  // Reads up to the size of `into`; fewer bytes only at the end of the file. Errors: kIo.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
  virtual Result<std::uint64_t> size() = 0;
  virtual Result<void> truncate(std::uint64_t size) = 0;
  // Content and size reach the disk. Errors: kSyncFailed; the file must not be used any more, since
  // a second sync may succeed over data that the first one lost.
  virtual Result<void> sync() = 0;
};

enum class OpenMode {
  kRead,
  kReadWrite,
  kCreate,         // for reading and writing; emptied if it exists
  kCreatePrivate,  // the same, and made anew, so that only its owner can read it
};

// A file's whole content. Owner of `bytes`: `owner`.
struct FileContent {
  ByteView bytes;
  std::shared_ptr<const void> owner;
};

class Filesystem {
 public:
  virtual ~Filesystem() = default;

  // Errors: kNotFound, kDiskFull, kIo.
  virtual Result<std::unique_ptr<File>> open(const std::filesystem::path& path, OpenMode mode) = 0;
  // Errors: kNotFound, kIo.
  virtual Result<FileContent> content(const std::filesystem::path& path) = 0;
  // Names in a directory, in no order. Errors: kNotFound, kIo.
  virtual Result<std::vector<std::string>> list(const std::filesystem::path& directory) = 0;
  // Replaces `to` atomically. Errors: kIo.
  virtual Result<void> rename(const std::filesystem::path& from,
                              const std::filesystem::path& to) = 0;
  // Errors: kNotFound, kIo.
  virtual Result<void> remove(const std::filesystem::path& path) = 0;
  // Makes a directory and its parents, durably; one that exists is fine. Errors: kIo, kDiskFull.
  virtual Result<void> create_directory(const std::filesystem::path& directory) = 0;
  // Names in the directory reach the disk. Errors: kSyncFailed.
  virtual Result<void> sync_directory(const std::filesystem::path& directory) = 0;
  // Holds an exclusive lock until the returned object goes. Errors: kBusy, kIo.
  virtual Result<std::shared_ptr<void>> lock(const std::filesystem::path& path) = 0;
};

// The operating system's files.
Filesystem& posix_filesystem();

}  // namespace core::disk
