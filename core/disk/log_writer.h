// LogWriter: the one process that appends to a log directory, a group at a time, durably.
// Must not know messages: a body is bytes. Format and start-up rules: docs/formats/log.md.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/ids.h"
#include "core/disk/checkpoint.h"
#include "core/disk/log_reader.h"
#include "core/disk/log_scan.h"
#include "core/disk/record_reader.h"

namespace core::disk {

struct LogWriterOptions {
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;  // a segment is closed at this size
  // The open segment is filled with zeros up to a multiple of this: a group that is written over
  // zeros changes nothing but data, and its sync costs less. 0: the file grows with each group.
  std::uint64_t room_bytes = 0;
  SealedLog sealed{};  // is not read at start
};

// What start-up found. The entries are visited once; their bodies are gone afterwards.
struct Recovery {
  std::optional<LogDamage> torn_tail;   // was cut off
  std::vector<RecordPlace> places;      // of every entry that is not sealed, by index
  std::uint64_t checkpoint = 0;         // the log's size by the stored checkpoint
  Root checkpoint_root{};               // and its root
  std::vector<SealedSegment> closed{};  // segments that are neither sealed nor the last
};

// Thread: one. Owner: the filesystem must outlive the writer.
class LogWriter {
 public:
  using Visit = std::function<void(LogEntry)>;

  // Locks the directory, reads the log, calls `visit` for each entry, writes the last group anew
  // into a segment of its own and cuts off a torn tail.
  // Errors: kBusy (another process holds the log), kDamaged (segment and byte offset are named;
  // nothing was changed), kMalformed (another version), kDiskFull, kIo, kSyncFailed.
  static Result<std::unique_ptr<LogWriter>> open(Filesystem& filesystem,
                                                 const std::filesystem::path& directory,
                                                 LogWriterOptions options, const Visit& visit,
                                                 Recovery& recovery);

  // Appends `bodies` as one group; when it returns they are durable. Adds their places to `places`.
  // Shape: at least one body, each of 1..kBodySizeMax bytes (CORE_CHECK).
  // Errors: kDiskFull: nothing of the group was kept, and the writer goes on. Every other (kIo,
  // kSyncFailed) ends this writer: what is on disk is only known after a new start.
  Result<void> append_group(std::span<const ByteView> bodies, std::vector<RecordPlace>& places);

  // Stores that all entries so far are durable, and the root of the tree over them. Without a sync
  // of its own: docs/formats/log.md. Errors: kDiskFull, kIo; the checkpoint before stays.
  Result<void> store_checkpoint(const Root& root);
  // Errors: kSyncFailed.
  Result<void> sync_checkpoint();
  // For a clean stop: gives back the room that was not written, and syncs the checkpoint.
  // Errors: kIo, kSyncFailed.
  Result<void> close();

  std::uint64_t log_size() const { return end_; }
  // The segment that is appended to: the ones before it are closed and synced.
  std::uint32_t open_ordinal() const { return ordinal_; }
  std::uint64_t open_first_index() const { return first_index_; }
  // Those that were closed since start-up, in order; the caller may take them away.
  std::vector<SealedSegment>& closed() { return closed_; }
  bool usable() const { return usable_; }

 private:
  LogWriter(Filesystem& filesystem, std::filesystem::path directory, LogWriterOptions options)
      : filesystem_(filesystem), directory_(std::move(directory)), options_(std::move(options)) {}

  Result<void> recover(const Visit& visit, Recovery& recovery);
  Result<void> remove_temporaries();
  Result<void> start_segment(std::uint32_t ordinal, std::uint64_t first_index, ByteView records,
                             std::uint32_t salt);
  Result<void> cut_room();
  Result<void> roll();
  Result<void> write_group(std::span<const ByteView> bodies);
  Result<void> write_or_cut();
  std::uint64_t room_for(std::uint64_t end) const;

  Filesystem& filesystem_;
  std::filesystem::path directory_;
  LogWriterOptions options_;
  std::shared_ptr<void> lock_;
  std::unique_ptr<Checkpoint> checkpoint_;
  std::unique_ptr<File> segment_;
  std::vector<SealedSegment> closed_;
  std::uint32_t ordinal_ = 0;
  std::uint64_t first_index_ = 0;  // of the open segment
  std::uint32_t salt_ = 0;
  std::uint64_t segment_end_ = 0;  // bytes of records, and the header
  std::uint64_t room_end_ = 0;     // bytes of the file; what is behind segment_end_ is zeros
  std::uint64_t end_ = 0;          // entries
  bool usable_ = true;
  Bytes buffer_;
};

}  // namespace core::disk
