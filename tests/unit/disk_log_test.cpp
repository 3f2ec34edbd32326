// Logs of several segments: recovery, damage, superseded copies, places.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include "core/disk/log_reader.h"
#include "core/disk/log_scan.h"
#include "core/disk/log_writer.h"
#include "tests/crash/disk_sim.h"
#include "tests/support/temp_dir.h"

namespace {

using core::Bytes;
using core::ByteView;
using core::Errc;
using core::disk::LogDamage;
using core::disk::LogScan;
using core::disk::LogWriter;
using core::disk::RecordPlace;
using core::disk::Recovery;
using test::SimDisk;

const std::filesystem::path kDirectory = "log";

Bytes body(std::uint64_t number) {
  return Bytes(20 + number % 7, static_cast<std::uint8_t>(number));
}

struct Opened {
  std::unique_ptr<LogWriter> writer;
  Recovery recovery;
  std::size_t entries = 0;
  core::Error error{};
};

Opened open(core::disk::Filesystem& disk, const std::filesystem::path& directory,
            std::uint64_t segment_bytes = 1 << 20, std::uint64_t room_bytes = 0) {
  Opened out;
  auto writer = LogWriter::open(
      disk, directory, {.segment_bytes = segment_bytes, .room_bytes = room_bytes},
      [&out](core::disk::LogEntry entry) {
        CHECK(core::equal(entry.body, body(entry.index.value)));
        ++out.entries;
      },
      out.recovery);
  if (writer) {
    out.writer = std::move(*writer);
    REQUIRE(out.writer->store_checkpoint({}));
  } else {
    out.error = writer.error();
  }
  return out;
}

void append(Opened& log, std::size_t count) {
  std::vector<Bytes> bodies;
  for (std::size_t i = 0; i < count; ++i) bodies.push_back(body(log.writer->log_size() + i));
  const std::vector<ByteView> views(bodies.begin(), bodies.end());
  REQUIRE(log.writer->append_group(views, log.recovery.places));
  REQUIRE(log.writer->store_checkpoint({}));
}

// Groups of the given sizes; closed cleanly or not.
void make_log(SimDisk& disk, const std::vector<std::size_t>& groups, bool clean = true) {
  Opened log = open(disk, kDirectory);
  REQUIRE(log.writer);
  for (const std::size_t count : groups) append(log, count);
  if (clean) REQUIRE(log.writer->close());
}

LogScan scan(SimDisk& disk) {
  auto out = scan_log(disk, kDirectory);
  REQUIRE(out);
  return std::move(*out);
}

// The checkpoint as it was when `size` entries were durable: later stores lost with the power.
void set_checkpoint(SimDisk& disk, std::uint64_t size) {
  REQUIRE(core::disk::Checkpoint::create(disk, kDirectory));
  auto checkpoint =
      core::disk::Checkpoint::open(disk, kDirectory, core::disk::OpenMode::kReadWrite);
  REQUIRE(checkpoint);
  REQUIRE((*checkpoint)->store(size, {}));
}

const std::string kFirst = "segment-00000001.log";

void flip(SimDisk& disk, const std::string& name, std::size_t at, std::uint8_t bits = 1) {
  Bytes content = disk.files().at(name);
  content.at(at) ^= bits;
  disk.put(name, content);
}

void cut(SimDisk& disk, const std::string& name, std::size_t size) {
  Bytes content = disk.files().at(name);
  content.resize(size);
  disk.put(name, content);
}

std::uint64_t offset_of(SimDisk& disk, std::size_t index) {
  return scan(disk).entries.at(index).record.offset;
}

}  // namespace

TEST_CASE("a new directory is an empty log, and a missing one is not found") {
  SimDisk disk(1);
  CHECK(scan_log(disk, kDirectory).error().code == Errc::kNotFound);
  make_log(disk, {});
  const LogScan log = scan(disk);
  CHECK(log.end == 0);
  CHECK(log.damages.empty());
}

TEST_CASE("entries come back in order from several segments, and from their places") {
  SimDisk disk(1);
  {
    Opened log = open(disk, kDirectory, 256);
    for (std::size_t i = 1; i < 12; ++i) append(log, i % 4 + 1);
  }
  CHECK(disk.files().size() > 4);
  Opened log = open(disk, kDirectory, 256);
  REQUIRE(log.writer);
  CHECK(log.entries == log.writer->log_size());
  append(log, 3);
  core::disk::RecordReader reader(disk, kDirectory);
  Bytes all;
  REQUIRE(reader.append_bodies({}, log.recovery.places, all));
  Bytes expected;
  for (std::size_t i = 0; i < log.recovery.places.size(); ++i) core::append(expected, body(i));
  CHECK(all == expected);
}

TEST_CASE("a record that changed on disk is not read back from its place") {
  SimDisk disk(1);
  Opened log = open(disk, kDirectory);
  append(log, 3);
  flip(disk, kFirst, log.recovery.places[1].offset + 30);
  core::disk::RecordReader reader(disk, kDirectory);
  Bytes out;
  const auto read = reader.append_bodies({}, log.recovery.places, out);
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::kDamaged);
}

TEST_CASE("a second process is refused") {
  SimDisk disk(1);
  const Opened first = open(disk, kDirectory);
  REQUIRE(first.writer);
  CHECK(open(disk, kDirectory).error.code == Errc::kBusy);
}

TEST_CASE("a torn tail beyond the checkpoint is cut off and reported") {
  SimDisk disk(1);
  make_log(disk, {2, 3});
  const std::uint64_t at = offset_of(disk, 3);
  set_checkpoint(disk, 2);
  SUBCASE("torn header") {
    cut(disk, kFirst, at + 11);
  }
  SUBCASE("torn body") {
    cut(disk, kFirst, at + 30);
  }
  SUBCASE("an intact record of the same group behind the damage") {
    flip(disk, kFirst, at + 25);
  }
  const LogScan before = scan(disk);
  REQUIRE(before.damages.size() == 1);
  CHECK(before.damages[0].torn_tail);
  CHECK(before.entries.size() == 3);
  CHECK(before.end == 3);
  Opened log = open(disk, kDirectory);
  REQUIRE(log.writer);
  REQUIRE(log.recovery.torn_tail);
  CHECK(log.recovery.torn_tail->offset == at);
  CHECK(log.recovery.torn_tail->segment == kFirst);
  CHECK(log.entries == 3);
  append(log, 2);
  CHECK(scan(disk).damages.empty());
  CHECK(scan(disk).end == 5);
}

TEST_CASE("zeros where a group should be are the log's end, unless it was known to be durable") {
  SimDisk disk(1);
  make_log(disk, {2, 3});
  const std::uint64_t at = offset_of(disk, 3);
  cut(disk, kFirst, at);
  cut(disk, kFirst, at + 2000);
  const LogScan known = scan(disk);
  REQUIRE(known.damages.size() == 1);
  CHECK_FALSE(known.damages[0].torn_tail);
  CHECK(known.damages[0].lost == 2);
  CHECK(open(disk, kDirectory).error.code == Errc::kDamaged);
  set_checkpoint(disk, 2);
  CHECK(scan(disk).damages.empty());
  Opened log = open(disk, kDirectory);
  REQUIRE(log.writer);
  CHECK(log.entries == 3);
  append(log, 2);
  CHECK(scan(disk).end == 5);
}

TEST_CASE("a torn last record does not swallow the next message") {
  SimDisk disk(1);
  make_log(disk, {1, 1, 1});
  set_checkpoint(disk, 2);
  cut(disk, kFirst, offset_of(disk, 2) + 29);
  {
    Opened log = open(disk, kDirectory);
    REQUIRE(log.writer);
    append(log, 1);
  }
  const LogScan log = scan(disk);
  REQUIRE(log.entries.size() == 3);
  CHECK(core::equal(log.entries[2].record.body, body(2)));
}

TEST_CASE("damage with an intact later group behind it is not a torn tail") {
  SimDisk disk(1);
  make_log(disk, {2, 3, 1});
  set_checkpoint(disk, 0);
  const std::uint64_t at = offset_of(disk, 4);
  SUBCASE("header") {
    flip(disk, kFirst, at + 2);
  }
  SUBCASE("body") {
    flip(disk, kFirst, at + 26);
  }
  const LogScan log = scan(disk);
  REQUIRE(log.damages.size() == 1);
  CHECK_FALSE(log.damages[0].torn_tail);
  CHECK(log.damages[0].first_lost.value == 4);
  CHECK(log.damages[0].lost == 1);
  CHECK(log.entries.size() == 5);
  const Opened refused = open(disk, kDirectory);
  CHECK(refused.error.code == Errc::kDamaged);
  CHECK(refused.error.what.find(kFirst + ", byte " + std::to_string(at)) != std::string::npos);
}

TEST_CASE("damage below the checkpoint is never a torn tail") {
  SimDisk disk(1);
  make_log(disk, {2, 3});
  const std::uint64_t at = offset_of(disk, 4);
  std::uint64_t lost = 1;
  SUBCASE("changed") {
    flip(disk, kFirst, at + 26);
  }
  SUBCASE("cut inside the record") {
    cut(disk, kFirst, at + 26);
  }
  SUBCASE("cut between two records") {
    cut(disk, kFirst, at);
  }
  SUBCASE("cut to the header") {
    cut(disk, kFirst, core::disk::kSegmentHeaderSize);
    lost = 5;
  }
  const LogScan log = scan(disk);
  REQUIRE(log.damages.size() == 1);
  CHECK_FALSE(log.damages[0].torn_tail);
  CHECK(log.damages[0].lost == lost);
  CHECK(log.end == 5);
  const auto files = disk.files();
  CHECK(open(disk, kDirectory).error.code == Errc::kDamaged);
  CHECK(disk.files().at(kFirst) == files.at(kFirst));
}

TEST_CASE("every flipped bit costs at most the record it is in, and is named and refused") {
  SimDisk disk(1);
  make_log(disk, {2, 3, 1});
  const Bytes content = disk.files().at(kFirst);
  const Bytes checkpoint = disk.files().at("checkpoint");
  for (std::size_t at = 0; at < content.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      CAPTURE(at);
      CAPTURE(bit);
      flip(disk, kFirst, at, static_cast<std::uint8_t>(1 << bit));
      const LogScan log = scan(disk);
      std::uint64_t lost = 0;
      for (const LogDamage& damage : log.damages) {
        CHECK_FALSE(damage.torn_tail);
        CHECK(damage.offset <= at);
        lost += damage.lost;
      }
      CHECK(!log.damages.empty());
      CHECK(lost <= 1);
      CHECK(log.entries.size() + lost == 6);
      CHECK(log.end == 6);
      CHECK(open(disk, kDirectory).error.code == Errc::kDamaged);
      disk.put(kFirst, content);
    }
  }
}

TEST_CASE("missing segments are damage that says which entries are gone") {
  SimDisk disk(1);
  {
    Opened log = open(disk, kDirectory, 128);
    for (int i = 0; i < 6; ++i) append(log, 3);
    REQUIRE(log.writer->close());
  }
  const auto files = disk.files();
  int segments = 0;
  for (const auto& [name, content] : files) {
    if (!core::disk::segment_ordinal(name)) continue;
    const auto& its_name = name;
    CAPTURE(its_name);
    ++segments;
    disk.erase(name);
    const LogScan log = scan(disk);
    REQUIRE(log.damages.size() == 1);
    CHECK(log.damages[0].lost == 3);
    CHECK(log.entries.size() == 15);
    CHECK(log.end == 18);
    CHECK(open(disk, kDirectory).error.code == Errc::kDamaged);
    disk.put(name, content);
  }
  CHECK(segments == 6);
}

TEST_CASE("a missing or unreadable checkpoint is named") {
  SimDisk disk(1);
  make_log(disk, {2});
  disk.put("checkpoint", Bytes(600, 0));
  CHECK(open(disk, kDirectory).error.code == Errc::kDamaged);
  disk.erase("checkpoint");
  CHECK(scan(disk).entries.size() == 2);
  const Opened refused = open(disk, kDirectory);
  CHECK(refused.error.code == Errc::kDamaged);
  CHECK(refused.error.what.find("checkpoint") != std::string::npos);
}

TEST_CASE("one damaged slot of the checkpoint leaves the other") {
  SimDisk disk(1);
  make_log(disk, {2, 2});
  for (const std::size_t slot : {std::size_t{0}, std::size_t{512}}) {
    flip(disk, "checkpoint", slot + 20);
    const LogScan log = scan(disk);
    CHECK(log.damages.empty());
    CHECK(log.checkpoint >= 2);
    flip(disk, "checkpoint", slot + 20);
  }
}

TEST_CASE("a start writes the last group into a segment of its own and supersedes the old copy") {
  SimDisk disk(1);
  make_log(disk, {2, 3});
  const auto before = disk.files();
  { REQUIRE(open(disk, kDirectory).writer); }
  const auto after = disk.files();
  CHECK(after.contains("segment-00000002.log"));
  CHECK(after.at(kFirst).size() < before.at(kFirst).size());

  // The process ended between the copy and the cut: both copies are there.
  disk.put(kFirst, before.at(kFirst));
  LogScan log = scan(disk);
  CHECK(log.damages.empty());
  CHECK(log.entries.size() == 5);
  CHECK(log.segments[log.entries[2].segment].ordinal == 2);

  // Damage in the superseded copy is nobody's loss.
  flip(disk, kFirst, before.at(kFirst).size() - 8);
  CHECK(scan(disk).damages.empty());
  const Opened opened = open(disk, kDirectory);
  REQUIRE(opened.writer);
  CHECK(opened.entries == 5);
}

TEST_CASE("restarts do not make the log grow") {
  SimDisk disk(1);
  make_log(disk, {2, 3});
  for (int i = 0; i < 5; ++i) REQUIRE(open(disk, kDirectory).writer);
  std::size_t bytes = 0;
  for (const auto& [name, content] : disk.files()) bytes += content.size();
  CHECK(disk.files().size() == 3);  // two segments and the checkpoint
  CHECK(bytes < 1200);
}

TEST_CASE("read_log gives entries and damages of real files") {
  const test::TempDir dir;
  CHECK(core::disk::read_log(dir.path()).error().code == Errc::kNotFound);
  {
    Opened log = open(core::disk::posix_filesystem(), dir / "log");
    REQUIRE(log.writer);
    append(log, 2);
    append(log, 2);
  }
  auto log = core::disk::read_log(dir / "log");
  REQUIRE(log);
  CHECK(log->entries.size() == 4);
  CHECK(log->end.value == 4);
  CHECK(core::equal(log->entries[3].body, body(3)));
  Bytes content = test::read_file(dir / "log" / kFirst);
  content[64 + 24] ^= 1;
  test::write_file(dir / "log" / kFirst, content);
  log = core::disk::read_log(dir / "log");
  REQUIRE(log);
  CHECK(log->entries.size() == 3);
  REQUIRE(log->damages.size() == 1);
  CHECK(describe(log->damages[0]) ==
        "segment-00000001.log, byte 64, 48 bytes: body checksum differs; entries 0 to 0 are lost");
}

TEST_CASE("a pipe in the place of a segment is refused, not waited for") {
  const test::TempDir directory;
  REQUIRE(::mkfifo((directory / "segment-00000001.log").c_str(), 0600) == 0);
  CHECK(core::disk::read_log(directory.path()).error().code == core::Errc::kIo);
}

TEST_CASE("groups go over zeros that were written before, and a closed segment has none left") {
  SimDisk disk(1);
  Opened log = open(disk, kDirectory, 1000, 256);
  REQUIRE(log.writer);
  CHECK(disk.files()["segment-00000001.log"].size() == 256);
  append(log, 2);  // 2 x 48 bytes
  CHECK(disk.files()["segment-00000001.log"].size() == 256);
  append(log, 3);
  CHECK(disk.files()["segment-00000001.log"].size() == 512);
  CHECK(scan(disk).damages.empty());
  append(log, 12);
  append(log, 3);  // over the segment's size: it is closed by the next
  append(log, 1);
  const auto& last = log.recovery.places.at(19);
  const std::uint64_t end = last.offset + core::disk::record_size(last.length);
  CHECK(disk.files()["segment-00000001.log"].size() == end);
  CHECK(log.writer->closed().at(0).bytes == end);
  CHECK(disk.files()["segment-00000002.log"].size() == 256);
  CHECK(scan(disk).entries.size() == 21);
  log.writer.reset();
  disk.restart();
  disk.power_cut();
  const Opened again = open(disk, kDirectory, 1000, 256);
  REQUIRE(again.writer);
  CHECK(again.entries == 21);
  CHECK_FALSE(again.recovery.torn_tail);
}

TEST_CASE("a group that is torn over zeros is cut off; what is behind the log may be anything") {
  SimDisk disk(1);
  {
    Opened log = open(disk, kDirectory, 1 << 20, 1024);
    REQUIRE(log.writer);
    append(log, 4);
  }
  disk.restart();
  Bytes content = disk.files()["segment-00000001.log"];
  content[core::disk::kSegmentHeaderSize + 4 * 48 + 100] = 7;
  disk.put("segment-00000001.log", content);
  CHECK(scan(disk).damages.at(0).torn_tail);
  const Opened log = open(disk, kDirectory, 1 << 20, 1024);
  REQUIRE(log.writer);
  CHECK(log.entries == 4);
  REQUIRE(log.recovery.torn_tail);
  CHECK(log.recovery.torn_tail->lost == 0);
}

TEST_CASE("where there is no space for room there may be space for the group") {
  SimDisk disk(1);
  Opened log = open(disk, kDirectory, 1 << 20, 256);
  REQUIRE(log.writer);
  append(log, 3);  // header and records: 64 + 152 bytes
  disk.plan(1, test::Fault::kPartly, Errc::kDiskFull);
  append(log, 3);  // meets it on its first write, which has room in it
  CHECK(disk.faults_met() == 1);
  const auto& last = log.recovery.places.at(5);
  CHECK(disk.files()["segment-00000001.log"].size() ==
        last.offset + core::disk::record_size(last.length));
  append(log, 1);
  log.writer.reset();
  disk.restart();
  CHECK(open(disk, kDirectory).entries == 7);
}
