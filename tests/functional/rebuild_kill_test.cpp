// A replay or an enrolment that is killed leaves what was there, or all of the new; never between.
#include <doctest/doctest.h>
#include <signal.h>

#include <set>
#include <thread>

#include "core/base/random.h"
#include "ledger-rebuild/decisions.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/enrol.h"
#include "tests/support/process.h"
#include "tests/support/rebuild_log.h"

using core::Bytes;
using rebuild::BooksDigest;

namespace {

const std::string kProgram = std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild";

bool skip_without_strace() {
  if (test::kSanitized) {
    MESSAGE("skipped: strace and the sanitizers cannot hold one process together");
    return true;
  }
  if (test::run({"strace", "--output=/dev/null", "true"}).status == 0) return false;
  MESSAGE("skipped: strace is not there or not permitted");
  return true;
}

// Books of half a log, and the whole log to go on with.
struct Halfway {
  Halfway() {
    for (std::uint32_t till = 1; till <= 20; ++till) fleet.enrol(1 + till / 4, till);
    std::vector<Bytes> log;
    for (int day = 1; day <= 10; ++day) {
      for (std::size_t till = 0; till < 20; ++till) {
        log.push_back(
            fleet.next(till, test::opening(day, {{core::ProductId{133}, test::units(8)}})));
        log.push_back(fleet.next(till, test::closing(day, 100 * day)));
      }
    }
    test::write_head_office(dir / "ho", fleet);
    test::append_log(dir / "log", std::span(log).first(log.size() / 2));
    CHECK(test::run(words("old.db")).status == 0);
    test::append_log(dir / "log", std::span(log).subspan(log.size() / 2));
    CHECK(test::run(words("new.db")).status == 0);
    old_digest = digest("old.db");
    new_digest = digest("new.db");
    CHECK(old_digest != new_digest);
  }
  std::vector<std::string> words(const std::string& books) const {
    return {kProgram,        "replay",
            "--log",         (dir / "log").string(),
            "--head-office", (dir / "ho").string(),
            "--books",       (dir / books).string(),
            "--threads",     "1"};
  }
  BooksDigest digest(const std::string& books) const {
    return *rebuild::Books::open(dir / books)->digest();
  }
  void start_over() const {
    for (const char* name : {"books.db", "books.db-journal"}) std::filesystem::remove(dir / name);
    std::filesystem::copy_file(dir / "old.db", dir / "books.db");
  }
  // Says which of the two the books are, and that they can be gone on with.
  bool check_after_kill() const {
    const auto opened = rebuild::Books::open(dir / "books.db");
    REQUIRE(opened.has_value());
    const auto now = opened->digest();
    REQUIRE(now.has_value());
    CHECK((*now == old_digest || *now == new_digest));
    CHECK(rebuild::verify_books(*opened)->empty());
    return *now == new_digest;
  }

  test::TempDir dir;
  test::Fleet fleet;
  BooksDigest old_digest;
  BooksDigest new_digest;
};

std::vector<std::string> under_strace(const std::string& call, int when,
                                      const std::vector<std::string>& words) {
  std::vector<std::string> out = {
      "strace",          "--follow-forks",
      "--quiet=all",     "--output=/dev/null",
      "--trace=" + call, "--inject=" + call + ":signal=SIGKILL:when=" + std::to_string(when)};
  out.insert(out.end(), words.begin(), words.end());
  return out;
}

}  // namespace

TEST_CASE("a replay killed at any system call that changes files leaves old or new books") {
  if (skip_without_strace()) return;
  const Halfway half;
  int kills = 0;
  int new_books = 0;
  // The last one comes after the commit: then the books must be the new ones.
  for (const std::string call :
       {"pwrite64", "fdatasync", "fsync", "unlink", "ftruncate", "exit_group"}) {
    int step = 1;
    for (int when = 1; when < 2000; when += step) {
      half.start_over();
      const auto outcome = test::run(under_strace(call, when, half.words("books.db")));
      if (outcome.status == 0) break;
      CAPTURE(call);
      CAPTURE(when);
      CHECK(outcome.status == 128 + SIGKILL);
      ++kills;
      new_books += half.check_after_kill();
      if (when >= 10) step = when / 5;
      if (kills % 5 == 0) {
        CHECK(test::run(half.words("books.db")).status == 0);
        CHECK(half.digest("books.db") == half.new_digest);
      }
    }
  }
  MESSAGE("killed " << kills << " times");
  CHECK(kills >= 10);
  CHECK(new_books > 0);
  CHECK(new_books < kills);
}

TEST_CASE("a first replay that is killed leaves no books or all of them") {
  if (skip_without_strace()) return;
  const Halfway half;
  int kills = 0;
  for (int when = 1; when < 2000; when = when * 2) {
    for (const char* name : {"books.db", "books.db-journal"}) {
      std::filesystem::remove(half.dir / name);
    }
    const auto outcome = test::run(under_strace("pwrite64", when, half.words("books.db")));
    if (outcome.status == 0) break;
    ++kills;
    const auto opened = rebuild::Books::open(half.dir / "books.db");
    if (opened) CHECK(*opened->digest() == half.new_digest);
    CHECK(test::run(half.words("books.db")).status == 0);
    CHECK(half.digest("books.db") == half.new_digest);
  }
  CHECK(kills >= 5);
}

TEST_CASE("a replay killed at random moments leaves old or new books") {
  const Halfway half;
  core::Random random(20261121);
  int kills = 0;
  for (int round = 0; round < 60 && kills < 25; ++round) {
    half.start_over();
    test::Process process(half.words("books.db"));
    std::this_thread::sleep_for(std::chrono::microseconds(random.between(2000, 60000)));
    process.signal(SIGKILL);
    if (process.wait().status == 128 + SIGKILL) ++kills;
    half.check_after_kill();
  }
  MESSAGE("killed " << kills << " times");
  CHECK(kills > 0);
}

TEST_CASE("a replay killed between its stages goes on from the last whole one") {
  if (skip_without_strace()) return;
  const Halfway half;
  const auto staged = [&] {
    auto words = half.words("books.db");
    words.insert(words.end(), {"--stage", "50"});
    return words;
  };
  const auto log_end = [&]() -> std::uint64_t {
    const auto opened = rebuild::Books::open(half.dir / "books.db");
    if (!opened) return 0;
    CHECK(rebuild::verify_books(*opened)->empty());
    return (*opened->state_counts()).all();
  };
  std::set<std::uint64_t> ends;
  for (int when = 1; when < 2000; when += when < 10 ? 1 : when / 4) {
    for (const char* name : {"books.db", "books.db-journal"}) {
      std::filesystem::remove(half.dir / name);
    }
    const auto outcome = test::run(under_strace("fdatasync", when, staged()));
    if (outcome.status == 0) break;
    CAPTURE(when);
    const std::uint64_t kept = log_end();
    ends.insert(kept);
    const auto resumed = test::run(staged());
    CHECK(resumed.status == 0);
    CHECK(resumed.out.find("read " + std::to_string(400 - kept) + " new entries") !=
          std::string::npos);
    CHECK(half.digest("books.db") == half.new_digest);
  }
  MESSAGE("killed with " << ends.size() << " different ends");
  CHECK(ends.size() >= 3);
}

TEST_CASE("a disk that is full at any write leaves the old books, and says so") {
  if (skip_without_strace()) return;
  const Halfway half;
  int refused = 0;
  for (int when = 1; when < 2000; when = when < 8 ? when + 1 : when * 3 / 2) {
    half.start_over();
    std::vector<std::string> words = {
        "strace",           "--follow-forks",
        "--quiet=all",      "--output=/dev/null",
        "--trace=pwrite64", "--inject=pwrite64:error=ENOSPC:when=" + std::to_string(when) + "+"};
    const auto program = half.words("books.db");
    words.insert(words.end(), program.begin(), program.end());
    const auto outcome = test::run(words);
    if (outcome.status == 0) break;
    CAPTURE(when);
    ++refused;
    CHECK(outcome.status == 1);
    CHECK(outcome.err.find("disk-full") != std::string::npos);
    CHECK_FALSE(half.check_after_kill());
  }
  MESSAGE("refused " << refused << " times");
  CHECK(refused >= 5);
  CHECK(test::run(half.words("books.db")).status == 0);
  CHECK(half.digest("books.db") == half.new_digest);
}

TEST_CASE("of two replays at once one waits or is told; nothing posts twice") {
  const Halfway half;
  core::Random random(20261128);
  int told = 0;
  for (int round = 0; round < (test::kSanitized ? 4 : 20); ++round) {
    half.start_over();
    test::Process one(half.words("books.db"));
    std::this_thread::sleep_for(std::chrono::microseconds(random.between(0, 20000)));
    test::Process two(half.words("books.db"));
    const auto first = one.wait();
    const auto second = two.wait();
    for (const auto& outcome : {first, second}) {
      if (outcome.status == 0) continue;
      ++told;
      CHECK(outcome.status == 1);
      CHECK(outcome.err.find("busy") != std::string::npos);
    }
    CHECK((first.status == 0 || second.status == 0));
    CHECK(half.check_after_kill());
  }
  MESSAGE(told << " were told that the books are busy");
}

TEST_CASE("books that were cut off or overwritten are refused, or found by verify; never guessed") {
  const Halfway half;
  core::Random random(20261129);
  const auto whole = test::read_file(half.dir / "old.db");
  int refused = 0;
  int found = 0;
  for (int round = 0; round < (test::kSanitized ? 8 : 60); ++round) {
    Bytes content = whole;
    if (round % 2 == 0) {
      content.resize(random.between(1, whole.size() - 1));
    } else {
      const std::size_t at = random.between(0, whole.size() / 4096 - 1) * 4096;
      for (std::size_t i = 0; i < 4096; ++i) {
        content[at + i] = static_cast<std::uint8_t>(round % 4 == 1 ? 0 : random.between(0, 255));
      }
    }
    half.start_over();
    test::write_file(half.dir / "books.db", content);
    const auto replayed = test::run(half.words("books.db"));
    CAPTURE(round);
    if (replayed.status != 0) {
      ++refused;
      CHECK(replayed.status == 1);
      CHECK(replayed.err.find("books.db") != std::string::npos);
      continue;
    }
    const auto verified = test::run({kProgram, "verify", "--books", half.dir / "books.db"});
    found += verified.status != 0;
    if (verified.status == 0) CHECK(half.digest("books.db") == half.new_digest);
  }
  MESSAGE("refused " << refused << ", found by verify " << found);
  CHECK(refused > 0);
  std::filesystem::remove(half.dir / "books.db");  // made again from the log at any time
  CHECK(test::run(half.words("books.db")).status == 0);
  CHECK(half.digest("books.db") == half.new_digest);
}

TEST_CASE("a close killed at any system call signed its bulletin or did not, and never another") {
  if (skip_without_strace()) return;
  const Halfway half;
  const auto key = core::to_hex(half.fleet.head_office_key().seed()) + "\n";
  const std::vector<std::string> words = {kProgram,        "close-period",
                                          "--head-office", (half.dir / "office").string(),
                                          "--books",       (half.dir / "new.db").string(),
                                          "--through",     "1970-01-05"};
  int kills = 0;
  int signed_ones = 0;
  for (const std::string call : {"openat", "pwrite64", "fdatasync", "rename", "fsync"}) {
    for (int when = 1; when < 300; ++when) {
      std::filesystem::remove_all(half.dir / "office");
      std::filesystem::copy(half.dir / "ho", half.dir / "office");
      test::write_file(half.dir / "office" / "head-office.key", core::as_bytes(key));
      const auto outcome = test::run(under_strace(call, when, words));
      if (outcome.status == 0) break;
      CAPTURE(call);
      CAPTURE(when);
      CHECK(outcome.status == 128 + SIGKILL);
      ++kills;
      const auto after = rebuild::open_decisions(half.dir / "office");
      REQUIRE(after.has_value());
      const bool was_signed = !after->messages().empty();
      signed_ones += was_signed;
      // What was signed stays: the books do not have it yet, and nothing else takes its place.
      const auto again = test::run(words);
      CHECK((again.status == 0) != was_signed);
      const auto last = rebuild::open_decisions(half.dir / "office");
      REQUIRE(last.has_value());
      CHECK(last->messages().size() == 1);
      if (was_signed) CHECK(last->messages() == after->messages());
    }
  }
  MESSAGE("killed " << kills << " times, " << signed_ones << " had signed");
  CHECK(kills >= 10);
  CHECK(signed_ones > 0);
  CHECK(signed_ones < kills);
}

TEST_CASE("an enrolment killed at any system call is signed or not, and never lost once it is") {
  if (skip_without_strace()) return;
  test::TempDir dir;
  int kills = 0;
  int caught_up = 0;
  std::uint64_t key = 1;
  REQUIRE(rebuild::HeadOffice::create(dir / "ho", "example.com/shops").has_value());
  for (const std::string call : {"openat", "pwrite64", "fdatasync", "rename", "fsync"}) {
    for (int when = 1; when < 200; ++when) {
      const auto roster = rebuild::read_roster(dir / "ho");
      REQUIRE(roster.has_value());
      const auto before = roster->enrolments().size();
      // What the key of every day signed, and a kill kept out of the roster.
      const auto signed_before = rebuild::Decisions::open(dir / "ho", *roster)->messages().size();
      const auto pending = signed_before - roster->office_last().value;
      const auto request = test::enrol_request(
          "example.com/shops", {core::StoreId{1}, core::TillId{1}}, test::key_number(key++));
      test::write_file(dir / "request",
                       core::as_bytes(core::envelope::enrol_request_text(request)));
      const auto outcome =
          test::run(under_strace(call, when,
                                 {kProgram, "enrol", "--dir", (dir / "ho").string(), "--request",
                                  (dir / "request").string()}));
      const auto after = rebuild::read_roster(dir / "ho");
      REQUIRE(after.has_value());
      const auto added = after->enrolments().size() - before;
      if (outcome.status == 0) {
        CHECK(added == pending + 1);
        break;
      }
      ++kills;
      caught_up += added > 1;
      CHECK((added == 0 || added == pending + 1));
      const auto signed_after = rebuild::Decisions::open(dir / "ho", *after)->messages().size();
      CHECK((signed_after == signed_before || signed_after == signed_before + 1));
    }
  }
  MESSAGE("killed " << kills << " times, caught up " << caught_up << " times before another kill");
  CHECK(kills >= 5);
}
