// Cuts the power of a till over random days, at any operation of its disk, and looks at what the
// journal is when the power is back. Oracles: a model in plain numbers, and Till::check().
// Repeat one life with DAYBOOK_SEED; a long run with DAYBOOK_CUTS=10000. Disk: powercut_vfs.h.
#include <doctest/doctest.h>

#include <cstdlib>

#include "core/sqlite/database.h"
#include "tests/crash/cut_life.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using test::Counted;
using test::CutShop;
using test::CutTally;
using test::DiskKind;
using test::PowerCutDisk;
using test::Survival;
using till::Till;

namespace {

// Of an ordinary run: about 20 s of one core. Instrumented code is some ten times slower.
// How many cuts fall into each thing that a till does, at least once.
constexpr std::uint64_t kMeetsEverything = 3000;
constexpr std::uint64_t kCuts = test::kSanitized ? 400 : kMeetsEverything;

std::optional<std::uint64_t> number_from(const char* variable) {
  const char* given = std::getenv(variable);
  if (given == nullptr) return std::nullopt;
  return std::strtoull(given, nullptr, 10);
}

// Lives with ascending seeds, until `cuts` are reached. With DAYBOOK_SEED alone: that one life.
// False: that was one life only, whose counts say nothing.
bool live(DiskKind kind, std::uint64_t cuts, CutTally& tally) {
  const auto seed = number_from("DAYBOOK_SEED");
  const auto chosen = number_from("DAYBOOK_CUTS");
  const bool one = seed && !chosen;
  const CutShop shop;
  for (std::uint64_t s = seed.value_or(1); tally.cuts < cuts; ++s) {
    INFO("repeat with: DAYBOOK_SEED=" << s << " test_till_power_cut");
    test::live_once(s, shop, kind, tally);
    if (one) break;
  }
  std::string during;
  for (const auto& [what, count] : tally.during) {
    during += (during.empty() ? "" : ", ") + what + " " + std::to_string(count);
  }
  MESSAGE(tally.cuts << " cuts in " << tally.lives << " lives of " << tally.operations
                     << " operations; during: " << during << "; in a checkpoint "
                     << tally.checkpoint << ", of those in recovery " << tally.recovery_checkpoint
                     << ", of a full log " << tally.auto_checkpoint << "; checkpoints "
                     << tally.checkpoints);
  return !one;
}

std::uint64_t wanted_cuts() {
  return number_from("DAYBOOK_CUTS").value_or(kCuts);
}

}  // namespace

TEST_CASE("after a power cut a till has what it acknowledged, and goes on without a gap") {
  CutTally tally;
  const std::uint64_t wanted = wanted_cuts();
  if (!live(DiskKind::kHonest, wanted, tally)) return;
  MESSAGE("the operation under way: there " << tally.unacknowledged_there << ", not there "
                                            << tally.unacknowledged_gone);
  CHECK(tally.cuts >= wanted);
  if (wanted < kMeetsEverything) return;
  for (const Survival survival : test::kHonestSurvivals) CHECK(tally.survivals[survival] > 0);
  for (const std::string what : {"creating",
                                 "join",
                                 "opening a day",
                                 "opening before the delivery",
                                 "confirming a delivery",
                                 "authorising a card",
                                 "reversing a card",
                                 "ringing with a card",
                                 "ringing",
                                 "voiding",
                                 "refunding",
                                 "moving cash",
                                 "opening the drawer",
                                 "receiving goods",
                                 "putting aside",
                                 "dropping what was put aside",
                                 "training",
                                 "copying a receipt",
                                 "laying away",
                                 "paying on a layaway",
                                 "cancelling a layaway",
                                 "handing over",
                                 "printing",
                                 "closing a day",
                                 "replacing the catalog",
                                 "an acknowledgement",
                                 "closing the journal",
                                 "recovery"}) {
    CAPTURE(what);
    CHECK(tally.during[what] > 0);
  }
  CHECK(tally.printed > 0);
  CHECK(tally.checkpoint > 0);
  CHECK(tally.recovery_checkpoint > 0);
  CHECK(tally.auto_checkpoint > 0);
  CHECK(tally.unacknowledged_there > 0);
  CHECK(tally.unacknowledged_gone > 0);
}

// No till can keep what its disk only says that it keeps: the last operations go, and with them
// their numbers, which are given out again. What still holds when the disk keeps its writes in
// order, or when only frames were added to the write-ahead log (each has the checksum of all before
// it), is that the books are those of one earlier moment, whole: nothing is missing in the middle.
TEST_CASE("after a power cut of a disk that lied about syncs the books are those of a moment") {
  CutTally tally;
  if (!live(DiskKind::kLying, wanted_cuts() / 8, tally)) return;
  MESSAGE(tally.prefixes << " earlier moments, " << tally.operations_lost << " operations lost; "
                         << tally.without_promise << " cuts without a promise: " << tally.said_so
                         << " said so, " << tally.still_prefix << " earlier moments all the same");
  if (wanted_cuts() < kMeetsEverything) return;
  CHECK(tally.prefixes > 0);
  CHECK(tally.operations_lost > 0);
  CHECK(tally.without_promise > 0);
}

// Found by these lives: of the commit of a sale that was cut off, all reached the log but its first
// frame; the next sale's first frame was the same (the counters' page), then the power went again.
TEST_CASE("a sale that a power cut undid does not come back in the place of the next one") {
  std::uint64_t tried = 0;
  for (std::uint64_t changes = 1; changes <= 12; ++changes) {
    CAPTURE(changes);
    const CutShop shop;
    core::Random random(1);
    test::RandomSteps steps(random, shop, false);
    const test::Shelf shelf = steps.new_shelf();
    const auto sale = [](std::int64_t count) {
      return till::Basket{{{core::ProductId{1}, core::Quantity{count * core::Quantity::kUnit},
                            core::Money{0, *core::Currency::parse("USD")}}},
                          {}};
    };
    PowerCutDisk disk(1);
    disk.make_file(shop.journal());
    {
      auto till = Till::create(shop.journal(), shop.setup(shelf), till::Durability::kFull).value();
      REQUIRE(till.join(shop.roster));
      REQUIRE(till.open_day(core::BusinessDay{20001}, {}));
      REQUIRE(till.ring(sale(1), 1));
      disk.cut_at(Counted::kSync, 1);
      CHECK_FALSE(till.ring(sale(2), 2));
      REQUIRE(disk.dead());
    }
    disk.power_on(Survival::kHole);
    {
      auto till = Till::open(shop.journal(), till::Durability::kFull);
      REQUIRE(till);
      REQUIRE(till->status()->documents == 1);
      disk.cut_at(Counted::kChange, changes);
      static_cast<void>(till->ring(sale(3), 3).has_value());
    }
    if (!disk.dead()) continue;
    ++tried;
    disk.power_on(Survival::kAll);
    auto till = Till::open(shop.journal(), till::Durability::kFull);
    REQUIRE(till);
    REQUIRE(till->check());
    if (till->status()->documents == 1) continue;
    const auto second = till->document(core::retail::Series::kInvoice, 2);
    REQUIRE(second);
    CHECK(heading_of(second->document).time_ms == 3);
  }
  CHECK(tried > 0);
}

TEST_CASE("the simulated disk bites: what was committed without a sync is lost in a power cut") {
  const test::TempDir dir;
  const std::filesystem::path path = dir / "bite.db";
  for (const bool synced : {true, false}) {
    PowerCutDisk disk(1);
    disk.make_file(path);
    {
      auto db = core::sqlite::Database::open(path, {.create = true}).value();
      REQUIRE(
          db.exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                  "PRAGMA synchronous=FULL; CREATE TABLE t(x)"));
      if (!synced) REQUIRE(db.exec("PRAGMA synchronous=NORMAL"));
      REQUIRE(db.exec("INSERT INTO t VALUES (1)"));
      disk.cut_at(Counted::kChange, 1);
      CHECK_FALSE(db.exec("INSERT INTO t VALUES (2)"));
    }
    CHECK(disk.dead());
    disk.power_on(Survival::kLost);
    auto db = core::sqlite::Database::open(path, {}).value();
    REQUIRE(db.exec("PRAGMA locking_mode=EXCLUSIVE"));
    CHECK(db.query_int("SELECT count(*) FROM t").value() == (synced ? 1 : 0));
  }
}
