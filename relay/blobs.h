// Blobs: pieces of ciphertext beside a log, each a file that is named by the SHA-256 of its bytes.
// Must not know who may read or write them, or sockets. Rules: docs/formats/relay-http.md, "Blobs".
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/disk/file.h"
#include "core/envelope/feed_key.h"
#include "core/envelope/keys.h"
#include "relay/response_stream.h"

namespace relay {

using core::envelope::kBlobSizeMax;
inline constexpr const char* kBlobsDirectory = "blobs";

// Thread: any. Owner: the filesystem and `bytes_kept` outlive it.
class Blobs {
 public:
  // `directory` is made with the first blob. `bytes_max`: of all blobs in it, each counted in whole
  // blocks of 4,096 bytes; `bytes_kept` grows by what is there. Errors: kIo, kSyncFailed.
  static core::Result<std::unique_ptr<Blobs>> open(core::disk::Filesystem& filesystem,
                                                   const std::filesystem::path& directory,
                                                   std::uint64_t bytes_max,
                                                   std::atomic<std::uint64_t>& bytes_kept);

  // Keeps `bytes`; durable when it returns. Whether it is new; one that was damaged is, too.
  // Errors: kTooLarge (over kBlobSizeMax), kMalformed (their hash is another one), kDiskFull (no
  // space on the disk, or below the limit), kIo: nothing is kept of it. kSyncFailed: it is not
  // known; no more are taken by this process.
  core::Result<bool> put(const core::envelope::Hash& hash, core::ByteView bytes);
  // Errors: kNotFound, kIo.
  core::Result<std::unique_ptr<ResponseStream>> read(const core::envelope::Hash& hash) const;
  // After a power cut it may be there again. Errors: kNotFound, kIo.
  core::Result<void> remove(const core::envelope::Hash& hash);
  // Of each one hash and size, ascending. Errors: kIo.
  core::Result<std::vector<core::envelope::BlobName>> list() const;

 private:
  Blobs(core::disk::Filesystem& filesystem, std::filesystem::path directory,
        std::uint64_t bytes_max, std::atomic<std::uint64_t>& bytes_kept)
      : filesystem_(filesystem),
        directory_(std::move(directory)),
        bytes_max_(bytes_max),
        bytes_kept_(bytes_kept) {}
  core::Result<void> clean_up();
  core::Result<void> count();
  core::Result<void> write(const std::filesystem::path& path, core::ByteView bytes);

  core::disk::Filesystem& filesystem_;
  std::filesystem::path directory_;
  std::uint64_t bytes_max_;
  std::atomic<std::uint64_t>& bytes_kept_;
  std::mutex mutex_;         // one is written at a time
  std::uint64_t bytes_ = 0;  // guarded by mutex_
  bool failed_ = false;      // guarded by mutex_: a sync has
};

// The hash that a file's name in the directory says; nothing: it is no blob's name.
std::optional<core::envelope::Hash> blob_of(std::string_view name);

}  // namespace relay
