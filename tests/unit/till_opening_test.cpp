// A day begins before its delivery: selling does not wait, and the opening is sealed once, by
// whatever comes first.
#include <doctest/doctest.h>

#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::retail::Closing;
using core::retail::Opening;
using till::Till;

namespace {

void open_early(Shop& shop, std::int32_t number) {
  shop.step([&](Till& t) { return t.open_day_early(day(number)); });
}

bool awaited(Shop& shop) {
  return shop.step([](Till& t) { return t.status(); }).delivery_awaited;
}

// The till's clock says so many minutes after the beginning.
till::Surroundings at_minute(std::int64_t minute) {
  till::Surroundings here;
  here.now_ms = [minute] { return 1'795'000'000'000 + minute * 60'000; };
  return here;
}

}  // namespace

TEST_CASE("selling starts before the delivery, which seals the opening; more comes as received") {
  Shop shop;
  open_early(shop, 1);
  CHECK(awaited(shop));
  CHECK(shop.messages().empty());
  shop.ring(sets(1));
  shop.check();
  shop.step([](Till& t) { return t.confirm_delivery(parts_for(4)); });
  CHECK_FALSE(awaited(shop));
  REQUIRE(shop.messages().size() == 1);
  CHECK(std::get<Opening>(shop.summary_of(shop.messages()[0])) ==
        Opening{day(1), parts_for(4), {}});
  shop.refuses(Errc::kState, [](Till& t) { return t.confirm_delivery(parts_for(1)); });
  core::retail::StockMovement late;
  late.kind = core::retail::StockKind::kReceived;
  late.lines = parts_for(1);
  shop.step([&](Till& t) { return t.move_stock(late, 2); });
  const Closing closing = shop.close_day();
  CHECK(closing.received == parts_for(1));
  CHECK(closing.consumed == parts_for(1));
  shop.check();
}

TEST_CASE("the close seals an opening that waited in vain, and writes both messages at once") {
  Shop shop;
  open_early(shop, 1);
  shop.ring(sets(2));
  shop.close_day();
  const auto messages = shop.messages();
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].kind == till::MessageKind::kOpening);
  CHECK(std::get<Opening>(shop.summary_of(messages[0])) == Opening{day(1), {}, {}});
  CHECK(std::get<Closing>(shop.summary_of(messages[1])).sales == 1);
  CHECK_FALSE(awaited(shop));
  shop.check();
  shop.open_day(2);
  CHECK(shop.messages().size() == 3);
  shop.check();
}

TEST_CASE("at the cut-off an opening is sealed without goods, and not a minute before") {
  Shop shop;
  core::retail::Settings settings;
  settings.delivery_cut_off_minutes = 90;
  shop.step([&](Till& t) { return t.set_settings(settings); });
  shop.step([](Till& t) {
    t.stand_at(at_minute(0));
    return t.open_day_early(day(1));
  });
  const auto overdue_at = [&](std::int64_t minute) {
    return shop.step([&](Till& t) {
      t.stand_at(at_minute(minute));
      return t.seal_overdue_opening();
    });
  };
  CHECK_FALSE(overdue_at(-100));  // the clock was put back: the close will seal it
  CHECK_FALSE(overdue_at(89));
  CHECK(shop.messages().empty());
  CHECK(overdue_at(90));
  CHECK_FALSE(overdue_at(91));
  REQUIRE(shop.messages().size() == 1);
  CHECK(std::get<Opening>(shop.summary_of(shop.messages()[0])) == Opening{day(1), {}, {}});
  shop.refuses(Errc::kState, [](Till& t) { return t.confirm_delivery(parts_for(1)); });
  shop.close_day();
  shop.check();
}

TEST_CASE("what cannot be delivered leaves the opening waiting") {
  Shop shop;
  shop.refuses(Errc::kState, [](Till& t) { return t.confirm_delivery({}); });
  open_early(shop, 1);
  shop.refuses(Errc::kMalformed, [](Till& t) {
    return t.confirm_delivery({{core::ProductId{145}, core::Quantity{1000}}});  // a kit
  });
  shop.refuses(Errc::kState, [](Till& t) { return t.open_day_early(day(2)); });
  CHECK(awaited(shop));
  shop.step([](Till& t) { return t.confirm_delivery({}); });
  CHECK(shop.messages().size() == 1);
  shop.check();
}
