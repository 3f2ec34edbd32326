// Layaways, vouchers and points: money that comes in for no sale yet, and what it pays later.
#include <doctest/doctest.h>

#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::TaxCode;
using core::retail::LayawayKind;
using core::retail::Series;
using core::retail::Settings;
using core::retail::TenderKind;
using core::retail::Tenders;
using till::Till;

namespace {

// A set for 595.00 with 95.00 of tax in it.
core::retail::Catalog taxed_catalog() {
  return core::retail::Catalog::build(
             kUsd, {{TaxCode{1}, 1900, true}},
             {{kSet, "Patio set", usd(59500), TaxCode{1}, core::retail::ProductKind::kStocked}}, {})
      .value();
}

till::LayawayOrder order_of(std::int64_t count, std::int64_t deposit_minor) {
  till::LayawayOrder order;
  order.name = "Mrs Miller";
  order.lines = sets(count).lines;
  order.deposit = usd(deposit_minor);
  return order;
}

till::LayawayCancellation cancel_of(std::uint64_t layaway, std::int64_t forfeited_minor) {
  till::LayawayCancellation order;
  order.layaway = layaway;
  order.forfeited = usd(forfeited_minor);
  order.reason = "moved away";
  return order;
}

void set_settings(Shop& shop, const Settings& settings) {
  shop.step([&](Till& t) { return t.set_settings(settings); });
}

}  // namespace

TEST_CASE(
    "a layaway's deposit is owed, and stock and revenue move when the goods are handed over") {
  Shop shop;
  shop.open_day(1);
  const auto laid = shop.step([](Till& t) { return t.open_layaway(order_of(1, 20000), 1); });
  CHECK(laid.number == 1);
  CHECK(laid.total == usd(50000));
  CHECK(laid.left == usd(30000));
  const auto first = shop.close_day();
  CHECK(first.net == usd(0));
  CHECK(first.consumed.empty());
  CHECK(first.liabilities.deposits == usd(20000));
  CHECK(first.tenders == Tenders{{TenderKind::kCash, usd(20000)}});
  CHECK(expected_cash(first).value() == usd(20000));
  shop.open_day(2);
  const auto paid = shop.step([](Till& t) {
    return t.pay_layaway(1, usd(10000), {{TenderKind::kCard, usd(10000)}}, 1);
  });
  CHECK(paid.left == usd(20000));
  const auto rung = shop.step([](Till& t) {
    return t.hand_over(1, {{TenderKind::kCash, usd(25000)}}, 1);
  });
  CHECK(rung.total == usd(50000));
  CHECK(rung.change == usd(5000));
  const auto second = shop.close_day();
  CHECK(second.net == usd(50000));
  CHECK(second.consumed == parts_for(1));
  CHECK(second.liabilities.deposits == usd(10000));
  CHECK(second.tenders == Tenders{{TenderKind::kCash, usd(20000)},
                                  {TenderKind::kCard, usd(10000)},
                                  {TenderKind::kDeposit, usd(30000)}});
  CHECK(check_balanced(second));
  CHECK(shop.step([](Till& t) { return t.open_items(); }).empty());
  shop.check();
}

TEST_CASE("a cancelled layaway gives back what was paid, or keeps a part of it") {
  Shop shop;
  shop.open_day(1);
  shop.step([](Till& t) { return t.open_layaway(order_of(1, 20000), 1); });
  shop.step([](Till& t) { return t.open_layaway(order_of(2, 30000), 1); });
  CHECK(shop.step([](Till& t) { return t.cancel_layaway(cancel_of(1, 0), 1); }) == usd(20000));
  CHECK(shop.step([](Till& t) { return t.cancel_layaway(cancel_of(2, 5000), 1); }) == usd(25000));
  const auto closing = shop.close_day();
  CHECK(closing.liabilities.deposits == usd(0));
  CHECK(closing.liabilities.forfeited == usd(5000));
  CHECK(closing.tenders == Tenders{{TenderKind::kCash, usd(5000)}});
  CHECK(closing.net == usd(0));
  CHECK(check_balanced(closing));
  shop.check();
}

TEST_CASE("no more is paid on a layaway than it costs, and a finished one is finished") {
  Shop shop;
  shop.open_day(1);
  shop.refuses(Errc::kUnbalanced, [](Till& t) { return t.open_layaway(order_of(1, 50001), 1); });
  shop.step([](Till& t) { return t.open_layaway(order_of(1, 20000), 1); });
  shop.refuses(Errc::kUnbalanced, [](Till& t) {
    return t.pay_layaway(1, usd(30001), {{TenderKind::kCash, usd(30001)}}, 1);
  });
  shop.refuses(Errc::kUnbalanced, [](Till& t) { return t.pay_layaway(1, usd(0), {}, 1); });
  shop.refuses(Errc::kUsage, [](Till& t) {
    return t.pay_layaway(1, usd(100), {{TenderKind::kCoupon, usd(100)}}, 1);
  });
  shop.refuses(Errc::kUsage, [](Till& t) { return t.cancel_layaway(cancel_of(1, 20001), 1); });
  shop.refuses(Errc::kUnbalanced, [](Till& t) {
    return t.hand_over(1, {{TenderKind::kCash, usd(29999)}}, 1);
  });
  shop.step([](Till& t) { return t.hand_over(1, {}, 1); });
  shop.refuses(Errc::kState, [](Till& t) { return t.hand_over(1, {}, 1); });
  shop.refuses(Errc::kState, [](Till& t) { return t.cancel_layaway(cancel_of(1, 0), 1); });
  shop.refuses(Errc::kState, [](Till& t) { return t.hand_over(7, {}, 1); });
}

TEST_CASE("a hand-over that is voided leaves the layaway open, with all that was paid on it") {
  Shop shop;
  shop.open_day(1);
  shop.step([](Till& t) { return t.open_layaway(order_of(1, 20000), 1); });
  shop.step([](Till& t) { return t.hand_over(1, {}, 1); });
  shop.step([](Till& t) { return t.void_sale(1, "scratched", 1); });
  const auto open = shop.step([](Till& t) { return t.open_items(Series::kLayaway); });
  REQUIRE(open.size() == 1);
  CHECK(open[0].amount == usd(20000));
  const auto rung = shop.step([](Till& t) { return t.hand_over(1, {}, 1); });
  CHECK(rung.numbers.at(Series::kInvoice) == 2);
  const auto closing = shop.close_day();
  CHECK(closing.net == usd(50000));
  CHECK(check_balanced(closing));
  shop.check();
}

TEST_CASE("where deposits are taxed, each bears its share of the tax, and the sale takes it over") {
  Shop shop(taxed_catalog());
  Settings settings;
  settings.tax_at_deposit = true;
  set_settings(shop, settings);
  shop.step([](Till& t) { return t.open_day(day(1), {}); });
  shop.step([](Till& t) { return t.open_layaway(order_of(1, 10000), 1); });
  const auto first = shop.close_day();
  CHECK(first.deposit_taxes ==
        core::FlatMap<TaxCode, core::Money>{{TaxCode{1}, usd(1597)}});  // 1596.6
  CHECK(first.taxes.empty());
  shop.step([](Till& t) { return t.open_day(day(2), {}); });
  shop.step([](Till& t) {
    return t.pay_layaway(1, usd(10000), {{TenderKind::kCash, usd(10000)}}, 1);
  });
  shop.step([](Till& t) { return t.hand_over(1, {}, 1); });
  const auto second = shop.close_day();
  CHECK(second.taxes.at(TaxCode{1}).tax == usd(9500));
  // 1596 more with the second deposit, 3193 taken over: what is left to pay is 9500 in all.
  CHECK(second.deposit_taxes == core::FlatMap<TaxCode, core::Money>{{TaxCode{1}, usd(-1597)}});
  shop.check();
}

TEST_CASE("a voucher that is sold is owed and no takings; redeemed, it pays") {
  Shop shop;
  shop.open_day(1);
  till::Basket basket = sets(1);
  basket.vouchers_sold = {{"V-1", usd(10000)}};
  const auto rung = shop.ring(basket);
  CHECK(rung.total == usd(60000));
  till::Basket only;
  only.vouchers_sold = {{"V-2", usd(2500)}};
  CHECK(shop.ring(only).total == usd(2500));
  till::Basket pays = sets(1);
  pays.vouchers_redeemed = {{"V-1", usd(10000)}, {"V-9", usd(500)}};
  pays.tendered = {{TenderKind::kCash, usd(40000)}};
  CHECK(shop.ring(pays).change == usd(500));
  const auto closing = shop.close_day();
  CHECK(closing.net == usd(100000));
  CHECK(closing.liabilities.vouchers_sold == usd(12500));
  CHECK(closing.tenders.at(TenderKind::kVoucher) == usd(10500));
  CHECK(closing.tenders.at(TenderKind::kCash) == usd(102000));
  CHECK(check_balanced(closing));
  shop.check();
}

TEST_CASE(
    "a voucher is not redeemed above what is due, twice in one sale, or by its amount alone") {
  Shop shop;
  shop.open_day(1);
  till::Basket basket = sets(1);
  SUBCASE("above what is due") {
    basket.vouchers_redeemed = {{"V-1", usd(50001)}};
    shop.refuses(Errc::kUnbalanced, [&](Till& t) { return t.ring(basket, 1); });
  }
  SUBCASE("twice") {
    basket.vouchers_redeemed = {{"V-1", usd(100)}, {"V-1", usd(100)}};
    shop.refuses(Errc::kMalformed, [&](Till& t) { return t.ring(basket, 1); });
  }
  SUBCASE("by its amount") {
    basket.tendered = {{TenderKind::kVoucher, usd(50000)}};
    shop.refuses(Errc::kUsage, [&](Till& t) { return t.ring(basket, 1); });
  }
}

TEST_CASE("a refund can be paid back by a voucher, which is then owed") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  till::RefundOrder order;
  order.invoice = 1;
  order.lines = {{0, units(1), true}};
  order.reason = "unwanted";
  order.paid_back_by = TenderKind::kVoucher;
  shop.refuses(Errc::kUsage, [&](Till& t) { return t.refund(order, 1); });
  order.voucher = "V-3";
  CHECK(shop.step([&](Till& t) { return t.refund(order, 1); }).amount == usd(50000));
  const auto closing = shop.close_day();
  CHECK(closing.tenders ==
        Tenders{{TenderKind::kCash, usd(50000)}, {TenderKind::kVoucher, usd(-50000)}});
  CHECK(expected_cash(closing).value() == usd(50000));
  shop.check();
}

TEST_CASE("members earn points by what they pay, redeem them, and lose them with a refund") {
  Shop shop;
  Settings settings;
  settings.earn_minor_per_point = 100;
  settings.value_minor_per_point = 1;
  settings.member_key = core::Bytes(32, 7);
  set_settings(shop, settings);
  shop.open_day(1);
  const auto member = member_of(settings, "+49 170 1234567").value();
  CHECK(member == member_of(settings, "+49 (170) 123-4567").value());
  till::Basket basket = sets(1);
  basket.member = member;
  shop.ring(basket);  // 500 points
  basket.points_redeemed = 300;
  shop.ring(basket);  // 3.00 by points: 497.00 earn 497
  const auto sale = std::get<core::retail::Sale>(
      shop.step([](Till& t) { return t.document(Series::kInvoice, 2); }).document);
  CHECK(sale.tenders == Tenders{{TenderKind::kPoints, usd(300)}, {TenderKind::kCash, usd(49700)}});
  till::RefundOrder order;
  order.invoice = 1;
  order.lines = {{0, core::Quantity{500}, true}};
  order.reason = "half of it";
  shop.step([&](Till& t) { return t.refund(order, 1); });
  const auto closing = shop.close_day();
  REQUIRE(closing.members.size() == 1);
  CHECK(closing.members.at(member).earned == 500 + 497 - 250);
  CHECK(closing.members.at(member).redeemed == 300);
  shop.check();
}

TEST_CASE("points without a member, without a value or above the total do not pay") {
  Shop shop;
  shop.open_day(1);
  till::Basket basket = sets(1);
  basket.points_redeemed = 10;
  shop.refuses(Errc::kUsage, [&](Till& t) { return t.ring(basket, 1); });
  basket.member = core::retail::MemberKey{};
  shop.refuses(Errc::kState, [&](Till& t) { return t.ring(basket, 1); });
  Settings settings;
  settings.value_minor_per_point = 100;
  set_settings(shop, settings);
  basket.points_redeemed = 501;
  shop.refuses(Errc::kUnbalanced, [&](Till& t) { return t.ring(basket, 1); });
}

TEST_CASE("a member is known by a keyed hash, and only by a number that can be one") {
  Settings settings;
  CHECK(member_of(settings, "12345678").error().code == Errc::kState);
  settings.member_key = core::Bytes(32, 1);
  const auto one = member_of(settings, "12345678").value();
  CHECK(one != member_of(settings, "12345679").value());
  CHECK(member_of(settings, "12345").error().code == Errc::kMalformed);
  CHECK(member_of(settings, "1234567890123456").error().code == Errc::kMalformed);
  CHECK(member_of(settings, "12345678x").error().code == Errc::kMalformed);
  settings.member_key = core::Bytes(32, 2);
  CHECK(one != member_of(settings, "12345678").value());
  settings.member_key = core::Bytes(31, 2);
  CHECK(check_settings(settings).error().code == Errc::kMalformed);
}
