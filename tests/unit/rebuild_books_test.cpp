// Books: what is refused when they are added to, and whether a wrong row shows.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "core/sqlite/database.h"
#include "ledger-rebuild/accounts.h"
#include "ledger-rebuild/print_report.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::Bytes;
using core::Errc;
using test::closing;
using test::Fleet;
using test::opening;
using test::RebuiltBooks;
using test::units;

namespace {

const core::ProductId kChair{133};

std::vector<Bytes> some_days(Fleet& fleet, std::size_t till, int days) {
  std::vector<Bytes> log;
  for (int day = 1; day <= days; ++day) {
    log.push_back(fleet.next(till, opening(day, {{kChair, units(8)}})));
    log.push_back(fleet.next(till, closing(day, 1000 * day, 2, {{kChair, units(5)}})));
  }
  return log;
}

void change(const std::filesystem::path& file, const std::string& sql) {
  auto db = *core::sqlite::Database::open(file, {});
  REQUIRE(db.exec(sql).has_value());
  REQUIRE(db.changes() > 0);
}

}  // namespace

TEST_CASE("a replay of a log that did not grow changes nothing, to the last byte") {
  Fleet fleet;
  const auto log = some_days(fleet, fleet.enrol(1, 1), 3);
  RebuiltBooks books(fleet.roster());
  const auto first = books.replay(log);
  const Bytes before = test::read_file(books.file());
  const auto second = books.replay(log);
  CHECK(second.digest == first.digest);
  CHECK(second.entries_read == 0);
  CHECK(second.signatures_checked == 0);
  CHECK(test::read_file(books.file()) == before);
}

TEST_CASE("a log that grew is read from its old end") {
  Fleet fleet;
  auto log = some_days(fleet, fleet.enrol(1, 1), 2);
  RebuiltBooks books(fleet.roster());
  books.replay({log.begin(), log.begin() + 3});
  const auto outcome = books.replay(log);
  CHECK(outcome.entries_read == 1);
  CHECK(outcome.messages_new == 1);
  CHECK(outcome.states.proven == 4);
}

TEST_CASE("a log that shrank is refused and the books stay") {
  Fleet fleet;
  const auto log = some_days(fleet, fleet.enrol(1, 1), 2);
  RebuiltBooks books(fleet.roster());
  books.replay(log);
  const Bytes before = test::read_file(books.file());
  const auto shrunk = books.try_replay({log.begin(), log.begin() + 3});
  REQUIRE_FALSE(shrunk.has_value());
  CHECK(shrunk.error().code == Errc::kDamaged);
  CHECK(shrunk.error().what.find("shrank") != std::string::npos);
  CHECK(test::read_file(books.file()) == before);
}

TEST_CASE("a log with another entry where one was known is refused and the entry is named") {
  Fleet fleet;
  auto log = some_days(fleet, fleet.enrol(1, 1), 2);
  RebuiltBooks books(fleet.roster());
  books.replay(log);
  log[1] = fleet.next(0, closing(9, 77));
  log.push_back(fleet.next(0, opening(10, {})));
  const auto rewritten = books.try_replay(log);
  REQUIRE_FALSE(rewritten.has_value());
  CHECK(rewritten.error().code == Errc::kDamaged);
  CHECK(rewritten.error().what.find("entry 1 ") != std::string::npos);
}

TEST_CASE("an entry that was lost to damage is taken up when it is back") {
  Fleet fleet;
  const auto log = some_days(fleet, fleet.enrol(1, 1), 2);
  RebuiltBooks books(fleet.roster());
  test::HoledSource holed(log, {2});
  const auto damaged = *books.try_replay(holed);
  CHECK(damaged.damages.size() == 1);
  CHECK(damaged.states.unproven == 1);
  const auto whole = books.replay(log);
  CHECK(whole.entries_read == 1);
  RebuiltBooks fresh(fleet.roster());
  CHECK(fresh.replay(log).digest == whole.digest);
}

TEST_CASE("books of another origin, or of another version, are refused") {
  Fleet fleet;
  const auto log = some_days(fleet, fleet.enrol(1, 1), 1);
  RebuiltBooks books(fleet.roster());
  books.replay(log);
  const auto elsewhere =
      *core::envelope::Roster::read({}, "other.example/shops", test::key_number(5).public_key());
  const auto other = rebuild::replay(*rebuild::memory_source(log), elsewhere, books.file());
  REQUIRE_FALSE(other.has_value());
  CHECK(other.error().what.find("other.example/shops") != std::string::npos);

  for (const std::string version : {"99", "5"}) {
    auto db = *core::sqlite::Database::open(books.file(), {});
    REQUIRE(db.exec(("PRAGMA user_version = " + version).c_str()).has_value());
    CHECK(books.try_replay(log).error().code == Errc::kMalformed);
    CHECK(rebuild::Books::open(books.file()).error().what.find("version " + version) !=
          std::string::npos);
  }
}

TEST_CASE("a file that is no books is refused by name") {
  test::TempDir dir;
  test::write_file(dir / "empty.db", {});
  CHECK(rebuild::Books::open(dir / "empty.db").error().code == Errc::kMalformed);
  CHECK(rebuild::Books::open(dir / "none.db").error().code == Errc::kNotFound);
  test::write_file(dir / "text.db", core::as_bytes("this is a text and not a database at all"));
  CHECK_FALSE(rebuild::Books::open(dir / "text.db").has_value());
}

TEST_CASE("a changed row shows in the digest, in verify, and stops the next replay") {
  const char* changes[] = {
      "UPDATE postings SET amount_minor = amount_minor + 1 WHERE message = 1 AND account = 1000",
      "UPDATE postings SET amount_minor = amount_minor * 2 WHERE message = 1",
      "UPDATE postings SET currency = 'EUR' WHERE message = 1",
      "DELETE FROM postings WHERE message = 1",
      "UPDATE moves SET thousandths = thousandths + 1 WHERE message = 0",
      "DELETE FROM moves WHERE message = 0",
      "UPDATE messages SET sales = sales + 1 WHERE number = 1",
      "UPDATE messages SET store = 99 WHERE number = 1",
      "UPDATE messages SET day = day + 1 WHERE number = 1",
      "DELETE FROM messages WHERE number = 3",
      "UPDATE quarantine SET reason = 2",
      "UPDATE quarantine SET bytes = x'00'",
      "DELETE FROM quarantine",
      "INSERT INTO postings VALUES(999, 0, 1000, 1, 'USD', 5)",
  };
  for (const char* sql : changes) {
    CAPTURE(sql);
    Fleet fleet;
    auto log = some_days(fleet, fleet.enrol(1, 1), 2);
    log.push_back(Bytes{1, 2, 3});
    RebuiltBooks books(fleet.roster());
    books.replay(log);
    CHECK(rebuild::verify_books(books.open())->empty());
    change(books.file(), sql);
    const auto opened = books.open();
    const auto digest = opened.digest();
    CHECK((!digest || digest->books != opened.stored_digest()->books));
    const auto problems = rebuild::verify_books(opened);
    CHECK((!problems || !problems->empty()));
    CHECK(books.try_replay(log).error().code == Errc::kDamaged);
  }
}

TEST_CASE("verify names what is wrong: balance, totals, states") {
  struct Case {
    const char* sql;
    const char* words;
  };
  const Case cases[] = {
      {"UPDATE postings SET amount_minor = amount_minor + 1 WHERE message = 1 AND account = 1000",
       "does not balance"},
      {"UPDATE postings SET amount_minor = amount_minor * 2 WHERE message = 1", "net"},
      {"UPDATE messages SET state = 3 WHERE number = 1", "is not reversed"},
      {"UPDATE messages SET state = 4 WHERE number = 1", "that is not posted"},
      {"UPDATE messages SET id = (SELECT id FROM messages WHERE number = 0) WHERE number = 1",
       "there twice"},
      {"UPDATE messages SET sequence = 1 WHERE number = 1", "posted twice"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.sql);
    Fleet fleet;
    const auto log = some_days(fleet, fleet.enrol(1, 1), 2);
    RebuiltBooks books(fleet.roster());
    books.replay(log);
    change(books.file(), c.sql);
    const auto problems = *rebuild::verify_books(books.open());
    bool named = false;
    for (const auto& problem : problems)
      named = named || problem.find(c.words) != std::string::npos;
    CHECK(named);
  }
}

TEST_CASE("verify against a log finds books that are sound and of another log") {
  Fleet fleet;
  const auto log = some_days(fleet, fleet.enrol(1, 1), 2);
  RebuiltBooks books(fleet.roster());
  books.replay(log);
  const auto opened = books.open();
  const auto same =
      *rebuild::verify_against_log(opened, *rebuild::memory_source(log), fleet.roster(), 1, {});
  CHECK(same.problems.empty());
  CHECK(same.outcome.signatures_checked == log.size());
  const auto other = *rebuild::verify_against_log(
      opened, *rebuild::memory_source({log.begin(), log.begin() + 3}), fleet.roster(), 1, {});
  REQUIRE(other.problems.size() == 3);
  CHECK(other.problems[0].find("gives books of digest") != std::string::npos);
  CHECK(other.problems[1].find("was shortened") != std::string::npos);
  CHECK(other.problems[2].find("log index 3 is the first") != std::string::npos);
}

TEST_CASE("a hostile sequence number costs no more than its own range") {
  Fleet fleet;
  const std::size_t till = fleet.enrol(1, 1);
  fleet.till(till).sequence = core::Sequence{(std::uint64_t{1} << 63) - 2};
  RebuiltBooks books(fleet.roster());
  books.replay({fleet.next(till, closing(1, 100))});
  const auto missing = *rebuild::missing(books.open());
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].first.value == 1);
  CHECK(missing[0].last.value == (std::uint64_t{1} << 63) - 2);
}

TEST_CASE("two currencies are never added up") {
  Fleet fleet;
  fleet.enrol(1, 1);
  fleet.enrol(2, 1);
  auto euro = core::retail::empty_closing(core::BusinessDay{1}, *core::Currency::parse("EUR"));
  euro.net.minor = 70;
  euro.taxes[core::TaxCode{0}] = {euro.net, core::Money{0, euro.currency}};
  euro.tenders[core::retail::TenderKind::kCard] = euro.net;
  RebuiltBooks books(fleet.roster());
  books.replay({fleet.next(0, closing(1, 100)), fleet.next(1, euro)});
  const auto totals = *rebuild::totals(books.open());
  REQUIRE(totals.size() == 2);
  CHECK(totals.at(euro.currency).net.minor == 70);
  CHECK(rebuild::verify_books(books.open())->empty());
}

TEST_CASE("the report in words and in JSON says the same figures") {
  Fleet fleet;
  auto log = some_days(fleet, fleet.enrol(1, 1), 2);
  log.erase(log.begin() + 2);
  log.push_back(Bytes{1, 2, 3});
  RebuiltBooks books(fleet.roster());
  const auto outcome = books.replay(log);
  const auto report = *rebuild::read_report(books.open(), core::BusinessDay{5});
  const std::string text = rebuild::report_text(report, 20);
  for (const char* words : {"30.00", "Missing: 1", "sequence 3", "malformed-message", "negative",
                            "Trial balance", "1970-01-03"}) {
    CAPTURE(words);
    CHECK(text.find(words) != std::string::npos);
  }
  CHECK(text.find(outcome.digest.books.hex()) != std::string::npos);
  const std::string json = rebuild::report_json(report);
  CHECK(json.find("\"net_minor\": 3000") != std::string::npos);
  CHECK(json.find("\"on_hand_thousandths\": -2000") != std::string::npos);
  CHECK(json.find(outcome.digest.books.hex()) != std::string::npos);
  CHECK_FALSE(report.clean());
}

TEST_CASE("the chart of accounts in the seeds is the one in the program") {
  std::ifstream file(std::string(DAYBOOK_SOURCE_DIR) + "/seeds/chart_of_accounts.csv");
  std::stringstream text;
  text << file.rdbuf();
  std::string expected = "role,tax_code,department,account,name,type\n";
  for (const auto& info : rebuild::kChartOfAccounts) {
    expected += std::string(info.role) + ",,," + std::to_string(static_cast<int>(info.account)) +
                "," + std::string(info.name) + "," + std::string(info.type) + "\n";
  }
  CHECK(text.str() == expected);
}

TEST_CASE(
    "what was posted is never quarantined by a later replay: that is refused, nothing written") {
  Fleet fleet;
  const std::size_t till = fleet.enrol(1, 1);
  const auto first = test::header_after(fleet.till(till));
  const std::vector<Bytes> log = some_days(fleet, till, 2);
  RebuiltBooks books(fleet.roster());
  const auto before = books.replay(log).digest;
  SUBCASE("a roster that lost its entries") {
    const auto empty =
        *core::envelope::Roster::read({}, test::kOrigin, fleet.head_office_key().public_key());
    const auto again = rebuild::replay(*rebuild::memory_source(log), empty, books.file());
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == Errc::kDamaged);
  }
  SUBCASE("signatures marked as bad, or as never checked, of a till that has to be judged") {
    const Bytes contradiction =
        test::sign(first, core::retail::encode_summary(closing(9, 1)), fleet.till(till).key);
    std::vector<Bytes> more = log;
    more.push_back(contradiction);
    for (const char* state : {"0", "2"}) {
      change(books.file(), std::string("UPDATE messages SET signature_state = ") + state);
      const auto again = books.try_replay(more);
      REQUIRE_FALSE(again.has_value());
      CHECK(again.error().code == Errc::kDamaged);
      CHECK(again.error().what.find("would be quarantined now") != std::string::npos);
    }
  }
  CHECK(books.open().digest()->books == before.books);
}
