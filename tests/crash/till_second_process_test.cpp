// Two real processes on one journal, in every pair of commands: one is stopped in the middle, the
// other is told who is in the way, and changes nothing.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "tests/crash/crash_shop.h"

using test::CrashShop;

namespace {

using Words = std::vector<std::string>;

struct Command {
  std::string name;
  Words words;
  std::string stops_at;  // a system call in its middle; empty: it is only ever the second one
};

// The catalog with another price: the same one would write nothing.
std::string dearer_catalog(const CrashShop& shop, const std::string& catalog) {
  const core::Bytes bytes = test::read_file(catalog);
  std::string text(core::as_text(bytes));
  const std::size_t price = text.find("500.00");
  REQUIRE(price != std::string::npos);
  text.replace(price, 6, "550.00");
  const auto path = shop.new_key_file().parent_path() / "dearer.json";
  test::write_file(path, core::as_bytes(text));
  return path.string();
}

// Valid on an open day with one sale.
std::vector<Command> commands(const CrashShop& shop) {
  const std::string catalog = std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json";
  return {
      {"ring", {"--line", "145x1"}, "fdatasync"},
      {"refund", {"--invoice", "1", "--line", "1", "--reason", "broken"}, "fdatasync"},
      {"void", {"--invoice", "1", "--reason", "wrong customer"}, "fdatasync"},
      {"cash", {"--kind", "float", "--amount", "200.00"}, "fdatasync"},
      {"no-sale", {"--reason", "change"}, "fdatasync"},
      {"close", {}, "fdatasync"},
      {"catalog", {"--catalog", dearer_catalog(shop, catalog)}, "fdatasync"},
      {"show", {}, "write"},
      {"show", {"day"}, "write"},
      {"check", {}, "write"},
      {"open", {"--day", "2031-01-01"}, ""},
      {"send", {"--relay", "127.0.0.1:1", "--attempts", "1"}, ""},
      {"join", {"--roster", catalog, "--head-office", std::string(64, 'a')}, ""},
      {"init", {"--store", "4", "--till", "1", "--origin", "shop/log", "--catalog", catalog}, ""},
      {"rekey", {"--new-key-file", shop.new_key_file().string()}, ""},
  };
}

// Every file of the journal.
std::map<std::string, core::Bytes> files_of(const CrashShop& shop) {
  std::map<std::string, core::Bytes> out;
  for (const auto& entry : std::filesystem::directory_iterator(shop.journal().parent_path())) {
    if (entry.is_regular_file()) out[entry.path().string()] = test::read_file(entry.path());
  }
  return out;
}

std::string first_word(const std::string& path) {
  std::ifstream in(path);
  std::string word;
  in >> word;
  return word;
}

// The process that strace started, once a signal stopped it there.
pid_t wait_until_stopped(pid_t strace) {
  const std::string parent = std::to_string(strace);
  std::string child;
  std::string before;
  for (int tries = 0; tries < 1000; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    child = first_word("/proc/" + parent + "/task/" + parent + "/children");
    if (child.empty()) continue;
    // Stopped, and it has not moved since: strace stops it at every call, for a moment.
    std::ifstream in("/proc/" + child + "/status");
    std::stringstream status;
    status << in.rdbuf();
    const std::string now = status.str();
    const bool stopped =
        now.find("State:\tt") != std::string::npos || now.find("State:\tT") != std::string::npos;
    if (stopped && now == before) return std::stoi(child);
    before = now;
  }
  FAIL("the first process did not come to its stop");
  return 0;
}

}  // namespace

TEST_CASE("of two processes the second is told that the journal is in use, and changes nothing") {
  if (!test::have_strace()) return;
  CrashShop shop;
  shop.save();
  int pairs = 0;
  for (const Command& first : commands(shop)) {
    if (first.stops_at.empty()) continue;
    CAPTURE(first.name);
    shop.restore();
    test::Process holder(CrashShop::injected(shop.command(first.name, first.words), first.stops_at,
                                             "signal=STOP", 1));
    const pid_t stopped = wait_until_stopped(holder.pid());
    const auto before = files_of(shop);
    for (const Command& second : commands(shop)) {
      CAPTURE(second.name);
      const test::Outcome outcome = test::run(shop.command(second.name, second.words));
      CHECK(outcome.status == 1);
      CHECK_MESSAGE(outcome.err.find("busy") != std::string::npos, outcome.err);
      CHECK_MESSAGE(outcome.err.find(shop.journal().string()) != std::string::npos, outcome.err);
      CHECK(outcome.out.empty());
      ++pairs;
    }
    CHECK(files_of(shop) == before);
    ::kill(stopped, SIGCONT);
    const test::Outcome held = holder.wait();
    CHECK_MESSAGE(held.status == 0, held.err);
    CHECK(shop.open().check());
  }
  MESSAGE(pairs << " pairs");
  CHECK(pairs >= 100);
}

TEST_CASE(
    "two processes that start together: one sells, the other is told to wait, or sells after") {
  CrashShop shop;
  std::uint64_t sold = 1;
  int refused = 0;
  for (int i = 0; i < 40; ++i) {
    test::Process first(shop.ring());
    test::Process second(shop.ring());
    for (test::Process* process : {&first, &second}) {
      const test::Outcome outcome = process->wait();
      if (outcome.status == 0) {
        ++sold;
        continue;
      }
      ++refused;
      CHECK(outcome.status == 1);
      CHECK_MESSAGE(outcome.err.find("busy") != std::string::npos, outcome.err);
    }
  }
  MESSAGE((sold - 1) << " sold, " << refused << " refused");
  till::Till till = shop.open();
  CHECK(till.check());
  CHECK(till.status()->documents == sold);
  // Two that ask for the lock in the same instant may both be told to wait.
  CHECK(refused > 0);
  CHECK(sold > 10);
}
