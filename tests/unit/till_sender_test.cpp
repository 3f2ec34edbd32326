// Sender: back-off, refusals, limits, and that every answer is settled before the next batch.
#include "till/sender.h"

#include <doctest/doctest.h>

#include <deque>
#include <map>

#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::wire::PostAnswer;
using core::wire::PostStatus;
using std::chrono::milliseconds;

namespace {

// A relay in memory: a log without duplicates, and a list of failures to show first.
class FakeRelay {
 public:
  std::deque<core::Error> failures;
  bool lose_answers = false;  // a failure strikes after the messages are in the log
  std::map<core::Bytes, std::string> refusals;
  std::size_t body_limit = 1 << 20;
  test::MemoryLog memory{std::string(kOrigin)};
  std::vector<core::Bytes>& log = memory.messages;
  std::vector<std::size_t> batch_sizes;
  std::vector<milliseconds> pauses;
  std::int64_t now_ms = 0;

  till::SenderPorts ports() {
    return {[this](std::span<const core::Bytes> messages) { return post(messages); },
            [this](milliseconds pause) {
              pauses.push_back(pause);
              now_ms += pause.count();
            },
            [this] { return now_ms; },
            {}};
  }

 private:
  till::SenderPorts::Answers post(std::span<const core::Bytes> messages) {
    batch_sizes.push_back(messages.size());
    std::size_t size = 0;
    for (const core::Bytes& message : messages) size += message.size();
    if (size > body_limit) return core::fail(Errc::kTooLarge, "413");
    const bool fails = !failures.empty();
    std::vector<PostAnswer> answers;
    if (!fails || lose_answers) {
      for (const core::Bytes& message : messages) answers.push_back(take(message));
    }
    if (!fails) return memory.finish(std::move(answers));
    const core::Error error = failures.front();
    failures.pop_front();
    return core::fail(error);
  }

  PostAnswer take(const core::Bytes& message) {
    if (refusals.contains(message)) return {PostStatus::kRefused, {}, refusals[message], {}};
    return memory.take(message);
  }
};

// A shop with two messages a day in its outbox.
void sell_days(Shop& shop, int days) {
  for (int d = 1; d <= days; ++d) {
    shop.open_day(d);
    shop.close_day();
  }
}

till::SendReport send(Shop& shop, FakeRelay& relay, const till::SendOptions& options = {}) {
  till::Till till = shop.open();
  core::Random random(7);
  const auto report = till::send_outbox(till.outbox(), relay.ports(), options, random);
  REQUIRE(report);
  return *report;
}

till::OutboxCounts counts(Shop& shop) {
  return shop.step([](till::Till& t) { return t.outbox().counts(); });
}

const core::Error kDown{Errc::kNetwork, "down"};

}  // namespace

TEST_CASE("the outbox is sent oldest first, in batches, and is empty afterwards") {
  Shop shop;
  sell_days(shop, 5);
  FakeRelay relay;
  till::SendOptions options;
  options.batch_messages_max = 4;
  const till::SendReport report = send(shop, relay, options);
  CHECK(report.accepted == 10);
  CHECK_FALSE(report.gave_up);
  CHECK(relay.batch_sizes == std::vector<std::size_t>{4, 4, 2});
  const auto messages = shop.messages();
  for (std::size_t i = 0; i < messages.size(); ++i) {
    CHECK(relay.log[i] == messages[i].message);
    CHECK(messages[i].index == core::LogIndex{i});
  }
  CHECK(counts(shop).pending == 0);
  relay.batch_sizes.clear();
  CHECK(send(shop, relay).accepted == 0);
  CHECK(relay.batch_sizes.empty());
}

TEST_CASE("an answer that was lost leads to a duplicate, not to a second entry") {
  Shop shop;
  sell_days(shop, 2);
  FakeRelay relay;
  relay.lose_answers = true;
  relay.failures = {kDown};
  const till::SendReport report = send(shop, relay);
  CHECK(report.accepted == 0);
  CHECK(report.duplicates == 4);
  CHECK(report.failed_attempts == 1);
  CHECK(relay.log.size() == 4);
  CHECK(counts(shop).acknowledged == 4);
}

TEST_CASE("503, 507, timeouts and nonsense are retried with growing, jittered, capped pauses") {
  Shop shop;
  sell_days(shop, 1);
  FakeRelay relay;
  for (int i = 0; i < 40; ++i) {
    relay.failures.push_back({i % 3 == 0   ? Errc::kNetwork
                              : i % 3 == 1 ? Errc::kDiskFull
                                           : Errc::kProtocol,
                              "down"});
  }
  till::SendOptions options;
  options.backoff_base = milliseconds(100);
  options.backoff_cap = milliseconds(5000);
  const till::SendReport report = send(shop, relay, options);
  CHECK(report.accepted == 2);
  CHECK(report.failed_attempts == 40);
  REQUIRE(relay.pauses.size() == 40);
  milliseconds longest{0};
  bool any_below_half = false;
  for (std::size_t i = 0; i < relay.pauses.size(); ++i) {
    const std::int64_t ceiling = i < 10 ? std::min<std::int64_t>(5000, 100 << i) : 5000;
    CHECK(relay.pauses[i].count() <= ceiling);
    any_below_half = any_below_half || relay.pauses[i].count() * 2 < ceiling;
    longest = std::max(longest, relay.pauses[i]);
  }
  CHECK(longest > milliseconds(2500));  // it grows
  CHECK(any_below_half);                // and it is jittered from zero, not around the ceiling
}

TEST_CASE("limits end a run, say why, and leave the outbox as it was") {
  Shop shop;
  sell_days(shop, 1);
  FakeRelay relay;
  relay.failures.assign(100, kDown);
  till::SendOptions options;
  options.attempts_max = 3;
  till::SendReport report = send(shop, relay, options);
  REQUIRE(report.gave_up);
  CHECK(report.gave_up->code == Errc::kNetwork);
  CHECK(report.failed_attempts == 3);
  CHECK(relay.pauses.size() == 2);
  options = {};
  options.time_max = milliseconds(10000);
  report = send(shop, relay, options);
  CHECK(report.gave_up);
  CHECK(relay.now_ms <= 20000);
  CHECK(counts(shop).pending == 2);
  CHECK(counts(shop).refused == 0);
}

TEST_CASE("a refused message is marked and passed over, and tried again in the next run") {
  Shop shop;
  sell_days(shop, 2);
  FakeRelay relay;
  const core::Bytes second = shop.messages()[1].message;
  relay.refusals[second] = "unknown key";
  const till::SendReport report = send(shop, relay);
  CHECK(report.accepted == 3);
  REQUIRE(report.refused.size() == 1);
  CHECK(report.refused[0].sequence == core::Sequence{2});
  CHECK(report.refused[0].reason == "unknown key");
  CHECK(shop.messages()[1].refusal == "unknown key");
  CHECK(counts(shop).pending == 1);
  CHECK(relay.batch_sizes.size() == 1);
  relay.refusals.clear();
  CHECK(send(shop, relay).accepted == 1);
  CHECK(counts(shop).pending == 0);
}

TEST_CASE("a request that is refused as a whole is sent message by message") {
  Shop shop;
  sell_days(shop, 2);
  FakeRelay relay;
  relay.body_limit = 2 * shop.messages()[1].message.size();
  const till::SendReport report = send(shop, relay);
  CHECK(report.accepted == 4);
  relay.body_limit = 10;
  shop.open_day(3);
  const till::SendReport none = send(shop, relay);
  REQUIRE(none.refused.size() == 1);
  CHECK(none.refused[0].reason.find("413") != std::string::npos);
  CHECK(counts(shop).refused == 1);
}

TEST_CASE("too few answers are no answers") {
  Shop shop;
  sell_days(shop, 1);
  FakeRelay relay;
  till::SenderPorts ports = relay.ports();
  ports.post = [](std::span<const core::Bytes>) {
    return till::SenderPorts::Answers(
        core::wire::PostAnswers{{{PostStatus::kAccepted, {}, {}, {}}}, {}});
  };
  till::Till till = shop.open();
  core::Random random(7);
  till::SendOptions options;
  options.attempts_max = 2;
  const auto report = till::send_outbox(till.outbox(), ports, options, random);
  REQUIRE(report->gave_up);
  CHECK(report->gave_up->code == Errc::kProtocol);
  CHECK(till.outbox().counts()->pending == 2);
}
