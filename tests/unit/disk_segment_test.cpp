// Segments: what a scan finds in intact, torn and damaged bytes.
#include <doctest/doctest.h>

#include "core/disk/crc32c.h"
#include "core/disk/segment.h"

namespace {

using core::Bytes;
using core::disk::append_record;
using core::disk::kSegmentHeaderSize;
using core::disk::scan_segment;
using core::disk::SegmentHeader;

constexpr std::uint32_t kSalt = 0x5eed1234;

Bytes body(std::size_t size, std::uint8_t fill) {
  return Bytes(size, fill);
}

// Group 10 of three records, group 13 of two.
Bytes sample() {
  Bytes out = encode_segment_header(SegmentHeader{4, 10, kSalt});
  append_record(out, kSalt, 10, 0, body(5, 'a'));
  append_record(out, kSalt, 10, 1, body(8, 'b'));
  append_record(out, kSalt, 10, 2, body(100, 'c'));
  append_record(out, kSalt, 13, 0, body(1, 'd'));
  append_record(out, kSalt, 13, 1, body(16, 'e'));
  return out;
}

}  // namespace

TEST_CASE("a segment gives back what was written into it") {
  const Bytes bytes = sample();
  const auto scan = scan_segment(bytes);
  REQUIRE(scan);
  CHECK(scan->header.ordinal == 4);
  CHECK(scan->header.first_index == 10);
  REQUIRE(scan->records.size() == 5);
  CHECK(scan->records[2].index() == 12);
  CHECK(core::equal(scan->records[2].body, body(100, 'c')));
  CHECK(scan->records[4].group == 13);
  CHECK(scan->end_index == 15);
  CHECK(scan->holes.empty());
}

TEST_CASE("the bytes of a segment are those of docs/formats/log.md") {
  Bytes bytes = encode_segment_header(SegmentHeader{1, 0, 42});
  append_record(bytes, 42, 0, 0, Bytes{10, 11, 12});
  const std::string header =
      "44415942"
      "4b4c4f47"
      "01000000"
      "01000000"
      "0000000000000000"
      "2a000000"
      "fac294a4";
  CHECK(core::to_hex(bytes) == header + header +
                                   "03000000"
                                   "7debb078"
                                   "0000000000000000"
                                   "00000000"
                                   "48c9aa17"
                                   "0a0b0c0000000000");
}

TEST_CASE("segment names are exact") {
  CHECK(core::disk::segment_name(7) == "segment-00000007.log");
  CHECK(core::disk::segment_ordinal("segment-00000007.log") == 7);
  CHECK(core::disk::segment_ordinal("segment-4294967295.log") == 4294967295);
  CHECK_FALSE(core::disk::segment_ordinal("segment-7.log"));
  CHECK_FALSE(core::disk::segment_ordinal("segment-00000007.log.tmp"));
  CHECK_FALSE(core::disk::segment_ordinal("segment-.log"));
  CHECK_FALSE(core::disk::segment_ordinal("segment-99999999999.log"));
  CHECK_FALSE(core::disk::segment_ordinal("segment.log"));
}

TEST_CASE("records start at multiples of eight bytes") {
  CHECK(core::disk::record_size(1) == 32);
  CHECK(core::disk::record_size(8) == 32);
  CHECK(core::disk::record_size(9) == 40);
}

TEST_CASE("a damaged body costs that record alone") {
  Bytes bytes = sample();
  bytes[kSegmentHeaderSize + 32 + 24] ^= 1;
  const auto scan = scan_segment(bytes);
  REQUIRE(scan);
  CHECK(scan->records.size() == 4);
  REQUIRE(scan->holes.size() == 1);
  CHECK(scan->holes[0].first_lost == 11);
  CHECK(scan->holes[0].lost == 1);
  CHECK(scan->holes[0].offset == kSegmentHeaderSize + 32);
  CHECK(scan->holes[0].reason == "body checksum differs");
}

TEST_CASE("a damaged header costs that record alone, and the reader finds its feet") {
  Bytes bytes = sample();
  bytes[kSegmentHeaderSize + 32 + 3] ^= 0x80;
  const auto scan = scan_segment(bytes);
  REQUIRE(scan);
  CHECK(scan->records.size() == 4);
  REQUIRE(scan->holes.size() == 1);
  CHECK(scan->holes[0].first_lost == 11);
  CHECK(scan->holes[0].lost == 1);
  CHECK(scan->holes[0].length == 32);
}

TEST_CASE("a torn record leaves the ones before it, wherever the cut is") {
  const Bytes whole = sample();
  const std::size_t last = whole.size() - 40;
  for (std::size_t size = last + 1; size < whole.size(); ++size) {
    CAPTURE(size);
    const auto scan = scan_segment(core::ByteView(whole).first(size));
    REQUIRE(scan);
    CHECK(scan->records.size() == 4);
    REQUIRE(scan->holes.size() == 1);
    CHECK(scan->holes[0].offset == last);
    CHECK(scan->ends_in_hole);
  }
}

TEST_CASE("a tail of zeros is room, neither records nor a hole") {
  Bytes bytes = sample();
  const std::size_t end = bytes.size();
  CHECK(scan_segment(bytes)->end == end);
  bytes.resize(end + 4096);
  const auto scan = scan_segment(bytes);
  REQUIRE(scan);
  CHECK(scan->records.size() == 5);
  CHECK(scan->holes.empty());
  CHECK(scan->end == end);
}

TEST_CASE("a tail that is not all zeros is a hole, also when half of a record is in it") {
  Bytes bytes = sample();
  const std::size_t end = bytes.size();
  bytes.resize(end + 4096);
  bytes[end + 3000] = 1;
  const auto scan = scan_segment(bytes);
  REQUIRE(scan);
  REQUIRE(scan->holes.size() == 1);
  CHECK(scan->holes[0].offset == end);
  CHECK(scan->holes[0].length == 4096);
  CHECK(scan->ends_in_hole);
  // The last record's second half did not reach the disk: zeros are there instead.
  Bytes torn = sample();
  const std::size_t last = scan_segment(torn)->records.back().offset;
  std::fill(torn.begin() + static_cast<std::ptrdiff_t>(last + core::disk::kRecordHeaderSize + 1),
            torn.end(), std::uint8_t{0});
  torn.resize(torn.size() + 4096);
  const auto half = scan_segment(torn);
  CHECK(half->records.size() == 4);
  REQUIRE(half->holes.size() == 1);
  CHECK(half->holes[0].offset == last);
}

TEST_CASE("a body that contains a forged record is one body, also when its own header is damaged") {
  for (const std::uint32_t guessed : {0u, 1u, 0xffffffffu, kSalt ^ 1}) {
    CAPTURE(guessed);
    Bytes forged;
    append_record(forged, guessed, 11, 0, body(40, 'x'));
    Bytes bytes = encode_segment_header(SegmentHeader{1, 10, kSalt});
    append_record(bytes, kSalt, 10, 0, forged);
    append_record(bytes, kSalt, 10, 1, body(3, 'y'));
    bytes[kSegmentHeaderSize] ^= 1;
    const auto scan = scan_segment(bytes);
    REQUIRE(scan);
    REQUIRE(scan->records.size() == 1);
    CHECK(scan->records[0].index() == 11);
    CHECK(core::equal(scan->records[0].body, body(3, 'y')));
  }
}

TEST_CASE("a whole record copied from another segment is not taken for one of this") {
  Bytes bytes = sample();
  append_record(bytes, kSalt + 1, 15, 0, body(3, 'z'));
  const auto scan = scan_segment(bytes);
  REQUIRE(scan);
  CHECK(scan->records.size() == 5);
  CHECK(scan->ends_in_hole);
}

TEST_CASE("one copy of the header is enough, and its damage is named") {
  for (const std::size_t at : {std::size_t{9}, std::size_t{40}}) {
    Bytes bytes = sample();
    bytes[at] ^= 4;
    const auto scan = scan_segment(bytes);
    REQUIRE(scan);
    CHECK(scan->records.size() == 5);
    REQUIRE(scan->header_holes.size() == 1);
    CHECK(scan->header_holes[0].offset == at / 32 * 32);
  }
  Bytes bytes = sample();
  bytes[9] ^= 4;
  bytes[40] ^= 4;
  REQUIRE_FALSE(scan_segment(bytes));
  CHECK(scan_segment(bytes).error().code == core::Errc::kDamaged);
}

TEST_CASE("another format version is refused by name") {
  Bytes bytes = sample();
  for (const std::size_t copy : {std::size_t{0}, std::size_t{32}}) {
    bytes[copy + 8] = 2;
    const std::uint32_t crc = core::disk::crc32c(core::ByteView(bytes).subspan(copy, 28));
    for (std::size_t i = 0; i < 4; ++i) {
      bytes[copy + 28 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
    }
  }
  const auto scan = scan_segment(bytes);
  REQUIRE_FALSE(scan);
  CHECK(scan.error().code == core::Errc::kMalformed);
  CHECK(scan.error().what.find("version 2") != std::string::npos);
}
