// What a night may cost: only what is new is read, and what is broken is judged by itself.
#include <doctest/doctest.h>

#include "core/sqlite/database.h"
#include "core/tlog/frontier.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::Bytes;
using core::Errc;
using rebuild::StateCounts;
using rebuild::Verify;
using test::closing;
using test::Fleet;
using test::HoledSource;
using test::opening;
using test::RebuiltBooks;

namespace {

const rebuild::ReplayOptions kQuick{.verify = Verify::kTips};

std::vector<Bytes> days_of(Fleet& fleet, std::size_t till, int first, int last) {
  std::vector<Bytes> log;
  for (int day = first; day <= last; ++day) {
    log.push_back(fleet.next(till, opening(day, {})));
    log.push_back(fleet.next(till, closing(day, 100 * day)));
  }
  return log;
}

void append(std::vector<Bytes>& log, const std::vector<Bytes>& more) {
  log.insert(log.end(), more.begin(), more.end());
}

void change(const std::filesystem::path& file, const std::string& sql) {
  auto db = *core::sqlite::Database::open(file, {});
  REQUIRE(db.exec(sql).has_value());
  REQUIRE(db.changes() > 0);
}

}  // namespace

TEST_CASE(
    "a night reads the entry that it knows and the new ones, once, and checks one signature") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  const std::size_t two = fleet.enrol(1, 2);
  std::vector<Bytes> log = days_of(fleet, one, 1, 20);
  append(log, days_of(fleet, two, 1, 20));
  RebuiltBooks books(fleet.roster());
  books.replay(log, kQuick);
  append(log, days_of(fleet, one, 21, 21));
  HoledSource source(log, {});
  const auto night = *books.try_replay(source, kQuick);
  CHECK(source.given() == 3);
  CHECK(night.entries_read == 2);
  CHECK(night.signatures_checked == 1);
  CHECK(night.states == StateCounts{.proven = 82});
  // An audit reads all of it.
  HoledSource again(log, {});
  CHECK(books.try_replay(again)->digest == night.digest);
  CHECK(again.given() == 82);
}

TEST_CASE(
    "a chain that breaks in a later lot gives back what it had posted, the others keep theirs") {
  Fleet fleet;
  const std::size_t good = fleet.enrol(1, 1);
  const std::size_t bad = fleet.enrol(1, 2);
  std::vector<Bytes> log = days_of(fleet, bad, 1, 3);
  append(log, days_of(fleet, good, 1, 3));
  const std::vector<Bytes> late = days_of(fleet, bad, 4, 5);
  log.insert(log.end(), late.begin() + 1, late.end());  // the fourth opening is missing
  for (const Verify verify : {Verify::kEvery, Verify::kTips}) {
    HoledSource source(log, {});
    RebuiltBooks books(fleet.roster());
    const auto outcome = *books.try_replay(source, {.verify = verify});
    CHECK(outcome.states == StateCounts{.proven = 12, .unproven = 3});
    CHECK(rebuild::verify_books(books.open())->empty());
    const auto missing = *rebuild::missing(books.open());
    REQUIRE(missing.size() == 1);
    CHECK(missing[0].first.value == 7);
  }
}

TEST_CASE("a bad signature at the tip takes its chain back and judges it message by message") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  const std::size_t two = fleet.enrol(1, 2);
  std::vector<Bytes> log = days_of(fleet, one, 1, 4);
  append(log, days_of(fleet, two, 1, 4));
  log[7] = test::with_signature(log[7], test::signature_of(Bytes(64, 0)));
  RebuiltBooks quick(fleet.roster());
  RebuiltBooks audit(fleet.roster());
  HoledSource lots(log, {});
  const auto outcome = *quick.try_replay(lots, kQuick);
  CHECK(outcome.states == StateCounts{.proven = 15, .quarantined = 1});
  CHECK(outcome.digest == audit.replay(log).digest);
}

TEST_CASE("a row changed behind our back is not sealed in by the nights after it") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  const auto first = test::header_after(fleet.till(one));
  std::vector<Bytes> log = days_of(fleet, one, 1, 3);
  RebuiltBooks books(fleet.roster());
  books.replay(log, kQuick);
  change(books.file(), "UPDATE postings SET amount_minor = 2 * amount_minor WHERE message = 1");
  append(log, days_of(fleet, one, 4, 4));
  REQUIRE(books.try_replay(log, kQuick).has_value());  // it does not look there
  CHECK_FALSE(rebuild::verify_books(books.open())->empty());
  CHECK(books.try_replay(log).error().code == Errc::kDamaged);  // the audit does
  // And whoever judges the chain does.
  log.push_back(
      test::sign(first, core::retail::encode_summary(closing(9, 1)), fleet.till(one).key));
  const auto judged = books.try_replay(log, kQuick);
  REQUIRE_FALSE(judged.has_value());
  CHECK(judged.error().code == Errc::kDamaged);
  CHECK(judged.error().what.find("till 1/1") != std::string::npos);
}

TEST_CASE("the last known entry tells another log at once, an earlier one is told by the audit") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  const std::vector<Bytes> log = days_of(fleet, one, 1, 3);
  RebuiltBooks books(fleet.roster());
  books.replay(log, kQuick);
  const Bytes other = fleet.next(one, closing(9, 9));
  std::vector<Bytes> last = log;
  last[5] = other;
  CHECK(books.try_replay(last, kQuick).error().what.find("entry 5 ") != std::string::npos);
  std::vector<Bytes> early = log;
  early[2] = other;
  CHECK(books.try_replay(early, kQuick).has_value());
  CHECK(books.try_replay(early).error().what.find("entry 2 ") != std::string::npos);
  const auto prefix = *rebuild::check_prefix(books.open(), *rebuild::memory_source(early), 2);
  CHECK(prefix.differs == 2);
  CHECK(prefix.entries == 5);
  CHECK_FALSE(rebuild::check_prefix(books.open(), *rebuild::memory_source(log), 1)->differs);
}

TEST_CASE("a signature in quarantine finds its owner when that comes, whatever the chain") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  const std::size_t two = fleet.enrol(1, 2);
  std::vector<Bytes> log = days_of(fleet, one, 1, 2);
  const Bytes theirs = fleet.next(two, opening(1, {}));
  const Bytes thief =
      test::with_signature(fleet.next(one, closing(3, 5)), test::signature_of(theirs));
  log.push_back(thief);
  RebuiltBooks pieces(fleet.roster());
  pieces.replay(log, kQuick);
  CHECK(rebuild::quarantined(pieces.open())->front().reason == "forged");
  log.push_back(theirs);
  const auto digest = pieces.replay(log, kQuick).digest;
  CHECK(rebuild::quarantined(pieces.open())->front().reason == "replayed");
  RebuiltBooks whole(fleet.roster());
  CHECK(whole.replay(log, kQuick).digest == digest);
  // Known for long, and in no chain that is judged tonight.
  log.push_back(test::with_signature(fleet.next(one, closing(4, 5)), test::signature_of(theirs)));
  pieces.replay(log, kQuick);
  CHECK(rebuild::quarantined(pieces.open())->back().reason == "replayed");
}

TEST_CASE("heads of any earlier size are compared with the books' tree, tiles full and growing") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  std::vector<Bytes> log = days_of(fleet, one, 1, 400);
  RebuiltBooks books(fleet.roster());
  for (const std::size_t size : {300U, 511U, 512U, 513U, 800U}) {
    books.replay({log.begin(), log.begin() + static_cast<std::ptrdiff_t>(size)}, kQuick);
  }
  auto opened = books.open();
  auto tree = *rebuild::LogTree::load(opened.database());
  REQUIRE(tree.size() == 800);
  core::tlog::Frontier frontier;
  for (std::uint64_t size = 0; size <= log.size(); ++size) {
    CHECK(*tree.root(size) == frontier.root());
    if (size == log.size()) break;
    CHECK(*tree.leaf(size) == core::envelope::message_id(log[size]));
    frontier.append(core::envelope::message_id(log[size]));
  }
}
