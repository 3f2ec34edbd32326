// A fire, with the real programs: a till's journal is made again from its backup, joins as the next
// epoch, and its first message is posted; every number that the books and the backup know of is
// named as proven, unsent, lost or unknown.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/functional/real_shop.h"

namespace {

using Json = nlohmann::json;
using test::Outcome;
using test::Words;

std::string program(const std::string& name) {
  return std::string(DAYBOOK_BIN_DIR) + "/" + name;
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A shop with a stick, and head office beside it.
class BurningShop {
 public:
  BurningShop() {
    std::filesystem::create_directory(stick());
    shop.done("settings", {"--backup-to", stick().string()});
    REQUIRE(shop.start_relay());
  }

  std::filesystem::path stick() const { return shop.file("stick"); }
  std::string relay() const { return "http://" + shop.relay(); }

  void open(const std::string& day) {
    shop.done("open", {"--day", day, "--receive", "133=16", "134=4", "135=4"});
  }
  void sell(int sales) {
    for (int i = 0; i < sales; ++i) shop.done("ring", {"--line", "145x1"});
  }
  void a_day(const std::string& day, int sales) {
    open(day);
    sell(sales);
    shop.done("close");
  }
  void send() { shop.done("send", {"--relay", relay()}); }

  // Everything of the till is gone.
  void burn() { std::filesystem::remove(shop.journal()); }

  Words recover_words() const {
    return {program("daybook-rebuild"),
            "recover",
            "--from",
            stick().string(),
            "--till",
            "4/1",
            "--head-office",
            shop.file("office").string(),
            "--journal",
            shop.journal().string(),
            "--request",
            shop.file("request").string(),
            "--unsent",
            shop.file("unsent").string()};
  }
  Outcome recover(const Words& more = {}) const {
    Words argv = recover_words();
    argv.insert(argv.end(), more.begin(), more.end());
    return test::run(argv);
  }
  Words with_books() const { return {"--books", shop.file("books.db").string()}; }

  // Head office enrols the new key, tells the relay, and the till joins.
  void enrol_and_join() {
    const Outcome enrolled =
        test::run({program("daybook-rebuild"), "enrol", "--dir", shop.file("office").string(),
                   "--request", shop.file("request").string()});
    REQUIRE_MESSAGE(enrolled.status == 0, enrolled.err);
    std::filesystem::copy_file(shop.file("office") / "roster.cbor",
                               shop.file("log") / "roster.cbor",
                               std::filesystem::copy_options::overwrite_existing);
    std::ifstream in(shop.file("office") / "head-office.pub");
    std::string key;
    in >> key;
    shop.done("join",
              {"--roster", (shop.file("office") / "roster.cbor").string(), "--head-office", key});
    shop.kill_relay();  // it reads the roster when it starts
    REQUIRE(shop.start_relay());
  }

  // Messages that somebody else carries, as docs/formats/relay-http.md has it.
  void pour(const std::filesystem::path& messages) const {
    const Outcome poured =
        test::run({"curl", "-sS", "--fail", "-H", "Content-Type: application/cbor-seq",
                   "--data-binary", "@" + messages.string(), relay() + "/v1/messages"});
    REQUIRE_MESSAGE(poured.status == 0, poured.err);
  }

  test::RealShop shop;
};

}  // namespace

TEST_CASE("a burnt till comes back, and its first message is posted within a minute of work") {
  BurningShop fire;
  fire.a_day("2026-03-02", 3);
  fire.a_day("2026-03-03", 2);
  fire.send();
  fire.a_day("2026-03-04", 4);  // never sent
  fire.open("2026-03-05");
  fire.sell(2);  // nobody will ever know of them
  fire.shop.books();
  fire.burn();

  const auto start = std::chrono::steady_clock::now();
  Words words = fire.with_books();
  words.push_back("--json");
  const Outcome recovered = fire.recover(words);
  REQUIRE_MESSAGE(recovered.status == 0, recovered.err);
  const Json said = Json::parse(recovered.out);
  CHECK(said["good"] == true);
  CHECK(said["backup"]["last"] == 4);
  const Json& restored = said["restored"];
  REQUIRE(restored["days"].size() == 3);
  CHECK(restored["days"][0] ==
        Json({{"day", "2026-03-02"}, {"documents", 3}, {"verdict", "proven"}}));
  CHECK(restored["days"][1]["verdict"] == "proven");
  CHECK(restored["days"][2] ==
        Json({{"day", "2026-03-04"}, {"documents", 4}, {"verdict", "unsent"}}));
  CHECK(restored["lost"].empty());
  CHECK(restored["lost_days"].empty());
  CHECK(restored["unsent"].size() == 2);
  CHECK(restored["last_numbers"]["invoice"] == 9);
  CHECK(says(fire.shop.done("check"), "sound: 9 documents, 0 messages"));

  fire.enrol_and_join();
  fire.pour(fire.shop.file("unsent"));
  fire.shop.done("open", {"--day", "2026-03-05"});
  fire.send();
  const Json report = Json::parse(fire.shop.books());
  const auto took = std::chrono::steady_clock::now() - start;
  MESSAGE("recover, enrol, join, open, send and replay took "
          << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
  CHECK(took < std::chrono::seconds(60));
  CHECK(report["number_jumps"].empty());
  CHECK(report["missing"].empty());
  CHECK(report["unproven"].empty());

  // The day goes on; numbers and totals too. The jump is the one that was named.
  CHECK(says(fire.shop.done("ring", {"--line", "145x1"}), "4/1-invoice-000110"));
  CHECK(says(fire.shop.done("close"), "5000.00"));  // ever sold: ten sets
  fire.send();
  const Json after = Json::parse(fire.shop.books());
  REQUIRE(after["number_jumps"].size() == 3);
  for (const Json& jump : after["number_jumps"]) {
    CHECK(jump["expected"] == 10);
    CHECK(jump["found"] == 110);
  }
  CHECK(after["missing"].empty());
  CHECK(says(fire.shop.done("check"), "sound: 10 documents, 2 messages"));
}

TEST_CASE(
    "a backup that is older than the books is named, and its lost numbers are given no more") {
  BurningShop fire;
  fire.a_day("2026-03-02", 3);
  std::filesystem::copy(fire.stick(), fire.shop.file("old stick"));
  fire.a_day("2026-03-03", 4);
  fire.a_day("2026-03-04", 2);
  fire.open("2026-03-05");
  fire.send();
  fire.shop.books();
  fire.burn();
  std::filesystem::remove_all(fire.stick());
  std::filesystem::rename(fire.shop.file("old stick"), fire.stick());

  Words words = fire.with_books();
  words.insert(words.end(), {"--skip", "0"});
  const Outcome recovered = fire.recover(words);
  CHECK(recovered.status == 1);
  CHECK(says(recovered.err, "the backup is older than the books"));
  CHECK(says(recovered.out, "2026-03-02: 3 documents, proven"));
  CHECK(says(recovered.out, "2026-03-03: lost; the books have its closing"));
  CHECK(says(recovered.out, "2026-03-04: lost; the books have its closing"));
  CHECK(says(recovered.out, "lost: invoice 4 to 7"));
  CHECK(says(recovered.out, "lost: invoice 8 to 9"));
  CHECK(says(recovered.out, "unknown: 2026-03-05, which the books have open"));
  CHECK(says(fire.shop.done("check"), "sound: 3 documents, 0 messages"));

  fire.enrol_and_join();
  CHECK(fire.shop.till("open", {"--day", "2026-03-04"}).status == 1);
  fire.shop.done("open", {"--day", "2026-03-05"});
  CHECK(says(fire.shop.done("ring", {"--line", "145x1"}), "4/1-invoice-000010"));
  fire.shop.done("close");
  fire.send();
  const Json report = Json::parse(fire.shop.books());
  CHECK(report["number_jumps"].empty());  // the lost ones are in the books
  CHECK(says(fire.shop.done("check"), "sound: 4 documents, 2 messages"));
}

TEST_CASE("an old image of a journal that is used again is found at its first message") {
  BurningShop fire;
  fire.a_day("2026-03-02", 1);
  std::filesystem::copy_file(fire.shop.journal(), fire.shop.file("image"));
  fire.a_day("2026-03-03", 2);
  fire.send();
  CHECK(Json::parse(fire.shop.books())["contradicted"].empty());
  fire.burn();
  std::filesystem::copy_file(fire.shop.file("image"), fire.shop.journal());
  fire.open("2026-03-04");
  fire.send();
  const std::string books = fire.shop.file("books.db").string();
  const Outcome replay =
      test::run({program("daybook-rebuild"), "replay", "--log", fire.shop.file("log").string(),
                 "--head-office", fire.shop.file("office").string(), "--books", books});
  CHECK(replay.status == 1);
  const Outcome report =
      test::run({program("daybook-rebuild"), "report", "--books", books, "--json"});
  CHECK(Json::parse(report.out)["contradicted"].size() == 2);  // both contents of the place
}

TEST_CASE("a replacement can be encrypted, and what recover cannot do it says") {
  BurningShop fire;
  fire.a_day("2026-03-02", 1);
  const auto key = fire.shop.file("key");
  std::ofstream(key) << std::string(64, '7');
  std::filesystem::permissions(key, std::filesystem::perms::owner_read);
  CHECK(fire.recover().status == 1);  // there is a journal
  fire.burn();
  CHECK(fire.recover({"--until", "0"}).status == 1);
  CHECK_FALSE(std::filesystem::exists(fire.shop.journal()));
  CHECK(fire.recover({"--key-file", key.string()}).status == 0);
  CHECK(fire.shop.till("check").status == 1);
  CHECK(fire.shop.till("check", {"--key-file", key.string()}).status == 0);
}

TEST_CASE("a recover that is killed at any system call leaves a whole journal or none") {
  if (test::kSanitized || test::run({"strace", "-V"}).status != 0) {
    MESSAGE("skipped: strace is missing, or a sanitizer is in the way");
    return;
  }
  BurningShop fire;
  fire.a_day("2026-03-02", 2);
  fire.burn();
  int kills = 0;
  int whole = 0;
  for (const std::string& call :
       {std::string("pwrite64"), std::string("fsync"), std::string("fdatasync"),
        std::string("rename"), std::string("unlink"), std::string("write")}) {
    for (int when = 1;; ++when) {
      CAPTURE(call);
      CAPTURE(when);
      REQUIRE(when < 200);
      std::filesystem::remove(fire.shop.journal());
      Words argv = {"strace", "-f",
                    "-o",     "/dev/null",
                    "-e",     "trace=" + call,
                    "-e",     "inject=" + call + ":signal=KILL:when=" + std::to_string(when)};
      for (const std::string& word : fire.recover_words()) argv.push_back(word);
      const Outcome outcome = test::run(argv);
      const bool there = std::filesystem::exists(fire.shop.journal());
      if (there) {
        CHECK(says(fire.shop.done("check"), "sound: 2 documents"));
        ++whole;
      } else {
        CHECK(outcome.status != 0);
      }
      if (outcome.status == 0) break;
      REQUIRE(outcome.status == 128 + SIGKILL);
      ++kills;
    }
  }
  std::filesystem::remove(fire.shop.journal());
  CHECK(fire.recover().status == 0);  // what was left behind is in nobody's way
  MESSAGE(kills << " kills, " << whole << " whole journals");
  CHECK(kills >= 20);
  CHECK(whole > 6);
}
