// Puts the segments of a directory together. Rules: docs/formats/log.md, "Reading".
// Must not know messages, and writes nothing.
#include "core/disk/log_scan.h"

#include <algorithm>
#include <array>
#include <limits>

namespace core::disk {
namespace {

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

LogDamage damage_of(const std::string& segment, const Hole& hole) {
  return LogDamage{segment,   hole.offset, hole.length, LogIndex{hole.first_lost},
                   hole.lost, false,       hole.reason};
}

// Joins the scans of single segments, in ascending order.
class Join {
 public:
  Join(LogScan& log, std::uint32_t sealed_ordinal)
      : log_(log), sealed_entries_(log.end), sealed_ordinal_(sealed_ordinal) {}

  // `limit`: the first index that a later segment is authoritative for. `scan` is null when the
  // segment's header is unreadable.
  void add(std::size_t at, const SegmentScan* scan, std::uint64_t limit) {
    ScannedSegment& segment = log_.segments[at];
    const bool is_last = at + 1 == log_.segments.size();
    if (scan == nullptr) return add_unreadable(segment, limit, is_last);
    if (scan->header.first_index >= limit) return;  // superseded as a whole
    if (scan->header.first_index < sealed_entries_) {
      log_.damages.push_back(LogDamage{segment.name, 0, segment.content.bytes.size(),
                                       LogIndex{scan->header.first_index}, 0, false,
                                       "it starts before the end of the sealed segments"});
      return;
    }
    for (const Hole& hole : scan->header_holes) {
      log_.damages.push_back(damage_of(segment.name, hole));
    }
    if (scan->header.first_index > log_.end) {
      note_missing(segment.name, 0, scan->header.first_index, "a segment before it is missing");
    }
    const std::size_t torn = is_last ? torn_hole(*scan) : scan->holes.size();
    add_records(at, *scan, limit, torn);
    add_holes(segment, *scan, limit, torn);
    if (is_last) return;
    if (log_.end < limit) {
      lose_until(segment, scan->ends_in_hole, limit, "the segment ends too early");
    }
  }

  // After the last segment: the log must reach what was known to be durable.
  void finish(bool ends_in_damage) {
    if (log_.end >= log_.checkpoint) return;
    if (log_.segments.empty()) {
      return note_missing(segment_name(sealed_ordinal_ + 1), 0, log_.checkpoint,
                          "this and all later segments are missing");
    }
    lose_until(log_.segments.back(), ends_in_damage, log_.checkpoint,
               "the log ends before its checkpoint");
  }

 private:
  void add_unreadable(ScannedSegment& segment, std::uint64_t limit, bool is_last) {
    segment.keep = segment.content.bytes.size();
    const std::uint64_t end = is_last ? log_.end : std::max(limit, log_.end);
    log_.damages.push_back(LogDamage{segment.name, 0, segment.keep, LogIndex{log_.end},
                                     end - log_.end, false,
                                     "both copies of the segment header are damaged"});
    log_.end = end;
  }

  // The hole that starts the torn tail of the last segment; holes.size() if there is none: no
  // record of a later group is behind it, and it is beyond the checkpoint.
  std::size_t torn_hole(const SegmentScan& scan) const {
    for (std::size_t i = 0; i < scan.holes.size(); ++i) {
      const Hole& hole = scan.holes[i];
      if (hole.first_lost < log_.checkpoint) continue;
      const bool later_group = !scan.records.empty() && scan.records.back().offset > hole.offset &&
                               scan.records.back().group > hole.first_lost;
      if (!later_group) return i;
    }
    return scan.holes.size();
  }

  void add_records(std::size_t at, const SegmentScan& scan, std::uint64_t limit, std::size_t torn) {
    const std::uint64_t torn_at = torn < scan.holes.size() ? scan.holes[torn].offset : kNoLimit;
    ScannedSegment& segment = log_.segments[at];
    segment.keep = std::min(scan.end, torn_at);
    for (const Record& record : scan.records) {
      if (record.offset >= torn_at) break;
      if (record.index() >= limit) {
        segment.keep = std::min(segment.keep, record.offset);
        break;
      }
      log_.entries.push_back(ScannedEntry{record, at});
      log_.end = record.index() + 1;
    }
  }

  void add_holes(ScannedSegment& segment, const SegmentScan& scan, std::uint64_t limit,
                 std::size_t torn) {
    for (std::size_t i = 0; i < scan.holes.size() && i <= torn; ++i) {
      LogDamage damage = damage_of(segment.name, scan.holes[i]);
      if (scan.holes[i].first_lost >= limit) {
        segment.keep = std::min(segment.keep, damage.offset);
        break;
      }
      damage.lost = std::min(damage.lost, limit - damage.first_lost.value);
      if (i == torn) {
        damage.torn_tail = true;
        damage.lost = 0;
        damage.length = segment.content.bytes.size() - damage.offset;
      } else {
        log_.end = std::max(log_.end, damage.first_lost.value + damage.lost);
      }
      log_.damages.push_back(std::move(damage));
    }
  }

  // The entries up to `until` are lost with the hole at the segment's end, or without a trace.
  void lose_until(const ScannedSegment& segment, bool ends_in_hole, std::uint64_t until,
                  std::string_view reason) {
    const bool same_place = ends_in_hole && !log_.damages.empty() &&
                            log_.damages.back().segment == segment.name &&
                            !log_.damages.back().torn_tail;
    if (!same_place) {
      return note_missing(segment.name, segment.content.bytes.size(), until, reason);
    }
    log_.damages.back().lost += until - log_.end;
    log_.end = until;
  }

  void note_missing(const std::string& segment, std::uint64_t offset, std::uint64_t until,
                    std::string_view reason) {
    log_.damages.push_back(LogDamage{segment, offset, 0, LogIndex{log_.end}, until - log_.end,
                                     false, std::string(reason)});
    log_.end = until;
  }

  LogScan& log_;
  std::uint64_t sealed_entries_;
  std::uint32_t sealed_ordinal_;
};

Result<void> find_segments(Filesystem& filesystem, const std::filesystem::path& directory,
                           std::uint32_t after, LogScan& log) {
  TRY_ASSIGN(const std::vector<std::string> names, filesystem.list(directory));
  for (const std::string& name : names) {
    const auto ordinal = segment_ordinal(name);
    if (!ordinal || *ordinal <= after) continue;
    log.segments.push_back(ScannedSegment{name, *ordinal, {}, 0, false, 0});
  }
  std::sort(log.segments.begin(), log.segments.end(),
            [](const auto& a, const auto& b) { return a.ordinal < b.ordinal; });
  return {};
}

// Errors: kNotFound when there is neither checkpoint nor segment.
Result<void> load_checkpoint(Filesystem& filesystem, const std::filesystem::path& directory,
                             LogScan& log) {
  const auto checkpoint = Checkpoint::open(filesystem, directory, OpenMode::kRead);
  if (checkpoint) {
    log.checkpoint = (*checkpoint)->log_size();
    log.checkpoint_root = (*checkpoint)->root();
    return {};
  }
  const Errc code = checkpoint.error().code;
  if (code == Errc::kNotFound && log.segments.empty()) {
    return fail(Errc::kNotFound, directory.string() + " holds no log");
  }
  if (code != Errc::kNotFound && code != Errc::kDamaged) return fail(checkpoint.error());
  log.damages.push_back(
      LogDamage{std::string(kCheckpointName), 0, 0, LogIndex{}, 0, false,
                code == Errc::kNotFound ? "the file is missing" : checkpoint.error().what});
  return {};
}

// What is wrong with a sealed segment; nothing when it is as it was left.
Result<std::optional<std::string>> sealed_fault(Filesystem& filesystem,
                                                const std::filesystem::path& path,
                                                const SealedSegment& sealed) {
  const auto file = filesystem.open(path, OpenMode::kRead);
  if (!file && file.error().code == Errc::kNotFound)
    return std::optional<std::string>("it is missing");
  if (!file) return fail(file.error());
  TRY_ASSIGN(const std::uint64_t size, (*file)->size());
  if (size != sealed.bytes) {
    return std::optional<std::string>("it has " + std::to_string(size) +
                                      " bytes and was closed with " + std::to_string(sealed.bytes));
  }
  std::array<std::uint8_t, kSegmentHeaderSize> raw{};
  TRY_ASSIGN(const std::size_t got, (*file)->read_at(0, raw));
  const auto scan = scan_segment(ByteView(raw).first(got));
  if (!scan) return std::optional<std::string>(scan.error().what);
  if (scan->header.ordinal != sealed.ordinal || scan->header.first_index != sealed.first_index) {
    return std::optional<std::string>("it is another segment, of ordinal " +
                                      std::to_string(scan->header.ordinal));
  }
  return std::optional<std::string>();
}

Result<void> check_sealed(Filesystem& filesystem, const std::filesystem::path& directory,
                          const SealedLog& sealed, LogScan& log) {
  for (std::size_t i = 0; i < sealed.segments.size(); ++i) {
    const SealedSegment& segment = sealed.segments[i];
    const std::string name = segment_name(segment.ordinal);
    TRY_ASSIGN(const auto fault, sealed_fault(filesystem, directory / name, segment));
    if (!fault) continue;
    const std::uint64_t end =
        i + 1 < sealed.segments.size() ? sealed.segments[i + 1].first_index : sealed.entries;
    log.damages.push_back(LogDamage{name, 0, segment.bytes, LogIndex{segment.first_index},
                                    end - segment.first_index, false, *fault});
  }
  return {};
}

// An intact segment, or none when its header is unreadable.
Result<std::optional<SegmentScan>> read_segment(const std::string& name, ByteView bytes) {
  auto scan = scan_segment(bytes);
  if (scan) return std::optional(std::move(*scan));
  if (scan.error().code == Errc::kDamaged) return std::optional<SegmentScan>();
  return fail(scan.error().code, name + ": " + scan.error().what);
}

// Opens each segment, and looks at its header.
Result<void> read_headers(Filesystem& filesystem, const std::filesystem::path& directory,
                          bool keep_open, LogScan& log) {
  for (ScannedSegment& segment : log.segments) {
    TRY_ASSIGN(segment.content, filesystem.content(directory / segment.name));
    const ByteView bytes = segment.content.bytes;
    TRY_ASSIGN(const auto header,
               read_segment(segment.name, bytes.first(std::min(bytes.size(), kSegmentHeaderSize))));
    segment.readable = header.has_value();
    if (header) segment.first_index = header->header.first_index;
    if (!keep_open) segment.content = {};
  }
  return {};
}

// Before each segment: the first index that a later one is authoritative for.
std::vector<std::uint64_t> limits_of(const std::vector<ScannedSegment>& segments) {
  std::vector<std::uint64_t> limits(segments.size(), kNoLimit);
  std::uint64_t limit = kNoLimit;
  for (std::size_t i = segments.size(); i-- > 0;) {
    limits[i] = limit;
    if (segments[i].readable) limit = std::min(limit, segments[i].first_index);
  }
  return limits;
}

// `take`: hands each segment's entries on and keeps neither them nor the segment; null: keeps all.
Result<LogScan> scan(Filesystem& filesystem, const std::filesystem::path& directory,
                     const SealedLog& sealed, std::uint64_t from, const TakeScanned* take) {
  LogScan log;
  log.end = sealed.entries;
  const std::uint32_t sealed_ordinal = sealed.segments.empty() ? 0 : sealed.segments.back().ordinal;
  TRY(find_segments(filesystem, directory, sealed_ordinal, log));
  TRY(check_sealed(filesystem, directory, sealed, log));
  TRY(load_checkpoint(filesystem, directory, log));
  TRY(read_headers(filesystem, directory, take == nullptr, log));
  const std::vector<std::uint64_t> limits = limits_of(log.segments);
  Join join(log, sealed_ordinal);
  bool ends_in_damage = false;
  for (std::size_t i = 0; i < log.segments.size(); ++i) {
    ScannedSegment& segment = log.segments[i];
    if (take != nullptr && limits[i] <= from) {  // a later segment has all that is asked for
      log.end = std::max(log.end, limits[i]);
      continue;
    }
    if (take != nullptr) {
      TRY_ASSIGN(segment.content, filesystem.content(directory / segment.name));
    }
    TRY_ASSIGN(const auto found, read_segment(segment.name, segment.content.bytes));
    join.add(i, found ? &*found : nullptr, limits[i]);
    ends_in_damage = !found || found->ends_in_hole;
    if (take == nullptr) continue;
    TRY((*take)(log.entries));
    log.entries.clear();
    segment.content = {};
  }
  join.finish(ends_in_damage);
  return log;
}

}  // namespace

Result<LogScan> scan_log(Filesystem& filesystem, const std::filesystem::path& directory,
                         const SealedLog& sealed) {
  return scan(filesystem, directory, sealed, 0, nullptr);
}

Result<LogScan> stream_log(Filesystem& filesystem, const std::filesystem::path& directory,
                           std::uint64_t from, const TakeScanned& take) {
  return scan(filesystem, directory, {}, from, &take);
}

}  // namespace core::disk
