// Documents beside selling: receipts put aside, stock, cards, copies, training, other tills'
// receipts, requests that are repeated, clocks.
#include <doctest/doctest.h>

#include "core/envelope/message.h"
#include "core/tlog/tree.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::retail::CardKind;
using core::retail::CardResult;
using core::retail::Closing;
using core::retail::Components;
using core::retail::Series;
using core::retail::StockKind;
using core::retail::StockMovement;
using core::retail::TenderKind;
using till::Till;

namespace {

StockMovement stock(StockKind kind, Components lines, std::string reason = {}) {
  StockMovement movement;
  movement.kind = kind;
  movement.lines = std::move(lines);
  movement.reason = std::move(reason);
  return movement;
}

StockMovement transfer(StockKind kind, std::int64_t chairs) {
  StockMovement movement = stock(kind, {{kChair, units(chairs)}});
  movement.transfer = "T-17";
  movement.other_store = core::StoreId{9};
  return movement;
}

CardResult card(std::int64_t minor, CardKind kind = CardKind::kAuthorised,
                std::uint64_t reverses = 0) {
  CardResult result;
  result.kind = kind;
  result.terminal = "T1";
  result.batch = 12;
  result.authorisation = "A-" + std::to_string(minor);
  result.masked_number = "411111******1111";
  result.amount = usd(minor);
  result.signature = core::Bytes(64, 5);
  result.reverses = reverses;
  return result;
}

std::uint64_t move(Shop& shop, const StockMovement& movement) {
  return shop.step([&](Till& t) { return t.move_stock(movement, 1); });
}

}  // namespace

TEST_CASE("a receipt that is put aside waits over the close, keeps its prices, and is sold once") {
  Shop shop;
  shop.open_day(1);
  till::Basket basket = sets(2);
  basket.lines[0].discount = usd(1000);
  basket.lines[0].changes = {{core::retail::ChangeKind::kLineDiscount, usd(1000), "scratched"}};
  CHECK(shop.step([&](Till& t) { return t.put_aside("blue coat", basket, 1); }) == 1);
  CHECK(shop.close_day().net == usd(0));
  shop.step([](Till& t) { return t.change_prices({{kSet, usd(70000)}}); });
  shop.open_day(2);
  const auto held = shop.step([](Till& t) { return t.held(1); });
  CHECK(held.name == "blue coat");
  till::Basket again;
  again.lines = held.lines;
  again.hold = 1;
  again.catalog = held.catalog;
  CHECK(shop.ring(again).total == usd(99000));
  shop.refuses(Errc::kState, [&](Till& t) { return t.ring(again, 1); });
  shop.refuses(Errc::kState, [](Till& t) { return t.held(1); });
  shop.refuses(Errc::kState, [](Till& t) { return t.drop_held(1, "late", 1); });
  CHECK(shop.close_day().sold.at(kSet).net == usd(99000));
  shop.check();
}

TEST_CASE("a held receipt can be dropped, with a reason; what cannot be sold is not held") {
  Shop shop;
  shop.open_day(1);
  shop.refuses(Errc::kNotFound, [](Till& t) {
    return t.put_aside("nobody", basket_of(core::ProductId{999}, units(1)), 1);
  });
  shop.step([](Till& t) { return t.put_aside("blue coat", sets(1), 1); });
  shop.refuses(Errc::kMalformed, [](Till& t) { return t.drop_held(1, "", 1); });
  shop.step([](Till& t) { return t.drop_held(1, "went home", 1); });
  shop.refuses(Errc::kState, [](Till& t) { return t.drop_held(1, "again", 1); });
  const Closing closing = shop.close_day();
  CHECK(closing.numbers.at(Series::kHold).last == 2);
  CHECK(closing.consumed.empty());
  shop.check();
}

TEST_CASE("stock that comes later, goes, is found or lost travels in the closing") {
  Shop shop;
  shop.open_day(1);
  move(shop, stock(StockKind::kReceived, {{kChair, units(6)}}));
  move(shop, stock(StockKind::kAdjustment, {{kTable, units(-1)}}, "broken leg"));
  move(shop, transfer(StockKind::kTransferOut, 2));
  move(shop, transfer(StockKind::kTransferIn, 1));
  shop.refuses(Errc::kMalformed, [](Till& t) {
    return t.move_stock(stock(StockKind::kAdjustment, {{kTable, units(-1)}}), 1);
  });
  shop.refuses(Errc::kMalformed, [](Till& t) {
    return t.move_stock(stock(StockKind::kReceived, {{kSet, units(1)}}), 1);
  });
  shop.refuses(Errc::kMalformed, [](Till& t) {
    return t.move_stock(stock(StockKind::kTransferOut, {{kChair, units(1)}}), 1);
  });
  const Closing closing = shop.close_day();
  CHECK(closing.received == Components{{kChair, units(6)}});
  CHECK(closing.adjusted == Components{{kTable, units(-1)}});
  REQUIRE(closing.transfers.size() == 2);
  CHECK(closing.transfers.begin()->first.name == "T-17");
  CHECK(closing.consumed.empty());
  const auto messages = shop.messages();
  CHECK(std::get<Closing>(shop.summary_of(messages.back())) == closing);
  shop.check();
}

TEST_CASE("a count is carried on to the end of the day by what moves after it") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  move(shop, stock(StockKind::kCount, {{kChair, units(20)}, {kTable, units(0)}}));
  shop.ring(sets(2));
  shop.step([](Till& t) { return t.void_sale(2, "wrong", 1); });
  shop.ring(sets(1));
  move(shop, stock(StockKind::kReceived, {{kChair, units(3)}}));
  move(shop, transfer(StockKind::kTransferOut, 2));
  const Closing closing = shop.close_day();
  CHECK(closing.on_hand == Components{{kChair, units(20 - 4 + 3 - 2)}, {kTable, units(-1)}});
  shop.check();
}

TEST_CASE("a card authorisation waits for its sale or its reversal, and is reported until then") {
  Shop shop;
  shop.open_day(1);
  const auto record = [&](const CardResult& result) {
    return shop.step([&](Till& t) { return t.record_card(result, 1); });
  };
  CHECK(record(card(50000)) == 1);
  CHECK(record(card(700)) == 2);
  till::Basket basket = sets(1);
  basket.cards = {1};
  CHECK(shop.ring(basket).change == usd(0));
  shop.refuses(Errc::kState, [&](Till& t) { return t.ring(basket, 1); });
  const Closing first = shop.close_day();
  CHECK(first.tenders.at(TenderKind::kCard) == usd(50000));
  CHECK(first.open_cards == 1);
  CHECK(first.open_cards_amount == usd(700));
  REQUIRE(first.batches.size() == 1);
  CHECK(first.batches.begin()->second.count == 2);
  CHECK(first.batches.begin()->second.amount == usd(50700));
  shop.open_day(2);
  shop.refuses(Errc::kUnbalanced,
               [](Till& t) { return t.record_card(card(699, CardKind::kReversed, 2), 1); });
  record(card(700, CardKind::kReversed, 2));
  shop.refuses(Errc::kState,
               [](Till& t) { return t.record_card(card(700, CardKind::kReversed, 2), 1); });
  const Closing second = shop.close_day();
  CHECK(second.open_cards == 0);
  CHECK(second.batches.begin()->second.amount == usd(-700));
  shop.check();
}

TEST_CASE("the root of a card batch is that of its answers, in their order") {
  Shop shop;
  shop.open_day(1);
  core::envelope::Hash leaves[2];
  for (const std::int64_t minor : {100, 200}) {
    shop.step([&](Till& t) { return t.record_card(card(minor), 1); });
    const auto stored = shop.step([&](Till& t) {
      return t.document(Series::kCard, static_cast<std::uint64_t>(minor) / 100);
    });
    leaves[minor / 100 - 1] =
        core::envelope::sha256_prefixed(0, core::retail::encode_document(stored.document));
  }
  const Closing closing = shop.close_day();
  CHECK(closing.batches.begin()->second.root == core::tlog::hash_children(leaves[0], leaves[1]));
}

TEST_CASE("a voided sale leaves its card charged for nothing, which is reported") {
  Shop shop;
  shop.open_day(1);
  shop.step([](Till& t) { return t.record_card(card(50000), 1); });
  till::Basket basket = sets(1);
  basket.cards = {1};
  shop.ring(basket);
  shop.step([](Till& t) { return t.void_sale(1, "wrong colour", 1); });
  const Closing closing = shop.close_day();
  CHECK(closing.open_cards == 1);
  CHECK(closing.open_cards_amount == usd(50000));
  shop.check();
}

TEST_CASE("a whole card number is never written down") {
  Shop shop;
  shop.open_day(1);
  CardResult result = card(100);
  result.masked_number = "4111111111111111";
  shop.refuses(Errc::kMalformed, [&](Till& t) { return t.record_card(result, 1); });
}

TEST_CASE("a training sale counts nowhere but among the trainings") {
  Shop shop;
  shop.open_day(1);
  CHECK(shop.step([](Till& t) { return t.train(sets(3), 1); }) == 1);
  shop.ring(sets(1));
  const Closing closing = shop.close_day();
  CHECK(closing.sales == 1);
  CHECK(closing.net == usd(50000));
  CHECK(closing.consumed == parts_for(1));
  CHECK(closing.tenders.at(TenderKind::kCash) == usd(50000));
  CHECK(closing.counts.trainings == 1);
  CHECK(closing.grand_totals.sales == usd(50000));
  CHECK(closing.numbers.at(Series::kInvoice).last == 1);
  shop.check();
}

TEST_CASE("copies are counted, of documents that there are") {
  Shop shop;
  shop.open_day(1);
  shop.ring(sets(1));
  shop.refuses(Errc::kNotFound, [](Till& t) { return t.record_copy(Series::kInvoice, 2, 1); });
  CHECK(shop.step([](Till& t) { return t.record_copy(Series::kInvoice, 1, 1); }) == 1);
  const Closing closing = shop.close_day();
  CHECK(closing.counts.copies == 1);
  CHECK(closing.counts.drawer_openings == 1);
  CHECK(closing.refunds == 0);
  shop.check();
}

TEST_CASE("another till's receipt is refunded as it stands on paper, and named to head office") {
  Shop shop;
  shop.open_day(1);
  core::retail::SaleLine line;
  line.product = kChair;
  line.quantity = units(2);
  line.amount = usd(5000);
  line.discount = line.tax_amount = usd(0);
  line.tax = core::TaxCode{1};
  line.consumed = {{kChair, units(2)}};
  till::ForeignRefundOrder order;
  order.sold_at = {core::StoreId{4}, core::TillId{2}};
  order.sold = {line};
  order.how.invoice = 77;
  order.how.lines = {{0, units(1), true}};
  order.how.reason = "wobbles";
  CHECK(shop.step([&](Till& t) { return t.refund_elsewhere_sold(order, 1); }).amount == usd(2500));
  order.how.lines = {{0, units(3), true}};
  shop.refuses(Errc::kState, [&](Till& t) { return t.refund_elsewhere_sold(order, 1); });
  order.sold_at = kRef;
  shop.refuses(Errc::kUsage, [&](Till& t) { return t.refund_elsewhere_sold(order, 1); });
  const Closing closing = shop.close_day();
  CHECK(closing.refunded_receipts == core::FlatMap<core::retail::ReceiptKey, core::Money>{
                                         {{{core::StoreId{4}, core::TillId{2}}, 77}, usd(2500)}});
  CHECK(closing.consumed == Components{{kChair, units(-1)}});
  CHECK(closing.refunds == 1);
  shop.check();
}

TEST_CASE(
    "a request that was answered is not answered twice, also after the till was opened again") {
  Shop shop;
  shop.open_day(1);
  core::retail::RequestId request;
  request.bytes[0] = 9;
  const auto ask = [&](Till& t) {
    t.answer_request(request);
    return t.ring(sets(1), 1);
  };
  shop.step(ask);
  shop.refuses(Errc::kExists, ask);
  const auto found = shop.step([&](Till& t) { return t.recorded_for(request); });
  REQUIRE(found);
  CHECK(*found == core::retail::DocumentName{Series::kInvoice, 1});
  core::retail::RequestId other;
  CHECK_FALSE(shop.step([&](Till& t) { return t.recorded_for(other); }));
  shop.check();
}

TEST_CASE("a time that cannot be right is flagged, and sells all the same") {
  constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
  const std::int64_t noon = (20000 + 1) * kDayMs + kDayMs / 2;
  Shop shop;
  shop.open_day(1);
  const auto doubtful = [&](std::int64_t time_ms) {
    const auto rung = shop.step([&](Till& t) { return t.ring(sets(1), time_ms); });
    const auto stored = shop.step(
        [&](Till& t) { return t.document(Series::kInvoice, rung.numbers.at(Series::kInvoice)); });
    return heading_of(stored.document).clock_doubtful;
  };
  CHECK_FALSE(doubtful(noon));
  CHECK_FALSE(doubtful(noon + 1000));
  CHECK_FALSE(doubtful(noon - 30 * 1000));  // set right by half a minute
  CHECK(doubtful(noon - 3600 * 1000));      // an hour back
  CHECK(doubtful(0));                       // 1970
  CHECK(doubtful(4'102'444'799'000));       // 2099
  CHECK_FALSE(doubtful(noon + 2 * 3600 * 1000));
  CHECK_FALSE(doubtful(noon + kDayMs));  // past midnight
  CHECK(shop.close_day().counts.clock_doubts == 3);
  shop.check();
}
