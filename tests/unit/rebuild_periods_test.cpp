// Periods: what head office closes, and where an entry is booked that comes after it.
#include <doctest/doctest.h>

#include <algorithm>

#include "core/base/random.h"
#include "core/sqlite/database.h"
#include "ledger-rebuild/close_period.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/period_close.h"
#include "ledger-rebuild/periods.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::BusinessDay;
using core::Bytes;
using core::Errc;
using rebuild::CoveredChain;
using rebuild::PeriodClose;
using rebuild::StateCounts;
using test::closing;
using test::RebuiltBooks;

namespace {

// Two tills, and head office with a key of its own.
struct Shop {
  Shop() {
    a = fleet.enrol(4, 1);
    b = fleet.enrol(4, 2);
    office = fleet.enrol(0, 0);
  }
  Bytes day(std::size_t till, int day, std::int64_t net) {
    return fleet.next(till, closing(day, net));
  }
  // Where a till stands now.
  CoveredChain place(std::size_t till) {
    const test::ChainEnd& end = fleet.till(till);
    return {end.ref, end.epoch, end.sequence, end.prev};
  }
  Bytes close(int last, std::vector<CoveredChain> covered, core::retail::Part part = {}) {
    return fleet.next_bulletin(
        office, rebuild::encode_period_close({BusinessDay{last}, part, std::move(covered)}));
  }

  test::Fleet fleet;
  std::size_t a = 0, b = 0, office = 0;
};

// The takings of a day, as they are booked.
std::int64_t booked(const RebuiltBooks& books, int day) {
  std::int64_t sum = 0;
  const auto days = *rebuild::store_days(books.open());
  for (const auto& row : days) {
    if (row.day.days == day) sum += row.takings.net.minor;
  }
  return sum;
}

void check_sound(const RebuiltBooks& books) {
  const auto problems = *rebuild::verify_books(books.open());
  for (const auto& problem : problems) CHECK_MESSAGE(false, problem);
}

}  // namespace

TEST_CASE("a period close has one encoding") {
  Shop shop;
  shop.day(shop.a, 1, 100);
  shop.day(shop.b, 1, 100);
  const PeriodClose whole{BusinessDay{20000}, {}, {shop.place(shop.a), shop.place(shop.b)}};
  const PeriodClose part{BusinessDay{20000}, {2, 3}, {shop.place(shop.b)}};
  for (const PeriodClose& close : {whole, part}) {
    const Bytes bytes = rebuild::encode_period_close(close);
    CHECK(*rebuild::decode_period_close(bytes) == close);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      CHECK_FALSE(rebuild::decode_period_close(core::ByteView(bytes).first(i)).has_value());
      for (const int bit : {0, 3, 7}) {
        Bytes other = bytes;
        other[i] ^= static_cast<std::uint8_t>(1 << bit);
        const auto read = rebuild::decode_period_close(other);
        if (read) CHECK(rebuild::encode_period_close(*read) == other);
      }
    }
  }
  const auto refused = [](const PeriodClose& close) {
    const auto read = rebuild::decode_period_close(rebuild::encode_period_close(close));
    return !read && read.error().code == Errc::kMalformed;
  };
  CHECK(refused({BusinessDay{1}, {}, {shop.place(shop.b), shop.place(shop.a)}}));
  CHECK(refused({BusinessDay{1}, {}, {shop.place(shop.a), shop.place(shop.a)}}));
  CHECK(refused({BusinessDay{1}, {3, 2}, {}}));
  CHECK(refused({BusinessDay{1}, {0, 2}, {}}));
  CHECK(refused({BusinessDay{BusinessDay::kMax + 1}, {}, {}}));
  CHECK(refused({BusinessDay{1}, {}, {{{core::StoreId{1}, core::TillId{1}}, {}, {}, {}}}}));
}

TEST_CASE("a period close has the bytes of the golden file") {
  const auto id = [](std::string_view of) { return core::envelope::sha256(core::as_bytes(of)); };
  const core::StoreId store{4};
  const Bytes bytes = rebuild::encode_period_close(
      {BusinessDay{20757},
       {},
       {{{store, core::TillId{1}}, core::Epoch{1}, core::Sequence{62}, id("first")},
        {{store, core::TillId{2}}, core::Epoch{1}, core::Sequence{62}, id("second")}}});
  const auto golden =
      test::read_file(std::filesystem::path(DAYBOOK_SOURCE_DIR) / "tests/golden/period-close.hex");
  CHECK(core::as_text(golden) == core::to_hex(bytes) + "\n");
}

TEST_CASE("a day that comes after its period was closed is booked on the next period's first day") {
  Shop shop;
  std::vector<Bytes> log = {shop.day(shop.a, 1, 100), shop.day(shop.a, 2, 200)};
  log.push_back(shop.day(shop.b, 1, 1000));
  const auto a_place = shop.place(shop.a), b_place = shop.place(shop.b);
  log.push_back(shop.close(2, {a_place, b_place}));
  log.push_back(shop.day(shop.b, 2, 2000));  // late
  log.push_back(shop.day(shop.a, 3, 300));
  RebuiltBooks books(shop.fleet.roster());
  CHECK(books.replay(log).states == StateCounts{.proven = 6});
  CHECK(booked(books, 1) == 1100);
  CHECK(booked(books, 2) == 200);
  CHECK(booked(books, 3) == 2300);
  auto late = *rebuild::corrections(books.open());
  REQUIRE(late.size() == 1);
  CHECK(late[0].day == BusinessDay{2});
  CHECK(late[0].booked == BusinessDay{3});
  CHECK(late[0].message.till == core::TillRef{core::StoreId{4}, core::TillId{2}});
  CHECK(*rebuild::closed_periods(books.open()) == std::vector{BusinessDay{2}});
  CHECK(rebuild::completeness(books.open(), BusinessDay{4}, 1)->tills.size() == 2);
  check_sound(books);

  // A period that is closed later has it: it stays where it is.
  log.push_back(shop.day(shop.b, 5, 5000));
  log.push_back(shop.close(5, {shop.place(shop.a), shop.place(shop.b)}));
  log.push_back(shop.day(shop.a, 4, 400));  // late for the second
  books.replay(log);
  CHECK(booked(books, 3) == 2300);
  CHECK(booked(books, 4) == 0);
  CHECK(booked(books, 5) == 5000);
  CHECK(booked(books, 6) == 400);
  check_sound(books);

  // Whatever the order of arrival.
  const auto digest = books.replay(log).digest;
  core::Random random(7);
  for (int round = 0; round < 40; ++round) {
    for (std::size_t i = log.size(); i > 1; --i) {
      std::swap(log[i - 1], log[random.between(0, i - 1)]);
    }
    RebuiltBooks other(shop.fleet.roster());
    other.replay({log.begin(), log.begin() + static_cast<std::ptrdiff_t>(random.between(1, 9))});
    CHECK(other.replay(log).digest == digest);
    CHECK(booked(other, 3) == 2300);
    CHECK(booked(other, 6) == 400);
    CHECK(rebuild::corrections(other.open())->size() == 2);
    check_sound(other);
  }
}

TEST_CASE("what is outstanding when a period is closed is late when it comes") {
  Shop shop;
  std::vector<Bytes> log = {shop.day(shop.a, 1, 100)};
  const auto known = shop.place(shop.a);
  const Bytes lost = shop.day(shop.a, 2, 200);
  log.push_back(shop.day(shop.a, 3, 300));  // unproven: 2 is missing
  RebuiltBooks books(shop.fleet.roster());
  CHECK(books.replay(log).states == StateCounts{.proven = 1, .unproven = 1});
  const auto plan = *rebuild::plan_close(books.open(), BusinessDay{3}, 2);
  CHECK(plan.covered == std::vector{known});
  CHECK_FALSE(plan.outstanding.clean());
  log.push_back(shop.close(3, plan.covered));
  books.replay(log);
  CHECK(booked(books, 1) == 100);
  CHECK(booked(books, 4) == 300);  // moved, as nothing vouches for what stands before it
  log.push_back(lost);
  books.replay(log);
  CHECK(booked(books, 4) == 500);
  CHECK(booked(books, 2) == 0);
  check_sound(books);
}

TEST_CASE("a correction is in the sums of the month that it is booked in") {
  Shop shop;
  std::vector<Bytes> log = {shop.day(shop.a, 30, 100), shop.day(shop.b, 29, 1000)};
  log.push_back(shop.close(30, {shop.place(shop.a), shop.place(shop.b)}));
  log.push_back(shop.day(shop.b, 30, 2000));  // 1970-01-31, booked on 1970-02-01
  for (const bool late_first : {false, true}) {
    if (late_first) std::swap(log[2], log[3]);
    RebuiltBooks books(shop.fleet.roster());
    books.replay({log.begin(), log.begin() + 3});
    books.replay(log);
    const auto months = *rebuild::figures(books.open(), rebuild::By::kMonth, {}, {});
    REQUIRE(months.rows.size() == 2);
    CHECK(months.rows[0][7].value == 1100);
    CHECK(months.rows[1][7].value == 2000);
    check_sound(books);
  }
}

TEST_CASE("tills of the highest numbers have figures, in the order of their numbers") {
  test::Fleet fleet;
  constexpr std::uint32_t kHighest = 4294967295;
  std::vector<Bytes> log;
  for (const std::uint32_t store : {kHighest, 2147483648U, 2147483647U, 1U}) {
    log.push_back(fleet.next(fleet.enrol(store, kHighest), closing(1, 100)));
  }
  RebuiltBooks books(fleet.roster());
  books.replay(log);
  const auto table =
      rebuild::table_csv(*rebuild::figures(books.open(), rebuild::By::kTill, {}, {}));
  std::vector<std::size_t> at;
  for (const char* name : {"\n1/4294967295,", "\n2147483647/4294967295,",
                           "\n2147483648/4294967295,", "\n4294967295/4294967295,"}) {
    at.push_back(table.find(name));
    CHECK(at.back() != std::string::npos);
  }
  CHECK(std::is_sorted(at.begin(), at.end()));
}

TEST_CASE("a day that is closed twice, and a clock that jumped, are named") {
  Shop shop;
  auto jumped = closing(3, 50);
  jumped.counts.clock_doubts = 4;
  auto part = closing(4, 10);
  part.part = {1, 2};
  auto rest = closing(4, 10);
  rest.part = {2, 2};
  const std::vector<Bytes> log = {shop.day(shop.a, 1, 100), shop.day(shop.a, 1, 200),
                                  shop.fleet.next(shop.b, jumped), shop.fleet.next(shop.b, part),
                                  shop.fleet.next(shop.b, rest)};
  RebuiltBooks books(shop.fleet.roster());
  books.replay(log);
  const auto twice = *rebuild::closed_twice(books.open());
  REQUIRE(twice.size() == 1);
  CHECK(twice[0].till == core::TillRef{core::StoreId{4}, core::TillId{1}});
  CHECK(twice[0].day == BusinessDay{1});
  CHECK(twice[0].closings == 2);
  const auto jumps = *rebuild::clock_jumps(books.open());
  REQUIRE(jumps.size() == 1);
  CHECK(jumps[0].day == BusinessDay{3});
  CHECK(jumps[0].documents == 4);
}

TEST_CASE("another content for a place that a closed period has is evidence and posts nothing") {
  Shop shop;
  shop.day(shop.b, 1, 1);
  std::vector<Bytes> log = {shop.day(shop.a, 1, 100)};
  const auto before = shop.fleet.till(shop.a);
  log.push_back(shop.day(shop.a, 2, 200));
  const Bytes clone = test::sign(test::header_after(before),
                                 core::retail::encode_summary(closing(2, 9999)), before.key);
  log.push_back(shop.day(shop.a, 3, 300));
  log.push_back(shop.close(
      2, {{before.ref, before.epoch, core::Sequence{2}, core::envelope::message_id(log[1])}}));
  log.push_back(clone);
  std::sort(log.begin(), log.end());
  rebuild::BooksDigest digest;
  int orders = 0;
  do {
    RebuiltBooks books(shop.fleet.roster());
    books.replay({log.begin(), log.begin() + 1 + orders % 4});
    const auto outcome = books.replay(log);
    CHECK(outcome.states == StateCounts{.proven = 4, .evidence = 1});
    if (orders++ == 0) digest = outcome.digest;
    CHECK(outcome.digest == digest);
    CHECK(booked(books, 2) == 200);
    CHECK(booked(books, 3) == 300);
    const auto evidence = *rebuild::evidence(books.open());
    REQUIRE(evidence.size() == 1);
    CHECK(evidence[0].id == core::envelope::message_id(clone));
    check_sound(books);
  } while (std::next_permutation(log.begin(), log.end()));
  CHECK(orders == 120);
}

TEST_CASE("a close in parts is in effect with all of them, and only in its place") {
  Shop shop;
  std::vector<Bytes> log = {shop.day(shop.a, 1, 100), shop.day(shop.b, 1, 1000)};
  const auto a_place = shop.place(shop.a), b_place = shop.place(shop.b);
  const Bytes first = shop.close(1, {a_place}, {1, 2});
  const Bytes second = shop.close(1, {b_place}, {2, 2});
  const Bytes late = shop.day(shop.a, 1, 50);
  const Bytes again = shop.close(1, {});  // closes nothing: the day is closed
  log.insert(log.end(), {late, again, second});
  RebuiltBooks books(shop.fleet.roster());
  CHECK(books.replay(log).states == StateCounts{.proven = 3, .unproven = 2});
  CHECK(rebuild::closed_periods(books.open())->empty());
  CHECK(booked(books, 1) == 1150);
  log.push_back(first);
  books.replay(log);
  CHECK(*rebuild::closed_periods(books.open()) == std::vector{BusinessDay{1}});
  CHECK(booked(books, 1) == 1100);
  CHECK(booked(books, 2) == 50);
  check_sound(books);
}

TEST_CASE("an entry that somebody booked on another day is found") {
  Shop shop;
  std::vector<Bytes> log = {shop.day(shop.a, 1, 100), shop.day(shop.a, 2, 200)};
  log.push_back(shop.close(1, {}));
  RebuiltBooks books(shop.fleet.roster());
  books.replay(log);
  check_sound(books);
  for (const int number : {0, 1}) {  // the correction, and the one that is none
    test::TempDir dir;
    const auto copy = dir / "books.db";
    std::filesystem::copy_file(books.file(), copy);
    auto db = *core::sqlite::Database::open(copy, {});
    REQUIRE(db.exec("UPDATE messages SET booked = 4 WHERE number = " + std::to_string(number)));
    const auto problems = *rebuild::verify_books(*rebuild::Books::open(copy));
    CHECK(std::any_of(problems.begin(), problems.end(), [](const std::string& problem) {
      return problem.starts_with("an entry is not booked on the day");
    }));
  }
}

TEST_CASE("only head office's own key closes, and it sends nothing else") {
  Shop shop;
  const Bytes by_till = shop.fleet.next_bulletin(
      shop.a, rebuild::encode_period_close({BusinessDay{9}, {}, {shop.place(shop.b)}}));
  const Bytes day_of_office = shop.day(shop.office, 1, 100);
  const Bytes not_as_bulletin =
      shop.fleet.next_payload(shop.office, rebuild::encode_period_close({BusinessDay{9}, {}, {}}));
  RebuiltBooks books(shop.fleet.roster());
  const auto outcome =
      books.replay({by_till, day_of_office, not_as_bulletin, shop.day(shop.b, 1, 70)});
  CHECK(outcome.states == StateCounts{.proven = 1, .quarantined = 3});
  const auto quarantined = *rebuild::quarantined(books.open());
  for (const auto& q : quarantined) {
    CHECK(q.reason == "malformed-payload");
  }
  CHECK(rebuild::closed_periods(books.open())->empty());
}

TEST_CASE("a close that its own key contradicts later is refused by these books, not by new ones") {
  Shop shop;
  std::vector<Bytes> log = {shop.day(shop.a, 1, 100)};
  const auto before = shop.fleet.till(shop.office);
  const auto place = shop.place(shop.a);
  log.push_back(shop.close(1, {place}));
  log.push_back(shop.day(shop.a, 1, 7));
  RebuiltBooks books(shop.fleet.roster());
  const auto digest = books.replay(log).digest;
  CHECK(booked(books, 2) == 7);
  auto header = test::header_after(before);
  header.content_type = core::envelope::ContentType::kBulletin;
  log.push_back(
      test::sign(header, rebuild::encode_period_close({BusinessDay{5}, {}, {}}), before.key));
  const auto refused = books.try_replay(log);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::kState);
  CHECK(*books.open().stored_digest() == digest);
  RebuiltBooks fresh(shop.fleet.roster());
  CHECK(fresh.replay(log).states == StateCounts{.proven = 2, .contradicted = 2});
  CHECK(booked(fresh, 1) == 107);
  check_sound(fresh);
}
