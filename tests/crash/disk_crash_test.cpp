// The log under faults at every call and power cuts: what was acknowledged is there afterwards.
// A test that met no fault fails. Repeat one round with DAYBOOK_SEED.
#include <doctest/doctest.h>

#include <cstdlib>

#include "core/disk/log_scan.h"
#include "core/disk/log_writer.h"
#include "tests/crash/disk_sim.h"

namespace {

using core::Bytes;
using core::ByteView;
using core::Errc;
using core::disk::LogEntry;
using core::disk::LogWriter;
using core::disk::Recovery;
using test::Fault;
using test::Killed;
using test::SimDisk;

const std::filesystem::path kDirectory = "log";

// Drives one log through its life and remembers what it was promised.
class Workload {
 public:
  // Every other seed writes over zeros.
  explicit Workload(std::uint64_t seed)
      : disk(seed), room_bytes_(seed % 2 == 0 ? 1024 : 0), random_(seed) {}

  // Opens the log and compares; false when the open failed (a fault is planned then).
  bool open() {
    std::vector<Bytes> found;
    Recovery recovery;
    auto writer = LogWriter::open(
        disk, kDirectory, {.segment_bytes = 4096, .room_bytes = room_bytes_},
        [&](LogEntry entry) {
          REQUIRE(entry.index.value == found.size());
          found.push_back(core::to_bytes(entry.body));
        },
        recovery);
    if (!writer) {
      last_error = core::describe(writer.error());
      return false;
    }
    lost = found.size() < acknowledged.size() ||
           !std::equal(acknowledged.begin(), acknowledged.end(), found.begin());
    strange = false;
    for (std::size_t i = acknowledged.size(); i < found.size(); ++i) {
      strange = strange || std::find(tried.begin(), tried.end(), found[i]) == tried.end();
    }
    acknowledged = found;  // start-up made them durable
    places = recovery.places;
    writer_ = std::move(*writer);
    static_cast<void>(writer_->store_checkpoint({}).has_value());
    return true;
  }

  // Appends `groups` random groups; stops at the first error that ends the writer.
  void append(int groups) {
    for (int i = 0; i < groups && writer_ != nullptr && writer_->usable(); ++i) append_group();
  }

  void append_group() {
    std::vector<Bytes> bodies;
    const std::uint64_t count = random_.between(1, 5);
    for (std::uint64_t k = 0; k < count; ++k) {
      Bytes body(random_.between(1, 700));
      for (auto& byte : body) byte = static_cast<std::uint8_t>(random_());
      bodies.push_back(body);
      tried.push_back(body);
    }
    const std::vector<ByteView> views(bodies.begin(), bodies.end());
    if (writer_->append_group(views, places)) {
      static_cast<void>(writer_->store_checkpoint({}).has_value());
      acknowledged.insert(acknowledged.end(), bodies.begin(), bodies.end());
    } else {
      ++refused;
    }
  }

  void end_process() {
    writer_.reset();
    disk.restart();
  }

  SimDisk disk;
  std::vector<Bytes> acknowledged;
  std::vector<Bytes> tried;
  std::vector<core::disk::RecordPlace> places;
  std::string last_error;
  bool lost = false;     // an acknowledged entry is not there any more
  bool strange = false;  // an entry that nobody sent
  int refused = 0;

 private:
  std::uint64_t room_bytes_;
  core::Random random_;
  std::unique_ptr<LogWriter> writer_;
};

// Runs `act`; true when SimDisk ended the process in it.
template <typename Act>
bool killed(Workload& work, Act act) {
  bool was_killed = false;
  try {
    act();
  } catch (const Killed&) {
    was_killed = true;
  }
  work.end_process();
  return was_killed;
}

std::uint64_t first_seed() {
  const char* given = std::getenv("DAYBOOK_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

enum class After { kRestart, kPowerCut };

struct Tally {
  std::uint64_t faults = 0;
  std::uint64_t recovery_faults = 0;
  std::uint64_t kills = 0;
};

void start_again(Workload& work, After after) {
  if (after == After::kPowerCut) work.disk.power_cut();
  work.disk.restart();
}

// One life: some groups, a fault at call `at`, the end, a fault during recovery, then a look.
void one_life(std::uint64_t seed, std::uint64_t at, Fault fault, Errc code, After after,
              Tally& tally) {
  CAPTURE(seed);
  CAPTURE(at);
  CAPTURE(static_cast<int>(fault));
  CAPTURE(static_cast<int>(after));
  Workload work(seed);
  REQUIRE(work.open());
  work.append(3);
  work.disk.plan(at, fault, code);
  tally.kills += killed(work, [&] { work.append(12); }) ? 1u : 0u;
  tally.faults += work.disk.faults_met();
  start_again(work, after);

  const std::uint64_t met_before = work.disk.faults_met();
  work.disk.plan(1 + seed % 11, fault, code);
  tally.kills += killed(work, [&] { (void)work.open(); }) ? 1u : 0u;
  CHECK_FALSE(work.lost);
  tally.recovery_faults += work.disk.faults_met() - met_before;
  start_again(work, after);

  work.disk.no_faults();
  const bool opened = work.open();
  CAPTURE(work.last_error);
  REQUIRE(opened);
  CHECK_FALSE(work.lost);
  CHECK_FALSE(work.strange);
  work.append(3);
  work.end_process();
  REQUIRE(work.open());
  CHECK_FALSE(work.lost);
}

void every_call(Fault fault, Errc code) {
  Tally tally;
  const std::uint64_t seed = first_seed();
  for (const After after : {After::kRestart, After::kPowerCut}) {
    for (std::uint64_t at = 1; at <= 60; ++at) {
      one_life(seed + at * 7, at, fault, code, after, tally);
    }
  }
  MESSAGE(tally.faults << " faults, " << tally.recovery_faults << " in recovery, " << tally.kills
                       << " kills");
  CHECK(tally.faults > 0);
  CHECK(tally.recovery_faults > 0);
  if (fault == Fault::kKillBefore || fault == Fault::kKillAfter) CHECK(tally.kills > 0);
}

}  // namespace

TEST_CASE("a process killed before any call that changes the disk loses nothing acknowledged") {
  every_call(Fault::kKillBefore, Errc::kIo);
}

TEST_CASE("a process killed after any call that changes the disk loses nothing acknowledged") {
  every_call(Fault::kKillAfter, Errc::kIo);
}

TEST_CASE("a call that fails and did nothing costs nothing acknowledged") {
  every_call(Fault::kRefused, Errc::kIo);
}

TEST_CASE("a call that did its work but is reported failed costs nothing acknowledged") {
  every_call(Fault::kDone, Errc::kIo);
}

TEST_CASE("a write that stops half-way costs nothing acknowledged") {
  every_call(Fault::kPartly, Errc::kIo);
}

TEST_CASE("a disk that is full at any call costs nothing acknowledged, and the log goes on") {
  every_call(Fault::kRefused, Errc::kDiskFull);
  every_call(Fault::kPartly, Errc::kDiskFull);
}

TEST_CASE("random power cuts at random moments lose nothing acknowledged") {
  std::uint64_t cuts = 0;
  for (std::uint64_t seed = first_seed(); seed < first_seed() + 400; ++seed) {
    CAPTURE(seed);
    Workload work(seed);
    core::Random random(seed);
    for (int round = 0; round < 4; ++round) {
      work.disk.plan(random.between(1, 40), Fault::kKillBefore);
      cuts += killed(work,
                     [&] {
                       if (work.open()) work.append(8);
                     })
                  ? 1u
                  : 0u;
      CHECK_FALSE(work.lost);
      work.disk.power_cut();
    }
    work.disk.no_faults();
    const bool opened = work.open();
    CAPTURE(work.last_error);
    REQUIRE(opened);
    CHECK_FALSE(work.lost);
    CHECK_FALSE(work.strange);
  }
  CHECK(cuts > 100);
}

TEST_CASE("this test notices a log whose syncs do nothing") {
  int noticed = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Workload work(seed);
    work.disk.lie_about_syncs();
    REQUIRE(work.open());
    work.append(5);
    work.end_process();
    work.disk.power_cut();
    noticed += !work.open() || work.lost ? 1 : 0;
  }
  CHECK(noticed > 25);
}

TEST_CASE("a group whose sync failed is written anew before it counts as durable") {
  // After a failed sync the page cache shows what the disk does not have, and a further sync of the
  // same file succeeds without writing it.
  int seen_in_cache = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Workload work(seed);
    REQUIRE(work.open());
    work.append(2);
    const std::size_t before = work.acknowledged.size();
    work.disk.plan(2, Fault::kRefused);  // write, then this sync
    work.append(1);
    REQUIRE(work.refused == 1);
    work.disk.no_faults();
    work.end_process();
    REQUIRE(work.open());
    seen_in_cache += work.acknowledged.size() > before ? 1 : 0;
    work.end_process();
    work.disk.power_cut();
    const bool opened = work.open();
    CAPTURE(work.last_error);
    REQUIRE(opened);
    CHECK_FALSE(work.lost);
  }
  CHECK(seen_in_cache >= 30);  // in a few lives the failed call belongs to a new segment
}

TEST_CASE("after a full disk the same writer takes the next group") {
  Workload work(5);
  REQUIRE(work.open());
  work.append(2);
  work.disk.plan(1, Fault::kPartly, Errc::kDiskFull);
  work.append(1);
  CHECK(work.refused == 1);
  work.disk.no_faults();
  const std::size_t before = work.acknowledged.size();
  work.append(1);
  CHECK(work.acknowledged.size() > before);
  work.end_process();
  REQUIRE(work.open());
  CHECK_FALSE(work.lost);
  CHECK_FALSE(work.strange);
}
