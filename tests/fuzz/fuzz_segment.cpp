// Fuzz: recovery and reading of a log directory whose files hold any bytes.
// The first input byte chooses: raw bytes as a segment, or edits of a valid log.
#include "core/disk/log_scan.h"
#include "core/disk/log_writer.h"
#include "tests/crash/disk_sim.h"

namespace {

using core::Bytes;
using core::ByteView;
using core::disk::LogScan;
using test::SimDisk;

Bytes valid_segment() {
  Bytes out = core::disk::encode_segment_header({1, 0, 42});
  std::uint64_t index = 0;
  for (const std::uint32_t count : {2u, 3u, 1u}) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const Bytes body(10 + 9 * i, static_cast<std::uint8_t>(index + i));
      core::disk::append_record(out, 42, index, i, body);
    }
    index += count;
  }
  return out;
}

// Triples of offset (2 bytes) and a byte to xor; an offset beyond the end changes the size.
Bytes edited(ByteView edits) {
  Bytes out = valid_segment();
  for (std::size_t i = 0; i + 3 <= edits.size(); i += 3) {
    const std::size_t at = static_cast<std::size_t>(edits[i]) << 8 | edits[i + 1];
    if (at < out.size()) {
      out[at] = static_cast<std::uint8_t>(out[at] ^ edits[i + 2]);
    } else {
      out.resize(at % 2048, edits[i + 2]);
    }
  }
  return out;
}

void check(const LogScan& log) {
  std::uint64_t next = 0;
  for (const auto& entry : log.entries) {
    const auto& segment = log.segments[entry.segment];
    CORE_CHECK(entry.record.index() >= next);
    next = entry.record.index() + 1;
    CORE_CHECK(!entry.record.body.empty());
    CORE_CHECK(entry.record.offset + core::disk::record_size(entry.record.body.size()) <=
               segment.content.bytes.size());
  }
  CORE_CHECK(log.end >= next);
  std::uint64_t lost = 0;
  for (const auto& damage : log.damages) {
    lost += damage.lost;
    CORE_CHECK(!describe(damage).empty());
  }
  CORE_CHECK(lost + log.entries.size() == log.end);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView input(data + 1, size - 1);
  SimDisk disk(1);
  CORE_CHECK(core::disk::Checkpoint::create(disk, "log").has_value());
  disk.put("segment-00000001.log", (data[0] & 1) != 0 ? core::to_bytes(input) : edited(input));
  if ((data[0] & 2) != 0) {
    disk.put("segment-00000002.log", core::disk::encode_segment_header({2, data[0], 7}));
  }
  const auto before = core::disk::scan_log(disk, "log");
  if (!before) return 0;
  check(*before);
  core::disk::Recovery recovery;
  std::size_t visited = 0;
  const auto writer = core::disk::LogWriter::open(
      disk, "log", {}, [&visited](core::disk::LogEntry) { ++visited; }, recovery);
  if (!writer) return 0;
  CORE_CHECK(visited == before->entries.size());
  const Bytes body = {1, 2, 3};
  const std::array<ByteView, 1> bodies = {body};
  CORE_CHECK((*writer)->append_group(bodies, recovery.places).has_value());
  const auto after = core::disk::scan_log(disk, "log");
  CORE_CHECK(after.has_value() && after->damages.empty());
  CORE_CHECK(after->entries.size() == visited + 1);
  return 0;
}
