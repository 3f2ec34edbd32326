// EntryIndex: of every entry its id, its place and its part in the tree. What lies in closed
// segments is sealed on disk; the rest is in memory. Derived from the segments, and can be made
// again from them. Must not know sockets. Format: docs/formats/log.md, "Index".
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <vector>

#include "core/disk/log_scan.h"
#include "core/disk/record_reader.h"
#include "relay/hash_tree.h"
#include "relay/id_run.h"
#include "relay/place_table.h"
#include "relay/recent_ids.h"

namespace relay {

// Thread: any for what is const; what changes it, one thread alone.
// Owner: the filesystem must outlive it.
class EntryIndex {
 public:
  // Reads what was sealed in `directory`/index, which may be nothing.
  // Errors: kDamaged (an index that was sealed and is not whole any more: remove the directory
  // `index` and it is made again), kIo, kDiskFull.
  static core::Result<std::unique_ptr<EntryIndex>> open(core::disk::Filesystem& filesystem,
                                                        const std::filesystem::path& directory);

  // What need not be read again from the segments.
  const core::disk::SealedLog& sealed() const { return sealed_; }
  std::uint64_t size() const;

  struct Lookup {
    std::optional<core::LogIndex> index;  // of the entry with this id
    std::uint64_t searched = 0;           // none: no entry below this index has it
  };
  // `absent_below`: an earlier lookup's `searched`, which saves reading what it read.
  // Errors: kDamaged, kIo.
  core::Result<Lookup> find(const MessageId& id, std::uint64_t absent_below = 0) const;
  // Errors of these: kDamaged, kIo. Shape: within size() (CORE_CHECK).
  core::Result<Hash> subtree(unsigned level, std::uint64_t index) const;
  core::Result<core::Bytes> subtrees(unsigned level, std::uint64_t first,
                                     std::uint64_t count) const;
  core::Result<std::vector<core::disk::RecordPlace>> places(std::uint64_t first,
                                                            std::uint64_t count) const;

  // Removes what a seal or a merge left behind that did not end. For the log's one writer, before
  // anybody merges: a reader would take away what a running relay is writing.
  void remove_strays() const;
  // The next entries of the log.
  void append(std::span<const MessageId> ids, std::span<const core::disk::RecordPlace> places);
  // Moves the entries below `end` to disk; all of them lie in `closed`, the next closed segments.
  // Errors: kDiskFull, kIo, kSyncFailed, kDamaged; the entries stay in memory then, and it can be
  // tried again with more.
  core::Result<void> seal(std::span<const core::disk::SealedSegment> closed, std::uint64_t end);
  // Merges two runs of ids, if any should be: as a binary counter carries, a run is merged into the
  // one before while that is not twice as long. Returns whether it did.
  // Thread: another one than the one that changes the index, if you like; one at a time.
  // Errors: as seal(); kState when `stop` became true meanwhile.
  core::Result<bool> merge_once(const std::atomic<bool>& stop);

 private:
  EntryIndex(core::disk::Filesystem& filesystem, std::filesystem::path directory, HashTree tree,
             PlaceTable places);
  core::Result<void> write_run(std::uint64_t end);
  std::optional<std::size_t> first_of_pair() const;
  std::vector<IdRange> ranges() const;
  IdRange runs_range(std::size_t at) const;
  core::Result<void> write_manifest(const core::disk::SealedLog& sealed,
                                    std::vector<IdRange> runs) const;

  core::disk::Filesystem& filesystem_;
  std::filesystem::path directory_;
  // Held while the manifest changes, and with it runs_ and sealed_, which also take mutex_ then.
  std::mutex manifest_mutex_;
  mutable std::shared_mutex mutex_;
  HashTree tree_;
  PlaceTable places_;
  std::vector<IdRun> runs_;  // ascending, without gaps, up to sealed_.entries
  RecentIds recent_;         // of what is not sealed
  LeafSource leaves_;
  core::disk::SealedLog sealed_;
};

}  // namespace relay
