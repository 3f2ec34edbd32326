// A till's key is changed while all is well, played with the real programs: the old key asks for
// the new one, head office enrols it, the till takes it at a quiet moment, and the old one ends.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "tests/functional/company.h"

using test::Company;
using test::Outcome;
using test::says;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kTaken = "the next key is in use";

struct Rotating : Company {
  Json status(const std::string& journal = "till") {
    return Json::parse(good(till(journal, {"show", "status", "--json"})));
  }
  std::uint64_t epoch(const std::string& journal = "till") {
    return status(journal).at("epoch").get<std::uint64_t>();
  }
  void check(const std::string& journal = "till") { good(till(journal, {"check"})); }
  void rotate(const std::string& journal = "till") { good(till(journal, {"rotate"})); }
  Outcome enrol_rotations() {
    return office({"enrol", "--rotations", "--dir", path("ho"), "--books", path("b.db"), "--json"});
  }
  Json rotations() { return Json::parse(good(enrol_rotations())); }
  // A day, delivered; what `send` said.
  std::string whole_day(const std::string& date, const std::string& journal = "till") {
    day(journal, date, "1");
    return good(deliver(journal));
  }
  // What head office does at night.
  Json night() {
    good(replay());
    Json done = rotations();
    good(send());
    return done;
  }
  // Till 4/1 has its second key, and head office does not know that it speaks.
  void rotated() {
    rotate();
    whole_day("2026-03-02");
    night();
    REQUIRE(says(whole_day("2026-03-03"), kTaken));
    REQUIRE(epoch() == 2);
  }
  Outcome verify() {
    good(replay());
    return office({"verify", "--books", path("b.db"), "--relay", url, "--head-office", path("ho")});
  }
  bool holds(const std::string& journal, const core::Bytes& secret) const {
    const std::string wanted(core::as_text(secret));
    for (const char* suffix : {"", "-wal"}) {
      const fs::path file = path(journal) + suffix;
      if (!fs::exists(file)) continue;
      const core::Bytes bytes = test::read_file(file);
      if (says(std::string(core::as_text(bytes)), wanted)) return true;
    }
    return false;
  }
  // A column of a journal that nobody has open.
  core::Bytes secret(const std::string& journal, const std::string& column) const {
    const Outcome found =
        test::run({"sqlite3", path(journal), "SELECT hex(" + column + ") FROM identity"});
    REQUIRE_MESSAGE(found.status == 0, found.err);
    std::string hex;
    for (const char c : found.out) {
      if (c != '\n') hex += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return core::from_hex(hex).value();
  }
};

}  // namespace

TEST_CASE("the old key asks, the new one goes on, and the old one ends when it has spoken") {
  Rotating shop;
  shop.whole_day("2026-03-02");
  shop.rotate();
  const std::string asked = shop.status().at("next_key");
  CHECK(asked.size() == 64);
  // Asked again it is the same key.
  CHECK(says(shop.good(shop.till("till", {"rotate"})), asked));
  shop.check();
  // Nothing was said of it yet.
  shop.good(shop.replay());
  CHECK(shop.rotations().at("enrolled").empty());

  CHECK_FALSE(says(shop.whole_day("2026-03-03"), kTaken));
  shop.good(shop.replay());
  const Json enrolled = shop.rotations();
  REQUIRE(enrolled.at("enrolled").size() == 1);
  CHECK(enrolled["enrolled"][0].at("store") == 4);
  CHECK(enrolled["enrolled"][0].at("epoch") == 2);
  CHECK(enrolled.at("ended").empty());
  CHECK(shop.rotations().at("enrolled").empty());
  shop.good(shop.send());
  CHECK(shop.epoch() == 1);

  // The next day is still the old key's: it is open when the till hears of the new one.
  shop.good(
      shop.till("till", {"open", "--day", "2026-03-04", "--receive", "133=16", "134=4", "135=4"}));
  CHECK_FALSE(says(shop.good(shop.deliver("till")), kTaken));
  CHECK(shop.status().at("next_epoch") == 2);
  shop.good(shop.till("till", {"ring", "--line", "145x1"}));
  shop.check();
  shop.good(shop.till("till", {"close"}));
  CHECK(shop.epoch() == 1);
  fs::copy_file(shop.dir / "till", shop.dir / "copy");
  CHECK(says(shop.good(shop.deliver("till")), kTaken));
  const Json after = shop.status();
  CHECK(after.at("epoch") == 2);
  CHECK(after.at("key") == asked);
  CHECK(after.at("next_key") == "");
  CHECK(after.at("last_sequence") == 0);
  CHECK(after.at("last_numbers").at("invoice") == 3);
  shop.check();

  shop.whole_day("2026-03-05");
  const Json ended = shop.night();
  CHECK(ended.at("enrolled").empty());
  REQUIRE(ended.at("ended").size() == 1);
  CHECK(ended["ended"][0].at("epoch") == 1);
  CHECK(ended["ended"][0].at("sequence") == 6);
  CHECK(shop.night() ==
        Json({{"enrolled", Json::array()}, {"ended", Json::array()}, {"refused", Json::array()}}));

  // Nothing is missing, jumps or is reversed, and nobody goes on under the old key.
  CHECK(shop.net() == 200000);
  CHECK(shop.office({"report", "--books", shop.path("b.db")}).status == 0);
  const Json report = shop.report();
  CHECK(report.at("number_jumps").empty());
  CHECK(report.at("revoked").empty());
  CHECK(
      shop.office({"completeness", "--books", shop.path("b.db"), "--as-of", "2026-03-06"}).status ==
      0);
  CHECK(shop.verify().status == 0);
  shop.day("copy", "2026-03-06", "1");
  const Outcome refused = shop.deliver("copy");
  CHECK(says(refused.out, "accepted 0, duplicate 1, refused 2"));
  CHECK(says(refused.err, "revoked"));
  CHECK(shop.epoch("copy") == 1);
  CHECK(shop.night().at("refused").empty());
  CHECK(shop.net() == 200000);

  // And once more, from the key that it has now.
  shop.rotate();
  shop.whole_day("2026-03-07");
  shop.night();
  shop.whole_day("2026-03-08");
  CHECK(shop.epoch() == 3);
  shop.whole_day("2026-03-09");
  CHECK(shop.night().at("ended").size() == 1);
  shop.check();
  CHECK(shop.net() == 350000);
  CHECK(shop.report().at("number_jumps").empty());
  CHECK(shop.verify().status == 0);
}

TEST_CASE("after so many days a till asks by itself") {
  Rotating shop;
  CHECK(says(shop.good(shop.till("till", {"settings", "--key-days", "3"})),
             "another key after 3 days"));
  shop.whole_day("2026-03-02");
  shop.whole_day("2026-03-04");
  CHECK(shop.status().at("next_key") == "");
  shop.whole_day("2026-03-05");
  CHECK(shop.status().at("next_key") != "");
  CHECK(shop.night().at("enrolled").size() == 1);
  shop.whole_day("2026-03-06");
  CHECK(shop.epoch() == 2);
  // The new key's days begin with its own first one.
  shop.whole_day("2026-03-09");
  shop.whole_day("2026-03-11");
  CHECK(shop.status().at("next_key") == "");
  shop.whole_day("2026-03-12");
  CHECK(shop.status().at("next_key") != "");
  CHECK(says(shop.good(shop.till("till", {"show", "audit"})), "key-asked"));
  CHECK(says(shop.good(shop.till("till", {"show", "audit"})), "key-taken"));
}

TEST_CASE("a till that stays open changes its key as well, and reads on with the new one") {
  Rotating shop;
  shop.rotate();
  shop.whole_day("2026-03-02");
  shop.night();
  shop.day("till", "2026-03-03", "1");
  {
    test::Process run({std::string(DAYBOOK_BIN_DIR) + "/daybook-till", "run", "--journal",
                       shop.path("till"), "--socket", shop.path("till.sock"), "--relay", shop.url});
    REQUIRE_FALSE(run.wait_for_line("listening on ").empty());
    // It sends, hears of its key, and takes it.
    for (int i = 0; i < 100; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      const Outcome status = test::run(
          {"curl", "-sS", "--unix-socket", shop.path("till.sock"), "http://localhost/v1/status"});
      REQUIRE_MESSAGE(status.status == 0, status.err);
      if (Json::parse(status.out).at("epoch") == 2) break;
    }
  }
  CHECK(shop.epoch() == 2);
  shop.check();
  shop.whole_day("2026-03-04");
  CHECK(shop.night().at("ended").size() == 1);
}

TEST_CASE(
    "a till that is offline while its key is enrolled delivers its backlog with the old one") {
  Rotating shop;
  shop.rotate();
  shop.whole_day("2026-03-02");
  CHECK(shop.night().at("enrolled").size() == 1);
  for (const char* date : {"2026-03-03", "2026-03-04", "2027-04-05"}) shop.day("till", date, "1");
  CHECK(shop.epoch() == 1);
  // A relay that is gone at first.
  CHECK(shop.till("till", {"send", "--relay", "http://127.0.0.1:9", "--attempts", "1"}).status ==
        1);
  CHECK(shop.epoch() == 1);
  CHECK(says(shop.good(shop.deliver("till")), kTaken));
  shop.whole_day("2027-04-06");
  CHECK(shop.night().at("ended").size() == 1);
  CHECK(shop.net() == 250000);
  CHECK(shop.report().at("number_jumps").empty());
  shop.check();
}

TEST_CASE("what head office tells reaches a till before, while and after its key is changed") {
  Rotating shop;
  shop.add_till("other", "2");
  const auto tell = [&](std::vector<std::string> words) {
    words.insert(words.begin() + 1, {"--head-office", shop.path("ho"), "--from", "2026-03-02"});
    return shop.good(shop.office(words));
  };
  const auto price = [&](const std::string& journal) {
    const Outcome rung = shop.till(journal, {"ring", "--line", "145x1"});
    return says(rung.out, "450.00") ? 450 : says(rung.out, "440.00") ? 440 : 500;
  };
  tell({"catalog", "--catalog", std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json"});
  shop.good(shop.send());
  shop.rotate();
  shop.whole_day("2026-03-02");
  shop.night();
  // Enrolled, and not taken yet: told under the keys that the till has.
  tell({"price", "145=450.00"});
  shop.good(shop.send());
  shop.good(shop.till("till", {"open", "--day", "2026-03-03"}));
  shop.deliver("till");
  CHECK(shop.epoch() == 1);
  CHECK(price("till") == 450);
  shop.good(shop.till("till", {"close"}));
  // What was passed over for the next key is read with the change.
  const auto own = [&] {
    const Json feeds = Json::parse(shop.good(shop.till("till", {"show", "notices", "--json"})));
    return feeds.at(0).at("sequence").get<std::uint64_t>();
  };
  const std::uint64_t before = own();
  CHECK(says(shop.good(shop.deliver("till")), kTaken));
  CHECK(own() > before);
  shop.good(shop.till("till", {"open", "--day", "2026-03-04"}));
  shop.deliver("till");
  // The old key ends: no till is told other keys for that.
  shop.good(shop.replay());
  REQUIRE(shop.rotations().at("ended").size() == 1);
  CHECK_FALSE(says(shop.good(shop.send()), "signed keys"));
  CHECK_FALSE(says(tell({"price", "145=440.00"}), "keys for"));
  shop.good(shop.send());
  shop.good(shop.till("till", {"fetch", "--relay", shop.url}));
  CHECK(price("till") == 440);
  const Json feeds = Json::parse(shop.good(shop.till("till", {"show", "notices", "--json"})));
  for (const Json& feed : feeds) CHECK(feed.at("waiting") == 0);
  // Another till is stolen: this one gets the next keys under its new ones.
  shop.good(shop.office(
      {"revoke", "--dir", shop.path("ho"), "--store", "4", "--till", "2", "--nothing"}));
  CHECK(says(tell({"price", "145=450.00"}), "keys for 1 tills"));
  shop.good(shop.send());
  shop.good(shop.till("till", {"fetch", "--relay", shop.url}));
  CHECK(price("till") == 450);
  shop.check();
}

TEST_CASE("a fire after the key was changed, also before anything was said with the new one") {
  for (const bool spoken : {false, true}) {
    CAPTURE(spoken);
    Rotating shop;
    fs::create_directory(shop.dir / "stick");
    shop.good(shop.till("till", {"settings", "--backup-to", shop.path("stick")}));
    shop.rotated();
    // The next command copies what waits.
    shop.good(shop.till("till", {"backup"}));
    shop.check();
    if (spoken) shop.whole_day("2026-03-04");
    shop.night();
    fs::remove(shop.dir / "till");
    fs::remove(shop.dir / "request");
    const Outcome recovered =
        shop.office({"recover", "--from", shop.path("stick"), "--till", "4/1", "--head-office",
                     shop.path("ho"), "--journal", shop.path("till"), "--request",
                     shop.path("request"), "--books", shop.path("b.db")});
    CHECK_MESSAGE(recovered.status == 0, recovered.out, recovered.err);
    shop.check();
    shop.good(shop.office({"enrol", "--dir", shop.path("ho"), "--request", shop.path("request")}));
    shop.good(shop.send());
    shop.good(shop.till("till", {"join", "--relay", shop.url, "--head-office", shop.root_hex()}));
    CHECK(shop.epoch() == 3);
    shop.whole_day("2026-03-09");
    shop.good(shop.till("till", {"check"}));
    shop.replay();
    CHECK(shop.net() == (spoken ? 200000 : 150000));
    // Recovered in the midst of it a till asks for nothing any more.
    CHECK(shop.status().at("next_key") == "");
  }
}

TEST_CASE("nothing of the old private keys stays in the journal") {
  Rotating shop;
  if (test::run({"sqlite3", "-version"}).status != 0) {
    MESSAGE("skipped: sqlite3 is missing");
    return;
  }
  const core::Bytes seed = shop.secret("till", "seed");
  const core::Bytes sealing = shop.secret("till", "sealing_key");
  CHECK(shop.holds("till", seed));
  shop.rotated();
  CHECK_FALSE(shop.holds("till", seed));
  CHECK_FALSE(shop.holds("till", sealing));
  CHECK(shop.holds("till", shop.secret("till", "seed")));
}

TEST_CASE("a message that is contradicted, or of a key that was revoked, asks in vain") {
  Rotating shop;
  shop.whole_day("2026-03-02");
  fs::copy_file(shop.dir / "till", shop.dir / "copy");
  // Both go on from one place, and both ask.
  shop.rotate("till");
  shop.rotate("copy");
  shop.whole_day("2026-03-03", "till");
  shop.whole_day("2026-03-03", "copy");
  CHECK(shop.replay().status == 1);
  CHECK(shop.rotations().at("enrolled").empty());
  // Head office finds out: the key is taken back, and whoever asks with it is refused by name.
  shop.good(shop.office({"revoke", "--dir", shop.path("ho"), "--store", "4", "--till", "1",
                         "--books", shop.path("b.db"), "--through", "2026-03-02"}));
  shop.replay();
  CHECK(shop.rotations().at("enrolled").empty());

  Rotating other;
  other.rotate();
  other.whole_day("2026-03-02");
  other.good(other.replay());
  other.good(other.office({"revoke", "--dir", other.path("ho"), "--store", "4", "--till", "1",
                           "--books", other.path("b.db")}));
  Json found = other.rotations();
  CHECK(found.at("enrolled").empty());
  REQUIRE(found.at("refused").size() == 1);
  CHECK(found["refused"][0].at("why") == "its key was revoked");
  // Its next journal has the next epoch, and the request of the first is still not for it.
  other.add_till("again", "1");
  other.good(other.replay());
  found = other.rotations();
  CHECK(found.at("enrolled").empty());
  CHECK(found["refused"][0].at("why") == "its latest epoch is 2");
}

TEST_CASE("a till that is killed while it changes its key has the old one or the new one, whole") {
  Rotating shop;
  shop.rotate();
  shop.whole_day("2026-03-02");
  shop.night();
  shop.day("till", "2026-03-03", "1");
  fs::copy_file(shop.dir / "till", shop.dir / "before");
  int old_keys = 0;
  int new_keys = 0;
  constexpr int kKills = test::kSanitized ? 20 : 60;
  // The last ones come when it is done, also on a machine that has become slower.
  const auto started = std::chrono::steady_clock::now();
  CHECK(says(shop.good(shop.deliver("till")), kTaken));
  const auto whole = std::chrono::steady_clock::now() - started;
  for (int i = 0; i < kKills; ++i) {
    CAPTURE(i);
    for (const char* suffix : {"", "-wal", "-journal"}) fs::remove(shop.path("till") + suffix);
    fs::copy_file(shop.dir / "before", shop.dir / "till");
    {
      const test::Process killed_at_the_end({std::string(DAYBOOK_BIN_DIR) + "/daybook-till", "send",
                                             "--journal", shop.path("till"), "--relay", shop.url});
      std::this_thread::sleep_for(2 * whole * i / kKills);
    }
    shop.check();
    const std::uint64_t epoch = shop.epoch();
    REQUIRE((epoch == 1 || epoch == 2));
    (epoch == 1 ? old_keys : new_keys) += 1;
    CHECK((shop.status().at("next_key") == "") == (epoch == 2));
    // Whatever it was, it ends well.
    shop.good(shop.deliver("till"));
    CHECK(shop.epoch() == 2);
    shop.check();
  }
  MESSAGE(old_keys << " with the old key, " << new_keys << " with the new one");
  CHECK(old_keys > 0);
  CHECK(new_keys > 0);
  shop.whole_day("2026-03-04");
  CHECK(shop.night().at("ended").size() == 1);
  CHECK(shop.net() == 150000);
  CHECK(shop.verify().status == 0);
}
