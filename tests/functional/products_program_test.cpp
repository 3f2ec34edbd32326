// Two shops invent the same product on one morning, the real programs: tills, relay, rebuild.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using Json = nlohmann::json;
using test::Outcome;
using Words = std::vector<std::string>;

namespace {

const std::string kCode = "4006381333931";
// Store 4 and store 5, till 1, epoch 1, the first product of each.
const std::string kOfFour = std::to_string((std::uint64_t{1} << 52) + (std::uint64_t{4} << 34) +
                                           (1u << 24) + (1u << 16) + 1);
const std::string kOfFive = std::to_string((std::uint64_t{1} << 52) + (std::uint64_t{5} << 34) +
                                           (1u << 24) + (1u << 16) + 1);

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

// A head office, its relay, and till 1 in stores 4 and 5.
class Company {
 public:
  Company() {
    rebuild("init", {"--dir", path("office"), "--origin", "shops/log"});
    const Outcome made =
        test::run({program("daybook-relay"), "init", path("log"), "--origin", "shops/log",
                   "--head-office", path("office") + "/head-office.pub"});
    REQUIRE(made.status == 0);
    rebuild("log-key", {"--dir", path("office"), "--key", made.out.substr(0, made.out.find('\n'))});
    relay_.emplace(
        Words{program("daybook-relay"), "serve", "--data", path("log"), "--listen", "127.0.0.1:0"});
    const std::string line = relay_->wait_for_line("listening on ");
    REQUIRE_FALSE(line.empty());
    url_ = "http://" + line.substr(line.rfind(' ') + 1);
    for (const std::string store : {"4", "5"}) {
      till(store, "init",
           {"--store", store, "--till", "1", "--origin", "shops/log", "--catalog",
            std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json", "--request",
            path("request-" + store)});
      rebuild("enrol", {"--dir", path("office"), "--request", path("request-" + store)});
    }
    send();
    const std::string key = test::run({"cat", path("office") + "/head-office.pub"}).out;
    for (const std::string store : {"4", "5"}) {
      till(store, "join",
           {"--relay", url_, "--head-office", key.substr(0, key.find_first_of("\n"))});
    }
  }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  Outcome try_till(const std::string& store, const std::string& command, Words more) const {
    Words words = {program("daybook-till"), command, "--journal", path("till-" + store)};
    words.insert(words.end(), more.begin(), more.end());
    return test::run(words);
  }
  std::string till(const std::string& store, const std::string& command, Words more) const {
    const Outcome outcome = try_till(store, command, std::move(more));
    REQUIRE_MESSAGE(outcome.status == 0, command << ": " << outcome.err);
    return outcome.out;
  }
  Outcome try_rebuild(const std::string& command, Words more) const {
    more.insert(more.begin(), {program("daybook-rebuild"), command});
    return test::run(more);
  }
  std::string rebuild(const std::string& command, Words more) const {
    const Outcome outcome = try_rebuild(command, std::move(more));
    REQUIRE_MESSAGE(outcome.status == 0, command << ": " << outcome.err);
    return outcome.out;
  }
  void send() const { rebuild("send", {"--head-office", path("office"), "--relay", url_}); }
  void replay() const {
    rebuild("replay",
            {"--relay", url_, "--head-office", path("office"), "--books", path("books.db")});
  }
  // Signs, sends and replays.
  void decide(const std::string& command, Words more) const {
    more.insert(more.begin(), {"--head-office", path("office"), "--books", path("books.db")});
    const std::string out = rebuild(command, std::move(more));
    CHECK(says(out, "signed; not sent"));
    send();
    replay();
  }
  std::string figures() const {
    return rebuild("figures", {"--books", path("books.db"), "--by", "product", "--output", "csv"});
  }
  Json products(int status) const {
    const Outcome outcome = try_rebuild("products", {"--books", path("books.db"), "--json"});
    CHECK(outcome.status == status);
    return Json::parse(outcome.out);
  }
  void day(const std::string& store, const std::string& date, const Words& lines) const {
    till(store, "open", {"--day", date});
    for (const std::string& line : lines) till(store, "ring", {"--line", line});
    till(store, "close", {});
    till(store, "check", {});
    till(store, "send", {"--relay", url_});
  }
  std::string url() const { return url_; }

 private:
  static std::string program(const std::string& name) {
    return std::string(DAYBOOK_BIN_DIR) + "/" + name;
  }
  test::TempDir dir_;
  std::optional<test::Process> relay_;
  std::string url_;
};

}  // namespace

TEST_CASE("two shops mint one GTIN on one morning, and figures show one product") {
  Company company;
  for (const std::string store : {"4", "5"}) {
    const std::string name = store == "4" ? "Plum jam" : "Jam, plum";
    const auto made =
        Json::parse(company.till(store, "mint",
                                 {"--name", name, "--price", store == "4" ? "3.40" : "3.50",
                                  "--tax", "1", "--gtin", kCode, "--whole", "--json"}));
    CHECK(made[0]["id"].dump() == (store == "4" ? kOfFour : kOfFive));
    company.day(store, "2026-03-02", {"barcode:" + kCode + "x2"});
  }
  company.replay();
  CHECK(company.figures() == "product,currency,sold,net\r\n" + kOfFour + ",USD,4.000,13.80\r\n");
  Json products = company.products(0);
  REQUIRE(products["products"].size() == 2);
  CHECK(products["products"][1]["goes_by"].dump() == kOfFour);
  CHECK(products["products"][1]["price_minor"] == 350);  // each shop has its own
  CHECK(products["conflicts"].empty());

  // A day later the definition is not told again, and a third product looks like it.
  company.till("5", "mint", {"--name", "Plum jamm", "--price", "3.00", "--tax", "1", "--whole"});
  const std::string third = std::to_string(std::stoull(kOfFive) + 1);
  company.day("4", "2026-03-03", {kOfFour + "x1"});
  company.day("5", "2026-03-03", {third + "x1"});
  company.replay();
  products = company.products(0);
  CHECK(products["products"].size() == 3);
  CHECK(products["idle"].empty());
  REQUIRE(products["proposals"].size() == 1);
  CHECK(products["proposals"][0]["other"].dump() == third);
  const std::string apart = "product,currency,sold,net\r\n" + kOfFour + ",USD,5.000,17.20\r\n" +
                            third + ",USD,1.000,3.00\r\n";
  CHECK(company.figures() == apart);

  // Head office merges by name, and takes it back.
  company.decide("merge", {"--product", third, "--into", kOfFour});
  CHECK(company.figures() == "product,currency,sold,net\r\n" + kOfFour + ",USD,6.000,20.20\r\n");
  products = company.products(0);
  REQUIRE(products["decisions"].size() == 1);
  const std::string bulletin = products["decisions"][0]["bulletin"];
  CHECK(products["proposals"].empty());
  const Outcome twice = company.try_rebuild(
      "merge", {"--head-office", company.path("office"), "--books", company.path("books.db"),
                "--product", third, "--into", kOfFour});
  CHECK(twice.status == 1);
  CHECK(says(twice.err, "already"));
  company.decide("undo", {"--bulletin", bulletin});
  CHECK(company.figures() == apart);
  CHECK(company.products(0)["decisions"][0]["in_effect"] == "no");
  company.decide("split", {"--product", kOfFive});
  CHECK(company.figures() == "product,currency,sold,net\r\n" + kOfFour + ",USD,3.000,10.20\r\n" +
                                 kOfFive + ",USD,2.000,7.00\r\n" + third + ",USD,1.000,3.00\r\n");
  CHECK(company
            .try_rebuild("verify", {"--books", company.path("books.db"), "--relay", company.url(),
                                    "--head-office", company.path("office")})
            .status == 0);
}

TEST_CASE("one GTIN for two really different products is a conflict, until head office decides") {
  Company company;
  company.till("4", "mint",
               {"--name", "Plum jam", "--price", "3.40", "--tax", "1", "--gtin", kCode});
  company.till("5", "mint", {"--name", "Paint", "--price", "9.90", "--tax", "1", "--gtin", kCode});
  company.day("4", "2026-03-02", {kOfFour + "x1"});
  company.day("5", "2026-03-02", {kOfFive + "x1"});
  company.replay();
  const std::string apart = "product,currency,sold,net\r\n" + kOfFive + ",USD,1.000,9.90\r\n" +
                            kOfFour + ",USD,1.000,3.40\r\n";
  CHECK(company.figures() == apart);
  const Json products = company.products(1);
  REQUIRE(products["conflicts"].size() == 1);
  CHECK(products["conflicts"][0]["gtin"] == "0" + kCode);
  CHECK(products["conflicts"][0]["why"] == "no word in both names");
  const Outcome text = company.try_rebuild("products", {"--books", company.path("books.db")});
  CHECK(text.status == 1);
  CHECK(says(text.out, "Conflicts: one GTIN, really different products"));
  company.decide("split", {"--product", kOfFive});
  company.products(0);
  CHECK(company.figures() == apart);
}

TEST_CASE("what cannot be minted, merged or undone is refused with its reason and status") {
  Company company;
  const auto refused = [&](const Words& more, int status, const std::string& why) {
    const Outcome outcome = company.try_till("4", "mint", more);
    CHECK(outcome.status == status);
    CHECK_MESSAGE(says(outcome.err, why), outcome.err);
  };
  refused({"--price", "1.00", "--tax", "1"}, 2, "--name");
  refused({"--name", "a", "--price", "1.00", "--tax", "77"}, 1, "no tax code 77");
  refused({"--name", "a", "--price", "1.00", "--tax", "1", "--gtin", "4006381333932"}, 1,
          "check digit");
  company.replay();
  const auto decision = [&](const std::string& command, Words more, const std::string& why) {
    more.insert(more.begin(),
                {"--head-office", company.path("office"), "--books", company.path("books.db")});
    const Outcome outcome = company.try_rebuild(command, more);
    CHECK(outcome.status == 1);
    CHECK_MESSAGE(says(outcome.err, why), outcome.err);
  };
  decision("merge", {"--product", kOfFour, "--into", "133"}, "know of no product " + kOfFour);
  decision("split", {"--product", kOfFour}, "know of no product " + kOfFour);
  decision("undo", {"--bulletin", "1/1"}, "no decision on products that is bulletin 1/1");
  const Outcome none = company.try_rebuild("products", {"--books", company.path("books.db")});
  CHECK(none.status == 0);
  CHECK(none.out == "no products were minted\n");
  for (const std::string command : {"products", "merge", "split", "undo"}) {
    CHECK(says(company.try_rebuild(command, {"--help"}).out, "Example"));
  }
}
