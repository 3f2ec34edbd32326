// Backups: parts of tills' backup increments that wait beside a log until head office collects
// them; for each key a directory of blobs. Must not know what is in a part, nor who may read it.
// Rules: docs/formats/relay-http.md, "Backups".
#pragma once

#include <map>
#include <mutex>

#include "relay/blobs.h"

namespace relay {

inline constexpr const char* kBackupsDirectory = "backups";

// Which part: whose, and by which name.
struct BackupName {
  core::envelope::Kid till;
  core::envelope::BlobName part;
};

// Thread: any. Owner: the filesystem and `bytes_kept` outlive it.
class Backups {
 public:
  // `bytes_max`: of one key's, counted as Blobs does. Errors: those of Blobs::open.
  static core::Result<std::unique_ptr<Backups>> open(core::disk::Filesystem& filesystem,
                                                     const std::filesystem::path& log_directory,
                                                     std::uint64_t bytes_max,
                                                     std::atomic<std::uint64_t>& bytes_kept);

  // Errors: those of Blobs::put; kDiskFull also when this till's have reached the limit.
  core::Result<bool> put(const core::envelope::Kid& till, const core::envelope::Hash& hash,
                         core::ByteView bytes);
  // Errors: those of Blobs.
  core::Result<std::unique_ptr<ResponseStream>> read(const core::envelope::Kid& till,
                                                     const core::envelope::Hash& hash) const;
  core::Result<void> remove(const core::envelope::Kid& till, const core::envelope::Hash& hash);

  // Those of the tills behind `after` (none: from the first), ascending: of so many tills that
  // there are about kPageSize, and all of each. None: there are no more. Errors: kIo.
  core::Result<std::vector<BackupName>> list(const std::optional<core::envelope::Kid>& after) const;
  static constexpr std::size_t kPageSize = 1000;

 private:
  Backups(core::disk::Filesystem& filesystem, std::filesystem::path directory,
          std::uint64_t bytes_max, std::atomic<std::uint64_t>& bytes_kept)
      : filesystem_(filesystem),
        directory_(std::move(directory)),
        bytes_max_(bytes_max),
        bytes_kept_(bytes_kept) {}
  core::Result<void> open_one(const core::envelope::Kid& till);
  Blobs* find(const core::envelope::Kid& till) const;

  core::disk::Filesystem& filesystem_;
  std::filesystem::path directory_;
  std::uint64_t bytes_max_;
  std::atomic<std::uint64_t>& bytes_kept_;
  mutable std::mutex mutex_;
  // Guarded by mutex_; what is in it stays.
  std::map<core::envelope::Kid, std::unique_ptr<Blobs>> of_till_;
};

// The kid that a directory's name, or a path, says; nothing: it is none.
std::optional<core::envelope::Kid> kid_of(std::string_view name);

}  // namespace relay
