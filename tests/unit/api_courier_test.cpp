// The courier: the outbox goes to a relay while the till goes on, whatever the relay does.
#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "till/api/courier.h"
#include "till_samples.h"

using namespace till_test;
using till::api::Courier;

namespace {

// A relay that can be away, slow, or refuse; its log gives true receipts.
class Relay {
 public:
  till::SenderPorts::Answers post(std::span<const core::Bytes> messages) {
    ++posts;
    if (gate.valid()) gate.wait();
    if (away) return core::fail(core::Errc::kNetwork, "nobody is there");
    std::vector<core::wire::PostAnswer> answers;
    for (const core::Bytes& message : messages) {
      if (refuses) {
        answers.push_back({core::wire::PostStatus::kRefused, {}, "not admitted", {}});
      } else {
        answers.push_back(log.take(message));
      }
    }
    return log.finish(std::move(answers));
  }
  Courier::Post port() {
    return [this](std::span<const core::Bytes> messages) { return post(messages); };
  }

  test::MemoryLog log{std::string(kOrigin)};
  std::atomic<bool> away = false;
  std::atomic<bool> refuses = false;
  std::atomic<int> posts = 0;
  std::shared_future<void> gate;  // a post waits for it
};

// Steps until `done`, or for too long.
template <typename Done>
void step_until(Courier& courier, till::Till& till, const Done& done) {
  for (int i = 0; i < 5000 && !done(); ++i) {
    REQUIRE(courier.step(till.outbox()));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(done());
}

}  // namespace

TEST_CASE("what is pending goes out, each message once") {
  Shop shop;
  for (int day = 1; day <= 30; ++day) {
    shop.open_day(day);
    shop.close_day();
  }
  till::Till till = shop.open();
  Relay relay;
  std::atomic<std::int64_t> now_ms = 0;
  Courier courier(
      relay.port(), [&] { return now_ms.load(); }, core::Random(1));
  step_until(courier, till, [&] { return till.outbox().counts()->pending == 0; });
  CHECK(till.outbox().counts()->acknowledged == 60);
  CHECK(relay.log.messages.size() == 60);
  const int posts = relay.posts;
  for (int i = 0; i < 10; ++i) REQUIRE(courier.step(till.outbox()));
  CHECK(relay.posts == posts);  // nothing is pending: nothing is asked
  REQUIRE(till.open_day(day(31), {}));
  step_until(courier, till, [&] { return till.outbox().counts()->pending == 0; });
}

TEST_CASE("while a post is under way the till goes on, and new messages follow it") {
  Shop shop;
  shop.open_day(1);
  till::Till till = shop.open();
  Relay relay;
  std::promise<void> open;
  relay.gate = open.get_future().share();
  Courier courier(
      relay.port(), [] { return std::int64_t{0}; }, core::Random(1));
  step_until(courier, till, [&] { return relay.posts == 1; });
  REQUIRE(till.ring(sets(1), 1));
  REQUIRE(till.close_day());
  for (int i = 0; i < 10; ++i) REQUIRE(courier.step(till.outbox()));
  CHECK(till.outbox().counts()->pending == 2);
  open.set_value();
  step_until(courier, till, [&] { return till.outbox().counts()->pending == 0; });
  CHECK(relay.log.messages.size() == 2);
  CHECK(till.check());
}

TEST_CASE("a relay that is away is tried again later and later, and each failure is said once") {
  Shop shop;
  shop.open_day(1);
  till::Till till = shop.open();
  Relay relay;
  relay.away = true;
  std::atomic<std::int64_t> now_ms = 0;
  Courier courier(
      relay.port(), [&] { return now_ms.load(); }, core::Random(1));
  int said = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto step = courier.step(till.outbox());
    REQUIRE(step);
    if (*step) {
      ++said;
      CHECK((*step)->code == core::Errc::kNetwork);
    }
    now_ms += 100;
    if (i % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(said >= 10);
  CHECK(said <= 400);  // 2,000 s, and half a minute between two tries in the end
  CHECK(relay.posts - said <= 1);
  relay.away = false;
  now_ms += 100000;
  step_until(courier, till, [&] { return till.outbox().counts()->pending == 0; });
}

TEST_CASE("a refused message stays, is said, and is not sent at every step") {
  Shop shop;
  shop.open_day(1);
  till::Till till = shop.open();
  Relay relay;
  relay.refuses = true;
  std::atomic<std::int64_t> now_ms = 0;
  Courier courier(
      relay.port(), [&] { return now_ms.load(); }, core::Random(2));
  step_until(courier, till, [&] { return till.outbox().counts()->refused == 1; });
  for (int i = 0; i < 50; ++i) {
    REQUIRE(courier.step(till.outbox()));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(relay.posts <= 2);
  relay.refuses = false;
  now_ms += 100000;
  step_until(courier, till, [&] { return till.outbox().counts()->pending == 0; });
}
