// Rotations: what openings ask for, which of it is enrolled, and when the key before ends.
#include <doctest/doctest.h>

#include "core/envelope/enrol_request.h"
#include "ledger-rebuild/completeness.h"
#include "ledger-rebuild/rotations.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/balance_world.h"

using core::BusinessDay;
using core::Bytes;
using core::Epoch;
using core::Errc;
using core::envelope::PrivateKey;
using test::closing;
using test::Fleet;
using test::opening;
using test::RebuiltBooks;

namespace {

core::retail::KeyRequest request_of(core::TillRef till, const PrivateKey& key,
                                    const char* origin = test::kOrigin) {
  const auto sealing =
      core::envelope::SealingPrivateKey::from(core::envelope::sha256(key.seed()).view()).value();
  const auto asked = core::envelope::make_enrol_request(origin, till, key, sealing.public_key());
  return {asked.key, asked.sealing_key, asked.proof};
}

// An opening that asks for a key.
core::retail::Opening asking(int day, const core::retail::KeyRequest& request) {
  auto out = opening(day, {});
  out.next_keys = request;
  return out;
}

struct Shop {
  Shop() { number = fleet.enrol(7, 1); }
  const core::TillRef& till() { return fleet.till(number).ref; }
  Bytes said(const core::retail::Summary& summary) { return fleet.next(number, summary); }
  rebuild::Rotations found(RebuiltBooks& books) {
    return rebuild::find_rotations(books.open(), fleet.roster()).value();
  }
  // Of a log of its own.
  rebuild::Rotations found_in(const std::vector<Bytes>& log) {
    RebuiltBooks books(fleet.roster());
    books.replay(log);
    const auto wrong = rebuild::verify_books(books.open()).value();
    CHECK_MESSAGE(wrong.empty(), (wrong.empty() ? std::string() : wrong.front()));
    return found(books);
  }

  Fleet fleet;
  std::size_t number = 0;
};

std::string why(const rebuild::Rotations& found) {
  return found.refused.size() == 1 ? found.refused.at(0).why
                                   : std::to_string(found.refused.size()) + " refused";
}

}  // namespace

TEST_CASE("the request of a proven opening is to be enrolled, the latest one of an epoch") {
  Shop shop;
  const auto first = request_of(shop.till(), test::key_number(501));
  const auto second = request_of(shop.till(), test::key_number(502));
  const std::vector<Bytes> log = {shop.said(asking(1, first)), shop.said(closing(1, 100)),
                                  shop.said(asking(2, second)), shop.said(closing(2, 100))};
  auto found = shop.found_in({log.begin(), log.begin() + 2});
  REQUIRE(found.asked.size() == 1);
  CHECK(found.asked.at(0).key == first.key);
  found = shop.found_in(log);
  REQUIRE(found.asked.size() == 1);
  CHECK(found.asked.at(0).key == second.key);
  CHECK(found.asked.at(0).sealing_key == second.sealing_key);
  CHECK(found.asked.at(0).till == shop.till());
  CHECK(core::envelope::check_proof(found.asked.at(0)));
  CHECK(found.refused.empty());
  CHECK(found.over.empty());
}

TEST_CASE("a request is evidence of its message: another one makes another digest") {
  Shop shop;
  const auto end = shop.fleet.till(shop.number);
  const auto digest = [&](std::uint64_t key) {
    shop.fleet.till(shop.number) = end;
    RebuiltBooks books(shop.fleet.roster());
    return books.replay({shop.said(asking(1, request_of(shop.till(), test::key_number(key))))})
        .digest;
  };
  const auto one = digest(501);
  CHECK(digest(501) == one);
  CHECK_FALSE(digest(502).figures == one.figures);
}

TEST_CASE("what is changed in the books' requests is found") {
  Shop shop;
  const std::vector<Bytes> log = {
      shop.said(asking(1, request_of(shop.till(), test::key_number(501)))),
      shop.said(closing(1, 100))};
  const auto after = [&](const std::string& change) {
    RebuiltBooks books(shop.fleet.roster());
    books.replay(log);
    auto db = core::sqlite::Database::open(books.file(), {}).value();
    REQUIRE(db.exec(change));
    const auto opened = books.open();
    const bool is_whole = opened.digest() &&
                          opened.digest()->books == opened.stored_digest()->books &&
                          rebuild::verify_books(opened)->empty();
    return is_whole;
  };
  CHECK(after("SELECT 1"));
  CHECK_FALSE(after("UPDATE key_requests SET public_key = zeroblob(32)"));
  CHECK_FALSE(after("UPDATE key_requests SET proof = zeroblob(64)"));
  CHECK_FALSE(after("DELETE FROM key_requests"));
  CHECK_FALSE(
      after("INSERT INTO key_requests SELECT 77, public_key, sealing_key, proof FROM "
            "key_requests"));
  // Moved to the closing.
  CHECK_FALSE(
      after("UPDATE key_requests SET message = (SELECT number FROM messages "
            "WHERE kind = 2)"));
}

TEST_CASE("a request is refused by name: a proof that is not its key's, a key that is another's") {
  Shop shop;
  auto forged = request_of(shop.till(), test::key_number(501));
  forged.key = test::key_number(502).public_key();
  auto found = shop.found_in({shop.said(asking(1, forged))});
  CHECK(found.asked.empty());
  CHECK(why(found).find("the proof is not") == 0);
  CHECK_FALSE(found.refused.at(0).is_over);

  // Somebody else's request is good for nobody else, nor for another log.
  Shop other;
  found = other.found_in({other.said(
      asking(1, request_of({core::StoreId{7}, core::TillId{2}}, test::key_number(501))))});
  CHECK(why(found).find("the proof is not") == 0);
  Shop abroad;
  found = abroad.found_in(
      {abroad.said(asking(1, request_of(abroad.till(), test::key_number(501), "other.example")))});
  CHECK(why(found).find("the proof is not") == 0);

  Shop taken;
  const std::size_t second = taken.fleet.enrol(7, 2);
  found = taken.found_in(
      {taken.said(asking(1, request_of(taken.till(), taken.fleet.till(second).key)))});
  CHECK(why(found) == "the key that it asks for is that of till 7/2, epoch 1");
  CHECK_FALSE(found.refused.at(0).is_over);
  // Its own key of now is no other.
  Shop own;
  found =
      own.found_in({own.said(asking(1, request_of(own.till(), own.fleet.till(own.number).key)))});
  CHECK(why(found) == "the key that it asks for is that of till 7/1, epoch 1");
}

TEST_CASE("one till's request keeps no other from its key") {
  Shop shop;
  const std::size_t second = shop.fleet.enrol(7, 2);
  const std::size_t third = shop.fleet.enrol(7, 3);
  // Two that own one key prove it both; and a sealing key that agrees on nothing with anybody.
  const auto shared = test::key_number(501);
  const core::envelope::SealingPublicKey nothing{};
  const auto asked = core::envelope::make_enrol_request(test::kOrigin, shop.fleet.till(third).ref,
                                                        test::key_number(502), nothing);
  const core::retail::KeyRequest zeros{asked.key, asked.sealing_key, asked.proof};
  const auto found = shop.found_in(
      {shop.said(asking(1, request_of(shop.till(), shared))),
       shop.fleet.next(second, asking(1, request_of(shop.fleet.till(second).ref, shared))),
       shop.fleet.next(third, asking(1, zeros))});
  REQUIRE(found.asked.size() == 1);
  CHECK(found.asked.at(0).till == shop.till());
  REQUIRE(found.refused.size() == 2);
  CHECK(found.refused.at(0).why == "till 7/1 asks for the same key");
  CHECK(found.refused.at(1).why.find("is no X25519 public key") != std::string::npos);
}

TEST_CASE("an opening that somebody else signed, or behind a gap, asks for nothing") {
  Shop shop;
  const auto request = request_of(shop.till(), test::key_number(501));
  const auto end = shop.fleet.till(shop.number);
  const Bytes forged =
      test::sign(test::header_after(end), core::retail::encode_summary(asking(1, request)),
                 test::key_number(666));
  RebuiltBooks books(shop.fleet.roster());
  CHECK(books.replay({forged}).states.quarantined == 1);
  CHECK(shop.found(books).asked.empty());

  const Bytes first = shop.said(opening(1, {}));
  const Bytes second = shop.said(closing(1, 100));
  const Bytes third = shop.said(asking(2, request));
  CHECK(shop.found_in({first, third}).asked.empty());
  CHECK(shop.found_in({first, second, third}).asked.size() == 1);
}

TEST_CASE("a till that was copied is asked for nothing until head office decided") {
  Shop shop;
  const auto request = request_of(shop.till(), test::key_number(501));
  const Bytes first = shop.said(asking(1, request));
  const auto fork = shop.fleet.till(shop.number);
  const Bytes one = shop.said(closing(1, 100));
  const auto stands = shop.fleet.till(shop.number);
  shop.fleet.till(shop.number) = fork;
  const Bytes other = shop.said(closing(1, 200));
  const auto found = shop.found_in({first, one, other});
  CHECK(found.asked.empty());
  CHECK(why(found).find("two contents") == 0);
  shop.fleet.settle(shop.number, {stands.sequence, stands.prev});
  CHECK(shop.found_in({first, one, other}).asked.size() == 1);
}

TEST_CASE("a request that was revoked with its message, of a revoked epoch, of one before") {
  Shop shop;
  const Bytes first = shop.said(opening(1, {}));
  const auto good = shop.fleet.till(shop.number);
  const Bytes second = shop.said(closing(1, 100));
  const Bytes third = shop.said(asking(2, request_of(shop.till(), test::key_number(501))));
  shop.fleet.revoke(shop.number, core::envelope::ChainPlace{good.sequence, good.prev});
  // Not posted: it is not even named.
  auto found = shop.found_in({first, second, third});
  CHECK(found.asked.empty());
  CHECK(found.refused.empty());

  Shop late;
  const Bytes asked = late.said(asking(1, request_of(late.till(), test::key_number(501))));
  const auto end = late.fleet.till(late.number);
  late.fleet.revoke(late.number, core::envelope::ChainPlace{end.sequence, end.prev});
  found = late.found_in({asked});
  CHECK(why(found) == "its key was revoked");
  CHECK(found.refused.at(0).is_over);
  late.fleet.enrol(7, 1);
  found = late.found_in({asked});
  CHECK(why(found) == "its latest epoch is 2");
  CHECK(found.asked.empty());
}

TEST_CASE("a key ends when its successor has spoken, and not before; only one that asked") {
  Shop shop;
  const PrivateKey next = test::key_number(2);  // that the fleet enrols next
  const std::vector<Bytes> old = {
      shop.said(asking(1, request_of(shop.till(), next))), shop.said(closing(1, 100)),
      shop.said(asking(2, request_of(shop.till(), next))), shop.said(closing(2, 100))};
  const auto last = shop.fleet.till(shop.number);
  const std::size_t successor = shop.fleet.enrol(7, 1);
  REQUIRE(shop.fleet.till(successor).key.public_key() == next.public_key());
  auto found = shop.found_in(old);
  CHECK(found.asked.empty());  // it is enrolled
  CHECK(found.refused.empty());
  CHECK(found.over.empty());
  std::vector<Bytes> log = old;
  log.push_back(shop.fleet.next(successor, opening(3, {})));
  found = shop.found_in(log);
  REQUIRE(found.over.size() == 1);
  CHECK(found.over.at(0).till == shop.till());
  CHECK(found.over.at(0).epoch == Epoch{1});
  CHECK(found.over.at(0).last.sequence == last.sequence);
  CHECK(found.over.at(0).last.id == last.prev);
  // Where a message of the old chain is missing nobody knows its end.
  CHECK(shop.found_in({log[0], log[2], log[3], log[4]}).over.empty());

  // A journal that was made anew, whose key nobody asked for, ends no other.
  Shop burnt;
  std::vector<Bytes> days = {burnt.said(opening(1, {})), burnt.said(closing(1, 100))};
  days.push_back(burnt.fleet.next(burnt.fleet.enrol(7, 1), opening(2, {})));
  CHECK(burnt.found_in(days).over.empty());
}

TEST_CASE("books of another log say nothing of this roster") {
  Shop shop;
  RebuiltBooks books(shop.fleet.roster());
  books.replay({shop.said(opening(1, {}))});
  const auto other =
      core::envelope::Roster::read({}, "other.example/log", test::key_number(1).public_key());
  CHECK(rebuild::find_rotations(books.open(), *other).error().code == Errc::kMalformed);
}

TEST_CASE("a till whose next key waits is complete, and one that was enrolled by hand is not") {
  for (const bool asked : {true, false}) {
    CAPTURE(asked);
    Shop shop;
    const PrivateKey next = test::key_number(2);  // that the fleet enrols next
    const std::vector<Bytes> log = {
        shop.said(asked ? asking(1, request_of(shop.till(), next)) : opening(1, {})),
        shop.said(closing(1, 100))};
    shop.fleet.enrol(7, 1);
    RebuiltBooks books(shop.fleet.roster());
    books.replay(log);
    const auto found = rebuild::completeness(books.open(), BusinessDay{2}, 2).value();
    CHECK(found.clean() == asked);
  }
}

TEST_CASE("points go on under the old key while the next one waits, and end with it") {
  test::BalanceWorld world(1);
  core::retail::Opening asks = opening(test::BalanceWorld::kDay - 1, {});
  asks.next_keys = request_of(world.till(0).ref, test::key_number(3));  // enrolled next
  const test::ChainEnd old = world.till(0);
  world.post(world.fleet.next(1, asks));
  world.replay();
  const auto verdict_for = [&](const test::ChainEnd& who) {
    const auto service = world.open();
    const core::retail::PointsRequest request{core::retail::PointsAsk::kAllowance,
                                              test::hold_number(1),
                                              BusinessDay{test::BalanceWorld::kDay},
                                              {},
                                              0};
    const Bytes sent = core::retail::sign_points_request(request, test::kOrigin, who.key);
    const auto reply = service->answer(sent);
    REQUIRE(reply.status == 200);
    return core::retail::verify_points_answer(reply.body, sent, test::kOrigin, world.office_key())
        .value()
        .verdict;
  };
  using core::retail::PointsVerdict;
  CHECK(verdict_for(old) == PointsVerdict::kDone);
  const std::size_t next = world.fleet.enrol(1, 1);
  REQUIRE(world.fleet.till(next).key.public_key() == test::key_number(3).public_key());
  world.write_office();
  CHECK(verdict_for(old) == PointsVerdict::kDone);
  CHECK(verdict_for(world.fleet.till(next)) == PointsVerdict::kDone);
  // One that nobody asked for is another till's.
  world.fleet.enrol(1, 1);
  world.write_office();
  CHECK(verdict_for(world.fleet.till(next)) == PointsVerdict::kRefused);
}
