// IdRun: a sorted file that tells which log index a message id has, for a stretch of the log.
// Must not know messages or sockets. Format: docs/formats/log.md, "Index".
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "core/base/ids.h"
#include "core/disk/file.h"
#include "core/envelope/message.h"

namespace relay {

using core::envelope::MessageId;

// Log indices [first, end).
struct IdRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  bool operator==(const IdRange&) const = default;
};

// What the file keeps of an id: enough to find it, not enough to be sure.
struct IdKey {
  static constexpr std::size_t kSize = 10;
  std::array<std::uint8_t, kSize> prefix;  // of the id
  std::uint64_t index;                     // below 2^48
  auto operator<=>(const IdKey&) const = default;
};
IdKey id_key(const MessageId& id, std::uint64_t index);

std::string id_run_name(const IdRange& range);

// Writes a run; the file counts once finish() has returned.
class IdRunWriter {
 public:
  // Errors of all: kDiskFull, kIo, kSyncFailed.
  static core::Result<IdRunWriter> create(core::disk::Filesystem& filesystem,
                                          const std::filesystem::path& directory,
                                          const IdRange& range);
  // Keys come in ascending order (CORE_CHECK).
  core::Result<void> add(const IdKey& key);
  // Writes what is left, and syncs. Shape: as many keys as the range has (CORE_CHECK).
  core::Result<void> finish();

 private:
  IdRunWriter() = default;
  core::Result<void> flush_page();

  std::unique_ptr<core::disk::File> file_;
  IdRange range_;
  core::Bytes page_;
  std::vector<std::uint64_t> fences_;
  std::uint64_t written_ = 0;  // keys
  IdKey last_{};
};

// Memory: 8 bytes a page, which holds 255 ids. Thread: any for candidates().
class IdRun {
 public:
  // Errors: kNotFound, kIo, kDamaged.
  static core::Result<IdRun> open(core::disk::Filesystem& filesystem,
                                  const std::filesystem::path& directory, const IdRange& range);

  const IdRange& range() const { return range_; }
  // Appends the indices whose ids begin as this one does: nearly always none, or the right one.
  // Errors: kIo, kDamaged (a page with a wrong checksum).
  core::Result<void> candidates(const MessageId& id, std::vector<core::LogIndex>& out) const;
  // Gives all keys in ascending order. Errors: as candidates(), and those of `take`.
  core::Result<void> for_each(const std::function<core::Result<void>(const IdKey&)>& take) const;

 private:
  friend core::Result<void> merge_id_runs(core::disk::Filesystem&, const std::filesystem::path&,
                                          const IdRun&, const IdRun&, const std::atomic<bool>&);
  IdRun() = default;
  core::Result<std::vector<IdKey>> page(std::size_t number) const;

  std::unique_ptr<core::disk::File> file_;
  IdRange range_;
  std::vector<std::uint64_t> fences_;  // by page: the first 8 bytes of its first key
};

// Writes the run that covers both, which are neighbours, `a` first. Memory: two pages.
// Errors: those of reading and writing runs; kState when `stop` became true meanwhile.
core::Result<void> merge_id_runs(core::disk::Filesystem& filesystem,
                                 const std::filesystem::path& directory, const IdRun& a,
                                 const IdRun& b, const std::atomic<bool>& stop);

}  // namespace relay
