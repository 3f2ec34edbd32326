// LogReader: the intact entries of a log directory, and what is wrong with the others.
// Must not know messages: a body is bytes. Format: docs/formats/log.md.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"

namespace core::disk {

struct LogEntry {
  LogIndex index;
  ByteView body;  // borrowed from the LogContent
};

// A stretch of a segment that holds no intact record.
struct LogDamage {
  std::string segment;       // file name
  std::uint64_t offset = 0;  // of its first byte in the segment
  std::uint64_t length = 0;  // bytes
  // Entries that are lost with it: indices [first_lost, first_lost + lost).
  LogIndex first_lost;
  std::uint64_t lost = 0;  // 0 for a torn tail: nothing acknowledged is in it
  bool torn_tail = false;  // written but never acknowledged; the relay truncates it at its start
  std::string reason;
};
// "segment-00000001.log, byte 4096, 328 bytes: body checksum differs; entries 12 to 12 are lost"
std::string describe(const LogDamage& damage);

// What a log is besides its entries.
struct LogState {
  std::vector<LogDamage> damages;
  LogIndex end;  // one past the last entry that is there or known to be lost
  // The directory's checkpoint: how many entries, and the root that was signed for them.
  std::uint64_t checkpoint = 0;
  std::array<std::uint8_t, 32> checkpoint_root{};
};

// A whole log at one moment. Owner of the bytes that `entries` borrow (memory-mapped segments).
struct LogContent : LogState {
  std::vector<LogEntry> entries;  // ascending index; a gap only where damages says so
  std::shared_ptr<const void> storage;
};

// Errors: kNotFound (no log there), kIo.
Result<void> find_log(const std::filesystem::path& directory);

// Reads every segment and checks every checksum; never writes. Damage is reported, not an error,
// and costs no intact record. Errors: kNotFound (no log there), kIo, kMalformed (another version).
Result<LogContent> read_log(const std::filesystem::path& directory);

// Entries in ascending order. Owner: their bytes are borrowed until it returns.
using TakeEntries = std::function<Result<void>(std::span<const LogEntry>)>;

// The same, a segment at a time and from index `from` on, keeping nothing: memory does not grow
// with the log. Segments that end before `from` are not looked at. Errors: also those of `take`.
Result<LogState> stream_log(const std::filesystem::path& directory, LogIndex from,
                            const TakeEntries& take);

}  // namespace core::disk
