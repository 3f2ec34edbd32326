// The log against a vector: random groups, restarts, power cuts, full disks and torn tails.
// A failure prints its seed; DAYBOOK_SEED=n repeats it.
#include <doctest/doctest.h>

#include <cstdlib>

#include "core/base/random.h"
#include "core/disk/log_scan.h"
#include "core/disk/log_writer.h"
#include "tests/crash/disk_sim.h"

namespace {

using core::Bytes;
using core::ByteView;
using test::Fault;
using test::SimDisk;

class Pair {
 public:
  explicit Pair(std::uint64_t seed) : disk_(seed), random_(seed) { open(); }

  void step() {
    switch (random_.between(0, 9)) {
      case 0:
        return restart(false);
      case 1:
        return restart(true);
      case 2:
        return full_disk();
      case 3:
        return read_places();
      case 4:
        return torn_tail();
      default:
        return append();
    }
  }

  int refusals() const { return refusals_; }

  void compare() {
    const auto scan = core::disk::scan_log(disk_, "log");
    REQUIRE(scan);
    CHECK(scan->damages.empty());
    REQUIRE(scan->entries.size() == model_.size());
    for (std::size_t i = 0; i < model_.size(); ++i) {
      CHECK(scan->entries[i].record.index() == i);
      CHECK(core::equal(scan->entries[i].record.body, model_[i]));
    }
  }

 private:
  void open() {
    std::size_t visited = 0;
    recovery_ = {};
    auto writer = core::disk::LogWriter::open(
        disk_, "log", {.segment_bytes = 2000, .room_bytes = 512},
        [&](core::disk::LogEntry entry) {
          if (visited == model_.size()) {
            // A refused group may survive a power cut that undoes the cutting off: never more.
            REQUIRE(!refused_.empty());
            model_.push_back(refused_.front());
            refused_.erase(refused_.begin());
          }
          CHECK(core::equal(entry.body, model_[visited++]));
        },
        recovery_);
    REQUIRE(writer);
    CHECK(visited == model_.size());
    refused_.clear();
    writer_ = std::move(*writer);
  }

  std::vector<Bytes> random_bodies() {
    std::vector<Bytes> bodies(random_.between(1, 6));
    for (Bytes& body : bodies) {
      body.resize(random_.between(1, 300));
      for (auto& byte : body) byte = static_cast<std::uint8_t>(random_());
    }
    return bodies;
  }

  core::Result<void> write(const std::vector<Bytes>& bodies) {
    const std::vector<ByteView> views(bodies.begin(), bodies.end());
    return writer_->append_group(views, recovery_.places);
  }

  void append() {
    const auto bodies = random_bodies();
    REQUIRE(write(bodies));
    refused_.clear();
    model_.insert(model_.end(), bodies.begin(), bodies.end());
  }

  void restart(bool power_cut) {
    writer_.reset();
    if (power_cut) disk_.power_cut();
    disk_.restart();
    open();
  }

  void full_disk() {
    disk_.plan(1, random_.between(0, 1) == 0 ? Fault::kRefused : Fault::kPartly,
               core::Errc::kDiskFull);
    const auto bodies = random_bodies();
    if (write(bodies)) {  // there was space without room for more
      refused_.clear();
      model_.insert(model_.end(), bodies.begin(), bodies.end());
    } else {
      refused_ = bodies;
      ++refusals_;
    }
    disk_.no_faults();
    REQUIRE(writer_->usable());
  }

  // Garbage behind the end, as a write that was never acknowledged leaves it.
  void torn_tail() {
    writer_.reset();
    const auto files = disk_.files();
    std::string last;
    for (const auto& [name, content] : files) {
      if (core::disk::segment_ordinal(name)) last = name;
    }
    Bytes content = files.at(last);
    content.resize(content.size() + random_.between(1, 100), 0xa5);
    disk_.put(last, content);
    open();
    CHECK(recovery_.torn_tail);
  }

  void read_places() {
    if (model_.empty()) return;
    const std::uint64_t from = random_.between(0, model_.size() - 1);
    const std::uint64_t count = random_.between(1, model_.size() - from);
    core::disk::RecordReader reader(disk_, "log");
    Bytes read;
    Bytes expected;
    REQUIRE(reader.append_bodies(core::LogIndex{from},
                                 std::span(recovery_.places).subspan(from, count), read));
    for (std::uint64_t i = from; i < from + count; ++i) core::append(expected, model_[i]);
    CHECK(read == expected);
  }

  SimDisk disk_;
  core::Random random_;
  int refusals_ = 0;
  std::vector<Bytes> model_;
  std::vector<Bytes> refused_;  // the last group that met a full disk
  core::disk::Recovery recovery_;
  std::unique_ptr<core::disk::LogWriter> writer_;
};

}  // namespace

TEST_CASE("a log behaves like a vector whatever happens to it") {
  const char* given = std::getenv("DAYBOOK_SEED");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  const std::uint64_t last = given != nullptr ? first : 150;
  int refusals = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    CAPTURE(seed);
    Pair pair(seed);
    for (int i = 0; i < 40; ++i) pair.step();
    pair.compare();
    refusals += pair.refusals();
  }
  if (given == nullptr) CHECK(refusals > 0);
}
