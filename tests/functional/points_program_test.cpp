// Points with the real programs: two tills, their relay, head office's books and its balance
// service; sales in the same moment, a service that is away, and a till that is killed in between.
#include <doctest/doctest.h>

#include <signal.h>
#include "core/base/money.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "till/api/http_client.h"

namespace {

using Words = std::vector<std::string>;
using Json = nlohmann::json;

const std::string kBin = std::string(DAYBOOK_BIN_DIR) + "/";
constexpr int kEarned = 500;  // by each member, with the one sale of the first day

std::string done(const Words& argv) {
  const test::Outcome outcome = test::run(argv);
  CAPTURE(argv.at(1));
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  return outcome.out;
}

std::string phone(int member) {
  return "+49 30 55500" + std::to_string(10 + member);
}

class PointsFleet {
 public:
  explicit PointsFleet(int members) {
    done({kBin + "daybook-rebuild", "init", "--dir", path("office"), "--origin", "shop/log"});
    const std::string made = done({kBin + "daybook-relay", "init", path("log"), "--origin",
                                   "shop/log", "--head-office", path("office/head-office.pub")});
    done({kBin + "daybook-rebuild", "log-key", "--dir", path("office"), "--key",
          made.substr(0, made.find('\n'))});
    test::write_file(path("member.key"), core::as_bytes(std::string(64, 'a') + "\n"));
    for (int i = 0; i < 2; ++i) {
      till(i, {"init", "--store", "4", "--till", std::to_string(i + 1), "--origin", "shop/log",
               "--catalog", std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json",
               "--request", path("request")});
      done({kBin + "daybook-rebuild", "enrol", "--dir", path("office"), "--request",
            path("request")});
    }
    relay_.emplace(
        Words{kBin + "daybook-relay", "serve", "--data", path("log"), "--listen", "127.0.0.1:0"});
    const std::string line = relay_->wait_for_line("listening on ");
    REQUIRE_FALSE(line.empty());
    relay_url_ = "http://" + line.substr(line.rfind(' ') + 1);
    done(
        {kBin + "daybook-rebuild", "send", "--head-office", path("office"), "--relay", relay_url_});
    std::ifstream in(path("office/head-office.pub"));
    std::string key;
    in >> key;
    for (int i = 0; i < 2; ++i) {
      till(i, {"join", "--relay", relay_url_, "--head-office", key});
      till(i, {"settings", "--sale-per-point", "1.00", "--point-worth", "0.01", "--member-key-file",
               path("member.key")});
      till(i, {"open", "--day", "2026-03-02", "--receive", "133=400", "134=100", "135=100"});
    }
    for (int m = 0; m < members; ++m) till(0, {"ring", "--line", "145", "--member", phone(m)});
    for (int i = 0; i < 2; ++i) till(i, {"close"});
    night();
  }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  Words command(int number, const Words& words) const {
    Words argv = {kBin + "daybook-till", words.front(), "--journal",
                  path("till-" + std::to_string(number) + ".db")};
    argv.insert(argv.end(), words.begin() + 1, words.end());
    return argv;
  }
  std::string till(int number, const Words& words) const { return done(command(number, words)); }
  test::Outcome redeem(int number, int member, int points) const {
    return test::run(command(number, {"ring", "--line", "145", "--member", phone(member),
                                      "--points", std::to_string(points)}));
  }

  void start_service(const Words& more = {}) {
    Words argv = {kBin + "daybook-rebuild",
                  "serve",
                  "--head-office",
                  path("office"),
                  "--books",
                  path("books.db"),
                  "--holds",
                  path("holds.db"),
                  "--listen",
                  "127.0.0.1:" + std::to_string(port_)};
    argv.insert(argv.end(), more.begin(), more.end());
    service_.emplace(argv);
    const std::string line = service_->wait_for_line("listening on ");
    REQUIRE_FALSE(line.empty());
    port_ = std::stoi(line.substr(line.rfind(':') + 1));
  }
  void kill_service() {
    service_->signal(SIGKILL);
    service_->wait();
    service_.reset();
  }
  std::string service_url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  void night() const {
    for (int i = 0; i < 2; ++i) till(i, {"send", "--relay", relay_url_});
    done({kBin + "daybook-rebuild", "replay", "--relay", relay_url_, "--head-office",
          path("office"), "--books", path("books.db")});
    done({kBin + "daybook-rebuild", "verify", "--books", path("books.db")});
  }
  Json holds() const {
    return Json::parse(done({kBin + "daybook-rebuild", "holds", "--holds", path("holds.db"),
                             "--books", path("books.db"), "--json"}));
  }
  // Points redeemed on the open day, by the till's own sum.
  int redeemed(int number) const {
    const Json day = Json::parse(till(number, {"show", "day", "--json"}));
    const std::string text = day.at("tenders").value("points", "0.00");
    return static_cast<int>(
        core::parse_money(text, core::Currency::parse("USD").value()).value().minor);
  }

 private:
  test::TempDir dir_;
  std::optional<test::Process> relay_;
  std::string relay_url_;
  std::optional<test::Process> service_;
  int port_ = 0;
};

}  // namespace

TEST_CASE("two tills ring the same member's last points up at once: one of them sells") {
  constexpr int kRounds = 6;
  PointsFleet fleet(kRounds + 1);
  fleet.start_service({"--allowance-member", "100", "--allowance-total", "150"});
  for (int i = 0; i < 2; ++i) {
    fleet.till(i, {"open", "--day", "2026-03-03", "--receive", "133=400", "134=100", "135=100"});
    const std::string said = fleet.till(i, {"points-service", "--url", fleet.service_url()});
    CHECK(said.find("allowance through 2026-03-05: 100 points of a member and 150 in all") !=
          std::string::npos);
  }
  int sold = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::array<test::Outcome, 2> outcomes;
    std::thread other([&] { outcomes[1] = fleet.redeem(1, round, kEarned); });
    outcomes[0] = fleet.redeem(0, round, kEarned);
    other.join();
    int winners = 0;
    for (const auto& outcome : outcomes) {
      CHECK_MESSAGE((outcome.status == 0 || outcome.status == 1), outcome.err);
      winners += outcome.status == 0 ? 1 : 0;
      if (outcome.status != 0) {
        CHECK_MESSAGE(outcome.err.find("has 0 points that can pay now") != std::string::npos,
                      outcome.err);
      }
    }
    CHECK(winners == 1);
    sold += winners;
  }
  CHECK(sold == kRounds);
  CHECK(fleet.holds().size() == kRounds);
  // The service dies: each till goes on up to its own allowance, and no further.
  fleet.kill_service();
  for (int i = 0; i < 2; ++i) {
    const auto first = fleet.redeem(i, 0, 100);  // of a member that has nothing left
    CHECK_MESSAGE(first.status == 0, first.err);
    CHECK(first.out.find("under the day's allowance") != std::string::npos);
    const auto more = fleet.redeem(i, 0, 1);
    CHECK(more.status == 1);
    CHECK(more.err.find("does not cover 1") != std::string::npos);
    CHECK(fleet.redeem(i, 1, 51).status == 1);
    CHECK(fleet.redeem(i, 1, 50).status == 0);
  }
  CHECK(fleet.redeemed(0) + fleet.redeemed(1) == kRounds * kEarned + 2 * 150);
  // What is pending is told when it is back, and the closings end all holds.
  fleet.start_service({"--allowance-member", "100", "--allowance-total", "150"});
  for (int i = 0; i < 2; ++i) {
    const std::string said = fleet.till(i, {"points-service"});
    CHECK(said.find("used of it today 150 points\nholds to release 0") != std::string::npos);
  }
  CHECK(fleet.holds().size() == kRounds);
  for (int i = 0; i < 2; ++i) fleet.till(i, {"close"});
  fleet.night();
  CHECK(fleet.holds().empty());
  for (int i = 0; i < 2; ++i) {
    fleet.till(i, {"open", "--day", "2026-03-04"});
    fleet.till(i, {"check"});
  }
  // Overdrawn by what was redeemed twice, plus what the sales since then earned.
  const auto refused = fleet.redeem(0, 0, kEarned * 3);
  CHECK(refused.status == 1);
  CHECK(refused.err.find("points that can pay now, not 1500") != std::string::npos);
}

TEST_CASE("a screen's till that is killed with points tendered gives them back when it is there") {
  PointsFleet fleet(1);
  fleet.start_service();
  const std::string socket = fleet.path("till.sock");
  for (int i = 0; i < 2; ++i) {
    fleet.till(i, {"open", "--day", "2026-03-03", "--receive", "133=400", "134=100", "135=100"});
    fleet.till(i, {"points-service", "--url", fleet.service_url()});
  }
  const auto ask = [&](const std::string& target, const Json& body) {
    till::api::HttpClient client(socket);
    const auto answer =
        client.ask(body.is_null() ? "GET" : "POST", target, body.is_null() ? "" : body.dump(), {});
    REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().what));
    CHECK_MESSAGE(answer->status < 300, answer->body);
    return Json::parse(answer->body);
  };
  for (int round = 0; round < 5; ++round) {
    test::Process till(fleet.command(0, {"run", "--socket", socket}));
    REQUIRE_FALSE(till.wait_for_line("till.sock").empty());
    // Whatever the life before left is released between two requests.
    for (int i = 0; i < 100 && !fleet.holds().empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    CHECK(fleet.holds().empty());
    const std::string id = "00000000-0000-4000-8000-00000000000" + std::to_string(round);
    ask("/v1/receipts", {{"id", id}});
    ask("/v1/receipts/current/lines", {{"product", 145}, {"quantity", "1"}});
    ask("/v1/receipts/current/member", {{"phone", phone(0)}});
    const Json paid =
        ask("/v1/receipts/current/tenders", {{"kind", "points"}, {"points", kEarned}});
    CHECK(paid["due"] == "495.00");
    CHECK(fleet.holds().size() == 1);
    const auto elsewhere = fleet.redeem(1, 0, 1);
    CHECK(elsewhere.status == 1);
    if (round == 3) {  // taken back, and given up: it is free without any kill
      ask("/v1/receipts/current/tenders/1/take-back", Json::object());
      for (int i = 0; i < 100 && !fleet.holds().empty(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
      CHECK(fleet.holds().empty());
      ask("/v1/receipts/current/tenders", {{"kind", "points"}, {"points", 1}});
      ask("/v1/receipts/current/abort", Json::object());
    }
    if (round == 4) {  // sold: it stays held until the closing is in the books
      ask("/v1/receipts/current/tenders", {{"kind", "cash"}});
      ask("/v1/receipts/" + id + "/finish", Json::object());
    }
    till.signal(SIGKILL);
    REQUIRE(till.wait().status == 128 + SIGKILL);
  }
  CHECK(fleet.holds().size() == 1);
  CHECK(fleet.redeemed(0) == kEarned);
  fleet.till(0, {"points-service"});
  CHECK(fleet.holds().size() == 1);
  for (int i = 0; i < 2; ++i) {
    fleet.till(i, {"check"});
    fleet.till(i, {"close"});
  }
  fleet.night();
  CHECK(fleet.holds().empty());
}
