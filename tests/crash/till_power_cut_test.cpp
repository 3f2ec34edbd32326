// Cuts the power of a till over random days, at any operation of its disk, and looks at what the
// journal is when the power is back. Oracles: a model in plain numbers, and Till::check().
// Repeat one life with DAYBOOK_SEED; a long run with DAYBOOK_CUTS=10000. Disk: powercut_vfs.h.
#include <doctest/doctest.h>

#include <cstdlib>

#include "core/sqlite/database.h"
#include "tests/crash/till_steps.h"
#include "tests/support/powercut_vfs.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using core::Errc;
using test::Counted;
using test::CutShop;
using test::PowerCutDisk;
using test::Step;
using test::Survival;
using test::TillModel;
using till::Till;

namespace {

constexpr std::uint64_t kStepsMax = 2000;  // between two cuts; far above what is needed
// Of an ordinary run: about 20 s of one core. Instrumented code is some ten times slower.
constexpr std::uint64_t kCuts = test::kSanitized ? 400 : 3000;

struct Tally {
  std::uint64_t lives = 0;
  std::uint64_t cuts = 0;
  std::map<std::string, std::uint64_t> during;  // which operation
  std::map<Survival, std::uint64_t> survivals;
  std::uint64_t checkpoint = 0;           // cuts while the log went into the database
  std::uint64_t recovery_checkpoint = 0;  // of those: of a log that a cut had left
  std::uint64_t auto_checkpoint = 0;      // of those: by a full log, while the till was at work
  std::uint64_t unacknowledged_there = 0;
  std::uint64_t unacknowledged_gone = 0;
  std::uint64_t operations = 0;
  std::uint64_t checkpoints = 0;
  // Of a lying disk.
  std::uint64_t prefixes = 0;
  std::uint64_t operations_lost = 0;
  std::uint64_t without_promise = 0;
  std::uint64_t said_so = 0;       // of those: refused at opening or found by check()
  std::uint64_t still_prefix = 0;  // of those: an earlier state of the books
};

enum class Disk { kHonest, kLying };

// One journal from its creation on, through many cuts.
class Life {
 public:
  Life(std::uint64_t seed, const CutShop& shop, Disk kind, Tally& tally)
      : random_(seed),
        disk_(seed + 1),
        shop_(shop),
        lying_(kind == Disk::kLying),
        long_(seed % 16 == 0),
        dense_(seed % 4 == 1),
        tally_(tally),
        steps_(random_, shop, long_) {
    ++tally.lives;
  }

  void run() {
    model_.shelf = steps_.new_shelf();
    create();
    bool goes_on = true;
    for (std::uint64_t left = long_ ? 6 : dense_ ? 60 : 30; goes_on && left > 0; --left) {
      work();
      goes_on = recover();
    }
    if (goes_on) look_at_every_document();
    tally_.checkpoints += disk_.checkpoints();
  }

 private:
  bool one_in(std::uint64_t n) { return random_.between(1, n) == 1; }

  void count_cut(const std::string& during) {
    ++tally_.cuts;
    ++tally_.during[during];
    if (!disk_.struck_checkpoint()) return;
    ++tally_.checkpoint;
    if (during == "recovery") {
      ++tally_.recovery_checkpoint;
    } else if (during != "closing the journal" && during != "opening") {
      ++tally_.auto_checkpoint;
    }
  }

  void power_on(Survival survival) {
    ++tally_.survivals[survival];
    disk_.power_on(survival);
  }
  void power_on_honestly() { power_on(test::kHonestSurvivals[random_.between(0, 3)]); }

  // Again and again, until there is a journal: what an operator does whose init was cut off.
  void create() {
    const till::TillSetup setup = shop_.setup(model_.shelf);
    while (true) {
      disk_.make_file(shop_.journal());
      if (one_in(2)) disk_.cut_at(Counted::kOperation, random_.between(1, 150));
      bool there = false;
      {
        auto made = Till::create(shop_.journal(), setup, till::Durability::kFull);
        there = made.has_value();
        if (!there && !disk_.dead()) {
          REQUIRE_MESSAGE(made.error().code == Errc::kExists, describe(made.error()));
          there = true;
        }
      }
      if (disk_.dead()) {
        count_cut("creating");
        power_on_honestly();
      }
      disk_.no_cut();
      if (there) break;
    }
    reopen();
    look();
  }

  // Operations until the power is cut; `pending_` is what was under way.
  void work() {
    pending_.reset();
    since_lie_.clear();
    before_lie_.reset();
    std::uint64_t close_in = 0;
    if (!model_.joined) {
      disk_.cut_at(Counted::kChange, random_.between(1, 20));
    } else if (dense_) {
      disk_.cut_at(Counted::kChange, random_.between(1, 12));
    } else if (one_in(long_ ? 2 : 4)) {
      disk_.cut_at(Counted::kCheckpoint, random_.between(1, long_ ? 150 : 30));
      if (!long_) close_in = random_.between(1, 12);
    } else {
      disk_.cut_at(Counted::kChange, random_.between(1, long_ ? 4000 : 120));
    }
    std::uint64_t lie_in = lying_ ? random_.between(1, 10) : 0;
    std::string during;
    for (std::uint64_t steps = 0; !disk_.dead(); ++steps) {
      if (steps == kStepsMax) disk_.cut_at(Counted::kChange, 1);  // no checkpoint in sight
      if (lie_in > 0 && --lie_in == 0) {
        before_lie_ = model_;
        disk_.lie();
      }
      if ((close_in > 0 && --close_in == 0) || one_in(long_ ? 500 : 60)) {
        during = close_and_open();
      } else {
        during = take_step();
      }
    }
    count_cut(during);
    till_.reset();  // on a dead disk: as if the process had ended
  }

  std::string close_and_open() {
    till_.reset();
    if (disk_.dead()) return "closing the journal";
    auto opened = Till::open(shop_.journal(), till::Durability::kFull);
    if (!opened) {
      REQUIRE_MESSAGE(disk_.dead(), describe(opened.error()));
      return "opening";
    }
    till_.emplace(std::move(*opened));
    return "opening";
  }

  std::string take_step() {
    Step step = steps_.next(model_, *till_);
    const auto done = step.run(*till_);
    ++tally_.operations;
    if (done) {
      step.apply(model_);
      if (before_lie_) since_lie_.push_back(step);
      return step.name;
    }
    REQUIRE_MESSAGE(disk_.dead(), step.name << ": " << describe(done.error()));
    pending_ = step;
    return step.name;
  }

  // The power comes back. False: the disk had lied in a way after which nothing is promised.
  bool recover() {
    static constexpr Survival kLies[] = {Survival::kPrefix, Survival::kPrefix, Survival::kTorn,
                                         Survival::kReordered, Survival::kLost};
    const bool lied = before_lie_.has_value();
    const Survival survival =
        lied ? kLies[random_.between(0, 4)] : test::kHonestSurvivals[random_.between(0, 3)];
    INFO("survival " << static_cast<int>(survival) << ", cut " << tally_.cuts);
    const bool in_order = survival == Survival::kPrefix || survival == Survival::kLost;
    const bool promised = !lied || in_order || disk_.only_appended();
    power_on(survival);
    if (!promised) {
      look_without_promise();
      return false;
    }
    reopen();
    look();
    return true;
  }

  // Opens the journal, with further cuts on the way.
  void reopen() {
    while (true) {
      if (one_in(4)) {
        const bool reads = one_in(2);
        disk_.cut_at(reads ? Counted::kOperation : Counted::kChange,
                     random_.between(1, reads ? 60 : 20));
      }
      {
        auto opened = Till::open(shop_.journal(), till::Durability::kFull);
        if (!disk_.dead()) {
          disk_.no_cut();
          REQUIRE_MESSAGE(opened, (opened ? "" : describe(opened.error())));
          till_.emplace(std::move(*opened));
          return;
        }
      }
      count_cut("recovery");
      power_on_honestly();
    }
  }

  // Every acknowledged operation is there; the one under way wholly or not at all; nothing else.
  // After lies: what was acknowledged before them, and of the rest the first ones.
  void look() {
    const auto checked = till_->check();
    REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
    const auto found = test::seen_of(*till_, &*shop_.opener);
    REQUIRE_MESSAGE(found, (found ? "" : describe(found.error())));
    const TillModel acknowledged = model_;
    if (!find_state(*found)) {
      FAIL("the books are not what was acknowledged: "
           << (pending_ ? pending_->name : "nothing") << " was under way"
           << test::difference(acknowledged.seen(), *found));
    }
    if (model_.sales.empty()) return;
    for (const std::uint64_t number :
         {std::uint64_t{model_.sales.size()}, random_.between(1, model_.sales.size())}) {
      const auto document = till_->document(core::retail::Series::kInvoice, number);
      REQUIRE(document);
      CHECK(text_of(test::facts_of(*document)) == text_of(model_.sales[number - 1]));
    }
  }

  // Takes up as the model's state the one that was found. False: it is none that may be.
  bool find_state(const std::vector<std::string>& found) {
    if (!before_lie_) {
      if (model_.seen() == found) {
        if (pending_) ++tally_.unacknowledged_gone;
        return true;
      }
      if (!pending_) return false;
      pending_->apply(model_);
      ++tally_.unacknowledged_there;
      return model_.seen() == found;
    }
    model_ = *before_lie_;
    if (pending_) since_lie_.push_back(*pending_);
    std::size_t kept = 0;
    while (model_.seen() != found) {
      if (kept == since_lie_.size()) return false;
      since_lie_[kept++].apply(model_);
    }
    ++tally_.prefixes;
    tally_.operations_lost += since_lie_.size() - kept;
    return true;
  }

  // Syncs that were lies, and writes that survived in another order than they were made in, with a
  // checkpoint or a new log among them: pages of several times stand side by side in the database,
  // and no file format without a checksum on every page can tell. What must hold is that opening
  // and check() give an answer; how often it is "damaged" is counted, not asserted.
  void look_without_promise() {
    ++tally_.without_promise;
    auto opened = Till::open(shop_.journal(), till::Durability::kFull);
    if (!opened || !opened->check()) {
      ++tally_.said_so;
      return;
    }
    const auto found = test::seen_of(*opened, &*shop_.opener);
    if (found && find_state(*found)) ++tally_.still_prefix;
  }

  // From the rows themselves, in one pass.
  void look_at_every_document() {
    till_.reset();
    auto db = core::sqlite::Database::open(shop_.journal(), {});
    REQUIRE(db);
    REQUIRE(db->exec("PRAGMA locking_mode=EXCLUSIVE"));
    auto rows = db->prepare(
        "SELECT d.body, v.body FROM document d LEFT JOIN document v "
        "ON v.series = 5 AND v.about_series = 3 AND v.about = d.number WHERE d.series = 3 ORDER BY "
        "d.position");
    REQUIRE(rows);
    std::size_t number = 0;
    while (rows->step().value()) {
      REQUIRE(number < model_.sales.size());
      till::StoredDocument document{
          core::retail::decode_document(rows->column_blob(0)).value(), {}, {}};
      if (!rows->column_is_null(1)) {
        document.voided = std::get<core::retail::Void>(
            core::retail::decode_document(rows->column_blob(1)).value());
      }
      REQUIRE(text_of(test::facts_of(document)) == text_of(model_.sales[number++]));
    }
    CHECK(number == model_.sales.size());
  }

  core::Random random_;
  PowerCutDisk disk_;
  const CutShop& shop_;
  bool lying_;
  bool long_;
  bool dense_;  // a cut in nearly every operation
  Tally& tally_;
  test::RandomSteps steps_;
  TillModel model_;
  std::optional<Step> pending_;
  std::optional<TillModel> before_lie_;
  std::vector<Step> since_lie_;
  std::optional<Till> till_;
};

std::optional<std::uint64_t> number_from(const char* variable) {
  const char* given = std::getenv(variable);
  if (given == nullptr) return std::nullopt;
  return std::strtoull(given, nullptr, 10);
}

// Lives with ascending seeds, until `cuts` are reached. With DAYBOOK_SEED alone: that one life.
// False: that was one life only, whose counts say nothing.
bool live(Disk kind, std::uint64_t cuts, Tally& tally) {
  const auto seed = number_from("DAYBOOK_SEED");
  const auto chosen = number_from("DAYBOOK_CUTS");
  const bool one = seed && !chosen;
  const CutShop shop;
  for (std::uint64_t s = seed.value_or(1); tally.cuts < cuts; ++s) {
    INFO("repeat with: DAYBOOK_SEED=" << s << " test_till_power_cut");
    Life(s, shop, kind, tally).run();
    if (one) break;
  }
  std::string during;
  for (const auto& [what, count] : tally.during) {
    during += (during.empty() ? "" : ", ") + what + " " + std::to_string(count);
  }
  MESSAGE(tally.cuts << " cuts in " << tally.lives << " lives of " << tally.operations
                     << " operations; during: " << during << "; in a checkpoint "
                     << tally.checkpoint << ", of those in recovery " << tally.recovery_checkpoint
                     << ", of a full log " << tally.auto_checkpoint << "; checkpoints "
                     << tally.checkpoints);
  return !one;
}

std::uint64_t wanted_cuts() {
  return number_from("DAYBOOK_CUTS").value_or(kCuts);
}

}  // namespace

TEST_CASE("after a power cut a till has what it acknowledged, and goes on without a gap") {
  Tally tally;
  const std::uint64_t wanted = wanted_cuts();
  if (!live(Disk::kHonest, wanted, tally)) return;
  MESSAGE("the operation under way: there " << tally.unacknowledged_there << ", not there "
                                            << tally.unacknowledged_gone);
  CHECK(tally.cuts >= wanted);
  for (const Survival survival : test::kHonestSurvivals) CHECK(tally.survivals[survival] > 0);
  for (const std::string what :
       {"creating", "join", "opening a day", "ringing", "voiding", "moving cash", "closing a day",
        "replacing the catalog", "an acknowledgement", "closing the journal", "recovery"}) {
    CAPTURE(what);
    CHECK(tally.during[what] > 0);
  }
  CHECK(tally.checkpoint > 0);
  CHECK(tally.recovery_checkpoint > 0);
  CHECK(tally.auto_checkpoint > 0);
  CHECK(tally.unacknowledged_there > 0);
  CHECK(tally.unacknowledged_gone > 0);
}

// No till can keep what its disk only says that it keeps: the last operations go, and with them
// their numbers, which are given out again. What still holds when the disk keeps its writes in
// order, or when only frames were added to the write-ahead log (each has the checksum of all before
// it), is that the books are those of one earlier moment, whole: nothing is missing in the middle.
TEST_CASE("after a power cut of a disk that lied about syncs the books are those of a moment") {
  Tally tally;
  if (!live(Disk::kLying, wanted_cuts() / 8, tally)) return;
  MESSAGE(tally.prefixes << " earlier moments, " << tally.operations_lost << " operations lost; "
                         << tally.without_promise << " cuts without a promise: " << tally.said_so
                         << " said so, " << tally.still_prefix << " earlier moments all the same");
  CHECK(tally.prefixes > 0);
  CHECK(tally.operations_lost > 0);
  CHECK(tally.without_promise > 0);
}

// Found by these lives: of the commit of a sale that was cut off, all reached the log but its first
// frame; the next sale's first frame was the same (the counters' page), then the power went again.
TEST_CASE("a sale that a power cut undid does not come back in the place of the next one") {
  std::uint64_t tried = 0;
  for (std::uint64_t changes = 1; changes <= 12; ++changes) {
    CAPTURE(changes);
    const CutShop shop;
    core::Random random(1);
    test::RandomSteps steps(random, shop, false);
    const test::Shelf shelf = steps.new_shelf();
    const auto sale = [](std::int64_t count) {
      return till::Basket{{{core::ProductId{1}, core::Quantity{count * core::Quantity::kUnit},
                            core::Money{0, *core::Currency::parse("USD")}}},
                          {}};
    };
    PowerCutDisk disk(1);
    disk.make_file(shop.journal());
    {
      auto till = Till::create(shop.journal(), shop.setup(shelf), till::Durability::kFull).value();
      REQUIRE(till.join(shop.roster));
      REQUIRE(till.open_day(core::BusinessDay{20001}, {}));
      REQUIRE(till.ring(sale(1), 1));
      disk.cut_at(Counted::kSync, 1);
      CHECK_FALSE(till.ring(sale(2), 2));
      REQUIRE(disk.dead());
    }
    disk.power_on(Survival::kHole);
    {
      auto till = Till::open(shop.journal(), till::Durability::kFull);
      REQUIRE(till);
      REQUIRE(till->status()->documents == 1);
      disk.cut_at(Counted::kChange, changes);
      static_cast<void>(till->ring(sale(3), 3).has_value());
    }
    if (!disk.dead()) continue;
    ++tried;
    disk.power_on(Survival::kAll);
    auto till = Till::open(shop.journal(), till::Durability::kFull);
    REQUIRE(till);
    REQUIRE(till->check());
    if (till->status()->documents == 1) continue;
    const auto second = till->document(core::retail::Series::kInvoice, 2);
    REQUIRE(second);
    CHECK(heading_of(second->document).time_ms == 3);
  }
  CHECK(tried > 0);
}

TEST_CASE("the simulated disk bites: what was committed without a sync is lost in a power cut") {
  const test::TempDir dir;
  const std::filesystem::path path = dir / "bite.db";
  for (const bool synced : {true, false}) {
    PowerCutDisk disk(1);
    disk.make_file(path);
    {
      auto db = core::sqlite::Database::open(path, {.create = true}).value();
      REQUIRE(
          db.exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
                  "PRAGMA synchronous=FULL; CREATE TABLE t(x)"));
      if (!synced) REQUIRE(db.exec("PRAGMA synchronous=NORMAL"));
      REQUIRE(db.exec("INSERT INTO t VALUES (1)"));
      disk.cut_at(Counted::kChange, 1);
      CHECK_FALSE(db.exec("INSERT INTO t VALUES (2)"));
    }
    CHECK(disk.dead());
    disk.power_on(Survival::kLost);
    auto db = core::sqlite::Database::open(path, {}).value();
    REQUIRE(db.exec("PRAGMA locking_mode=EXCLUSIVE"));
    CHECK(db.query_int("SELECT count(*) FROM t").value() == (synced ? 1 : 0));
  }
}
