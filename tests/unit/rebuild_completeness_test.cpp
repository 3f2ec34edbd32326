// What head office asks of every till: is it all there, since when not, what is missing, who is
// rung.
#include <doctest/doctest.h>

#include "ledger-rebuild/completeness.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::BusinessDay;
using core::Bytes;
using rebuild::State;
using rebuild::TillCompleteness;
using test::closing;
using test::Fleet;
using test::opening;
using test::RebuiltBooks;

namespace {

constexpr std::int32_t kQuiet = 2;

std::vector<Bytes> days_of(Fleet& fleet, std::size_t till, int first, int last) {
  std::vector<Bytes> log;
  for (int day = first; day <= last; ++day) {
    log.push_back(fleet.next(till, opening(day, {})));
    log.push_back(fleet.next(till, closing(day, 100)));
  }
  return log;
}

void append(std::vector<Bytes>& log, const std::vector<Bytes>& more) {
  log.insert(log.end(), more.begin(), more.end());
}

rebuild::Completeness ask(const RebuiltBooks& books, int as_of) {
  return *rebuild::completeness(books.open(), BusinessDay{as_of}, kQuiet);
}

}  // namespace

TEST_CASE("a fleet that is all there is clean, and the default day is the one after the newest") {
  Fleet fleet;
  std::vector<Bytes> log = days_of(fleet, fleet.enrol(1, 1), 1, 5);
  append(log, days_of(fleet, fleet.enrol(2, 1), 1, 4));
  RebuiltBooks books(fleet.roster());
  books.replay(log);
  const auto found = *rebuild::completeness(books.open(), std::nullopt, kQuiet);
  CHECK(found.as_of == BusinessDay{6});
  CHECK(found.clean());
  REQUIRE(found.tills.size() == 2);
  CHECK(found.tills[1].last_closed == BusinessDay{4});
  CHECK(rebuild::completeness_text(found, {}, 0) ==
        "as of 1970-01-07: 2 of 2 tills are complete\n");
}

TEST_CASE(
    "missing messages are named with the days around them, and the days behind are unproven") {
  Fleet fleet;
  std::vector<Bytes> log = days_of(fleet, fleet.enrol(4, 1), 1, 6);
  log.erase(log.begin() + 3, log.begin() + 6);  // closing 2, opening and closing 3
  RebuiltBooks books(fleet.roster());
  books.replay(log);
  const auto found = ask(books, 7);
  CHECK_FALSE(found.clean());
  const TillCompleteness& till = found.tills.front();
  REQUIRE(till.gaps.size() == 1);
  CHECK(till.gaps[0].first.value == 4);
  CHECK(till.gaps[0].last.value == 6);
  CHECK(till.gaps[0].after == BusinessDay{2});
  CHECK(till.gaps[0].before == BusinessDay{4});
  REQUIRE(till.doubts.size() == 3);
  CHECK(till.doubts.at(BusinessDay{4}).state == State::kUnproven);
  CHECK(till.doubts.at(BusinessDay{4}).messages == 2);
  CHECK(till.age(found.as_of, kQuiet) == 5);
  const rebuild::Contacts contacts = {{core::StoreId{4}, {"Main Street", "+1 555 0100"}}};
  const std::string text = rebuild::completeness_text(found, contacts, 0);
  for (const char* words :
       {"0 of 1 tills are complete", "till 4/1, Main Street: ring +1 555 0100", "5 days",
        "missing       sequences 4 to 6 of epoch 1, behind 1970-01-03, before 1970-01-05",
        "unproven      1970-01-05, 2 messages", "last closed   1970-01-07"}) {
    CAPTURE(words);
    CHECK(text.find(words) != std::string::npos);
  }
  // The documentation shows this very till.
  const Bytes page =
      test::read_file(std::string(DAYBOOK_SOURCE_DIR) + "/docs/reading-the-books.md");
  CHECK(core::as_text(page).find("```text\n" + text + "```") != std::string::npos);
  const std::string json = rebuild::completeness_json(found, contacts);
  for (const char* words : {"\"clean\": false", "\"age_days\": 5", "\"after\": \"1970-01-03\"",
                            "\"ring\": \"+1 555 0100\"", "\"state\": \"unproven\""}) {
    CAPTURE(words);
    CHECK(json.find(words) != std::string::npos);
  }
}

TEST_CASE("what was late is complete again, and its chain ends where the till ended") {
  Fleet fleet;
  const std::vector<Bytes> log = days_of(fleet, fleet.enrol(4, 1), 1, 6);
  std::vector<Bytes> late = log;
  std::rotate(late.begin() + 3, late.begin() + 4, late.end());  // the second closing comes last
  RebuiltBooks books(fleet.roster());
  books.replay({late.begin(), late.end() - 1});
  CHECK_FALSE(ask(books, 7).clean());
  books.replay(late);
  const auto found = ask(books, 7);
  CHECK(found.clean());
  CHECK(found.tills.front().last_closed == BusinessDay{6});
}

TEST_CASE("tills that are silent, open, contradicted, never heard of, or cannot be posted") {
  Fleet fleet;
  const std::size_t silent = fleet.enrol(1, 1);
  const std::size_t open = fleet.enrol(1, 2);
  const std::size_t cloned = fleet.enrol(1, 3);
  fleet.enrol(1, 4);
  const std::size_t garbled = fleet.enrol(1, 5);
  std::vector<Bytes> log = days_of(fleet, silent, 1, 3);
  append(log, days_of(fleet, open, 1, 6));
  log.push_back(fleet.next(open, opening(7, {})));
  const test::ChainEnd fork = fleet.till(cloned);
  append(log, days_of(fleet, cloned, 7, 7));
  fleet.till(cloned) = fork;
  log.push_back(fleet.next(cloned, opening(7, {{core::ProductId{1}, test::units(1)}})));
  log.push_back(
      test::sign(test::header_after(fleet.till(garbled)), Bytes{0x01}, fleet.till(garbled).key));
  RebuiltBooks books(fleet.roster());
  books.replay(log);
  auto found = ask(books, 8);
  CHECK(found.tills[0].age(found.as_of, kQuiet) == 5);
  CHECK(found.tills[0].age(found.as_of, 4) == std::nullopt);
  CHECK(found.tills[1].open_day == BusinessDay{7});
  CHECK(found.tills[1].age(found.as_of, kQuiet) == 1);
  CHECK(found.tills[2].doubts.at(BusinessDay{7}).state == State::kContradicted);
  CHECK(found.tills[2].doubts.at(BusinessDay{7}).messages == 2);
  CHECK_FALSE(found.tills[3].heard_of);
  CHECK(found.tills[3].age(found.as_of, kQuiet) == 0);
  CHECK(found.tills[4].quarantined == 1);
  CHECK(found.tills[4].age(found.as_of, kQuiet) == 0);
  const std::string text = rebuild::completeness_text(found, {}, 2);
  CHECK(text.find("till 1/1") < text.find("till 1/2"));  // the oldest first
  CHECK(text.find("and 3 more; --all lists them") != std::string::npos);
  const std::string all = rebuild::completeness_text(found, {}, 0);
  for (const char* words : {"not closed    1970-01-08", "contradicted  1970-01-08, 2 messages",
                            "never heard   of in epoch 1", "quarantined   1 of its own"}) {
    CAPTURE(words);
    CHECK(all.find(words) != std::string::npos);
  }
  found = ask(books, 7);  // the day is not over: nobody need have closed it
  CHECK(found.tills[1].age(found.as_of, kQuiet) == std::nullopt);
}

TEST_CASE("a forgery under a till's name leaves the till complete") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  std::vector<Bytes> log = days_of(fleet, one, 1, 2);
  log.push_back(test::sign(test::header_after(fleet.till(one)), Bytes{1}, test::key_number(99)));
  RebuiltBooks books(fleet.roster());
  CHECK(books.replay(log).states.quarantined == 1);
  CHECK(ask(books, 3).clean());
}

TEST_CASE("a contacts file is read whole, or refused with its line") {
  const test::TempDir dir;
  const auto file = dir / "stores.csv";
  const auto write = [&](const std::string& text) { test::write_file(file, core::as_bytes(text)); };
  write("store,name,contact\r\n7,\"Baker \"\"Street\"\"\",\"Ms Weber, +49 30 1\"\r\n");
  const auto contacts = *rebuild::read_contacts(file);
  CHECK(contacts.at(core::StoreId{7}).name == "Baker \"Street\"");
  CHECK(contacts.at(core::StoreId{7}).ring == "Ms Weber, +49 30 1");
  write("store,name,contact\n7,a,b\n0,c,d\n");
  CHECK(rebuild::read_contacts(file).error().what.find("stores.csv:3: store '0'") !=
        std::string::npos);
  write("shop,name,contact\n");
  CHECK(rebuild::read_contacts(file).error().what.find("expected the header") != std::string::npos);
}
