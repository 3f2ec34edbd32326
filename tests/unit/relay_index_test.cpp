// EntryIndex over a simulated disk: nothing found wrongly, nothing lost, whatever is sealed, merged
// or damaged.
#include <doctest/doctest.h>

#include <atomic>
#include <bit>

#include "core/base/random.h"
#include "core/tlog/frontier.h"
#include "relay/entry_index.h"
#include "tests/crash/disk_sim.h"

namespace {

using core::Bytes;
using core::Errc;
using core::LogIndex;
using core::disk::RecordPlace;
using relay::EntryIndex;
using relay::MessageId;
using test::SimDisk;

std::vector<MessageId> random_ids(core::Random& random, std::size_t count) {
  std::vector<MessageId> ids(count);
  for (MessageId& id : ids) {
    for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
  }
  return ids;
}

// Appends and seals as a log with one segment for each call would.
void add_sealed(EntryIndex& index, std::span<const MessageId> ids) {
  const std::uint64_t first = index.size();
  std::vector<RecordPlace> places;
  for (std::uint64_t i = 0; i < ids.size(); ++i) places.push_back({7, 100, first + i});
  index.append(ids, places);
  const auto ordinal = static_cast<std::uint32_t>(index.sealed().segments.size() + 1);
  const core::disk::SealedSegment segment{ordinal, first, 1000};
  REQUIRE(index.seal(std::span(&segment, 1), index.size()));
}

void merge_all(EntryIndex& index) {
  const std::atomic<bool> stop{false};
  while (index.merge_once(stop).value()) {
  }
}

std::unique_ptr<EntryIndex> open(SimDisk& disk) {
  auto index = EntryIndex::open(disk, "log");
  REQUIRE_MESSAGE(index, (index ? "" : describe(index.error())));
  return std::move(*index);
}

std::size_t runs_in(SimDisk& disk) {
  std::size_t runs = 0;
  for (const auto& [name, content] : disk.files())
    if (name.starts_with("ids-")) ++runs;
  return runs;
}

}  // namespace

TEST_CASE("every id is found at its place, and no other, through seals, merges and restarts") {
  core::Random random(3);
  SimDisk disk(1);
  std::vector<MessageId> all;
  for (int seal = 0; seal < 40; ++seal) {
    const auto index = open(disk);
    CHECK(index->size() == all.size());
    const auto ids = random_ids(random, random.between(1, 300));
    add_sealed(*index, ids);
    all.insert(all.end(), ids.begin(), ids.end());
    if (seal % 3 != 0) continue;  // merging may come later, or in another process
    merge_all(*index);
    CHECK(runs_in(disk) <= 2 + static_cast<std::size_t>(std::bit_width(all.size())));
  }
  const auto index = open(disk);
  core::tlog::Frontier frontier;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto found = index->find(all[i]);
    REQUIRE(found);
    CHECK(found->index == LogIndex{i});
    frontier.append(all[i]);
  }
  for (const MessageId& stranger : random_ids(random, 300)) {
    CHECK(index->find(stranger)->index == std::nullopt);
  }
  const core::tlog::HashSource source = [&](unsigned level, std::uint64_t at) {
    return index->subtree(level, at);
  };
  CHECK(core::tlog::TreeView::open(source, all.size())->root() == frontier.root());
  CHECK(index->places(all.size() - 1, 1)->front().offset == all.size() - 1);
}

TEST_CASE("ids that begin alike are told apart, also where they fill pages") {
  core::Random random(4);
  SimDisk disk(1);
  const auto index = open(disk);
  auto ids = random_ids(random, 900);
  // 8 bytes alike (a fence's worth), and 10 (a key's worth), over more than two pages each.
  for (std::size_t i = 0; i < 600; ++i) std::fill_n(ids[i].bytes.begin(), 8, std::uint8_t{0x55});
  for (std::size_t i = 0; i < 300; ++i) std::fill_n(ids[i].bytes.begin(), 10, std::uint8_t{0x55});
  add_sealed(*index, ids);
  for (std::size_t i = 0; i < ids.size(); ++i) CHECK(index->find(ids[i])->index == LogIndex{i});
  MessageId stranger = ids[0];
  stranger.bytes.back() ^= 1;
  CHECK(index->find(stranger)->index == std::nullopt);
}

TEST_CASE("a flipped bit anywhere in the index is an error, or changes no answer") {
  core::Random random(5);
  SimDisk disk(1);
  const auto ids = random_ids(random, 700);
  add_sealed(*open(disk), ids);
  const auto files = disk.files();
  int refused = 0;
  int flips = 0;
  for (const auto& [name, content] : files) {
    if (content.empty() || name == "places") continue;  // places: RecordReader's test
    for (int i = 0; i < 25; ++i, ++flips) {
      Bytes changed = content;
      changed[random.between(0, content.size() - 1)] ^=
          static_cast<std::uint8_t>(1u << random.between(0, 7));
      disk.put(name, changed);
      const auto index = EntryIndex::open(disk, "log");
      if (!index) {
        CHECK(index.error().code == Errc::kDamaged);
        CHECK(index.error().what.find("remove this directory") != std::string::npos);
        ++refused;
      } else {
        bool error = false;
        for (std::size_t k = 0; k < ids.size(); ++k) {
          const auto found = (*index)->find(ids[k]);
          if (found) CHECK(found->index == LogIndex{k});
          error = error || !found;
        }
        if (error) ++refused;
      }
      disk.put(name, content);
    }
  }
  CHECK(flips >= 250);
  CHECK(refused > flips / 3);
}

TEST_CASE("recent ids: found when they are there, also where they begin alike, until forgotten") {
  core::Random random(6);
  auto ids = random_ids(random, 5000);
  for (std::size_t i = 0; i < 50; ++i) std::fill_n(ids[i].bytes.begin(), 8, std::uint8_t{0x55});
  const relay::LeafSource leaf = [&](std::uint64_t index) -> core::Result<MessageId> {
    return ids[index];
  };
  relay::RecentIds recent;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    CHECK(*recent.find(ids[i], leaf) == std::nullopt);
    recent.add(ids[i], LogIndex{i});
  }
  const auto check_from = [&](std::size_t first) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto found = *recent.find(ids[i], leaf);
      CHECK(found == (i < first ? std::nullopt : std::optional(LogIndex{i})));
    }
  };
  check_from(0);
  recent.forget_below(LogIndex{30});
  check_from(30);
  recent.forget_below(LogIndex{4999});
  check_from(4999);
  recent.forget_below(LogIndex{5000});
  check_from(5000);
}

TEST_CASE("a lookup that knows of an earlier one reads only what is new") {
  core::Random random(7);
  SimDisk disk(1);
  const auto index = open(disk);
  const auto ids = random_ids(random, 600);
  add_sealed(*index, std::span(ids).first(200));
  const auto early = index->find(ids[400]).value();
  CHECK_FALSE(early.index);
  CHECK(early.searched == 200);
  add_sealed(*index, std::span(ids).subspan(200, 200));
  index->append(std::span(ids).subspan(400, 1), std::vector<RecordPlace>{{7, 100, 400}});
  CHECK(index->find(ids[400], early.searched)->index == LogIndex{400});
  // Sealed since the earlier lookup: the files are read after all.
  CHECK(index->find(ids[300], early.searched)->index == LogIndex{300});
  // What was searched is not read again: a wrong claim is believed.
  CHECK(index->find(ids[100], 400)->index == std::nullopt);
}

TEST_CASE("a merge that fails or is stopped leaves the index as it was, and can be repeated") {
  core::Random random(8);
  const auto ids = random_ids(random, 900);
  for (std::uint64_t at = 1; at < 40; ++at) {
    CAPTURE(at);
    SimDisk disk(at);
    const auto index = open(disk);
    for (std::size_t i = 0; i < 3; ++i) add_sealed(*index, std::span(ids).subspan(300 * i, 300));
    disk.plan(at, at % 2 == 0 ? test::Fault::kRefused : test::Fault::kPartly, Errc::kDiskFull);
    const std::atomic<bool> stop{false};
    const auto merged = index->merge_once(stop);
    disk.no_faults();
    const auto check = [&](const EntryIndex& of) {
      for (std::size_t i = 0; i < ids.size(); ++i) CHECK(of.find(ids[i])->index == LogIndex{i});
    };
    check(*index);
    if (disk.faults_met() == 0) {
      CHECK(merged.value());
      break;
    }
    merge_all(*index);
    check(*index);
    CHECK(runs_in(disk) <= 2);
    check(*open(disk));
  }
  SimDisk disk(1);
  const auto index = open(disk);
  for (std::size_t i = 0; i < 3; ++i) add_sealed(*index, std::span(ids).subspan(300 * i, 300));
  const std::atomic<bool> stop{true};
  CHECK(index->merge_once(stop).error().code == Errc::kState);
}
