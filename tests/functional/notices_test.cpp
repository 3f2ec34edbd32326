// What head office tells its tills, played with the real programs: prices, deliveries, staff and
// firmware come whole, in order, from head office alone, and to those whom they are for.
#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "core/base/random.h"
#include "tests/functional/company.h"

using test::Company;
using test::Outcome;
using test::says;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// A company whose tills have what head office says.
struct Chain : Company {
  Outcome tell(std::vector<std::string> words) {
    words.insert(words.begin() + 1, {"--head-office", path("ho")});
    return office(words);
  }
  void told(const std::vector<std::string>& words) { good(tell(words)); }
  // Signed, sent, and fetched by these.
  void reaches(const std::vector<std::string>& journals) {
    good(send());
    for (const std::string& journal : journals) good(fetch(journal));
  }
  Outcome fetch(const std::string& journal) { return till(journal, {"fetch", "--relay", url}); }
  void catalog() {
    told({"catalog", "--from", "2026-03-01", "--catalog",
          std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json"});
  }
  void add_store(const std::string& journal, const std::string& store) {
    fs::remove(dir / "request");
    ask(journal, store, "1");
    good(office({"enrol", "--dir", path("ho"), "--request", path("request")}));
    good(send());
    good(till(journal, {"join", "--relay", url, "--head-office", root_hex()}));
  }
  void open(const std::string& journal, const std::string& day) {
    good(till(journal, {"open", "--day", day}));
  }
  // What a product costs now, as a sale of it says.
  std::string price_of(const std::string& journal, const std::string& product) {
    const Outcome rung = till(journal, {"ring", "--line", product + "x1"});
    const std::size_t at = rung.out.find("total ");
    return at == std::string::npos
               ? rung.out + rung.err
               : rung.out.substr(at + 6, rung.out.find_first_of(" \n", at + 6) - at - 6);
  }
  Json feeds(const std::string& journal) {
    return Json::parse(good(till(journal, {"show", "notices", "--json"})));
  }
};

void write(const fs::path& file, const std::string& text) {
  std::ofstream(file) << text;
}

}  // namespace

TEST_CASE("a price holds from its day on, and a store's own above everybody's") {
  Chain chain;
  chain.add_store("five", "5");
  chain.catalog();
  chain.told({"price", "--from", "2026-03-03", "145=450.00"});
  chain.told({"price", "--from", "2026-03-02", "--store", "4", "145=480.00"});
  chain.reaches({"till", "five"});
  chain.open("till", "2026-03-02");
  chain.open("five", "2026-03-02");
  CHECK(chain.price_of("till", "145") == "480.00");
  CHECK(chain.price_of("five", "145") == "500.00");
  CHECK(chain.feeds("five")[1].at("waiting") == 1);
  for (const char* journal : {"till", "five"}) {
    chain.good(chain.till(journal, {"close"}));
    chain.open(journal, "2026-03-03");
  }
  CHECK(chain.price_of("till", "145") == "480.00");
  CHECK(chain.price_of("five", "145") == "450.00");
  // Taken back, the store has what all have.
  chain.told({"price", "--from", "2026-03-03", "--store", "4", "145="});
  chain.reaches({"till"});
  CHECK(chain.price_of("till", "145") == "450.00");
  CHECK(chain.fetch("till").out == "notices: 0 fetched, 0 came into force\n");
  chain.good(chain.till("till", {"check"}));
}

TEST_CASE("an earlier day said later takes its place before what is still to come") {
  Chain chain;
  chain.add_store("five", "5");
  chain.catalog();
  chain.told({"price", "--from", "2026-03-05", "145=450.00"});
  chain.reaches({"five"});
  // Meanwhile, and for today; what was announced is signed again behind it.
  CHECK(says(chain.good(chain.tell({"price", "--from", "2026-03-02", "145=510.00"})),
             "signed 2 notices"));
  chain.reaches({"till", "five"});
  for (const char* journal : {"till", "five"}) {
    chain.open(journal, "2026-03-02");
    CHECK(chain.price_of(journal, "145") == "510.00");
    chain.good(chain.till(journal, {"close"}));
    chain.open(journal, "2026-03-05");
    CHECK(chain.price_of(journal, "145") == "450.00");
  }
}

TEST_CASE(
    "nobody but its tills reads a notice, and a till whose key was taken back reads no more") {
  Chain chain;
  chain.add_store("five", "5");
  chain.catalog();
  chain.told({"price", "--from", "2026-03-02", "--store", "5", "145=470.00"});
  chain.reaches({"till", "five"});
  // Products' names are in no file of the relay.
  for (const auto& entry : fs::recursive_directory_iterator(chain.dir / "log")) {
    if (!entry.is_regular_file()) continue;
    const core::Bytes bytes = test::read_file(entry.path());
    CHECK_FALSE(says(std::string(core::as_text(bytes)), "Patio"));
  }
  CHECK(chain.feeds("till")[2].at("epoch") == 0);  // the other store's price is not for it
  chain.good(chain.office(
      {"revoke", "--dir", chain.path("ho"), "--store", "5", "--till", "1", "--nothing"}));
  CHECK(says(chain.good(chain.send()), "signed keys for 1 tills"));
  chain.told({"price", "--from", "2026-03-02", "145=460.00"});
  chain.reaches({"till"});
  const Outcome thief = chain.fetch("five");
  CHECK(thief.status != 0);
  CHECK(says(thief.err, "nobody's who is on the roster"));
  chain.open("till", "2026-03-02");
  CHECK(chain.price_of("till", "145") == "460.00");
}

TEST_CASE("the key of every day leaks: tills take the next one from the roster, and go on") {
  Chain chain;
  chain.catalog();
  chain.reaches({"till"});
  fs::copy(chain.dir / "ho", chain.dir / "thief", fs::copy_options::recursive);
  chain.good(
      chain.office({"office-key", "--dir", chain.path("ho"), "--root", chain.path("safe.key")}));
  chain.told({"price", "--from", "2026-03-02", "145=490.00"});
  chain.reaches({"till"});
  // What the thief signs then goes nowhere.
  chain.good(chain.office(
      {"price", "--head-office", chain.path("thief"), "--from", "2026-03-02", "145=1.00"}));
  CHECK(chain.office({"send", "--head-office", chain.path("thief"), "--relay", chain.url}).status !=
        0);
  chain.good(chain.fetch("till"));
  chain.open("till", "2026-03-02");
  CHECK(chain.price_of("till", "145") == "490.00");
}

TEST_CASE("a delivery is checked against its note, and the opening says what differs") {
  Chain chain;
  chain.catalog();
  chain.told({"dispatch", "--from", "2026-03-02", "--store", "4", "--note", "17", "--day",
              "2026-03-02", "133=20", "134=5"});
  chain.reaches({"till"});
  const Outcome unknown = chain.till("till", {"open", "--day", "2026-03-02", "--note", "18"});
  CHECK(unknown.status != 0);
  CHECK(says(unknown.err, "head office has told of no dispatch note 18"));
  chain.good(chain.till(
      "till", {"open", "--day", "2026-03-02", "--note", "17", "--receive", "133=18", "135=1"}));
  CHECK(says(chain.good(chain.till("till", {"show", "dispatched"})), "note 17"));
  chain.good(chain.till("till", {"close"}));
  const Outcome twice = chain.till("till", {"open", "--day", "2026-03-03", "--note", "17"});
  CHECK(says(twice.err, "was received already"));
  chain.good(chain.deliver("till"));
  chain.good(chain.replay());

  // As head office reads it.
  const auto log = chain.office({"deliveries", "--books", chain.path("b.db"), "--json"});
  const Json rows = Json::parse(chain.good(log));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].at("product") == 133);
  CHECK(rows[0].at("difference") == "-2.000");
  CHECK(rows[1].at("product") == 135);
  CHECK(rows[1].at("difference") == "1.000");
  CHECK(rows[1].at("notes") == Json({17}));
}

TEST_CASE("staff that head office names signs on with the PIN, and with no other") {
  Chain chain;
  chain.catalog();
  write(chain.dir / "pin", "470182\n");
  fs::permissions(chain.dir / "pin", fs::perms::owner_read | fs::perms::owner_write);
  // A till with a cashier alone would be nobody's to run: it stays as it is, and says so.
  chain.told({"staff", "--store", "4", "--from", "2026-03-02", "--operator", "7", "--name", "Bo",
              "--role", "cashier", "--new-pin-file", chain.path("pin")});
  chain.good(chain.send());
  chain.open("till", "2026-03-02");
  const Outcome refused = chain.fetch("till");
  CHECK(refused.status != 0);
  CHECK(says(refused.err, "no active manager would be left"));
  CHECK(chain.price_of("till", "145") == "500.00");
  // Said with a manager, and all again.
  chain.told({"staff", "--store", "4", "--from", "2026-03-02", "--operator", "1", "--name", "Ann",
              "--role", "manager", "--new-pin-file", chain.path("pin")});
  chain.told({"notices", "--store", "4", "--whole"});
  chain.reaches({"till"});
  CHECK(chain.till("till", {"ring", "--line", "145x1"}).status != 0);
  chain.good(chain.till(
      "till", {"ring", "--line", "145x1", "--operator", "7", "--pin-file", chain.path("pin")}));
  chain.good(chain.till("till", {"check"}));
}

TEST_CASE("a till that missed 130 changes catches up with what was said last") {
  Chain chain;
  chain.catalog();
  for (int i = 1; i <= 130; ++i) {
    chain.told({"price", "--from", "2026-03-02", "145=" + std::to_string(100 + i) + ".00"});
  }
  chain.good(chain.send());
  const std::string caught_up = chain.good(chain.fetch("till"));
  // Its keys, the last notice of all, and at most 64 changes behind that.
  std::istringstream words(caught_up.substr(caught_up.find(' ')));
  int fetched = 0;
  words >> fetched;
  CHECK(fetched >= 2);
  CHECK(fetched <= 66);
  chain.open("till", "2026-03-02");
  CHECK(chain.price_of("till", "145") == "230.00");
}

TEST_CASE("what is too large for a message comes in pieces, all of it or none") {
  Chain chain;
  chain.catalog();
  std::string table = "product,name,price,barcodes\n";
  for (int i = 1000; i < 21000; ++i) {
    table += std::to_string(i) + ",A product with a long name number " + std::to_string(i) + ",1." +
             std::to_string(10 + i % 90) + ",\n";
  }
  write(chain.dir / "products.csv", table);
  CHECK(says(chain.good(chain.tell({"import", "--from", "2026-03-02", "--csv",
                                    chain.path("products.csv"), "--tax", "1"})),
             "pieces beside them"));
  chain.good(chain.send());
  // One of them is lost at the relay.
  std::vector<fs::path> pieces;
  for (const auto& entry : fs::directory_iterator(chain.dir / "log" / "blobs")) {
    if (entry.path().filename().string().size() == 64) pieces.push_back(entry.path());
  }
  REQUIRE(pieces.size() > 1);
  fs::rename(pieces[0], chain.dir / "lost");
  CHECK(chain.fetch("till").status != 0);
  chain.open("till", "2026-03-02");
  CHECK(chain.till("till", {"ring", "--line", "1000x1"}).status != 0);
  fs::rename(chain.dir / "lost", pieces[0]);
  // Whatever is killed on the way, it is whole in the end.
  core::Random random(20261128);
  int kills = 0;
  for (int i = 0; i < 12; ++i) {
    test::Process fetch({std::string(DAYBOOK_BIN_DIR) + "/daybook-till", "fetch", "--relay",
                         chain.url, "--journal", chain.path("till")});
    std::this_thread::sleep_for(std::chrono::milliseconds(random.between(1, 120)));
    fetch.signal(SIGKILL);
    kills += fetch.wait().status == 128 + SIGKILL ? 1 : 0;
    const bool has_one = chain.till("till", {"ring", "--line", "1000x1"}).status == 0;
    const bool has_last = chain.till("till", {"ring", "--line", "20999x1"}).status == 0;
    CHECK(has_one == has_last);
  }
  CHECK(kills > 0);
  chain.good(chain.fetch("till"));
  CHECK(chain.price_of("till", "20999") == "1.39");
  chain.good(chain.till("till", {"check"}));
}

TEST_CASE("a table with bad rows is refused by the line, and nothing of it is signed") {
  Chain chain;
  chain.catalog();
  write(chain.dir / "bad.csv",
        "product_id,product_type,price,tax\n"
        "200,Spade,9.50,1\n"
        "x,Rake,9.50,1\n"
        "201,,9.50,1\n"
        "202,Hoe,9.505,1\n"
        "203,Fork,9.50,7\n"
        "200,Spade again,9.50,1\n"
        "204,Trowel,9.50\n");
  const std::vector<std::string> words{"import",
                                       "--from",
                                       "2026-03-02",
                                       "--csv",
                                       chain.path("bad.csv"),
                                       "--column",
                                       "product=product_id",
                                       "--column",
                                       "name=product_type"};
  const Outcome refused = chain.tell(words);
  CHECK(refused.status != 0);
  for (const char* line :
       {":3: product 'x'", ":4: a product without a name", ":5: ", ":6: tax code 7",
        ":7: product 200 is in the table twice", ":8: 3 fields where 4"}) {
    CHECK_MESSAGE(says(refused.err, line), line, refused.err);
  }
  const Json list = Json::parse(chain.good(chain.tell({"notices", "--json"})));
  CHECK(list.size() == 1);
  write(chain.dir / "good.csv", "product_id,product_type,price,tax\n200,Spade,9.50,1\n");
  std::vector<std::string> good = words;
  good[4] = chain.path("good.csv");
  chain.told(good);
  chain.reaches({"till"});
  chain.open("till", "2026-03-02");
  CHECK(chain.price_of("till", "200") == "9.50");
}

TEST_CASE("a firmware is announced, and fetched whole") {
  Chain chain;
  chain.catalog();
  std::string image(1'500'000, 'x');
  for (std::size_t i = 0; i < image.size(); ++i)
    image[i] = static_cast<char>(i * 2654435761U >> 13);
  write(chain.dir / "image", image);
  CHECK(chain.till("till", {"firmware", "--relay", chain.url, "--out", chain.path("out")}).status !=
        0);
  chain.told(
      {"firmware", "--from", "2026-03-02", "--file", chain.path("image"), "--version", "2.1"});
  chain.open("till", "2026-03-02");
  chain.reaches({"till"});
  chain.good(chain.till("till", {"firmware", "--relay", chain.url, "--out", chain.path("out")}));
  CHECK(test::read_file(chain.dir / "out") == core::to_bytes(core::as_bytes(image)));
}

TEST_CASE("a till that stays open hears of a price by itself") {
  Chain chain;
  chain.catalog();
  chain.told({"price", "--from", "2026-03-02", "145=470.00"});
  chain.good(chain.send());
  chain.open("till", "2026-03-02");
  // It asks when it starts; how long that takes is the machine's business.
  bool heard = false;
  for (int round = 0; round < 20 && !heard; ++round) {
    test::Process run({std::string(DAYBOOK_BIN_DIR) + "/daybook-till", "run", "--journal",
                       chain.path("till"), "--http", "127.0.0.1:0", "--relay", chain.url});
    REQUIRE_FALSE(run.wait_for_line("listening on").empty());
    std::this_thread::sleep_for(std::chrono::milliseconds(500 * (round + 1)));
    run.signal(SIGTERM);
    CHECK(run.wait().status == 0);
    heard = chain.feeds("till")[1].at("epoch") == 1;
  }
  CHECK(heard);
  CHECK(chain.price_of("till", "145") == "470.00");
}

TEST_CASE(
    "what tills could not read is refused before it is signed, and nothing holds up a revocation") {
  Chain chain;
  chain.catalog();
  write(chain.dir / "latin1.csv", "product,name,tax\n200,Ma\xdfkrug,1\n");
  CHECK(says(chain.tell({"import", "--csv", chain.path("latin1.csv")}).err,
             "tills could not read this"));
  CHECK(chain
            .tell({"dispatch", "--store", "4", "--note", "1", "--day", "2026-03-02",
                   "133=4006381333931"})
            .status != 0);
  CHECK(chain
            .tell({"staff", "--store", "4", "--operator", "3", "--name", "A\x1b[2J", "--role",
                   "manager", "--new-pin-file", "-"})
            .status != 0);
  CHECK(chain
            .tell({"catalog", "--store", "4", "--catalog",
                   std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json"})
            .status == 2);
  chain.good(chain.send());  // head office reads its own notices as before

  // A piece is gone from head office's directory: what names it stays there, and says so.
  std::string table = "product,name,tax\n";
  for (int i = 1000; i < 3000; ++i)
    table += std::to_string(i) + ",A product " + std::to_string(i) + ",1\n";
  write(chain.dir / "many.csv", table);
  chain.told({"import", "--from", "2026-03-02", "--csv", chain.path("many.csv")});
  fs::remove_all(chain.dir / "ho" / "blobs");
  chain.good(chain.office(
      {"revoke", "--dir", chain.path("ho"), "--store", "4", "--till", "1", "--nothing"}));
  const Outcome sent = chain.send();
  CHECK(sent.status != 0);
  CHECK(says(sent.err, "notices were not sent"));
  const Outcome thief = chain.fetch("till");
  CHECK(says(thief.err, "nobody's who is on the roster"));
}

TEST_CASE("settings come from head office, and stay as it told them last") {
  Chain chain;
  chain.catalog();
  chain.told({"till-settings", "--from", "2026-03-02", "--sale-per-point", "2.00",
              "--delivery-cut-off", "30"});
  chain.told({"till-settings", "--from", "2026-03-02", "--point-worth", "0.05"});
  chain.open("till", "2026-03-02");
  chain.reaches({"till"});
  const std::string settings = chain.good(chain.till("till", {"settings"}));
  CHECK(says(settings, "sale for one point 2.00"));
  CHECK(says(settings, "worth of a point that pays 0.05"));
  CHECK(says(settings, "waits for its delivery 30 minutes"));
}
