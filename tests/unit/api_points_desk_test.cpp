// The desk: a till waits for the balance service as long as it said and no longer, and tells it the
// rest between two requests.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

#include "points_samples.h"
#include "till/api/points_desk.h"

using namespace till_test;
using till::api::PointsDesk;

namespace {

using Steady = std::chrono::steady_clock;

// Steps until `done`, or for too long.
template <typename Done>
void step_points_until(PointsDesk& desk, TwoTills& shop, const Done& done) {
  for (int i = 0; i < 5000 && !done(); ++i) {
    REQUIRE(desk.step(shop.at(0).points()));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(done());
}

}  // namespace

TEST_CASE("a till waits for the service's timeout, and takes no late answer for another question") {
  std::promise<void> open;
  const std::shared_future<void> gate = open.get_future().share();
  std::atomic<int> asked = 0;
  PointsDesk desk(
      [&](const PointsService&, core::ByteView request) -> core::Result<Bytes> {
        if (++asked == 1) gate.wait();
        return core::to_bytes(request);
      },
      [] { return std::int64_t{0}; });
  const PointsService patient{"http://127.0.0.1:1", 60};
  const auto begun = Steady::now();
  const auto late = desk.ask(patient, Bytes{1});
  const auto waited = Steady::now() - begun;
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Errc::kNetwork);
  CHECK(waited >= std::chrono::milliseconds(60));
  CHECK(waited < std::chrono::milliseconds(5000));
  open.set_value();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // the late answer is there now
  const auto next = desk.ask({"http://127.0.0.1:1", 5000}, Bytes{2});
  REQUIRE(next);
  CHECK(*next == Bytes{2});
}

TEST_CASE("between two requests a release goes out and the day's allowance comes in") {
  TwoTills shop;
  shop.give_allowance(70, 700);
  // Left by a process that ended.
  TwoTills::need(shop.reserve(0, 400));
  shop.reopen(0);
  CHECK(shop.open_holds() == 1);
  std::atomic<std::int64_t> now_ms = 0;
  std::atomic<bool> away = true;
  std::mutex one_at_a_time;  // the service has one thread
  const AskPoints ask = shop.ask();
  PointsDesk desk(
      [&](const PointsService& to, core::ByteView request) -> core::Result<Bytes> {
        const std::lock_guard lock(one_at_a_time);
        if (away) return core::fail(Errc::kNetwork, "nobody listens");
        return ask(to, request);
      },
      [&] { return now_ms.load(); });
  // While it is away it is asked now and then, and each failure is told once.
  int told = 0;
  for (int i = 0; i < 300; ++i) {
    const auto step = desk.step(shop.at(0).points());
    REQUIRE(step);
    told += *step ? 1 : 0;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(told == 1);
  CHECK(shop.open_holds() == 1);
  away = false;
  now_ms = 15000;
  step_points_until(desk, shop, [&] { return shop.open_holds() == 0; });
  step_points_until(desk, shop, [&] {
    return TwoTills::need(shop.at(0).points().next_request()) == std::nullopt;
  });
  CHECK(TwoTills::need(shop.at(0).points().status()).allowance->member_points == 70);
  // Nothing more is asked, until another day is open.
  const int asked = shop.asked;
  for (int i = 0; i < 20; ++i) REQUIRE(desk.step(shop.at(0).points()));
  CHECK(shop.asked == asked);
  TwoTills::need(shop.at(0).close_day());
  TwoTills::need(shop.at(0).open_day(day(2), {}));
  step_points_until(desk, shop, [&] { return shop.asked > asked; });
}
