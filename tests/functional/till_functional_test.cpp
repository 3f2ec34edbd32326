// A whole day from the shell: the real till, relay and head office, and every exit status.
#include <doctest/doctest.h>
#include <signal.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace {

using Words = std::vector<std::string>;
using Json = nlohmann::json;

const std::string kBin = std::string(DAYBOOK_BIN_DIR) + "/";
const std::string kCatalog = std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json";

class Street {
 public:
  std::filesystem::path file(const std::string& name) const { return dir_ / name; }

  test::Outcome till(const std::string& command, const Words& more = {}) const {
    Words argv = {kBin + "daybook-till", command, "--journal", file("till.db").string()};
    argv.insert(argv.end(), more.begin(), more.end());
    return test::run(argv);
  }
  // Must succeed; returns what it printed.
  std::string done(const std::string& command, const Words& more = {}) const {
    const test::Outcome outcome = till(command, more);
    CAPTURE(command);
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    return outcome.out;
  }
  // Must end with `status`, say `says` on stderr, name the journal, and print nothing.
  void refused(int status, const std::string& says, const std::string& command,
               const Words& more = {}) const {
    const test::Outcome outcome = till(command, more);
    CAPTURE(command);
    CHECK(outcome.status == status);
    CHECK_MESSAGE(outcome.err.find(says) != std::string::npos, outcome.err);
    CHECK_MESSAGE(outcome.err.find(file("till.db").string()) != std::string::npos, outcome.err);
    CHECK((outcome.out.empty() || command == "send"));  // a run that gives up still counts
  }
  Json json(const std::string& what) const { return Json::parse(done("show", {what, "--json"})); }

  // Makes a head office and a till that joined.
  void set_up() const {
    const std::string office = file("office").string();
    REQUIRE(test::run({kBin + "daybook-rebuild", "init", "--dir", office, "--origin", "shop/log"})
                .status == 0);
    const auto log = test::run({kBin + "daybook-relay", "init", file("log").string(), "--origin",
                                "shop/log", "--head-office", office + "/head-office.pub"});
    REQUIRE(log.status == 0);
    REQUIRE(test::run({kBin + "daybook-rebuild", "log-key", "--dir", office, "--key",
                       log.out.substr(0, log.out.find('\n'))})
                .status == 0);
    done("init", {"--store", "4", "--till", "1", "--origin", "shop/log", "--catalog", kCatalog,
                  "--request", file("request").string()});
    REQUIRE(test::run({kBin + "daybook-rebuild", "enrol", "--dir", office, "--request",
                       file("request").string()})
                .status == 0);
    std::ifstream in(file("office") / "head-office.pub");
    std::string key;
    in >> key;
    done("join", {"--roster", (file("office") / "roster.cbor").string(), "--head-office", key});
  }

 private:
  test::TempDir dir_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("--journal overrules the variable, and one of both is required") {
  const Street street;
  street.set_up();
  const std::string mine = street.file("till.db").string();
  const auto show = [](const Words& words) {
    Words argv = {"env"};
    argv.insert(argv.end(), words.begin(), words.end());
    return test::run(argv).status;
  };
  const std::string program = kBin + "daybook-till";
  CHECK(show({"DAYBOOK_JOURNAL=" + mine, program, "show", "status"}) == 0);
  CHECK(show({"DAYBOOK_JOURNAL=" + mine, program, "show", "status", "--journal", "/nonexistent"}) ==
        1);
  CHECK(show({"DAYBOOK_JOURNAL=/nonexistent", program, "show", "status", "--journal", mine}) == 0);
  CHECK(show({"-u", "DAYBOOK_JOURNAL", program, "show", "status"}) == 2);
}

TEST_CASE("numbers that no document can have are wrong usage") {
  const Street street;
  street.set_up();
  CHECK(street.till("void", {"--invoice", "-1", "--reason", "x"}).status == 2);
  CHECK(street.till("void", {"--invoice", "0", "--reason", "x"}).status == 2);
  CHECK(street.till("show", {"document"}).status == 2);
  CHECK(street.till("show", {"document", "99999999999999999999"}).status == 2);
}

TEST_CASE("a roster that is a directory is an error, not a crash") {
  const Street street;
  street.set_up();
  street.refused(
      1, "directory", "join",
      {"--roster", street.file("office").string(), "--head-office", std::string(64, 'a')});
}

TEST_CASE("a whole day from the shell reaches the books") {
  const Street street;
  street.set_up();
  const std::string stick = street.file("stick").string();
  std::filesystem::create_directory(stick);
  street.done("open", {"--day", "2026-11-21", "--receive", "133=16", "134=4", "135=4"});
  CHECK(contains(street.done("ring", {"--line", "145x1"}), "4/1-invoice-000001"));
  const std::string second = street.done("ring", {"--line", "145=2", "--tender", "cash=1100.00"});
  CHECK(contains(second, "total 1000.00 USD"));
  CHECK(contains(second, "change 100.00 USD"));
  street.done("ring", {"--line", "145"});
  CHECK(contains(street.done("void", {"--invoice", "3", "--reason", "wrong set"}), "500.00 USD"));
  CHECK(contains(street.done("settings", {"--backup-to", stick}), "holds everything"));
  const std::string z = street.done("close", {"--counted", "1499.00"});
  CHECK(contains(z, "Z report, business day 2026-11-21"));
  CHECK(contains(z, "1500.00"));
  CHECK(contains(z, "-1.00"));
  CHECK(contains(z, "12.000"));
  CHECK(std::filesystem::exists(street.file("stick") / "4-1-1-1-1.backup"));
  CHECK(street.json("status")["outbox"]["pending"] == 2);

  // No relay yet: the outbox keeps both.
  street.refused(1, "network", "send", {"--relay", "127.0.0.1:1", "--attempts", "2"});
  CHECK(street.json("status")["outbox"]["pending"] == 2);

  std::filesystem::copy_file(street.file("office") / "roster.cbor",
                             street.file("log") / "roster.cbor",
                             std::filesystem::copy_options::overwrite_existing);
  test::Process relay({kBin + "daybook-relay", "serve", "--data", street.file("log").string(),
                       "--listen", "127.0.0.1:0"});
  const std::string line = relay.wait_for_line("listening on ");
  REQUIRE_FALSE(line.empty());
  const std::string address = line.substr(line.find("listening on ") + 13);
  CHECK(contains(street.done("send", {"--relay", "http://" + address}), "accepted 2"));
  CHECK(contains(street.done("send", {"--relay", address}), "accepted 0"));
  CHECK(street.json("outbox")[1]["state"] == "log index 1");
  CHECK(contains(street.done("check"), "sound: 4 documents, 2 messages"));
  relay.signal(SIGTERM);
  relay.wait();

  const test::Outcome replay = test::run(
      {kBin + "daybook-rebuild", "replay", "--log", street.file("log").string(), "--head-office",
       street.file("office").string(), "--books", street.file("books.db").string()});
  CHECK_MESSAGE(replay.status == 0, replay.err);
  const test::Outcome recovered =
      test::run({kBin + "daybook-rebuild", "recover", "--from", stick, "--till", "4/1",
                 "--head-office", street.file("office").string(), "--books",
                 street.file("books.db").string(), "--journal", street.file("new.db").string()});
  CHECK_MESSAGE(recovered.status == 0, recovered.err);
  CHECK(contains(recovered.out, "2026-11-21: 4 documents, proven"));
}

TEST_CASE("the outbox outlives a till that is killed while it retries") {
  const Street street;
  street.set_up();
  street.done("open", {"--day", "2026-11-21"});
  {
    test::Process sending({kBin + "daybook-till", "send", "--journal",
                           street.file("till.db").string(), "--relay", "127.0.0.1:1"});
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    CHECK(sending.running());  // without limits it goes on
    sending.signal(SIGKILL);
    sending.wait();
  }
  CHECK(street.json("status")["outbox"]["pending"] == 1);
  street.refused(1, "gave up", "send", {"--relay", "127.0.0.1:1", "--for-seconds", "0"});
}

TEST_CASE("what the data refuses ends with 1, wrong words with 2, and both say where") {
  const Street street;
  street.refused(1, "not-found", "show");
  street.refused(1, "no such", "ring", {"--line", "145"});
  CHECK(street.till("init", {"--store", "4"}).status == 2);
  CHECK(test::run({kBin + "daybook-till"}).status == 2);
  CHECK(test::run({kBin + "daybook-till", "sell"}).status == 2);
  CHECK(test::run({kBin + "daybook-till", "--help"}).status == 0);
  const Words init = {"--store", "4", "--till", "1", "--origin", "o", "--catalog"};
  const auto with = [](Words words, const std::string& more) {
    words.push_back(more);
    return words;
  };
  street.refused(1, "c.json", "init", with(init, street.file("c.json").string()));
  CHECK_FALSE(std::filesystem::exists(street.file("till.db")));
  street.set_up();
  street.refused(1, "exists", "init", with(init, kCatalog));
  street.refused(1, "state", "ring", {"--line", "145"});
  street.refused(1, "state", "close");
  street.refused(2, "--day", "open", {"--day", "21.11.2026"});
  street.refused(2, "133", "open", {"--day", "2026-11-21", "--receive", "133"});
  street.done("open", {"--day", "2026-11-21"});
  street.refused(1, "state", "open", {"--day", "2026-11-22"});
  street.refused(1, "not above zero", "ring", {"--line", "145x0"});
  street.refused(1, "no price", "ring", {"--line", "133"});
  street.refused(1, "not-found", "ring", {"--line", "999"});
  street.refused(1, "overflow", "ring", {"--line", "145x9000000000000000"});
  street.refused(2, "145xx", "ring", {"--line", "145xx"});
  street.refused(1, "short", "ring", {"--line", "145", "--tender", "cash=1.00"});
  street.refused(1, "not-found", "void", {"--invoice", "1", "--reason", "x"});
  street.refused(1, "not-found", "show", {"document", "1"});
  street.refused(2, "no port", "send", {"--relay", "nowhere"});
  street.refused(1, "none: No such file", "join",
                 {"--roster", street.file("none").string(), "--head-office", std::string(64, '0')});
  street.refused(2, "--head-office", "join", {"--roster", kCatalog, "--head-office", "xy"});
  CHECK(street.json("status")["documents"] == 0);
  CHECK(contains(street.done("check"), "sound"));
}
