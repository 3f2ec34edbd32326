// A till that has no network for 400 days, and then one that fails in between: everything is
// delivered, in order, and the books equal the sums that the test kept. The real programs meet a
// journal that this process filled, since 400 days of commands would take an hour.
#include <doctest/doctest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/base/random.h"
#include "tests/functional/real_shop.h"
#include "till/till.h"

namespace {

using Json = nlohmann::json;
using till::Durability;
using till::Till;

const core::Currency kUsd = core::Currency::parse("USD").value();
constexpr std::uint64_t kSet = 145;  // 500.00 USD: four chairs, a table, a screen
constexpr std::int64_t kSetMinor = 50000;
constexpr std::int32_t kFirstDay = 20778;

// What the test knows without asking: in cents and sets.
struct Kept {
  std::int64_t sales = 0, voids = 0, refunds = 0;
  std::int64_t sold = 0, refunded = 0, discount = 0;
  std::int64_t cash = 0, card = 0;  // net of refunds
  std::int64_t over_short = 0;
  std::int64_t sets_out = 0;  // less what came back on the shelf
  std::int64_t received = 0;
};

core::Money usd(std::int64_t minor) {
  return {minor, kUsd};
}
core::Quantity sets(std::int64_t count) {
  return {count * core::Quantity::kUnit};
}

// One line of sets, with a discount, by card or in cash.
class OfflineDays {
 public:
  OfflineDays(Till& till, std::uint64_t seed) : till_(till), random_(seed) {}

  void run(int days) {
    for (std::int32_t day = kFirstDay; day < kFirstDay + days; ++day) run_day(day);
  }
  const Kept& kept() const { return kept_; }

 private:
  std::int64_t up_to(std::uint64_t most) {
    return static_cast<std::int64_t>(random_.between(1, most));
  }

  void run_day(std::int32_t day) {
    const std::int64_t received = up_to(20);
    REQUIRE(till_.open_day(core::BusinessDay{day}, {{core::ProductId{133}, sets(4 * received)},
                                                    {core::ProductId{134}, sets(received)},
                                                    {core::ProductId{135}, sets(received)}}));
    kept_.received += received;
    REQUIRE(till_.move_cash(core::retail::CashKind::kFloat, usd(20000), "", day));
    std::int64_t drawer = 20000;
    std::uint64_t last = 0;
    for (std::int64_t n = up_to(5); n > 0; --n) last = ring(drawer);
    if (random_.between(0, 2) == 0)
      void_last(last, drawer);
    else if (random_.between(0, 2) == 0)
      refund(last, drawer);
    if (random_.between(0, 4) == 0) REQUIRE(till_.open_drawer("change", day));
    const std::int64_t over = up_to(200) - 100;
    REQUIRE(till_.close_day(usd(drawer + over)));
    kept_.over_short += over;
  }

  struct Sold {
    std::int64_t count = 0, total = 0, discount = 0;
    bool by_card = false;
  };

  std::uint64_t ring(std::int64_t& drawer) {
    Sold sold{up_to(3), 0, up_to(5000), random_.between(0, 1) == 0};
    sold.total = sold.count * kSetMinor - sold.discount;
    till::Basket basket{{{core::ProductId{kSet}, sets(sold.count), usd(sold.discount)}}, {}};
    if (sold.by_card) basket.tendered = {{core::retail::TenderKind::kCard, usd(sold.total)}};
    const auto rung = till_.ring(basket, 1);
    REQUIRE(rung);
    ++kept_.sales;
    kept_.sold += sold.total;
    kept_.discount += sold.discount;
    kept_.sets_out += sold.count;
    (sold.by_card ? kept_.card : kept_.cash) += sold.total;
    if (!sold.by_card) drawer += sold.total;
    last_ = sold;
    return rung->numbers.at(core::retail::Series::kInvoice);
  }

  void void_last(std::uint64_t invoice, std::int64_t& drawer) {
    REQUIRE(till_.void_sale(invoice, "wrong customer", 2));
    --kept_.sales;
    ++kept_.voids;
    kept_.sold -= last_.total;
    kept_.discount -= last_.discount;
    kept_.sets_out -= last_.count;
    (last_.by_card ? kept_.card : kept_.cash) -= last_.total;
    if (!last_.by_card) drawer -= last_.total;
  }

  // All of it, in cash, back on the shelf or not.
  void refund(std::uint64_t invoice, std::int64_t& drawer) {
    const bool restock = random_.between(0, 1) == 0;
    REQUIRE(till_.refund({invoice,
                          {{0, sets(last_.count), restock}},
                          core::retail::TenderKind::kCash,
                          "brought back",
                          {}},
                         3));
    ++kept_.refunds;
    kept_.refunded += last_.total;
    kept_.discount -= last_.discount;
    kept_.cash -= last_.total;
    drawer -= last_.total;
    if (restock) kept_.sets_out -= last_.count;
  }

  Till& till_;
  core::Random random_;
  Kept kept_;
  Sold last_;
};

std::uint64_t bytes_of(const std::filesystem::path& path) {
  return static_cast<std::uint64_t>(std::filesystem::file_size(path));
}

// Sends with the real program while the relay is killed and started again; returns how often.
int send_over_a_bad_network(test::RealShop& shop, const test::Words& relay_options, int kills_max) {
  REQUIRE(shop.start_relay(relay_options));
  test::Process sending(shop.words("send", {"--relay", shop.relay(), "--timeout-ms", "2000"}));
  int kills = 0;
  while (kills < kills_max) {
    std::this_thread::sleep_for(std::chrono::milliseconds(40));
    if (!sending.running()) break;
    shop.kill_relay();
    ++kills;
    REQUIRE(shop.start_relay(relay_options));
  }
  const test::Outcome sent = sending.wait();
  CHECK_MESSAGE(sent.status == 0, sent.err);
  return kills;
}

void check_books(const test::RealShop& shop, const Kept& kept, int days) {
  const Json books = Json::parse(shop.books());
  const Json& totals = books["totals"][0];
  CHECK(totals["sales"] == kept.sales);
  CHECK(totals["voids"] == kept.voids);
  CHECK(totals["refunds"] == kept.refunds);
  CHECK(totals["refunded_minor"] == kept.refunded);
  CHECK(totals["net_minor"] == kept.sold - kept.refunded);
  CHECK(totals["discount_minor"] == kept.discount);
  CHECK(totals["over_short_minor"] == kept.over_short);
  CHECK(totals["tenders_minor"]["cash"] == kept.cash);
  CHECK(totals["tenders_minor"]["card"] == kept.card);
  CHECK(books["stock"]["134"]["on_hand_thousandths"] == 1000 * (kept.received - kept.sets_out));
  CHECK(books["stock"]["133"]["consumed_thousandths"] == 4000 * kept.sets_out);
  CHECK(books["messages"]["proven"] == 2 * days);
  CHECK(books["messages"]["all"] == 2 * days);
  for (const char* fault :
       {"missing", "incomplete", "unproven", "contradicted", "number_jumps", "quarantined"}) {
    CAPTURE(fault);
    CHECK(books[fault].empty());
  }
  std::int64_t balance = 0;
  for (const Json& account : books["trial_balance"]) {
    balance += account["balance_minor"].get<std::int64_t>();
  }
  CHECK(books["trial_balance"].size() > 3);
  CHECK(balance == 0);
}

void stay_offline(int days, Durability durability, int kills_wanted) {
  test::RealShop shop;
  Kept kept;
  {
    auto till = Till::open(shop.journal(), durability);
    REQUIRE_MESSAGE(till, (till ? "" : describe(till.error())));
    OfflineDays offline(*till, 400);
    offline.run(days);
    kept = offline.kept();
    CHECK(till->status()->outbox.pending == static_cast<std::uint64_t>(2 * days));
  }
  CHECK(shop.till("send", {"--relay", "127.0.0.1:1", "--attempts", "1"}).status == 1);
  const std::uint64_t bytes = bytes_of(shop.journal());
  const auto start = std::chrono::steady_clock::now();
  const int kills =
      send_over_a_bad_network(shop, {"--messages-per-minute", "100000"}, kills_wanted);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start);
  MESSAGE(days << " days, " << kept.sales << " sales: a journal of " << bytes << " bytes, "
               << 2 * days << " messages sent in " << took.count() << " ms through " << kills
               << " kills of the relay; the journal with their receipts has "
               << bytes_of(shop.journal()) << " bytes");
  CHECK((kills > 0 || kills_wanted < 10));  // a few messages may be quicker than a kill
  CHECK(shop.done("check").find("sound") != std::string::npos);
  const Json status = Json::parse(shop.done("show", {"status", "--json"}));
  CHECK(status["outbox"]["pending"] == 0);
  // In order: the log has them as the till wrote them.
  const Json outbox = Json::parse(shop.done("show", {"outbox", "--json"}));
  for (std::size_t i = 0; i < outbox.size(); ++i) {
    REQUIRE(outbox[i]["state"] == "log index " + std::to_string(i));
  }
  check_books(shop, kept, days);
}

}  // namespace

TEST_CASE("400 days offline, then a network that fails: all is delivered, in order, to the cent") {
  stay_offline(400, Durability::kSimulated, 12);
}

TEST_CASE("the same of 20 days with every document synced") {
  stay_offline(20, Durability::kFull, 2);
}

// The relay takes a limited number of messages of a key in a minute, 600 unless it is told: what is
// left waits for the next minute, however long the till was away.
TEST_CASE("a till that was away for long keeps within the relay's limit, and loses nothing to it") {
  test::RealShop shop;
  {
    Till till = Till::open(shop.journal(), Durability::kSimulated).value();
    OfflineDays(till, 7).run(30);
  }
  REQUIRE(shop.start_relay({"--messages-per-minute", "48"}));
  const test::Outcome first = shop.till("send", {"--relay", shop.relay(), "--attempts", "2"});
  const Json status = Json::parse(shop.done("show", {"status", "--json"}));
  const auto pending = status["outbox"]["pending"].get<std::uint64_t>();
  // A minute that ended meanwhile gave a second share.
  if (first.status == 0) {
    CHECK(pending == 0);
    return;
  }
  CHECK(first.status == 1);
  CHECK_MESSAGE(first.err.find("429") != std::string::npos, first.err);
  CHECK(pending > 0);
  CHECK(pending <= 12);
  CHECK(status["outbox"]["refused"] == 0);
  shop.kill_relay();
  REQUIRE(shop.start_relay());
  CHECK(shop.done("send", {"--relay", shop.relay()}).find("accepted " + std::to_string(pending)) !=
        std::string::npos);
  CHECK(shop.done("check").find("sound: ") != std::string::npos);
}
