// HashTree: the hashes of all complete subtrees of the log, on disk up to where it is sealed, in
// memory from there. Must not know messages. Format: docs/formats/log.md, "Index".
#pragma once

#include <memory>
#include <vector>

#include "core/disk/file.h"
#include "core/tlog/tree.h"

namespace relay {

using core::envelope::Hash;

// Thread: one at a time. Owner: the filesystem must outlive it.
class HashTree {
 public:
  // Errors: kDamaged (a level file is missing or too short), kIo.
  static core::Result<HashTree> open(core::disk::Filesystem& filesystem,
                                     std::filesystem::path directory, std::uint64_t sealed_leaves);

  // Hashes once a leaf on average, and reads nothing.
  void append(const Hash& leaf);
  std::uint64_t size() const { return levels_.empty() ? 0 : levels_.front().size(); }
  // The root of the complete subtree `index` of 2^level leaves. Shape: it is there (CORE_CHECK).
  // Errors: kDamaged, kIo; none for what is not sealed and for the rightmost of each level.
  core::Result<Hash> hash(unsigned level, std::uint64_t index) const;
  // Whether the leaf goes with its parent. Errors: kDamaged (it does not), kIo.
  core::Result<void> check_leaf(std::uint64_t index) const;
  // `count` neighbours, one behind the other.
  core::Result<core::Bytes> hashes(unsigned level, std::uint64_t first, std::uint64_t count) const;

  // Sealing in two steps: what write_sealed() wrote and synced counts only after commit_sealed(),
  // so a failed one can be repeated. Shape: leaves <= size(). Errors: kDiskFull, kIo, kSyncFailed.
  core::Result<void> write_sealed(std::uint64_t leaves);
  void commit_sealed(std::uint64_t leaves);

 private:
  struct Level {
    std::unique_ptr<core::disk::File> file;
    std::uint64_t sealed = 0;  // hashes in the file that count
    // From hash `base` on: the last sealed one, if any, and all that are not sealed.
    std::uint64_t base = 0;
    std::vector<Hash> tail;
    std::uint64_t size() const { return base + tail.size(); }
  };

  HashTree(core::disk::Filesystem& filesystem, std::filesystem::path directory)
      : filesystem_(&filesystem), directory_(std::move(directory)) {}
  std::filesystem::path path(unsigned level) const;

  core::disk::Filesystem* filesystem_;
  std::filesystem::path directory_;
  std::vector<Level> levels_;
};

}  // namespace relay
