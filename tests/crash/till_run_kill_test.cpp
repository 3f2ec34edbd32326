// Kills the real daybook-till run, SIGKILL, while a screen sells over its socket, and starts it
// again: what was answered is there once, what was not is there once or not at all and the screen
// finds out by asking again, no number is skipped, and the day's sums are the test's.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/random.h"
#include "tests/crash/crash_shop.h"
#include "till/api/http_client.h"

using namespace till_test;
using test::CrashShop;

namespace {

using Json = nlohmann::json;

constexpr int kKills = test::kSanitized ? 10 : 100;
constexpr std::int64_t kSetMinor = 50000;

std::string money(std::int64_t minor) {
  return std::to_string(minor / 100) + "." + std::to_string(100 + minor % 100).substr(1);
}

// What a screen asks: a sale under its receipt's id, or cash under a key.
struct Wish {
  bool sale = true;
  std::string id;
  std::int64_t amount = 0;
};

class Screen {
 public:
  Screen() : random_(20261130) {}

  void run() {
    while (kills_ < kKills) {
      test::Process till(shop_.command("run", {"--socket", socket()}));
      REQUIRE_FALSE(till.wait_for_line("till.sock").empty());
      settle();
      std::atomic<bool> killed = false;
      const auto wait = std::chrono::microseconds(random_.between(0, 60000));
      std::thread killer([&] {
        std::this_thread::sleep_for(wait);
        till.signal(SIGKILL);
        killed = true;
      });
      till::api::HttpClient client(socket());
      while (work(client)) {
      }
      killer.join();
      REQUIRE(killed);
      REQUIRE(till.wait().status == 128 + SIGKILL);
      ++kills_;
      check_journal();
    }
    MESSAGE(kills_ << " kills, " << unanswered_
                   << " of them while a document was asked for; of those " << done_after_all_
                   << " were written down; " << sales_ << " sales, " << moved_
                   << " cash movements");
    if (test::kSanitized) return;  // too few kills to meet each case
    CHECK(unanswered_ > kKills / 10);
    CHECK(done_after_all_ > 0);
    CHECK(done_after_all_ < unanswered_);
    CHECK(sales_ > kKills / 10);
    CHECK(moved_ > 0);
  }

 private:
  std::string socket() const { return (shop_.journal().parent_path() / "till.sock").string(); }

  std::string new_id() {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string id = "00000000-0000-4000-8000-000000000000";
    for (const std::size_t at :
         {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 9u, 10u, 11u, 12u, 24u, 25u, 26u, 27u, 28u, 29u}) {
      id[at] = kDigits[random_.between(0, 15)];
    }
    return id;
  }

  // Asks, and returns the answer; none: nobody answered any more.
  std::optional<Json> ask(till::api::HttpClient& client, const std::string& target,
                          const Json& body, const std::string& key = {}) {
    till::api::HttpClient::Fields fields;
    if (!key.empty()) fields.emplace_back("Idempotency-Key", key);
    const auto answer = client.ask(body.is_null() ? "GET" : "POST", target,
                                   body.is_null() ? "" : body.dump(), fields);
    if (!answer) {
      REQUIRE_MESSAGE(answer.error().code == core::Errc::kNetwork, describe(answer.error()));
      return std::nullopt;
    }
    status_ = answer->status;
    return Json::parse(answer->body);
  }

  // One document. False: the till is gone.
  bool work(till::api::HttpClient& client) {
    Wish wish{random_.between(0, 3) != 0, new_id(), 0};
    if (!wish.sale) {
      wish.amount = static_cast<std::int64_t>(random_.between(1, 9999));
      pending_ = wish;
      return finish(client);
    }
    const auto count = static_cast<std::int64_t>(random_.between(1, 3));
    wish.amount = count * kSetMinor;
    const std::string receipt = "/v1/receipts/" + wish.id;
    if (!ask(client, "/v1/receipts", {{"id", wish.id}})) return false;
    REQUIRE(status_ == 201);
    if (!ask(client, receipt + "/lines", {{"product", 145}, {"quantity", std::to_string(count)}})) {
      return false;
    }
    REQUIRE(status_ / 100 == 2);
    if (!ask(client, receipt + "/tenders", {{"kind", "cash"}, {"amount", money(wish.amount)}})) {
      return false;
    }
    REQUIRE(status_ / 100 == 2);
    pending_ = wish;
    return finish(client);
  }

  // Asks for what is pending, for the first time or again.
  bool finish(till::api::HttpClient& client) {
    const Wish wish = *pending_;
    const auto answer =
        wish.sale ? ask(client, "/v1/receipts/" + wish.id + "/finish", Json::object())
                  : ask(client, "/v1/cash",
                        {{"kind", "paid-in"}, {"amount", money(wish.amount)}, {"reason", "change"}},
                        wish.id);
    if (!answer) {
      ++unanswered_;
      return false;
    }
    INFO(answer->dump());
    if (wish.sale && status_ == 404) {  // it was never written down, and the receipt is lost
      pending_.reset();
      return true;
    }
    REQUIRE(status_ / 100 == 2);
    std::uint64_t& last = wish.sale ? sales_ : moved_;
    CHECK(answer->at("number") == last + (wish.sale ? 2 : 1));  // one sale was there before
    ++last;
    (wish.sale ? sold_ : paid_in_) += wish.amount;
    pending_.reset();
    return true;
  }

  // After a kill: whatever was under way is asked for again.
  void settle() {
    till::api::HttpClient client(socket());
    if (pending_) {
      const bool there = was_there_;
      const std::uint64_t before = sales_ + moved_;
      REQUIRE(finish(client));
      if (there) {
        CHECK(sales_ + moved_ == before + 1);
        ++done_after_all_;
      }
    }
    const auto day = ask(client, "/v1/day", {});
    REQUIRE(day);
    const auto status = ask(client, "/v1/status", {});
    REQUIRE(status);
    CHECK(status->at("last_numbers").at("invoice") == sales_ + 1);
  }

  // What the journal has, between two lives of the program.
  void check_journal() {
    till::Till till = shop_.open();
    const auto checked = till.check();
    REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
    const auto last = till.status()->last_numbers;
    const std::uint64_t documents =
        last.at(core::retail::Series::kInvoice) - 1 + last.at(core::retail::Series::kCash);
    was_there_ = documents == sales_ + moved_ + 1;
    REQUIRE((was_there_ ? pending_.has_value() : documents == sales_ + moved_));
    const auto so_far = till.day_so_far();
    REQUIRE(so_far);
    const std::int64_t more = was_there_ ? pending_->amount : 0;
    CHECK(so_far->net.minor == kSetMinor + sold_ + (was_there_ && pending_->sale ? more : 0));
    CHECK(expected_cash(*so_far)->minor == kSetMinor + sold_ + paid_in_ + more);
  }

  CrashShop shop_;
  core::Random random_;
  int status_ = 0;
  std::optional<Wish> pending_;  // asked for, and not answered
  bool was_there_ = false;
  int kills_ = 0;
  int unanswered_ = 0;
  int done_after_all_ = 0;
  std::uint64_t sales_ = 0;
  std::uint64_t moved_ = 0;
  std::int64_t sold_ = 0;
  std::int64_t paid_in_ = 0;
};

}  // namespace

TEST_CASE(
    "a running till that is killed while a screen sells does everything once, or not at all") {
  Screen().run();
}
