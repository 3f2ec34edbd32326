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

Result<LogContent> read_log(const std::filesystem::path& directory) {
  TRY_ASSIGN(LogScan scan, scan_log(posix_filesystem(), directory));
  LogContent log;
  log.entries.reserve(scan.entries.size());
  for (const ScannedEntry& entry : scan.entries) {
    log.entries.push_back(LogEntry{LogIndex{entry.record.index()}, entry.record.body});
  }
  log.damages = std::move(scan.damages);
  log.end = LogIndex{scan.end};
  log.checkpoint = scan.checkpoint;
  log.checkpoint_root = scan.checkpoint_root;
  auto owners = std::make_shared<std::vector<std::shared_ptr<const void>>>();
  for (ScannedSegment& segment : scan.segments) owners->push_back(segment.content.owner);
  log.storage = std::move(owners);
  return log;
}

}  // namespace core::disk
