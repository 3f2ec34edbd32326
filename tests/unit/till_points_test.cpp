// A member's points at two tills, the real balance service and the books between them: what is
// held, what is not, and what each till may do while nobody answers.
#include <doctest/doctest.h>

#include "core/envelope/key_files.h"
#include "points_samples.h"

using namespace till_test;

TEST_CASE("the last points pay at one till only, and the books say so the next morning") {
  TwoTills shop;
  CHECK(shop.balance() == 1000);
  CHECK(shop.redeem(0, 700));
  CHECK_FALSE(shop.offline);
  shop.refused(Errc::kState, shop.redeem(1, 301), "has 300 points");
  CHECK(shop.redeem(1, 300));
  shop.refused(Errc::kState, shop.redeem(0, 1), "has 0 points");
  CHECK(shop.open_holds() == 2);
  for (std::uint32_t i = 0; i < 2; ++i) {
    shop.need(shop.at(i).close_day());
    shop.need(shop.at(i).check());
  }
  shop.night();
  CHECK(shop.open_holds() == 0);
  // 500.00 less 7.00, and less 3.00, earned 493 and 497.
  CHECK(shop.balance() == 493 + 497);
}

TEST_CASE("points that are not held for this sale do not pay, and nothing is written down") {
  TwoTills shop;
  const auto documents = shop.need(shop.at(0).status()).documents;
  shop.refused(Errc::kState, shop.ring_held(0, 100, {}), "0 are held");
  const auto held = shop.need(shop.reserve(0, 100));
  shop.refused(Errc::kState, shop.ring_held(0, 101, {held.id}), "100 are held");
  shop.refused(Errc::kState, shop.ring_held(0, 99, {held.id}), "100 are held");
  shop.refused(Errc::kState, shop.ring_held(0, 200, {held.id, held.id}), "not held");
  const auto member = shop.member;
  shop.member.bytes[0] ^= 1;
  shop.refused(Errc::kState, shop.ring_held(0, 100, {held.id}), "not held");
  shop.member = member;
  CHECK(shop.need(shop.at(0).status()).documents == documents);
  CHECK(shop.ring_held(0, 100, {held.id}));
  // Once.
  shop.refused(Errc::kState, shop.ring_held(0, 100, {held.id}), "not held");
  // Not on the next day either.
  const auto late = shop.need(shop.reserve(0, 100));
  shop.need(shop.at(0).close_day());
  shop.need(shop.at(0).open_day(day(2), {}));
  shop.refused(Errc::kState, shop.ring_held(0, 100, {late.id}), "not held");
  shop.need(shop.at(0).check());
}

TEST_CASE("without the service points pay up to the day's allowance, of a member and of all") {
  TwoTills shop;
  shop.stop();
  shop.refused(Errc::kNetwork, shop.redeem(0, 1), "allows nothing");
  shop.give_allowance(150, 200, 1);
  shop.tell(0);  // till 4/1 asks once; the other one never does
  const auto known = shop.need(shop.at(0).points().status());
  REQUIRE(known.allowance);
  CHECK(known.allowance->through == day(2));
  shop.stop();
  shop.refused(Errc::kNetwork, shop.redeem(1, 1), "allows nothing");
  shop.refused(Errc::kNetwork, shop.redeem(0, 151), "does not cover 151");
  CHECK(shop.redeem(0, 100));
  CHECK(shop.offline);
  shop.reopen(0);  // it is counted in the journal
  shop.refused(Errc::kNetwork, shop.redeem(0, 51), "does not cover 51");
  CHECK(shop.redeem(0, 50));
  shop.refused(Errc::kNetwork, shop.redeem(0, 1), "does not cover 1");
  const auto member = shop.member;
  shop.member.bytes[3] ^= 1;
  shop.refused(Errc::kNetwork, shop.redeem(0, 51), "does not cover 51");
  CHECK(shop.redeem(0, 50));
  shop.member = member;
  CHECK(shop.need(shop.at(0).points().status()).offline_points == 200);
  // A void gives none of it back.
  shop.need(shop.at(0).void_sale(4, "wrong customer", 1));
  shop.refused(Errc::kNetwork, shop.redeem(0, 1), "does not cover 1");
  // A new day has all of it, the last day that it counts on; the one after has nothing.
  shop.need(shop.at(0).close_day());
  shop.need(shop.at(0).open_day(day(2), {}));
  CHECK(shop.redeem(0, 150));
  shop.need(shop.at(0).close_day());
  shop.need(shop.at(0).open_day(day(3), {}));
  shop.refused(Errc::kNetwork, shop.redeem(0, 1), "allows nothing");
  shop.need(shop.at(0).check());
  // Head office hears of it with the closings: three sales of this member's stand.
  shop.night();
  CHECK(shop.balance() == 1000 + (499 - 100) + (499 - 50) + (498 - 150));
}

TEST_CASE("while the service answers, an allowance lets nobody go beyond the balance") {
  TwoTills shop;
  shop.give_allowance(5000, 5000);
  shop.refused(Errc::kState, shop.redeem(0, 1001), "has 1000 points");
  CHECK(shop.redeem(0, 1000));
  shop.refused(Errc::kState, shop.redeem(1, 1), "has 0 points");
}

TEST_CASE("an answer that is lost leaves no points behind") {
  TwoTills shop;
  shop.lose_answers = true;
  shop.refused(Errc::kNetwork, shop.redeem(0, 1000), "cut off");
  shop.lose_answers = false;
  CHECK(shop.open_holds() == 1);
  shop.refused(Errc::kState, shop.redeem(1, 1000), "has 0 points");
  SUBCASE("asked again, the till releases its own first") {
    CHECK(shop.redeem(0, 1000));
    CHECK(shop.open_holds() == 1);
  }
  SUBCASE("told between two sales, it is there for the other till") {
    CHECK(shop.need(shop.at(0).points().status()).to_release == 1);
    shop.tell(0);
    CHECK(shop.need(shop.at(0).points().status()).to_release == 0);
    CHECK(shop.redeem(1, 1000));
  }
}

TEST_CASE("a till that ends between hold and sale gives the points back when it starts again") {
  TwoTills shop;
  const auto held = shop.need(shop.reserve(0, 1000));
  // In progress: nothing is to be said of it.
  shop.tell(0);
  CHECK(shop.open_holds() == 1);
  shop.reopen(0);
  shop.refused(Errc::kState, shop.redeem(1, 1), "has 0 points");
  shop.tell(0);
  CHECK(shop.open_holds() == 0);
  shop.refused(Errc::kState, shop.ring_held(0, 1000, {held.id}), "not held");
  CHECK(shop.redeem(1, 1000));
  // One that a sale has used is never released.
  shop.reopen(1);
  shop.tell(1);
  CHECK(shop.open_holds() == 1);
}

TEST_CASE("a tender that is taken back gives its points back, and what was used stays used") {
  TwoTills shop;
  const auto held = shop.need(shop.reserve(0, 400));
  shop.need(shop.at(0).points().give_up(held.id));
  shop.refused(Errc::kState, shop.ring_held(0, 400, {held.id}), "not held");
  shop.tell(0);
  CHECK(shop.open_holds() == 0);
  const auto used = shop.need(shop.reserve(0, 400));
  CHECK(shop.ring_held(0, 400, {used.id}));
  shop.need(shop.at(0).points().give_up(used.id));
  shop.tell(0);
  CHECK(shop.open_holds() == 1);
}

TEST_CASE("a false server can be silent, and nothing else") {
  TwoTills shop;
  const auto kid_of_office =
      core::envelope::derive_kid(kOrigin, shop.office().roster().office()->key);
  const auto thief = core::envelope::PrivateKey::generate();
  Bytes before;  // what was answered to another request
  const std::vector<std::function<void(Bytes&)>> tricks = {
      [](Bytes& answer) { answer.clear(); }, [](Bytes& answer) { answer.back() ^= 1; },
      [](Bytes& answer) { answer.resize(100000); },
      [&](Bytes& answer) { std::swap(answer, before); },
      [&](Bytes& answer) {
        const auto parsed =
            core::envelope::parse_statement(answer, core::envelope::StatementType::kPointsAnswer);
        REQUIRE(parsed);
        answer = core::envelope::sign_statement(core::envelope::StatementType::kPointsAnswer,
                                                kid_of_office, parsed->payload, thief);
      }};
  shop.change_answer = [&](Bytes& answer) { before = answer; };
  shop.need(shop.reserve(0, 1));
  for (const auto& trick : tricks) {
    shop.change_answer = trick;
    shop.refused(Errc::kNetwork, shop.redeem(1, 10), "no answer that can be believed");
  }
  // An allowance that is not head office's, or another till's or epoch's, is none.
  shop.change_answer = {};
  shop.stop();
  const auto office =
      core::envelope::read_private_key(shop.dir() / "office" / "office-1.key").value();
  const core::TillRef self{core::StoreId{4}, core::TillId{2}};
  const core::retail::PointsAllowance good{self, core::Epoch{1}, day(9), 1000, 1000};
  auto other_till = good;
  other_till.till = kRef;
  auto other_epoch = good;
  other_epoch.epoch = core::Epoch{2};
  auto over = good;
  over.through = day(0);
  const auto allowed = [&](const Bytes& allowance) {
    const AskPoints answers = [&](const PointsService&, core::ByteView request) {
      return core::Result<Bytes>(core::retail::sign_points_answer(
          {core::envelope::sha256(request), core::retail::PointsVerdict::kDone, 0, allowance, ""},
          kOrigin, office));
    };
    shop.need(shop.at(1).points().reserve(shop.member, 1, answers));
    return shop.need(shop.at(1).points().status()).allowance.has_value();
  };
  CHECK_FALSE(allowed(core::retail::sign_points_allowance(good, kOrigin, thief)));
  CHECK_FALSE(allowed(core::retail::sign_points_allowance(other_till, kOrigin, office)));
  CHECK_FALSE(allowed(core::retail::sign_points_allowance(other_epoch, kOrigin, office)));
  CHECK_FALSE(allowed(core::retail::sign_points_allowance(over, kOrigin, office)));
  CHECK_FALSE(allowed(Bytes{1, 2, 3}));
  shop.refused(Errc::kNetwork, shop.redeem(1, 10), "allows nothing");
  CHECK(allowed(core::retail::sign_points_allowance(good, kOrigin, office)));
  CHECK(shop.redeem(1, 10));
}

TEST_CASE("a till that joins again believes the key of every day that took the old one's place") {
  TwoTills shop;
  shop.give_allowance(100, 100);
  CHECK(shop.redeem(0, 10));
  REQUIRE(shop.office().replace_office_key(shop.dir() / "office" / "head-office.key", {}));
  // The running service signs with the new key at once; the till knows the old one.
  shop.refused(Errc::kNetwork, shop.redeem(0, 101), "join again");
  CHECK(shop.redeem(0, 90));
  CHECK(shop.offline);
  shop.need(shop.at(0).join(shop.office().roster()));
  // What the old key allowed is worth nothing now.
  CHECK_FALSE(shop.need(shop.at(0).points().status()).allowance);
  CHECK(shop.redeem(0, 101));
  CHECK_FALSE(shop.offline);
  CHECK(shop.need(shop.at(0).points().status()).allowance);
}

TEST_CASE("without a balance service points pay as before, and nobody is asked") {
  TwoTills shop;
  shop.need(shop.at(0).set_points_service({}));
  CHECK(shop.ring_held(0, 40000, {}));
  CHECK(shop.asked == 0);
  const auto nowhere = shop.reserve(0, 1);
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == Errc::kState);
  const auto odd = shop.at(0).set_points_service({"http://127.0.0.1:1", 0});
  REQUIRE_FALSE(odd);
  CHECK(odd.error().code == Errc::kUsage);
}

TEST_CASE("a refund takes back what its share of the sale earned, a void what was redeemed") {
  TwoTills shop;
  Basket basket = sets(2);
  basket.member = shop.member;
  shop.need(shop.at(0).ring(basket, 1));  // invoice 2: earns 1000
  CHECK(shop.redeem(1, 300));             // invoice 2 of the other till: earns 497
  CHECK(shop.redeem(1, 200));             // invoice 3: earns 498
  till::RefundOrder half;
  half.invoice = 2;
  half.lines = {{0, units(1), true}};
  half.reason = "one is broken";
  shop.need(shop.at(0).refund(half, 1));
  shop.need(shop.at(1).void_sale(3, "wrong customer", 1));
  for (std::uint32_t i = 0; i < 2; ++i) {
    shop.need(shop.at(i).close_day());
    shop.need(shop.at(i).check());
  }
  shop.night();
  CHECK(shop.balance() == 1000 + 1000 - 500 + 497 - 300);
  // The other half on another day, at a till that sold it: all that was earned is gone.
  shop.need(shop.at(0).open_day(day(2), {}));
  shop.need(shop.at(0).refund(half, 1));
  shop.need(shop.at(0).close_day());
  shop.night();
  CHECK(shop.balance() == 1000 + 497 - 300);
  CHECK(shop.open_holds() == 0);
}
