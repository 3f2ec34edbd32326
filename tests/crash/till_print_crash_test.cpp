// Kills the real daybook-till while it prints, at every system call that matters and at random, and
// compares the paper, a file, with what the journal says is on it.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "core/base/random.h"
#include "tests/support/paper_reader.h"
#include "tests/support/process.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using till::PrintState;
using till::Till;

namespace {

using Words = std::vector<std::string>;

// Calls around a job: the journal's, the printer's, and what is said at the end.
const Words kSystemCalls = {"pwrite64", "fdatasync", "write", "openat", "close", "ftruncate"};
constexpr int kInjectionsMax = 400;
constexpr std::uint64_t kSales = 3;

bool have_strace() {
  if (!test::kSanitized && test::run({"strace", "-V"}).status == 0) return true;
  MESSAGE("skipped: strace is missing, or a sanitizer is in the way");
  return false;
}

// 0: an original.
int copy_of(const test::PrintedJob& job) {
  for (const test::PrintedLine& line : job.lines) {
    const std::size_t at = line.text.find("COPY ");
    if (at != std::string::npos) return std::stoi(line.text.substr(at + 5));
  }
  return 0;
}

// A durable journal with sales that wait for paper, and the paper.
class PrintShop {
 public:
  PrintShop() {
    Till till = Till::create(journal(), setup_with(garden()), till::Durability::kFull).value();
    HeadOffice office;
    office.enrol(till.enrol_request());
    REQUIRE(till.join(office.roster()));
    REQUIRE(till.open_day(day(1), parts_for(4)));
    for (std::uint64_t i = 0; i < kSales; ++i) REQUIRE(till.ring(sets(1), 1));
  }

  std::filesystem::path journal() const { return dir_ / "till.db"; }
  std::filesystem::path paper() const { return dir_ / "paper"; }

  void save() { saved_ = test::read_file(journal()); }
  void restore() {
    std::filesystem::remove(journal().string() + "-wal");
    test::write_file(journal(), saved_);
    test::write_file(paper(), {});
  }

  Words print(const Words& more = {}) const {
    Words argv = {std::string(DAYBOOK_BIN_DIR) + "/daybook-till",
                  "print",
                  "--journal",
                  journal().string(),
                  "--printer",
                  paper().string()};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }

  test::Outcome print_injected(const std::string& system_call, const std::string& fault,
                               int when) const {
    Words argv = {"strace", "-f", "-o", "/dev/null"};
    argv.insert(argv.end(), {"-e", "trace=" + system_call, "-e"});
    argv.push_back("inject=" + system_call + ":" + fault + ":when=" + std::to_string(when));
    for (const std::string& word : print()) argv.push_back(word);
    return test::run(argv);
  }

  Till open() const { return Till::open(journal(), till::Durability::kFull).value(); }

  // Jobs on paper, of one sale.
  struct OnPaper {
    int originals = 0;
    std::set<int> copies;
  };
  std::map<std::uint64_t, OnPaper> on_paper() const {
    std::map<std::uint64_t, OnPaper> out;
    for (const test::PrintedJob& job : test::read_escpos(test::read_file(paper()))) {
      REQUIRE(job.cuts == 1);  // a file takes a job whole
      for (std::uint64_t sale = 1; sale <= kSales; ++sale) {
        if (!job.has("4/1-invoice-00000" + std::to_string(sale))) continue;
        const int copy = copy_of(job);
        if (copy == 0) {
          ++out[sale].originals;
        } else {
          CHECK(out[sale].copies.insert(copy).second);  // no copy's number twice
        }
      }
    }
    return out;
  }

  // What must hold at any time: the journal is sound, and what it says of each sale is on paper.
  void look() const {
    Till till = open();
    const auto checked = till.check();
    REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
    auto paper = on_paper();
    for (std::uint64_t sale = 1; sale <= kSales; ++sale) {
      CAPTURE(sale);
      const auto mark = till.print_queue().mark(sale);
      REQUIRE(mark);
      CHECK(paper[sale].originals <= 1);
      if (mark->state == PrintState::kDue) {
        CHECK(paper[sale].originals == 0);
        CHECK(paper[sale].copies.empty());
      } else if (mark->state == PrintState::kPrinted && mark->copies == 0) {
        CHECK(paper[sale].originals == 1);
      } else if (mark->state == PrintState::kPrinted) {
        CHECK(paper[sale].copies.contains(static_cast<int>(mark->copies)));
      }
    }
  }

  // Then everything can be printed, and every sale is on paper.
  void finish() const {
    const test::Outcome outcome = test::run(print());
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    look();
    CHECK(open().print_queue().waiting(0, 100)->empty());
    for (const auto& [sale, on] : on_paper()) {
      const auto& its_sale = sale;
      CAPTURE(its_sale);
      CHECK(on.originals + static_cast<int>(on.copies.size()) >= 1);
    }
    CHECK(on_paper().size() == kSales);
  }

 private:
  test::TempDir dir_;
  core::Bytes saved_;
};

}  // namespace

TEST_CASE("printing that is killed at any system call repeats no original and loses no document") {
  if (!have_strace()) return;
  PrintShop shop;
  shop.save();
  int kills = 0;
  int doubtful = 0;
  for (const std::string& system_call : kSystemCalls) {
    for (int when = 1;; ++when) {
      REQUIRE(when < kInjectionsMax);
      CAPTURE(system_call);
      CAPTURE(when);
      shop.restore();
      const test::Outcome outcome = shop.print_injected(system_call, "signal=KILL", when);
      if (outcome.status == 0) break;
      REQUIRE(outcome.status == 128 + SIGKILL);
      ++kills;
      const auto waiting_now = shop.open().print_queue().waiting(0, 100).value();
      for (const auto& waiting : waiting_now) {
        if (waiting.mark.state == PrintState::kDoubtful) ++doubtful;
      }
      shop.look();
      shop.finish();
    }
  }
  MESSAGE(kills << " kills, " << doubtful << " of them within a job");
  CHECK(kills >= 30);
  CHECK(doubtful >= 6);
}

TEST_CASE("a full or failing disk or printer repeats no original and loses no document") {
  if (!have_strace()) return;
  PrintShop shop;
  shop.save();
  int failures = 0;
  for (const auto& [system_call, error] :
       {std::pair<std::string, std::string>{"pwrite64", "ENOSPC"},
        {"pwrite64", "EIO"},
        {"fdatasync", "EIO"},
        {"write", "ENOSPC"},
        {"write", "EIO"}}) {
    for (int when = 1; when <= 12; ++when) {
      const auto& its_system_call = system_call;
      CAPTURE(its_system_call);
      const auto& its_error = error;
      CAPTURE(its_error);
      CAPTURE(when);
      shop.restore();
      const test::Outcome outcome = shop.print_injected(system_call, "error=" + error, when);
      if (outcome.status != 0) {
        ++failures;
        CHECK(outcome.status == 1);
        CHECK_FALSE(outcome.err.empty());
      }
      shop.look();
      shop.finish();
    }
  }
  MESSAGE(failures << " failures");
  CHECK(failures >= 15);
}

TEST_CASE("printing that is killed at random times, again and again, repeats no original") {
  PrintShop shop;
  shop.save();
  core::Random random(20261128);
  shop.restore();
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(test::run(shop.print()).status == 0);
  const auto print_time = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - start);
  const auto window_us = static_cast<std::uint64_t>(print_time.count() * 5 / 4);
  int kills = 0;
  for (int round = 0; round < 20; ++round) {
    shop.restore();
    // The queue, and copies of a sale that may be printed already.
    for (int i = 0; i < 5; ++i) {
      test::Process process(shop.print(i % 2 == 0 ? Words{} : Words{"2"}));
      std::this_thread::sleep_for(std::chrono::microseconds(random.between(0, window_us)));
      process.signal(SIGKILL);
      if (process.wait().status == 128 + SIGKILL) ++kills;
      shop.look();
    }
    shop.finish();
  }
  MESSAGE(kills << " kills");
  CHECK(kills >= 20);
}
