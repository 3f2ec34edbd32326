// The balance service: what it holds, when a hold ends, whom it answers, and what a request that is
// repeated, re-ordered or malformed gets.
#include <doctest/doctest.h>

#include <fstream>

#include "ledger-rebuild/verify_books.h"
#include "tests/support/balance_world.h"

using namespace core::retail;
using core::BusinessDay;
using core::Bytes;
using rebuild::BookedPoints;
using rebuild::Holds;
using test::BalanceWorld;
using test::member_number;

namespace {

const MemberKey kAnna = member_number(1);
const MemberKey kBert = member_number(2);
constexpr int kToday = BalanceWorld::kDay;

// Two tills; Anna has 100 points, Bert 30, by yesterday's closing of the first.
struct Shops : BalanceWorld {
  Shops() : BalanceWorld(2) {
    post(closing_of(0, kToday - 1, {{kAnna, {120, 20}}, {kBert, {30, 0}}}));
    replay();
  }
  // The points that can be held, as somebody would be told who asks for too many.
  std::int64_t available(rebuild::BalanceService& service, const MemberKey& member) {
    const auto answer = ask(service, 1, hold_of(++last_, member, 1'000'000'000, kToday + 9));
    CHECK(answer.verdict == PointsVerdict::kTooFew);
    return answer.available;
  }
  std::size_t open_holds() {
    auto holds = Holds::open_existing(options.holds);
    REQUIRE(holds);
    auto books = BookedPoints::open(options.books);
    REQUIRE(books);
    const auto open = holds->open_holds(*books);
    REQUIRE(open);
    return open->size();
  }
  std::uint32_t last_ = 1000000;
};

}  // namespace

TEST_CASE("points that one till holds are not there for another") {
  Shops shops;
  const auto service = shops.open();
  CHECK(shops.available(*service, kAnna) == 100);
  const auto first = shops.ask(*service, 0, BalanceWorld::hold_of(1, kAnna, 60));
  CHECK(first.verdict == PointsVerdict::kDone);
  CHECK(first.available == 100);
  const auto second = shops.ask(*service, 1, BalanceWorld::hold_of(1, kAnna, 41));
  CHECK(second.verdict == PointsVerdict::kTooFew);
  CHECK(second.available == 40);
  CHECK(shops.ask(*service, 1, BalanceWorld::hold_of(2, kAnna, 40)).verdict ==
        PointsVerdict::kDone);
  CHECK(shops.available(*service, kAnna) == 0);
  CHECK(shops.available(*service, kBert) == 30);
  CHECK(shops.available(*service, member_number(77)) == 0);
}

TEST_CASE("a request that is repeated gets the same verdict, another content under its id none") {
  Shops shops;
  const auto service = shops.open();
  const auto wish = BalanceWorld::hold_of(1, kAnna, 100);
  for (int i = 0; i < 3; ++i) {
    CHECK(shops.ask(*service, 0, wish).verdict == PointsVerdict::kDone);
  }
  CHECK(shops.available(*service, kAnna) == 0);
  const auto too_many = BalanceWorld::hold_of(2, kAnna, 1);
  CHECK(shops.ask(*service, 0, too_many).verdict == PointsVerdict::kTooFew);
  for (const auto& other :
       {BalanceWorld::hold_of(1, kAnna, 99), BalanceWorld::hold_of(1, kBert, 100),
        BalanceWorld::hold_of(1, kAnna, 100, kToday + 1)}) {
    const auto answer = shops.ask(*service, 0, other);
    CHECK(answer.verdict == PointsVerdict::kRefused);
    CHECK(answer.reason.find("another content") != std::string::npos);
  }
  // The same id of another till is another hold.
  CHECK(shops.ask(*service, 1, BalanceWorld::hold_of(1, kBert, 5)).verdict == PointsVerdict::kDone);
  // What was refused once stays so, though the points came back: nobody waits for it any more.
  shops.ask(*service, 0, BalanceWorld::release_of(1));
  CHECK(shops.available(*service, kAnna) == 100);
  CHECK(shops.ask(*service, 0, too_many).verdict == PointsVerdict::kTooFew);
  CHECK(shops.available(*service, kAnna) == 100);
}

TEST_CASE("a release gives points back once, and also when it comes before its hold") {
  Shops shops;
  const auto service = shops.open();
  CHECK(shops.ask(*service, 0, BalanceWorld::hold_of(1, kAnna, 100)).verdict ==
        PointsVerdict::kDone);
  // Another till's release of the same id is not this one's.
  shops.ask(*service, 1, BalanceWorld::release_of(1));
  CHECK(shops.available(*service, kAnna) == 0);
  for (int i = 0; i < 2; ++i) {
    CHECK(shops.ask(*service, 0, BalanceWorld::release_of(1)).verdict == PointsVerdict::kDone);
    CHECK(shops.available(*service, kAnna) == 100);
  }
  const auto again = shops.ask(*service, 0, BalanceWorld::hold_of(1, kAnna, 100));
  CHECK(again.verdict == PointsVerdict::kRefused);
  CHECK(shops.available(*service, kAnna) == 100);
  CHECK(shops.ask(*service, 0, BalanceWorld::release_of(5)).verdict == PointsVerdict::kDone);
  const auto late = shops.ask(*service, 0, BalanceWorld::hold_of(5, kAnna, 10));
  CHECK(late.verdict == PointsVerdict::kRefused);
  CHECK(shops.available(*service, kAnna) == 100);
  CHECK(shops.open_holds() == 0);
}

TEST_CASE("a hold ends with its till's closing of its day, and with no other message") {
  Shops shops;
  auto service = shops.open();
  CHECK(shops.ask(*service, 0, BalanceWorld::hold_of(1, kAnna, 60)).verdict ==
        PointsVerdict::kDone);
  CHECK(shops.ask(*service, 1, BalanceWorld::hold_of(2, kAnna, 10)).verdict ==
        PointsVerdict::kDone);
  CHECK(shops.available(*service, kAnna) == 30);
  CHECK(shops.open_holds() == 2);
  // The other till's day: it redeemed what it held.
  shops.post(shops.closing_of(1, kToday, {{kAnna, {0, 10}}}));
  shops.replay();
  CHECK(shops.available(*service, kAnna) == 30);
  CHECK(shops.open_holds() == 1);
  // The day before of the first till is behind, and its next opening is no closing.
  shops.post(shops.fleet.next(1, test::opening(kToday, {})));
  shops.replay();
  CHECK(shops.open_holds() == 1);
  // It redeemed 50 of the 60.
  shops.post(shops.closing_of(0, kToday, {{kAnna, {7, 50}}}));
  shops.replay();
  CHECK(shops.available(*service, kAnna) == 100 - 10 - 50 + 7);
  CHECK(shops.open_holds() == 0);
  // A hold for a day that is over, such as an old request sent again.
  const auto late = shops.ask(*service, 0, BalanceWorld::hold_of(3, kAnna, 1));
  CHECK(late.verdict == PointsVerdict::kRefused);
  CHECK(late.reason.find("closing") != std::string::npos);
  CHECK(shops.ask(*service, 0, BalanceWorld::hold_of(4, kAnna, 1, kToday + 1)).verdict ==
        PointsVerdict::kDone);
}

TEST_CASE("a hold stays until all parts of the closing are there") {
  Shops shops;
  const auto service = shops.open();
  CHECK(shops.ask(*service, 0, BalanceWorld::hold_of(1, kAnna, 60)).verdict ==
        PointsVerdict::kDone);
  auto first = test::closing(kToday, 1000);
  first.part = {1, 2};
  auto second = test::closing(kToday, 0, 0);
  second.part = {2, 2};
  second.members[kAnna] = {0, 60};
  const Bytes one = shops.fleet.next(1, first);
  const Bytes two = shops.fleet.next(1, second);
  shops.post(two);  // it comes before the other
  shops.replay();
  CHECK(shops.open_holds() == 1);
  CHECK(shops.available(*service, kAnna) == -20);  // counted twice for a while: on the safe side
  shops.post(one);
  shops.replay();
  CHECK(shops.open_holds() == 0);
  CHECK(shops.available(*service, kAnna) == 40);
}

TEST_CASE("a hold comes back when the closing that ended it is reversed") {
  Shops shops;
  const auto service = shops.open();
  CHECK(shops.ask(*service, 0, BalanceWorld::hold_of(1, kAnna, 100)).verdict ==
        PointsVerdict::kDone);
  const auto before = shops.till(0);
  shops.post(shops.closing_of(0, kToday, {{kAnna, {0, 100}}}));
  shops.replay();
  CHECK(shops.available(*service, kAnna) == 0);
  CHECK(shops.open_holds() == 0);
  // A clone of the till says that it redeemed nothing.
  shops.post(test::sign(test::header_after(before),
                        encode_summary(Summary(test::closing(kToday, 2000))), before.key));
  shops.replay();
  CHECK(shops.available(*service, kAnna) == 0);
  CHECK(shops.open_holds() == 1);
}

TEST_CASE("the books' points are those of posted closings, and verify looks at each row") {
  Shops shops;
  auto books = BookedPoints::open(shops.options.books);
  REQUIRE(books);
  CHECK(books->balance(kAnna).value() == 100);
  CHECK(books->balance(kBert).value() == 30);
  CHECK(books->balance(member_number(9)).value() == 0);
  const auto kid = shops.till(0).kid;
  CHECK(books->closing(kid, BusinessDay{kToday - 1}).value().has_value());
  CHECK_FALSE(books->closing(kid, BusinessDay{kToday}).value().has_value());
  CHECK_FALSE(books->closing(kid, BusinessDay{kToday - 2}).value().has_value());
  CHECK_FALSE(books->closing(shops.till(1).kid, BusinessDay{kToday - 1}).value().has_value());
  const auto opened = rebuild::Books::open(shops.options.books);
  REQUIRE(opened);
  CHECK(rebuild::verify_books(*opened).value().empty());
  for (const char* change :
       {"UPDATE member_points SET redeemed = 19 WHERE redeemed = 20",
        "DELETE FROM member_points WHERE earned = 30",
        "UPDATE member_points SET member = x'0102030405060708090a0b0c0d0e0f10' WHERE earned = 30",
        "INSERT INTO member_points SELECT message + 100, member, earned, redeemed FROM "
        "member_points"}) {
    CAPTURE(change);
    const auto copy = shops.dir / "changed.db";
    std::filesystem::copy_file(shops.options.books, copy,
                               std::filesystem::copy_options::overwrite_existing);
    {
      auto db = core::sqlite::Database::open(copy, {});
      REQUIRE(db);
      REQUIRE(db->exec(change));
    }
    const auto changed = rebuild::Books::open(copy);
    REQUIRE(changed);
    // It names what is wrong; a row without a message is damage that it does not look behind.
    const auto problems = rebuild::verify_books(*changed);
    if (problems) {
      CHECK_FALSE(problems->empty());
    } else {
      CHECK(problems.error().code == core::Errc::kDamaged);
    }
  }
}

TEST_CASE("whom the service does not know gets a signed refusal, and holds nothing") {
  Shops shops;
  auto service = shops.open();
  const auto refused = [&](const Bytes& request, const std::string& why) {
    const auto answer = shops.believe(*service, request);
    CHECK(answer.verdict == PointsVerdict::kRefused);
    CHECK_MESSAGE(answer.reason.find(why) != std::string::npos, answer.reason);
    CHECK(answer.allowance.empty());
  };
  shops.options.total_points = 50;
  service.reset();
  service = shops.open();
  const auto wish = BalanceWorld::hold_of(1, kAnna, 10);
  refused(sign_points_request(wish, test::kOrigin, test::key_number(987)), "no till's");
  refused(sign_points_request(wish, "other.example/log", shops.till(0).key), "no till's");
  refused(sign_points_request(wish, test::kOrigin, shops.office_private()), "no till's");
  // Under the till's kid, with another's signature.
  const Bytes good = shops.request_of(0, wish);
  const auto parsed =
      core::envelope::parse_statement(good, core::envelope::StatementType::kPointsRequest);
  REQUIRE(parsed);
  refused(core::envelope::sign_statement(core::envelope::StatementType::kPointsRequest, parsed->kid,
                                         parsed->payload, test::key_number(987)),
          "not the till's");
  // A statement of the right kind and till that asks nothing that there is.
  refused(core::envelope::sign_statement(core::envelope::StatementType::kPointsRequest, parsed->kid,
                                         Bytes{0x83, 0x09, 0x40, 0x00}, shops.till(0).key),
          "no such question");
  CHECK(shops.open_holds() == 0);
  // Revoked while the service runs; the roster is read again.
  shops.fleet.revoke(1, std::nullopt);
  shops.write_office();
  refused(good, "revoked");
  CHECK(shops.ask(*service, 1, wish).verdict == PointsVerdict::kDone);
  // A till that got another key speaks with that one only.
  const Bytes old = shops.request_of(1, BalanceWorld::hold_of(2, kAnna, 10));
  shops.fleet.enrol(1, 2);
  shops.write_office();
  refused(old, "another key since");
  CHECK(shops.open_holds() == 1);
}

TEST_CASE("what is no request is refused in words, and changes nothing") {
  Shops shops;
  const auto service = shops.open();
  CHECK(service->answer({}).status == 400);
  CHECK(service->answer(Bytes(kPointsRequestSizeMax, 0xff)).status == 400);
  CHECK(service->answer(Bytes(kPointsRequestSizeMax + 1, 0xff)).status == 413);
  const Bytes good = shops.request_of(0, BalanceWorld::hold_of(1, kAnna, 10));
  int refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const std::uint8_t bit : {std::uint8_t{1}, std::uint8_t{0x80}}) {
      Bytes odd = good;
      odd[i] ^= bit;
      const auto reply = service->answer(odd);
      CHECK((reply.status == 400 || reply.status == 200));
      if (reply.status == 200) {
        const auto answer =
            verify_points_answer(reply.body, odd, test::kOrigin, shops.office_key());
        REQUIRE(answer);
        CHECK(answer->verdict == PointsVerdict::kRefused);
      }
      ++refused;
    }
  }
  CHECK(refused > 200);
  CHECK(shops.open_holds() == 0);
}

TEST_CASE("an allowance comes with every answer, for the till that asked and some days") {
  Shops shops;
  shops.options.member_points = 40;
  shops.options.total_points = 70;
  shops.options.days = 3;
  const auto service = shops.open();
  const PointsRequest asked{
      PointsAsk::kAllowance, test::hold_number(1), BusinessDay{kToday}, {}, 0};
  for (const auto& request : {asked, BalanceWorld::hold_of(1, kAnna, 10),
                              BalanceWorld::hold_of(2, kAnna, 1000), BalanceWorld::release_of(1)}) {
    const auto answer = shops.ask(*service, 1, request);
    const auto given = verify_points_allowance(answer.allowance, test::kOrigin, shops.office_key());
    REQUIRE(given);
    CHECK(*given ==
          PointsAllowance{shops.till(1).ref, shops.till(1).epoch, BusinessDay{kToday + 3}, 40, 70});
  }
}

TEST_CASE("a service says 'not now' while a replay has the books, and holds nothing for it") {
  Shops shops;
  const auto service = shops.open();
  {
    auto writer = core::sqlite::Database::open(shops.options.books, {});
    REQUIRE(writer);
    REQUIRE(writer->exec("BEGIN EXCLUSIVE"));
    const auto reply = service->answer(shops.request_of(0, BalanceWorld::hold_of(1, kAnna, 10)));
    CHECK(reply.status == 503);
    CHECK(core::as_text(reply.body).find("busy") != std::string::npos);
    REQUIRE(writer->exec("ROLLBACK"));
  }
  CHECK_FALSE(service->fatal());
  CHECK(shops.open_holds() == 0);
  CHECK(shops.available(*service, kAnna) == 100);
}

TEST_CASE("a hold can be ended by head office, and one that is not held cannot") {
  Shops shops;
  const auto service = shops.open();
  CHECK(shops.ask(*service, 0, BalanceWorld::hold_of(1, kAnna, 60)).verdict ==
        PointsVerdict::kDone);
  auto holds = Holds::open_existing(shops.options.holds);
  REQUIRE(holds);
  CHECK(holds->drop(test::hold_number(1)));
  CHECK(shops.available(*service, kAnna) == 100);
  const auto again = holds->drop(test::hold_number(1));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == core::Errc::kNotFound);
}

TEST_CASE("a service refuses books of another log, and files that are not its own") {
  Shops shops;
  shops.open().reset();
  const auto code_of = [&](const rebuild::BalanceOptions& options) {
    const auto service = rebuild::BalanceService::open(options);
    REQUIRE_FALSE(service);
    return service.error().code;
  };
  auto options = shops.options;
  options.holds = shops.options.books;
  CHECK(code_of(options) == core::Errc::kMalformed);
  options = shops.options;
  options.books = shops.dir / "none.db";
  CHECK(code_of(options) == core::Errc::kNotFound);
  test::write_file(shops.options.head_office / "office-1.key",
                   core::as_bytes(core::to_hex(test::key_number(5).seed()) + "\n"));
  CHECK(code_of(shops.options) == core::Errc::kMalformed);
  std::filesystem::remove(shops.options.head_office / "office-1.key");
  CHECK(code_of(shops.options) == core::Errc::kNotFound);
}
