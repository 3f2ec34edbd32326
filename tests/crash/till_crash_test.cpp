// Kills the real daybook-till at every system call that matters, and at random, and looks at what
// its journal is afterwards. The oracle is Till::check(), plus what the program had reported.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>
#include <thread>

#include "core/base/random.h"
#include "core/journal/increment.h"
#include "tests/crash/crash_shop.h"

using namespace till_test;
using test::CrashShop;
using test::have_strace;
using till::Till;

namespace {

// Everything that changes a file or says something, and the calls around it.
const std::vector<std::string> kSystemCalls = {"pwrite64",  "fdatasync", "fsync",  "write",
                                               "ftruncate", "unlink",    "rename", "openat",
                                               "fcntl",     "close",     "read",   "pread64"};
constexpr int kInjectionsMax = 400;  // of one system call; far above what a command makes

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// Runs the command with a kill at the first, second, ... of each system call, until it gets
// through, and `look`s after each. Returns the number of kills.
int kill_everywhere(CrashShop& shop, const std::vector<std::string>& argv,
                    const std::function<void(const test::Outcome&)>& look) {
  int kills = 0;
  for (const std::string& system_call : kSystemCalls) {
    for (int when = 1;; ++when) {
      REQUIRE(when < kInjectionsMax);
      CAPTURE(system_call);
      CAPTURE(when);
      shop.restore();
      const test::Outcome outcome = shop.run_injected(argv, system_call, "signal=KILL", when);
      look(outcome);
      if (outcome.status == 0) break;
      REQUIRE(outcome.status == 128 + SIGKILL);
      ++kills;
    }
  }
  return kills;
}

bool reported(const test::Outcome& outcome, const std::string& what) {
  return outcome.out.find(what) != std::string::npos;
}

// The sale is there whole, or not at all; a reported one is there; the next number follows.
void look_after_ring(const CrashShop& shop, const test::Outcome& outcome) {
  Till till = shop.open();
  const auto checked = till.check();
  REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
  const std::uint64_t documents = till.status()->documents;
  REQUIRE((documents == 1 || documents == 2));
  if (reported(outcome, "4/1-invoice-000002")) {
    CHECK(documents == 2);
    const auto second = till.document(core::retail::Series::kInvoice, 2);
    REQUIRE(second);
    CHECK(std::get<core::retail::Sale>(second->document).lines.at(0).consumed == parts_for(1));
  }
  const auto next = till.ring(sets(1), 1);
  REQUIRE(next);
  for (const core::retail::Series series : core::retail::kSaleSeries) {
    CHECK(next->numbers.at(series) == documents + 1);
  }
  CHECK(till.check());
}

// Of the stick's files, by name: each is whole, signed, and goes on from the one before it.
std::map<std::string, core::Bytes> increments_on(const CrashShop& shop, const Till& till) {
  std::map<std::string, core::Bytes> files;
  for (const auto& entry : std::filesystem::directory_iterator(shop.stick())) {
    if (entry.path().extension() != ".backup") continue;  // a copy that was cut off
    files[entry.path().filename().string()] = test::read_file(entry.path());
  }
  std::optional<core::envelope::Hash> link;
  for (const auto& [name, file] : files) {
    const auto& its_name = name;
    CAPTURE(its_name);
    const auto increment = core::journal::parse_increment(file);
    REQUIRE(increment);
    CHECK(verify_statement(increment->statement, till.public_key()));
    if (link) CHECK(increment->place.prev == *link);
    link = core::journal::link_of(file);
  }
  return files;
}

// Closing, message and increment all or none; the stick holds no part of a file, and all in the
// end, whatever was there before as it was.
void look_after_close(const CrashShop& shop, const test::Outcome& outcome) {
  Till till = shop.open();
  const auto before = increments_on(shop, till);
  const bool copied_before = before.contains("4-1-1-2-1.backup");
  const auto checked = till.check();
  REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
  const till::TillStatus status = till.status().value();
  const bool closed = !status.open_day.has_value();
  CHECK(status.last_sequence.value == (closed ? 2 : 1));
  CHECK(status.backup.number == (closed ? 2 : 1));
  if (reported(outcome, "Z report")) CHECK(closed);
  if (copied_before) CHECK(closed);
  if (!closed) REQUIRE(till.close_day());
  REQUIRE(till.copy_backups());
  CHECK(till.backup().status()->targets.at(0).waiting == 0);
  const auto after = increments_on(shop, till);
  CHECK(after.size() == 2);
  for (const auto& [name, file] : before) CHECK(after.at(name) == file);
  CHECK(till.check());
}

}  // namespace

TEST_CASE("a ring that is killed at any system call leaves the sale whole or not at all") {
  if (!have_strace()) return;
  CrashShop shop;
  shop.save();
  int with_sale = 0;
  const int kills = kill_everywhere(shop, shop.ring(), [&](const test::Outcome& outcome) {
    if (reported(outcome, "invoice-000002")) ++with_sale;
    look_after_ring(shop, outcome);
  });
  MESSAGE(kills << " kills");
  CHECK(kills >= 20);
  CHECK(with_sale >= 10);  // kills after the report, during the checkpoint, are among them
}

TEST_CASE("a ring of an encrypted till that is killed at any system call is whole or not there") {
  if (!have_strace()) return;
  CrashShop shop(CrashShop::Rest::kEncrypted);
  shop.save();
  const int kills = kill_everywhere(
      shop, shop.ring(), [&](const test::Outcome& outcome) { look_after_ring(shop, outcome); });
  MESSAGE(kills << " kills");
  CHECK(kills >= 20);
}

TEST_CASE("a rekey that is killed at any system call leaves one of both keys, and all the sales") {
  if (!have_strace()) return;
  CrashShop shop(CrashShop::Rest::kEncrypted);
  shop.save();
  const auto open_with = [&](const std::filesystem::path& file) {
    const auto key = till::JournalKey::read(file, till::KeyFrom::kFile).value();
    return Till::open(shop.journal(), till::Durability::kFull, key);
  };
  const auto rekey = shop.command("rekey", {"--new-key-file", shop.new_key_file().string()});
  int old_keys = 0;
  int new_keys = 0;
  kill_everywhere(shop, rekey, [&](const test::Outcome& outcome) {
    const bool is_new = open_with(shop.new_key_file()).has_value();
    if (reported(outcome, "has the key of")) CHECK(is_new);
    ++(is_new ? new_keys : old_keys);
    auto other = open_with(is_new ? shop.key_file() : shop.new_key_file());
    REQUIRE_FALSE(other);
    CHECK(other.error().code == core::Errc::kUnknownKey);
    Till till = open_with(is_new ? shop.new_key_file() : shop.key_file()).value();
    const auto checked = till.check();
    REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
    CHECK(till.status()->documents == 1);
    REQUIRE(till.ring(sets(1), 1));
  });
  MESSAGE(old_keys << " with the old key, " << new_keys << " with the new one");
  CHECK(old_keys >= 10);
  CHECK(new_keys >= 10);
}

TEST_CASE("a close that is killed at any system call leaves closing, message and backup, or none") {
  if (!have_strace()) return;
  CrashShop shop;
  shop.save();
  const int kills = kill_everywhere(shop, shop.command("close"), [&](const test::Outcome& outcome) {
    look_after_close(shop, outcome);
  });
  MESSAGE(kills << " kills");
  CHECK(kills >= 20);
}

TEST_CASE("a recovery that is killed at any system call can be repeated") {
  if (!have_strace()) return;
  CrashShop shop;
  shop.save();
  int kills = 0;
  for (const std::string& system_call : kSystemCalls) {
    for (int when = 1;; ++when) {
      REQUIRE(when < kInjectionsMax);
      CAPTURE(system_call);
      CAPTURE(when);
      shop.restore();
      // Killed when it says what it did: committed and synced, nothing checkpointed.
      const test::Outcome first = shop.run_injected(shop.ring(), "write", "signal=KILL", 1);
      REQUIRE(first.status == 128 + SIGKILL);
      REQUIRE(std::filesystem::file_size(shop.journal().string() + "-wal") > 0);
      const test::Outcome second =
          shop.run_injected(shop.command("check"), system_call, "signal=KILL", when);
      CHECK(shop.open().status()->documents == 2);
      look_after_ring(shop, second);
      if (second.status == 0) break;
      REQUIRE(second.status == 128 + SIGKILL);
      ++kills;
    }
  }
  MESSAGE(kills << " kills");
  CHECK(kills >= 20);
}

TEST_CASE("an init that is killed at any system call can be repeated") {
  if (!have_strace()) return;
  CrashShop shop;
  const std::vector<std::string> init =
      shop.command("init", {"--store", "4", "--till", "1", "--origin", kOrigin, "--catalog",
                            std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json"});
  int kills = 0;
  for (const std::string system_call : {"pwrite64", "fdatasync", "unlink", "write"}) {
    for (int when = 1;; ++when) {
      REQUIRE(when < kInjectionsMax);
      CAPTURE(system_call);
      CAPTURE(when);
      shop.restore();
      std::filesystem::remove(shop.journal());
      const test::Outcome outcome = shop.run_injected(init, system_call, "signal=KILL", when);
      if (outcome.status != 0) ++kills;
      const test::Outcome again = test::run(init);
      const bool there_already =
          again.status == 1 && again.err.find("exists:") != std::string::npos;
      CHECK_MESSAGE((again.status == 0 || there_already), again.err);
      CHECK(shop.open().check());
      if (outcome.status == 0) break;
    }
  }
  CHECK(kills >= 10);
}

TEST_CASE("a full disk is said so and changes nothing; a failed sync is never taken for success") {
  if (!have_strace()) return;
  CrashShop shop;
  shop.save();
  int failures = 0;
  for (const auto& [system_call, error] :
       {std::pair<std::string, std::string>{"pwrite64", "ENOSPC"},
        {"pwrite64", "EIO"},
        {"fdatasync", "EIO"}}) {
    for (int when = 1; when <= 8; ++when) {
      const auto& its_system_call = system_call;
      CAPTURE(its_system_call);
      const auto& its_error = error;
      CAPTURE(its_error);
      CAPTURE(when);
      shop.restore();
      const test::Outcome outcome =
          shop.run_injected(shop.ring(), system_call, "error=" + error, when);
      // After the commit a fault can only strike the checkpoint, which the next opening repeats.
      CHECK((outcome.status == 0) == reported(outcome, "4/1-invoice-000002"));
      if (outcome.status != 0) {
        ++failures;
        CHECK(outcome.status == 1);
        CHECK(outcome.err.find(shop.journal().string()) != std::string::npos);
        if (error == "ENOSPC") {
          CHECK_MESSAGE(outcome.err.find("disk-full") != std::string::npos, outcome.err);
          CHECK(shop.open().status()->documents == 1);
        }
      }
      look_after_ring(shop, outcome);
    }
  }
  CHECK(failures >= 4);
}

TEST_CASE("rings that are killed at random times lose and repeat no reported number") {
  CrashShop shop;
  core::Random random(20261121);
  std::uint64_t last_reported = 1;
  int kills = 0;
  // As long as a ring takes here and now, and half as long again: some get through, some do not.
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(test::run(shop.ring()).status == 0);
  const auto ring_time = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  const auto window_us = static_cast<std::uint64_t>(ring_time.count() * 3 / 2);
  for (int i = 0; i < 150; ++i) {
    test::Process process(shop.ring());
    if (i % 10 != 5) {  // every tenth is let through, however slow the machine
      std::this_thread::sleep_for(std::chrono::microseconds(random.between(0, window_us)));
      process.signal(SIGKILL);
    }
    const test::Outcome outcome = process.wait();
    if (outcome.status == 128 + SIGKILL) ++kills;
    const std::size_t at = outcome.out.find("invoice-");
    if (at != std::string::npos) {
      const std::uint64_t number = std::stoull(outcome.out.substr(at + 8));
      CHECK(number > last_reported);
      last_reported = number;
    }
    if (i % 10 != 9) continue;
    Till till = shop.open();
    CHECK(till.check());
    CHECK(till.status()->documents >= last_reported);
  }
  MESSAGE(kills << " kills, " << last_reported << " sales");
  CHECK(kills > 0);
  CHECK(last_reported > 1);
}

TEST_CASE("the write-ahead log is synced before a ring says that it is done") {
  if (!have_strace()) return;
  CrashShop shop;
  std::vector<std::string> argv = {"strace",
                                   "-f",
                                   "-y",
                                   "-s",
                                   "200",
                                   "-o",
                                   shop.trace().string(),
                                   "-e",
                                   "trace=pwrite64,fdatasync,fsync,write"};
  for (const std::string& word : shop.ring()) argv.push_back(word);
  const test::Outcome outcome = test::run(argv);
  REQUIRE(outcome.status == 0);
  std::istringstream lines(text_of(shop.trace()));
  bool written = false;
  bool unsynced = false;
  bool said = false;
  for (std::string line; !said && std::getline(lines, line);) {
    const bool log = line.find("till.db-wal>") != std::string::npos;
    if (log && line.find("pwrite64(") != std::string::npos) written = unsynced = true;
    if (log && line.find("sync(") != std::string::npos) unsynced = false;
    said = line.find("invoice-000002") != std::string::npos;
  }
  CHECK(written);
  CHECK(said);
  CHECK_FALSE(unsynced);
}

TEST_CASE("a second process is told who is in the way, and changes nothing") {
  CrashShop shop;
  Till holder = shop.open();
  const test::Outcome outcome = test::run(shop.ring());
  CHECK(outcome.status == 1);
  CHECK(outcome.err.find("busy") != std::string::npos);
  CHECK(outcome.err.find(shop.journal().string()) != std::string::npos);
  CHECK(outcome.out.empty());
  CHECK(holder.status()->documents == 1);
}
