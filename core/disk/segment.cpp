// Encoding and scanning of segments. Format: docs/formats/log.md.
// Must not know directories or messages.
#include "core/disk/segment.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "core/base/decimal.h"
#include "core/disk/crc32c.h"
#include "core/disk/little_endian.h"

namespace core::disk {
namespace {

constexpr std::string_view kMagic = "DAYBKLOG";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderCopySize = 32;
constexpr std::size_t kAlignment = 8;
// A header that claims an index this far ahead is chance, not a record.
constexpr std::uint64_t kIndexJumpMax = std::uint64_t{1} << 32;
constexpr std::uint64_t kIndexMax = std::uint64_t{1} << 62;

struct RecordHeader {
  std::uint32_t length;
  std::uint32_t body_crc;
  std::uint64_t group;
  std::uint32_t position;
};

std::size_t padded(std::size_t size) {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

std::optional<RecordHeader> read_record_header(ByteView bytes, std::size_t offset,
                                               std::uint32_t salt) {
  if (bytes.size() - offset < kRecordHeaderSize) return std::nullopt;
  const ByteView raw = bytes.subspan(offset, kRecordHeaderSize);
  if (crc32c(raw.first(20), salt) != get_le<std::uint32_t>(raw, 20)) return std::nullopt;
  const RecordHeader header{get_le<std::uint32_t>(raw, 0), get_le<std::uint32_t>(raw, 4),
                            get_le<std::uint64_t>(raw, 8), get_le<std::uint32_t>(raw, 16)};
  if (header.length == 0 || header.length > kBodySizeMax) return std::nullopt;
  if (header.group > kIndexMax) return std::nullopt;
  return header;
}

std::optional<SegmentHeader> read_header_copy(ByteView copy) {
  if (as_text(copy.first(8)) != kMagic) return std::nullopt;
  if (crc32c(copy.first(28)) != get_le<std::uint32_t>(copy, 28)) return std::nullopt;
  const SegmentHeader header{get_le<std::uint32_t>(copy, 12), get_le<std::uint64_t>(copy, 16),
                             get_le<std::uint32_t>(copy, 24)};
  if (header.first_index > kIndexMax) return std::nullopt;
  return header;
}

Result<void> read_segment_header(ByteView bytes, SegmentScan& scan) {
  bool found = false;
  for (std::size_t at = 0; at < kSegmentHeaderSize; at += kHeaderCopySize) {
    const bool there = bytes.size() >= at + kHeaderCopySize;
    const ByteView copy = there ? bytes.subspan(at, kHeaderCopySize) : ByteView{};
    const auto header = there ? read_header_copy(copy) : std::nullopt;
    if (!header) {
      scan.header_holes.push_back(
          Hole{at, kHeaderCopySize, 0, 0, "a copy of the segment header is damaged"});
      continue;
    }
    if (const auto version = get_le<std::uint32_t>(copy, 8); version != kVersion) {
      return fail(Errc::kMalformed, "log format version " + std::to_string(version) +
                                        "; this program reads version 1");
    }
    if (!found) scan.header = *header;
    found = true;
  }
  if (!found) return fail(Errc::kDamaged, "both copies of the segment header are damaged");
  return {};
}

// Walks the records of one segment.
class Walk {
 public:
  Walk(ByteView bytes, SegmentScan& scan) : bytes_(bytes), scan_(scan) {
    scan_.end_index = scan_.header.first_index;
    scan_.records.reserve(bytes.size() / 512);
  }

  void run() {
    std::size_t at = kSegmentHeaderSize;
    while (at < bytes_.size()) {
      const auto header = plausible_header(at);
      if (!header && is_room(at)) break;
      at = header ? take(at, *header) : skip(at);
    }
    scan_.end = std::min(at, bytes_.size());
  }

 private:
  std::optional<RecordHeader> plausible_header(std::size_t at) const {
    const auto header = read_record_header(bytes_, at, scan_.header.salt);
    if (!header) return std::nullopt;
    const std::uint64_t index = header->group + header->position;
    if (index < scan_.end_index || index - scan_.end_index >= kIndexJumpMax) return std::nullopt;
    return header;
  }

  bool is_room(std::size_t at) const {
    const ByteView rest = bytes_.subspan(at);
    return std::all_of(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte == 0; });
  }

  // A record with an intact header at `at`; returns where the next one starts.
  std::size_t take(std::size_t at, const RecordHeader& header) {
    const std::uint64_t index = header.group + header.position;
    if (index > scan_.end_index) note_missing(at, index);
    scan_.ends_in_hole = false;
    const std::size_t left = bytes_.size() - at - kRecordHeaderSize;
    const std::size_t whole = padded(header.length);
    if (whole > left) {
      add_hole(at, bytes_.size() - at, 0, "the file ends inside a record");
      scan_.ends_in_hole = true;
      return bytes_.size();
    }
    const ByteView stored = bytes_.subspan(at + kRecordHeaderSize, whole);
    if (crc32c(stored) != header.body_crc) {
      add_hole(at, kRecordHeaderSize + whole, 1, "body checksum differs");
    } else {
      scan_.records.push_back(
          Record{header.group, header.position, at, stored.first(header.length)});
    }
    scan_.end_index = index + 1;
    return at + kRecordHeaderSize + whole;
  }

  // No header at `at`: goes to the next boundary that has one; returns where.
  std::size_t skip(std::size_t at) {
    std::size_t next = at + kAlignment;
    while (next < bytes_.size() && !plausible_header(next)) next += kAlignment;
    next = std::min(next, bytes_.size());
    add_hole(at, next - at, 0, "no intact record header");
    scan_.ends_in_hole = next == bytes_.size();
    return next;
  }

  // The record at `at` is intact and tells how many are missing before it.
  void note_missing(std::size_t at, std::uint64_t index) {
    const bool hole_in_front = !scan_.holes.empty() &&
                               scan_.holes.back().first_lost == scan_.end_index &&
                               scan_.holes.back().offset + scan_.holes.back().length == at;
    if (!hole_in_front) add_hole(at, 0, 0, "entries are missing here");
    scan_.holes.back().lost = index - scan_.end_index;
    scan_.end_index = index;
  }

  void add_hole(std::size_t at, std::size_t length, std::uint64_t lost, std::string reason) {
    scan_.holes.push_back(Hole{at, length, scan_.end_index, lost, std::move(reason)});
  }

  ByteView bytes_;
  SegmentScan& scan_;
};

}  // namespace

std::string segment_name(std::uint32_t ordinal) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "segment-%08u.log", ordinal);
  return name.data();
}

std::optional<std::uint32_t> segment_ordinal(std::string_view name) {
  constexpr std::string_view kBefore = "segment-";
  constexpr std::string_view kAfter = ".log";
  if (!name.starts_with(kBefore) || !name.ends_with(kAfter)) return std::nullopt;
  name.remove_prefix(kBefore.size());
  name.remove_suffix(std::min(name.size(), kAfter.size()));
  const auto number = parse_unsigned(name);
  if (!number || *number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  const auto ordinal = static_cast<std::uint32_t>(*number);
  const std::string canonical = segment_name(ordinal);
  if (canonical != std::string(kBefore) + std::string(name) + std::string(kAfter)) {
    return std::nullopt;
  }
  return ordinal;
}

std::size_t record_size(std::size_t body_size) {
  return kRecordHeaderSize + padded(body_size);
}

Bytes encode_segment_header(const SegmentHeader& header) {
  Bytes copy;
  copy.reserve(kHeaderCopySize);
  append(copy, as_bytes(kMagic));
  put_le(copy, kVersion);
  put_le(copy, header.ordinal);
  put_le(copy, header.first_index);
  put_le(copy, header.salt);
  put_le(copy, crc32c(copy));
  Bytes out = copy;
  append(out, copy);
  CORE_CHECK(out.size() == kSegmentHeaderSize);
  return out;
}

void append_record(Bytes& out, std::uint32_t salt, std::uint64_t group, std::uint32_t position,
                   ByteView body) {
  CORE_CHECK(!body.empty() && body.size() <= kBodySizeMax);
  const std::size_t start = out.size();
  static constexpr std::array<std::uint8_t, kAlignment> kZeros{};
  const ByteView padding = ByteView(kZeros).first(padded(body.size()) - body.size());
  put_le(out, static_cast<std::uint32_t>(body.size()));
  put_le(out, crc32c(padding, crc32c(body)));
  put_le(out, group);
  put_le(out, position);
  put_le(out, crc32c(ByteView(out).subspan(start, 20), salt));
  append(out, body);
  append(out, padding);
}

Result<ByteView> record_body(ByteView record, std::uint64_t index, std::size_t body_size) {
  if (record.size() < record_size(body_size) || get_le<std::uint32_t>(record, 0) != body_size ||
      get_le<std::uint64_t>(record, 8) + get_le<std::uint32_t>(record, 16) != index ||
      crc32c(record.subspan(kRecordHeaderSize, padded(body_size))) !=
          get_le<std::uint32_t>(record, 4)) {
    return fail(Errc::kDamaged, "a record changed after it was written");
  }
  return record.subspan(kRecordHeaderSize, body_size);
}

Result<SegmentScan> scan_segment(ByteView bytes) {
  SegmentScan scan;
  TRY(read_segment_header(bytes, scan));
  Walk(bytes, scan).run();
  return scan;
}

}  // namespace core::disk
