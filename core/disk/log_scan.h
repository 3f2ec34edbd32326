// LogScan: all segments of a directory put together: which entry is where, and what is damaged.
// Must not know messages, and writes nothing. Rules: docs/formats/log.md, "Reading".
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/disk/checkpoint.h"
#include "core/disk/file.h"
#include "core/disk/log_reader.h"
#include "core/disk/segment.h"

namespace core::disk {

// A segment that is closed and vouched for: it is looked at, but not read.
struct SealedSegment {
  std::uint32_t ordinal = 0;
  std::uint64_t first_index = 0;
  std::uint64_t bytes = 0;
  bool operator==(const SealedSegment&) const = default;
};

// The part of a log that somebody has indexed: its first `entries` entries.
struct SealedLog {
  std::vector<SealedSegment> segments;  // ascending ordinal
  std::uint64_t entries = 0;
};

struct ScannedSegment {
  std::string name;
  std::uint32_t ordinal = 0;
  FileContent content;
  // What later segments do not supersede ends here: bytes from there on may be cut off.
  std::uint64_t keep = 0;
  bool readable = false;  // the header is intact
  std::uint64_t first_index = 0;
};

struct ScannedEntry {
  Record record;
  std::size_t segment = 0;  // position in LogScan::segments
};

struct LogScan {
  std::vector<ScannedSegment> segments;  // ascending ordinal; those that are not sealed
  std::vector<ScannedEntry> entries;     // ascending index; of what is not sealed
  std::vector<LogDamage> damages;
  std::uint64_t end = 0;         // one past the last entry that is there or known to be lost
  std::uint64_t checkpoint = 0;  // entries known to be durable
  Root checkpoint_root{};
};

// Reads what is not sealed. A sealed segment that is missing, or has another size or another
// header, is a damage; its records are not checked.
// Errors: kNotFound (no log there), kIo, kMalformed (another version, named with its segment).
Result<LogScan> scan_log(Filesystem& filesystem, const std::filesystem::path& directory,
                         const SealedLog& sealed = {});

// The entries of one segment, ascending. Owner: they are borrowed until it returns.
using TakeScanned = std::function<Result<void>(std::span<const ScannedEntry>)>;

// Reads one segment after the other, beginning with the one that holds index `from`, and keeps
// none: the result has no entries and no contents. What is wrong before that segment is not seen.
// Errors: also those of `take`.
Result<LogScan> stream_log(Filesystem& filesystem, const std::filesystem::path& directory,
                           std::uint64_t from, const TakeScanned& take);

}  // namespace core::disk
