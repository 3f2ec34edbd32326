// LogScan: all segments of a directory put together: which entry is where, and what is damaged.
// Must not know messages, and writes nothing. Rules: docs/formats/log.md, "Reading".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/disk/file.h"
#include "core/disk/log_reader.h"
#include "core/disk/segment.h"

namespace core::disk {

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
  std::vector<ScannedSegment> segments;  // ascending ordinal
  std::vector<ScannedEntry> entries;     // ascending index
  std::vector<LogDamage> damages;
  std::uint64_t end = 0;         // one past the last entry that is there or known to be lost
  std::uint64_t checkpoint = 0;  // entries known to be durable
};

// Errors: kNotFound (no log there), kIo, kMalformed (another version, named with its segment).
Result<LogScan> scan_log(Filesystem& filesystem, const std::filesystem::path& directory);

}  // namespace core::disk
