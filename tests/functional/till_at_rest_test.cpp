// An encrypted till from the shell: where its key comes from, what it says, and what a kill leaves.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace {

using Words = std::vector<std::string>;

const std::string kBin = std::string(DAYBOOK_BIN_DIR) + "/";
const std::string kCatalog = std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json";
const std::string kDigits = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e";
const std::string kOther(64, 'b');

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

class Counter {
 public:
  Counter() {
    write("till.key", kDigits, 0600);
    write("other.key", kOther, 0600);
  }

  std::string file(const std::string& name) const { return (dir_ / name).string(); }
  void write(const std::string& name, const std::string& content, ::mode_t mode) const {
    test::write_file(file(name), core::as_bytes(content));
    REQUIRE(::chmod(file(name).c_str(), mode) == 0);
  }

  Words words(const std::string& command, const Words& more = {}) const {
    Words argv = {kBin + "daybook-till", command, "--journal", file("till.db")};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  // Whatever it says, it never says the key.
  test::Outcome run(const Words& argv) const {
    const test::Outcome outcome = test::run(argv);
    CHECK_FALSE(contains(outcome.out + outcome.err, "5ca1ab1e"));
    return outcome;
  }
  test::Outcome till(const std::string& command, const Words& more = {}) const {
    return run(words(command, more));
  }
  test::Outcome keyed(const std::string& command, Words more = {},
                      const std::string& key = "till.key") const {
    more.insert(more.end(), {"--key-file", file(key)});
    return till(command, more);
  }
  test::Outcome with_credentials(const std::string& command, const Words& more = {}) const {
    Words argv = {"env", "CREDENTIALS_DIRECTORY=" + file("credentials")};
    for (const std::string& word : words(command, more)) argv.push_back(word);
    return run(argv);
  }
  void refused(const test::Outcome& outcome, int status, const std::string& says) const {
    CHECK(outcome.status == status);
    CHECK_MESSAGE(contains(outcome.err, says), outcome.err);
    CHECK_MESSAGE(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1, outcome.err);
    CHECK(outcome.out.empty());
  }

  Words init() const {
    return {"--store",  "4",         "--till", "1",         "--origin",
            "shop/log", "--catalog", kCatalog, "--request", file("till.request")};
  }
  // Makes head office and an encrypted till that joined it.
  void set_up() const {
    const test::Outcome made = keyed("init", init());
    REQUIRE_MESSAGE(made.status == 0, made.err);
    CHECK(contains(made.out, "encrypted"));
    const std::string office = file("office");
    REQUIRE(
        run({kBin + "daybook-rebuild", "init", "--dir", office, "--origin", "shop/log"}).status ==
        0);
    const auto log = run({kBin + "daybook-relay", "init", file("log"), "--origin", "shop/log",
                          "--head-office", office + "/head-office.pub"});
    REQUIRE(run({kBin + "daybook-rebuild", "log-key", "--dir", office, "--key",
                 log.out.substr(0, log.out.find('\n'))})
                .status == 0);
    REQUIRE(
        run({kBin + "daybook-rebuild", "enrol", "--dir", office, "--request", file("till.request")})
            .status == 0);
    const std::string key = text_of(office + "/head-office.pub");
    REQUIRE(keyed("join", {"--roster", office + "/roster.cbor", "--head-office",
                           key.substr(0, key.find('\n'))})
                .status == 0);
  }

 private:
  test::TempDir dir_;
};

}  // namespace

TEST_CASE("an encrypted till sells, closes, is killed and goes on, and its files show nothing") {
  const Counter counter;
  counter.set_up();
  REQUIRE(counter.keyed("open", {"--day", "2026-11-21"}).status == 0);
  REQUIRE(counter.keyed("ring", {"--line", "145"}).status == 0);
  REQUIRE(counter.keyed("close", {"--counted", "500.00"}).status == 0);
  std::filesystem::create_directory(counter.file("stick"));
  const std::string log = counter.file("till.db") + "-wal";
  {
    // Opening another day writes, and a send that finds no relay goes on with the journal open.
    REQUIRE(counter.keyed("open", {"--day", "2026-11-22"}).status == 0);
    REQUIRE(counter.keyed("settings", {"--backup-to", counter.file("stick")}).status == 0);
    REQUIRE(counter.keyed("close").status == 0);
    std::filesystem::rename(counter.file("stick"), counter.file("aside"));
    REQUIRE(counter.keyed("open", {"--day", "2026-11-23"}).status == 0);
    REQUIRE(counter.keyed("close").status == 0);
    std::filesystem::rename(counter.file("aside"), counter.file("stick"));
    test::Process sending(
        counter.words("send", {"--relay", "127.0.0.1:1", "--key-file", counter.file("till.key")}));
    for (int i = 0; i < 200 && text_of(log).size() <= 1024; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    const std::string proc = "/proc/" + std::to_string(sending.pid());
    CHECK(contains(text_of(proc + "/cmdline"), "till.key"));
    CHECK_FALSE(contains(text_of(proc + "/cmdline"), "5ca1ab1e"));
    CHECK_FALSE(contains(text_of(proc + "/environ"), "5ca1ab1e"));
    sending.signal(SIGKILL);
    sending.wait();
  }
  REQUIRE(text_of(log).size() > 1024);
  const std::string rest = text_of(counter.file("till.db")) + text_of(log);
  CHECK_FALSE(contains(rest, "SQLite format 3"));
  CHECK_FALSE(contains(rest, "Patio"));
  CHECK_FALSE(contains(rest, "shop/log"));
  CHECK(contains(text_of(kCatalog), "Patio"));
  const test::Outcome checked = counter.keyed("check");
  CHECK_MESSAGE(contains(checked.out, "sound: 1 documents, 6 messages"), checked.err);
  CHECK(contains(counter.keyed("show").out, "journal encrypted"));
}

TEST_CASE("every way to have the wrong key is said in one line, with what to do") {
  const Counter counter;
  counter.write("open.key", kDigits, 0644);
  counter.write("short.key", kDigits.substr(1), 0600);
  counter.refused(counter.keyed("init", counter.init(), "open.key"), 1, "chmod 600");
  counter.refused(counter.keyed("init", counter.init(), "short.key"), 1, "exactly 32 bytes");
  counter.refused(counter.keyed("init", counter.init(), "none.key"), 1, "not-found");
  CHECK_FALSE(std::filesystem::exists(counter.file("till.db")));
  REQUIRE(counter.keyed("init", counter.init()).status == 0);
  counter.refused(counter.till("show"), 1, "give the key file");
  counter.refused(counter.till("init", counter.init()), 1, "give the key file");
  counter.refused(counter.keyed("show", {}, "other.key"), 1, "this key does not open it");
  counter.refused(counter.keyed("init", counter.init()), 1, "exists");
  CHECK(counter.keyed("show").status == 0);
  std::filesystem::remove(counter.file("till.db"));
  REQUIRE(counter.till("init", counter.init()).status == 0);
  counter.refused(counter.keyed("show"), 1, "not encrypted");
  counter.refused(counter.till("rekey", {"--new-key-file", counter.file("till.key")}), 1,
                  "not encrypted");
  CHECK(contains(counter.till("show").out, "journal not encrypted"));
}

TEST_CASE("the service manager's credential is the key, unless a file is named") {
  const Counter counter;
  std::filesystem::create_directory(counter.file("credentials"));
  CHECK(counter.with_credentials("show").status == 1);  // no credential of ours: no key
  counter.write("credentials/daybook-till.key", kDigits, 0440);
  REQUIRE(counter.with_credentials("init", counter.init()).status == 0);
  CHECK(counter.with_credentials("show").status == 0);
  CHECK(counter.keyed("show").status == 0);
  counter.refused(counter.till("show"), 1, "give the key file");
  counter.refused(counter.with_credentials("show", {"--key-file", counter.file("other.key")}), 1,
                  "this key does not open it");
  counter.write("credentials/daybook-till.key", kDigits, 0444);
  counter.refused(counter.with_credentials("show"), 1, "credentials/daybook-till.key");
}

TEST_CASE("after a rekey the new key opens the journal and the old one does not") {
  const Counter counter;
  REQUIRE(counter.keyed("init", counter.init()).status == 0);
  const Words to_other = {"--new-key-file", counter.file("other.key")};
  counter.refused(counter.till("rekey", to_other), 1, "give the key file");
  counter.refused(counter.keyed("rekey", to_other, "other.key"), 1, "this key does not open it");
  REQUIRE(counter.keyed("rekey", to_other).status == 0);
  counter.refused(counter.keyed("show"), 1, "this key does not open it");
  CHECK(counter.keyed("check", {}, "other.key").status == 0);
  CHECK(counter.keyed("rekey").status == 2);
}
