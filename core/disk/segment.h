// Segment: one file of the log: a header, then records that a reader finds again after damage.
// Must not know directories or messages: a body is bytes. Format: docs/formats/log.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::disk {

inline constexpr std::size_t kSegmentHeaderSize = 64;  // two copies of 32 bytes
inline constexpr std::size_t kRecordHeaderSize = 24;
inline constexpr std::size_t kBodySizeMax = std::size_t{1} << 20;

struct SegmentHeader {
  std::uint32_t ordinal = 0;
  std::uint64_t first_index = 0;
  // Random, and no client learns it: seeds every record header's checksum, so bytes in a body
  // cannot pose as a record.
  std::uint32_t salt = 0;
};

// One intact record. Owner: `body` borrows from the scanned bytes.
struct Record {
  std::uint64_t group = 0;     // log index of the group's first record
  std::uint32_t position = 0;  // within the group
  std::uint64_t offset = 0;    // of its header in the segment
  ByteView body;
  std::uint64_t index() const { return group + position; }
};

// A stretch without an intact record.
struct Hole {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t first_lost = 0;  // log index expected at `offset`
  std::uint64_t lost = 0;        // entries lost with it; 0 also when nothing behind tells
  std::string reason;
};

struct SegmentScan {
  SegmentHeader header;
  std::vector<Record> records;     // ascending index
  std::vector<Hole> header_holes;  // a damaged copy of the header; costs no entry
  std::vector<Hole> holes;         // ascending offset
  std::uint64_t end_index = 0;     // one past the last intact or known-lost entry
  bool ends_in_hole = false;       // the last hole reaches the end of the file
  std::uint64_t end = 0;           // bytes; what follows is room: zeros, not yet written
};

// "segment-00000001.log"
std::string segment_name(std::uint32_t ordinal);
// The ordinal in such a name; nothing for another name.
std::optional<std::uint32_t> segment_ordinal(std::string_view name);

// Size of a record with its header and padding.
std::size_t record_size(std::size_t body_size);

Bytes encode_segment_header(const SegmentHeader& header);
// Shape: body 1..kBodySizeMax bytes (CORE_CHECK).
void append_record(Bytes& out, std::uint32_t salt, std::uint64_t group, std::uint32_t position,
                   ByteView body);

// Checks a single record of known index and length, read from its place. Errors: kDamaged.
Result<ByteView> record_body(ByteView record, std::uint64_t index, std::size_t body_size);

// Reads every intact record. Damage is reported in holes, never an error.
// Errors: kDamaged (both copies of the header), kMalformed (another version).
Result<SegmentScan> scan_segment(ByteView bytes);

}  // namespace core::disk
