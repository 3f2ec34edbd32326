// read_log and the text of a damage. Format: docs/formats/log.md.
// Must not know messages.
#include "core/disk/log_reader.h"

#include "core/disk/log_scan.h"

namespace core::disk {

std::string describe(const LogDamage& damage) {
  std::string text = damage.segment + ", byte " + std::to_string(damage.offset) + ", " +
                     std::to_string(damage.length) + " bytes: " + damage.reason;
  if (damage.torn_tail) return text + "; a torn tail: nothing in it was ever acknowledged";
  if (damage.lost == 0) return text + "; no entry is lost";
  return text + "; entries " + to_string(damage.first_lost) + " to " +
         std::to_string(damage.first_lost.value + damage.lost - 1) + " are lost";
}

namespace {

void set_state(LogState& state, LogScan& scan) {
  state.damages = std::move(scan.damages);
  state.end = LogIndex{scan.end};
  state.checkpoint = scan.checkpoint;
  state.checkpoint_root = scan.checkpoint_root;
}

LogEntry entry_of(const ScannedEntry& entry) {
  return LogEntry{LogIndex{entry.record.index()}, entry.record.body};
}

}  // namespace

Result<void> find_log(const std::filesystem::path& directory) {
  TRY_ASSIGN(const auto names, posix_filesystem().list(directory));
  for (const std::string& name : names) {
    if (name == kCheckpointName || segment_ordinal(name)) return {};
  }
  return fail(Errc::kNotFound, directory.string() + " holds no log");
}

Result<LogContent> read_log(const std::filesystem::path& directory) {
  TRY_ASSIGN(LogScan scan, scan_log(posix_filesystem(), directory));
  LogContent log;
  log.entries.reserve(scan.entries.size());
  for (const ScannedEntry& entry : scan.entries) log.entries.push_back(entry_of(entry));
  set_state(log, scan);
  auto owners = std::make_shared<std::vector<std::shared_ptr<const void>>>();
  for (ScannedSegment& segment : scan.segments) owners->push_back(segment.content.owner);
  log.storage = std::move(owners);
  return log;
}

Result<LogState> stream_log(const std::filesystem::path& directory, LogIndex from,
                            const TakeEntries& take) {
  std::vector<LogEntry> entries;
  TRY_ASSIGN(LogScan scan, stream_log(posix_filesystem(), directory, from.value,
                                      [&](std::span<const ScannedEntry> found) -> Result<void> {
                                        entries.clear();
                                        for (const ScannedEntry& entry : found) {
                                          if (entry.record.index() >= from.value) {
                                            entries.push_back(entry_of(entry));
                                          }
                                        }
                                        return take(entries);
                                      }));
  LogState state;
  set_state(state, scan);
  return state;
}

}  // namespace core::disk
