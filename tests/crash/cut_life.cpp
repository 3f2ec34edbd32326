// One till's life: work, cuts, recoveries, and what must be there afterwards.
#include "tests/crash/cut_life.h"

#include <doctest/doctest.h>

#include "core/sqlite/database.h"

namespace test {

using core::Errc;
using till::Till;

namespace {

constexpr std::uint64_t kStepsMax = 2000;  // between two cuts; far above what is needed

// One journal from its creation on, through many cuts.
class Life {
 public:
  Life(std::uint64_t seed, const CutShop& shop, DiskKind kind, CutTally& tally)
      : random_(seed),
        disk_(seed + 1),
        shop_(shop),
        lying_(kind == DiskKind::kLying),
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
  void power_on_honestly() { power_on(kHonestSurvivals[random_.between(0, 3)]); }

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
        lied ? kLies[random_.between(0, 4)] : kHonestSurvivals[random_.between(0, 3)];
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
    const auto found = seen_of(*till_, &*shop_.opener);
    REQUIRE_MESSAGE(found, (found ? "" : describe(found.error())));
    const TillModel acknowledged = model_;
    if (!find_state(*found)) {
      FAIL("the books are not what was acknowledged: " << (pending_ ? pending_->name : "nothing")
                                                       << " was under way"
                                                       << difference(acknowledged.seen(), *found));
    }
    if (model_.sales.empty()) return;
    if (!lying_) look_at_paper();
    for (const std::uint64_t number :
         {std::uint64_t{model_.sales.size()}, random_.between(1, model_.sales.size())}) {
      const auto document = till_->document(core::retail::Series::kInvoice, number);
      REQUIRE(document);
      CHECK(text_of(facts_of(*document)) == text_of(model_.sales[number - 1]));
    }
  }

  // Whatever became of the disk, what is on paper is in the books, and its original only once.
  void look_at_paper() {
    for (const auto& [invoice, originals] : steps_.paper().originals()) {
      const auto& its_invoice = invoice;
      CAPTURE(its_invoice);
      CHECK(invoice <= model_.sales.size());
      CHECK(originals <= 1);
    }
    const auto waiting = till_->print_queue().waiting(0, 100000);
    REQUIRE(waiting);
    for (const till::WaitingDocument& document : *waiting) {
      if (document.series != core::retail::Series::kInvoice) continue;
      if (document.mark.state != till::PrintState::kDue) continue;
      CHECK_FALSE(steps_.paper().originals().contains(document.number));
    }
    tally_.printed += steps_.paper().originals().size();
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
    const auto found = seen_of(*opened, &*shop_.opener);
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
        "ON v.series = 5 AND v.about_series = 3 AND v.about = d.number WHERE d.series = 3 "
        "ORDER BY d.position");
    REQUIRE(rows);
    auto refunds = db->prepare(
        "SELECT body FROM document WHERE series = 4 AND about_series = 3 AND about = ? "
        "ORDER BY position");
    REQUIRE(refunds);
    std::size_t number = 0;
    while (rows->step().value()) {
      REQUIRE(number < model_.sales.size());
      till::StoredDocument document{
          core::retail::decode_document(rows->column_blob(0)).value(), {}, {}};
      if (!rows->column_is_null(1)) {
        document.voided = std::get<core::retail::Void>(
            core::retail::decode_document(rows->column_blob(1)).value());
      }
      refunds->reset();
      refunds->bind_int(1, static_cast<std::int64_t>(number + 1));
      while (refunds->step().value()) {
        document.refunds.push_back(std::get<core::retail::Refund>(
            core::retail::decode_document(refunds->column_blob(0)).value()));
      }
      REQUIRE(text_of(facts_of(document)) == text_of(model_.sales[number++]));
    }
    CHECK(number == model_.sales.size());
  }

  core::Random random_;
  PowerCutDisk disk_;
  const CutShop& shop_;
  bool lying_;
  bool long_;
  bool dense_;  // a cut in nearly every operation
  CutTally& tally_;
  RandomSteps steps_;
  TillModel model_;
  std::optional<Step> pending_;
  std::optional<TillModel> before_lie_;
  std::vector<Step> since_lie_;
  std::optional<Till> till_;
};

}  // namespace

void live_once(std::uint64_t seed, const CutShop& shop, DiskKind kind, CutTally& tally) {
  Life(seed, shop, kind, tally).run();
}

}  // namespace test
