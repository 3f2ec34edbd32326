// Figures by operator: what tills said of whom, added up by store over the days asked for.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/sqlite/database.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/page.h"
#include "ledger-rebuild/period_close.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::BusinessDay;
using core::Bytes;
using core::Money;
using core::OperatorId;
using core::retail::Closing;
using core::retail::OperatorRow;
using test::closing;
using test::Fleet;
using test::RebuiltBooks;

namespace {

// 2026-01-31 and the day after it.
constexpr int kJanuary = 20484;
constexpr int kFebruary = 20485;

OperatorRow row(std::uint64_t sales, std::int64_t net, std::int64_t discount = 0,
                std::uint64_t lines_voided = 0, std::uint64_t refunds = 0,
                std::int64_t refunded = 0) {
  const auto usd = *core::Currency::parse("USD");
  return {sales,        Money{net, usd}, Money{discount, usd},
          lines_voided, refunds,         Money{refunded, usd}};
}

// A day that these operators made all of.
Closing day_of(int day, const std::map<std::uint32_t, OperatorRow>& operators) {
  std::int64_t net = 0;
  std::uint64_t sales = 0;
  for (const auto& [id, one] : operators) {
    net += one.net.minor;
    sales += one.sales;
  }
  Closing out = closing(day, net, sales);
  for (const auto& [id, one] : operators) {
    out.operators[OperatorId{id}] = one;
    out.discount.minor += one.discount.minor;
    out.refunds += one.refunds;
    out.refunded.minor += one.refunded.minor;
    out.counts.lines_voided += one.lines_voided;
  }
  return out;
}

std::string by_operator(const RebuiltBooks& books, std::optional<int> from = {},
                        std::optional<int> to = {}) {
  rebuild::FigureRange range;
  if (from) range.from = BusinessDay{*from};
  if (to) range.to = BusinessDay{*to};
  const auto table = *rebuild::figures(books.open(), rebuild::By::kOperator, range, {});
  const std::string csv = rebuild::table_csv(table);
  const std::string head =
      "store,operator,currency,sales,net,discount,lines_voided,refunds,refunded\r\n";
  REQUIRE(csv.substr(0, head.size()) == head);
  return csv.substr(head.size());
}

void check_sound(const RebuiltBooks& books) {
  const auto problems = *rebuild::verify_books(books.open());
  for (const auto& problem : problems) CHECK_MESSAGE(false, problem);
}

// Two tills of store 1 and one of store 20; operator 3 works at each of them.
struct Street {
  Street() {
    const std::size_t one = fleet.enrol(1, 1);
    const std::size_t two = fleet.enrol(1, 2);
    const std::size_t far = fleet.enrol(20, 1);
    log = {fleet.next(one, day_of(kJanuary, {{3, row(2, 1000, 50, 1)}, {11, row(1, 500)}})),
           fleet.next(two, day_of(kJanuary, {{3, row(4, 700, 0, 2, 1, 300)}})),
           fleet.next(far, day_of(kFebruary, {{3, row(1, 90)}})),
           fleet.next(one, day_of(kFebruary, {{11, row(1, 250)}}))};
    books.replay(log);
    check_sound(books);
  }
  Fleet fleet;
  std::vector<Bytes> log;
  RebuiltBooks books{fleet.roster()};
};

bool is_named(const RebuiltBooks& books, const std::string& sql, const std::string& words) {
  auto db = *core::sqlite::Database::open(books.file(), {});
  REQUIRE(db.exec(sql.c_str()).has_value());
  const auto problems = rebuild::verify_books(books.open());
  if (!problems) return core::describe(problems.error()).find(words) != std::string::npos;
  for (const auto& problem : *problems) {
    if (problem.find(words) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("operators are added up by store, over the days asked for") {
  const Street street;
  CHECK(by_operator(street.books) ==
        "1,3,USD,6,17.00,0.50,3,1,3.00\r\n"
        "1,11,USD,2,7.50,0.00,0,0,0.00\r\n"
        "20,3,USD,1,0.90,0.00,0,0,0.00\r\n");
  CHECK(by_operator(street.books, {}, kJanuary) ==
        "1,3,USD,6,17.00,0.50,3,1,3.00\r\n"
        "1,11,USD,1,5.00,0.00,0,0,0.00\r\n");
  CHECK(by_operator(street.books, kFebruary) ==
        "1,11,USD,1,2.50,0.00,0,0,0.00\r\n"
        "20,3,USD,1,0.90,0.00,0,0,0.00\r\n");
  CHECK(by_operator(street.books, kFebruary + 1).empty());
}

TEST_CASE("operators as a table for people, as JSON and on the page") {
  const Street street;
  const auto table = *rebuild::figures(street.books.open(), rebuild::By::kOperator, {}, {});
  CHECK(rebuild::table_text(table, 1) ==
        "store  operator  currency  sales    net  discount  lines_voided  refunds  refunded\n"
        "    1         3  USD           6  17.00      0.50             3        1      3.00\n"
        "and 2 more; --top 0 lists them\n");
  const auto json = nlohmann::json::parse(rebuild::table_json(table));
  REQUIRE(json.size() == 3);
  CHECK(json[0] == nlohmann::json{{"store", 1},
                                  {"operator", 3},
                                  {"currency", "USD"},
                                  {"sales", 6},
                                  {"net_minor", 1700},
                                  {"discount_minor", 50},
                                  {"lines_voided", 3},
                                  {"refunds", 1},
                                  {"refunded_minor", 300}});
  const std::string page = *rebuild::books_page(street.books.open(), {});
  CHECK(page.find("<h2>By operator</h2>") != std::string::npos);
  // Books without operators have no such table.
  Fleet fleet;
  RebuiltBooks none(fleet.roster());
  const std::size_t till = fleet.enrol(1, 1);
  RebuiltBooks plain(fleet.roster());
  plain.replay({fleet.next(till, closing(kJanuary, 100))});
  CHECK(by_operator(plain).empty());
  CHECK(rebuild::books_page(plain.open(), {})->find("By operator") == std::string::npos);
}

TEST_CASE("of contradicted days nobody sold anything, whichever came first") {
  Fleet fleet;
  const std::size_t till = fleet.enrol(1, 1);
  const test::ChainEnd fork = fleet.till(till);
  const Bytes one = fleet.next(till, day_of(kJanuary, {{3, row(2, 1000)}}));
  fleet.till(till) = fork;
  const Bytes other = fleet.next(till, day_of(kJanuary, {{4, row(1, 10)}}));
  const Bytes next = fleet.next(till, day_of(kFebruary, {{4, row(1, 7)}}));
  for (const auto& log : {std::vector<Bytes>{one, other, next}, {other, next, one}}) {
    RebuiltBooks books(fleet.roster());
    books.replay({log[0]});
    CHECK_FALSE(by_operator(books).empty());
    books.replay(log);
    CHECK(by_operator(books) == "1,4,USD,1,0.07,0.00,0,0,0.00\r\n");
    check_sound(books);
  }
}

TEST_CASE("a copy with a lower id posts in the other's stead, operators too, once") {
  Fleet fleet;
  const std::size_t till = fleet.enrol(1, 1);
  const auto before = fleet.till(till);
  const auto summary = day_of(kJanuary, {{3, row(2, 1000)}});
  const Bytes sent = fleet.next(till, summary);
  RebuiltBooks books(fleet.roster());
  std::vector<Bytes> log = {sent};
  books.replay(log);
  bool is_lower = false;
  for (std::uint64_t nonce = 1; !is_lower; ++nonce) {
    log.push_back(test::sign_again(test::header_after(before),
                                   core::retail::encode_summary(summary), before.key, nonce));
    is_lower = core::envelope::message_id(log.back()) < core::envelope::message_id(sent);
  }
  books.replay(log);
  CHECK(by_operator(books) == "1,3,USD,2,10.00,0.00,0,0,0.00\r\n");
  CHECK(*books.open().database().query_int("SELECT COUNT(*) FROM operators") == 1);
  check_sound(books);
}

TEST_CASE("a correction's operators are booked where the correction is") {
  Fleet fleet;
  const std::size_t one = fleet.enrol(1, 1);
  const std::size_t two = fleet.enrol(1, 2);
  const std::size_t office = fleet.enrol(0, 0);
  std::vector<Bytes> log = {fleet.next(one, day_of(kJanuary, {{3, row(2, 1000)}}))};
  const test::ChainEnd end = fleet.till(one);
  log.push_back(fleet.next_bulletin(
      office, rebuild::encode_period_close(
                  {BusinessDay{kJanuary}, {}, {{end.ref, end.epoch, end.sequence, end.prev}}})));
  log.push_back(fleet.next(two, day_of(kJanuary, {{3, row(1, 40)}})));  // late
  RebuiltBooks books(fleet.roster());
  books.replay(log);
  CHECK(by_operator(books, {}, kJanuary) == "1,3,USD,2,10.00,0.00,0,0,0.00\r\n");
  CHECK(by_operator(books, kFebruary, kFebruary) == "1,3,USD,1,0.40,0.00,0,0,0.00\r\n");
  check_sound(books);
}

TEST_CASE("operators of a closing in parts are there once, and add up") {
  Fleet fleet;
  const std::size_t till = fleet.enrol(1, 1);
  Closing day = day_of(kJanuary, {{3, row(2, 1000)}});
  for (std::uint32_t id = 10; id < 400; ++id) {
    day.operators[OperatorId{id}] = row(1, 1);
    ++day.sales;
    ++day.net.minor;
  }
  day.taxes.begin()->second.gross = day.tenders.begin()->second = day.net;
  const auto parts = core::retail::split(day, 1500);
  REQUIRE(parts.size() > 1);
  REQUIRE(std::get<Closing>(parts[1]).operators.size() > 1);
  RebuiltBooks books(fleet.roster());
  std::vector<Bytes> log;
  for (const auto& part : parts) log.push_back(fleet.next(till, part));
  books.replay(log);
  CHECK(*books.open().database().query_int("SELECT COUNT(*) FROM operators") == 391);
  CHECK(*books.open().database().query_int("SELECT SUM(net_minor) FROM operators") == 1390);
  check_sound(books);
}

TEST_CASE("a row of operators that somebody changed is named by verify") {
  const Street street;
  SUBCASE("net") {
    CHECK(is_named(street.books,
                   "UPDATE operators SET net_minor = net_minor + 1 WHERE message = 0 AND "
                   "operator = 3",
                   "what operators took is not the message's net"));
  }
  SUBCASE("discount") {
    CHECK(is_named(street.books, "UPDATE operators SET discount_minor = 0",
                   "what operators took is not the message's net"));
  }
  SUBCASE("sales") {
    CHECK(is_named(street.books, "UPDATE operators SET sales = 9 WHERE message = 0",
                   "operators made more sales"));
  }
  SUBCASE("to another operator") {
    CHECK(is_named(street.books, "UPDATE operators SET operator = 4 WHERE message = 2", "digest"));
  }
  SUBCASE("of a message that is not posted") {
    CHECK(is_named(street.books, "UPDATE messages SET state = 4 WHERE number = 2",
                   "a message that is not posted has operators"));
  }
  SUBCASE("of no message") {
    CHECK(is_named(street.books, "INSERT INTO operators VALUES(999, 1, 1, 1, 1, 1, 1, 1)",
                   "without a message"));
  }
}

TEST_CASE("an operator with a figure beyond the limit keeps its closing out of the books") {
  Fleet fleet;
  const std::size_t till = fleet.enrol(1, 1);
  Closing day = day_of(kJanuary, {{3, row(1, 1'000'000'000'000'001)}, {4, row(1, -1)}});
  RebuiltBooks books(fleet.roster());
  const auto outcome = books.replay({fleet.next(till, day)});
  CHECK(outcome.states.quarantined == 1);
  CHECK(by_operator(books).empty());
}
