// The documents beside the sale: refunds, cash movements, drawer openings, and what a day makes of
// them.
#include <doctest/doctest.h>

#include "core/tlog/proof.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::retail::CashKind;
using core::retail::Series;
using core::retail::TenderKind;
using till::Till;

namespace {

till::RefundOrder order_of(std::uint64_t invoice, core::Quantity quantity, bool restock = true) {
  till::RefundOrder order;
  order.invoice = invoice;
  order.lines.push_back({0, quantity, restock});
  order.reason = "broken";
  return order;
}

}  // namespace

TEST_CASE("a refund mirrors the sale's line; what is restocked comes back, scrap does not") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(3));
  shop.close_day();
  shop.open_day(2);
  const auto first = shop.step([](Till& t) { return t.refund(order_of(1, units(1)), 1); });
  CHECK(first.amount == usd(50000));
  CHECK(first.number == 1);
  shop.step([](Till& t) { return t.refund(order_of(1, units(1), false), 1); });
  const auto closing = shop.close_day();
  CHECK(closing.sales == 0);
  CHECK(closing.refunds == 2);
  CHECK(closing.refunded == usd(100000));
  CHECK(closing.net == usd(-100000));
  CHECK(closing.tenders == core::retail::Tenders{{TenderKind::kCash, usd(-100000)}});
  CHECK(closing.consumed == parts_for(-1));
  CHECK(closing.grand_totals.sales == usd(150000));
  CHECK(closing.grand_totals.refunds == usd(100000));
  const auto stored = shop.step([](Till& t) { return t.document(Series::kInvoice, 1); });
  CHECK(stored.refunds.size() == 2);
  shop.check();
}

TEST_CASE("partial refunds of a line add up to it exactly") {
  Shop shop;
  shop.open_day(1);
  till::Basket basket = sets(3);
  basket.lines[0].discount = usd(100);  // 1499.00 for three
  shop.ring(basket);
  std::vector<std::int64_t> amounts;
  for (int i = 0; i < 3; ++i) {
    const auto part = shop.step([](Till& t) { return t.refund(order_of(1, units(1)), 1); });
    amounts.push_back(part.amount.minor);
  }
  CHECK(amounts == std::vector<std::int64_t>{49967, 49966, 49967});
  const auto closing = shop.close_day();
  CHECK(closing.net == usd(0));
  CHECK(closing.discount == usd(0));
  CHECK(closing.taxes.empty());
  CHECK(closing.consumed.empty());
}

TEST_CASE("never more is given back than was sold, and nothing of a voided sale") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(2));
  shop.ring(sets(1));
  shop.refuses(Errc::kState, [](Till& t) { return t.refund(order_of(1, units(3)), 1); });
  shop.step([](Till& t) { return t.refund(order_of(1, units(1)), 1); });
  shop.refuses(Errc::kState, [](Till& t) { return t.refund(order_of(1, units(2)), 1); });
  shop.refuses(Errc::kMalformed, [](Till& t) { return t.refund(order_of(1, units(0)), 1); });
  shop.refuses(Errc::kNotFound, [](Till& t) { return t.refund(order_of(9, units(1)), 1); });
  shop.refuses(Errc::kUsage, [](Till& t) {
    auto order = order_of(1, units(1));
    order.lines.push_back(order.lines[0]);
    return t.refund(order, 1);
  });
  shop.refuses(Errc::kUsage, [](Till& t) {
    auto order = order_of(1, units(1));
    order.reason.clear();
    return t.refund(order, 1);
  });
  shop.refuses(Errc::kUsage, [](Till& t) {
    auto order = order_of(1, units(1));
    order.paid_back_by = TenderKind::kCoupon;
    return t.refund(order, 1);
  });
  shop.refuses(Errc::kNotFound, [](Till& t) {
    auto order = order_of(1, units(1));
    order.lines[0].line = 1;
    return t.refund(order, 1);
  });
  shop.refuses(Errc::kState, [](Till& t) { return t.void_sale(1, "refunded in part", 1); });
  shop.step([](Till& t) { return t.void_sale(2, "x", 1); });
  shop.refuses(Errc::kState, [](Till& t) { return t.refund(order_of(2, units(1)), 1); });
  shop.check();
}

TEST_CASE("the cash expected is float, takings and paid-ins less refunds, paid-outs and pick-ups") {
  Shop shop;
  shop.open_day(1);
  const auto move = [&](CashKind kind, std::int64_t amount) {
    return shop.step([&](Till& t) { return t.move_cash(kind, usd(amount), "why", 1); });
  };
  CHECK(move(CashKind::kFloat, 20000) == 1);
  shop.ring(sets(2));
  shop.step([](Till& t) { return t.refund(order_of(1, units(1)), 1); });
  CHECK(move(CashKind::kPaidIn, 500) == 2);
  move(CashKind::kPaidOut, 1200);
  move(CashKind::kPickUp, 40000);
  shop.refuses(Errc::kMalformed,
               [](Till& t) { return t.move_cash(CashKind::kPaidOut, usd(1), "", 1); });
  shop.refuses(Errc::kMalformed,
               [](Till& t) { return t.move_cash(CashKind::kFloat, usd(0), "", 1); });
  shop.refuses(Errc::kCurrency, [](Till& t) {
    return t.move_cash(CashKind::kFloat, {1, core::Currency::parse("EUR").value()}, "", 1);
  });
  const auto closing = shop.step([](Till& t) { return t.close_day(usd(29300)); });
  CHECK(*expected_cash(closing) == usd(29300));
  CHECK(closing.over_short == usd(0));
  CHECK(closing.counted == usd(29300));
  shop.check();
}

TEST_CASE("an uncounted drawer is not a drawer without a difference") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  CHECK_FALSE(shop.close_day().counted.has_value());
  shop.open_day(2);
  const auto closing = shop.step([](Till& t) { return t.close_day(usd(0)); });
  CHECK(closing.counted == usd(0));
  const auto said = std::get<core::retail::Closing>(shop.summary_of(shop.messages().back()));
  CHECK(said.counted == usd(0));
  shop.check();
}

TEST_CASE("each series counts by itself, and the closing names first and last of the day") {
  Shop shop;
  shop.open_day(1);
  CHECK(shop.step([](Till& t) { return t.open_drawer("change", 1); }) == 1);
  shop.ring(sets(1));
  shop.close_day();
  shop.open_day(2);
  shop.ring(sets(1));
  shop.ring(sets(1));
  CHECK(shop.step([](Till& t) { return t.open_drawer("change", 1); }) == 2);
  const auto closing = shop.close_day();
  CHECK(closing.numbers ==
        core::FlatMap<Series, core::retail::NumberRange>{{Series::kOrder, {2, 3}},
                                                         {Series::kDelivery, {2, 3}},
                                                         {Series::kInvoice, {2, 3}},
                                                         {Series::kDrawer, {2, 2}}});
  CHECK(closing.counts.no_sales == 1);
}

TEST_CASE("the closing's root proves a single document of the day") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  shop.ring(sets(2));
  const auto closing = shop.close_day();
  REQUIRE(closing.root.has_value());
  auto journal = till::Journal::open(shop.journal(), till::Durability::kSimulated).value();
  std::vector<core::envelope::Hash> leaves;
  REQUIRE(journal.documents_from(1, [&](till::DocumentRow&& row) -> core::Result<void> {
    leaves.push_back(row.leaf);
    return {};
  }));
  REQUIRE(leaves.size() == 2);
  CHECK(core::tlog::verify_inclusion(leaves[0], 0, 2, std::vector{leaves[1]}, *closing.root));
  CHECK_FALSE(core::tlog::verify_inclusion(leaves[1], 0, 2, std::vector{leaves[1]}, *closing.root));
}

TEST_CASE("a tax that is not in the price is added once for the receipt, and refunded with it") {
  const core::retail::Catalog old = garden();
  std::vector<core::retail::Product> products;
  for (const auto& [id, p] : old.products()) products.push_back(p);
  products.back().price = usd(1006);
  const core::TaxCode code = products.back().tax;
  Shop shop(core::retail::Catalog::build(kUsd, {{code, 825, false}}, products, old.bom()).value());
  shop.open_day(1);
  till::Basket basket = sets(1);
  basket.lines.push_back(basket.lines[0]);
  // 20.12 and 8.25 % of it, 1.6599: one rounding, and not two of 0.82995.
  CHECK(shop.ring(basket).total == usd(2012 + 166));
  CHECK(shop.step([](Till& t) { return t.refund(order_of(1, units(1)), 1); }).amount == usd(1089));
  const auto closing = shop.close_day();
  CHECK(closing.taxes.at(code) == core::retail::TaxRow{usd(1089), usd(83)});
  shop.check();
}

TEST_CASE("only what is settled in cash is rounded, in a sum of its own") {
  const core::retail::Catalog old = garden();
  std::vector<core::retail::Product> products;
  for (const auto& [id, p] : old.products()) products.push_back(p);
  products.back().price = usd(1003);
  Shop shop(
      core::retail::Catalog::build(kUsd, {old.taxes().begin()->second}, products, old.bom(), 5)
          .value());
  shop.open_day(1);
  const auto in_cash = shop.ring({sets(1).lines, {{TenderKind::kCash, usd(2000)}}});
  CHECK(in_cash.total == usd(1003));
  CHECK(in_cash.change == usd(2000 - 1005));
  shop.ring({sets(1).lines, {{TenderKind::kCard, usd(1003)}}});
  shop.ring({sets(1).lines, {{TenderKind::kCard, usd(501)}, {TenderKind::kCash, usd(500)}}});
  CHECK(shop.step([](Till& t) { return t.refund(order_of(2, units(1)), 1); }).amount == usd(1005));
  auto to_card = order_of(3, units(1));
  to_card.paid_back_by = TenderKind::kCard;
  CHECK(shop.step([&](Till& t) { return t.refund(to_card, 1); }).amount == usd(1003));
  const auto closing = shop.step([](Till& t) { return t.close_day(usd(1005 + 500 - 1005)); });
  CHECK(closing.tenders == core::retail::Tenders{{TenderKind::kCash, usd(500)},
                                                 {TenderKind::kCard, usd(1504 - 1003)},
                                                 {TenderKind::kCashRounding, usd(-2 + 2 + 2)}});
  CHECK(closing.net == usd(1003));
  CHECK(closing.over_short == usd(0));
  shop.refuses(Errc::kState, [](Till& t) { return t.open_day(day(1), {}); });
  shop.check();
}
