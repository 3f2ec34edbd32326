// A day of a till on a disk that is full, or fails, at each of its changes in turn: what the till
// says, what it keeps, and that it goes on. Oracles: all its answers, and Till::check().
// Disk: faulty_vfs.h over powercut_vfs.h.
#include <doctest/doctest.h>

#include "tests/crash/till_answers.h"
#include "tests/crash/till_steps.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/powercut_vfs.h"
#include "tests/support/process.h"

using core::Errc;
using core::Result;
using test::CutShop;
using test::Fault;
using test::FaultyDisk;
using test::PowerCutDisk;
using till::Durability;
using till::JournalKey;
using till::Till;

namespace {

using Answers = std::vector<std::string>;
using Image = PowerCutDisk::Image;

constexpr std::uint64_t kChangesMax = 2000;  // of one operation; far above what any makes
// Every change; of instrumented code, which is some ten times slower, one in seven.
constexpr std::uint64_t kStep = test::kSanitized ? 7 : 1;
constexpr Fault kFaults[] = {Fault::kFull, Fault::kFullOnce, Fault::kNotWritten,
                             Fault::kWrittenYetFailed};

bool is_full(Fault fault) {
  return fault == Fault::kFull || fault == Fault::kFullOnce;
}

struct Operation {
  std::string name;
  std::function<Result<void>(Till&)> run;
};

// When the disk begins to fail.
enum class When { kOpening, kWorking, kLeaving };

class FaultyDay {
 public:
  explicit FaultyDay(bool encrypted) : disk_(1) {
    if (encrypted) key_ = JournalKey::from(core::Bytes(32, 7)).value();
    core::Random random(20261128);
    shelf_ = test::random_shelf(random, 12, 5);
    other_shelf_ = test::random_shelf(random, 20, 5);
  }

  void create_everywhere() {
    for (const Fault fault : kFaults) {
      std::uint64_t n = 1;
      while (create_with(fault, n)) REQUIRE((n += kStep) < kChangesMax);
      CHECK(n > 20);
    }
  }

  // One operation after the other, each at every change of its own; then the next from there.
  void run(const std::vector<Operation>& day) {
    for (const Operation& operation : day) {
      INFO("operation: " << operation.name);
      const Image next = find_after(operation);
      for (const Fault fault : kFaults) {
        for (const When when : {When::kOpening, When::kWorking, When::kLeaving}) {
          std::uint64_t n = 1;
          while (attempt(operation, when, fault, n)) REQUIRE((n += kStep) < kChangesMax);
        }
      }
      start_ = next;
      before_ = after_;
    }
  }

  // As it is when the program is killed: the last sale is in the write-ahead log only.
  void kill_after(const Operation& operation) {
    disk_.put(start_);
    {
      Till till = open().value();
      REQUIRE(operation.run(till));
      start_ = disk_.image();
    }
    before_ = look();
    CHECK(start_.at(shop_.journal().string() + "-wal").size() > 0);
  }

  std::vector<Operation> day();
  void try_pins();
  void change_key() {
    const JournalKey next = JournalKey::from(core::Bytes(32, 9)).value();
    for (const Fault fault : kFaults) {
      std::uint64_t n = 1;
      while (rekey_with(next, fault, n)) REQUIRE((n += kStep) < kChangesMax);
      CHECK(n > 50);
    }
  }

  std::uint64_t failed(const std::string& operation) { return failed_[operation]; }
  std::uint64_t viewed() const { return viewed_; }
  void tell() const {
    std::string text;
    for (const auto& [name, count] : failed_) text += "; " + name + " " + std::to_string(count);
    for (const auto& [call, count] : faults_.failures()) {
      text += "; failed at " + std::string(name_of(call)) + " " + std::to_string(count);
    }
    MESSAGE("operations that failed" << text << "; full disks on which the till could be read "
                                     << viewed_);
  }
  const FaultyDisk& faults() const { return faults_; }

 private:
  Result<Till> open() {
    auto till = Till::open(shop_.journal(), Durability::kFull, key_);
    // What the audit log says is compared: its times are told.
    till::Surroundings here;
    here.now_ms = [] { return std::int64_t{1}; };
    if (till) till->stand_at(here);
    return till;
  }
  Result<Till> create() {
    return Till::create(shop_.journal(), shop_.setup(shelf_), Durability::kFull, key_);
  }

  // On a sound disk: what a new process answers. Everything holds.
  Answers look() {
    auto till = open();
    REQUIRE_MESSAGE(till, (till ? "" : describe(till.error())));
    const auto checked = till->check();
    REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
    return test::answers_of(*till).value();
  }

  void check_error(const core::Error& error, Fault fault) {
    INFO(describe(error));
    CHECK(error.what.find(shop_.journal().string()) != std::string::npos);
    if (is_full(fault)) {
      CHECK(error.code == Errc::kDiskFull);
      CHECK(error.what.find("free some space") != std::string::npos);
    } else {
      CHECK((error.code == Errc::kIo || error.code == Errc::kSyncFailed));
    }
  }

  // False: it came to its end before the n-th change.
  bool create_with(Fault fault, std::uint64_t n) {
    CAPTURE(static_cast<int>(fault));
    CAPTURE(n);
    disk_.put({});
    disk_.make_file(shop_.journal());
    faults_.fail_at(fault, n);
    {
      const auto made = create();
      if (!made) {
        ++failed_["creating"];
        check_error(made.error(), fault);
      }
      faults_.heal();
    }
    const bool struck = faults_.struck();
    {
      const auto again = create();
      if (!again) CHECK(again.error().code == Errc::kExists);
    }
    const Answers now = look();
    if (before_.empty()) before_ = now;
    CHECK(now == before_);
    if (!struck) start_ = disk_.image();
    return struck;
  }

  // The operation with a failing disk from the state before it. False: it came to its end, and the
  // till to its, before the n-th change.
  bool attempt(const Operation& operation, When when, Fault fault, std::uint64_t n) {
    CAPTURE(static_cast<int>(when));
    CAPTURE(static_cast<int>(fault));
    CAPTURE(n);
    disk_.put(start_);
    if (when == When::kOpening) faults_.fail_at(fault, n);
    bool done = false;
    {
      auto till = open();
      if (when == When::kWorking) faults_.fail_at(fault, n);
      const Result<void> first = till ? operation.run(*till) : core::fail(till.error());
      done = first.has_value();
      if (when == When::kLeaving) {
        REQUIRE(done);
        faults_.fail_at(fault, n);
      } else if (!done) {
        ++failed_[operation.name];
        check_error(first.error(), fault);
        if (till && is_full(fault)) view(*till);
        faults_.heal();
        if (till) done = again(operation, *till, fault);
      }
      if (when != When::kLeaving) faults_.heal();
    }
    faults_.heal();
    settle(operation, done);
    return faults_.struck();
  }

  // While the disk is full nothing has changed, and everything can be looked at.
  void view(Till& till) {
    const auto answers = test::answers_of(till);
    REQUIRE_MESSAGE(answers, (answers ? "" : describe(answers.error())));
    CHECK_MESSAGE(*answers == before_, test::first_difference(before_, *answers));
    if (key_.empty()) CHECK(till.check());  // an encrypted one's check empties the log first
    ++viewed_;
  }

  // With space again the same till goes on; after a broken disk it says that it cannot.
  bool again(const Operation& operation, Till& till, Fault fault) {
    const auto second = operation.run(till);
    if (is_full(fault)) REQUIRE_MESSAGE(second, (second ? "" : describe(second.error())));
    if (!second) {
      CHECK(second.error().code == Errc::kState);
      CHECK(second.error().what.find("open the journal again") != std::string::npos);
    }
    return second.has_value();
  }

  // What a new process finds is the state before the operation, or after it if it was reported.
  void settle(const Operation& operation, bool done) {
    const Answers now = look();
    if (now == before_ && !done) return;
    CHECK_MESSAGE(now == after_, operation.name << ": " << test::first_difference(after_, now));
  }

  // On a sound disk.
  Image find_after(const Operation& operation) {
    disk_.put(start_);
    {
      Till till = open().value();
      const auto done = operation.run(till);
      REQUIRE_MESSAGE(done, (done ? "" : describe(done.error())));
    }
    after_ = look();
    CHECK(after_ != before_);
    return disk_.image();
  }

  bool rekey_with(const JournalKey& next, Fault fault, std::uint64_t n) {
    CAPTURE(static_cast<int>(fault));
    CAPTURE(n);
    disk_.put(start_);
    bool done = false;
    {
      Till till = open().value();
      faults_.fail_at(fault, n);
      const auto first = till.rekey(next);
      done = first.has_value();
      if (!done) {
        ++failed_["changing the key"];
        check_error(first.error(), fault);
      }
      faults_.heal();
    }
    const JournalKey before = key_;
    if (!open()) key_ = next;  // one of both, whole
    CHECK(but_for_the_rekey(look()) == before_);
    if (done) CHECK(Till::open(shop_.journal(), Durability::kFull, before).has_value() == false);
    key_ = before;
    return faults_.struck();
  }

  // A rekey is told to the audit log before it begins, whatever becomes of it.
  static Answers but_for_the_rekey(Answers answers) {
    std::erase_if(answers, [](const std::string& line) {
      return line.starts_with("audit ") && line.find(" rekeyed ") != std::string::npos;
    });
    return answers;
  }

  PowerCutDisk disk_;
  FaultyDisk faults_;
  CutShop shop_;
  JournalKey key_;
  test::Shelf shelf_;
  test::Shelf other_shelf_;
  Image start_;  // before the operation
  Answers before_;
  Answers after_;
  std::map<std::string, std::uint64_t> failed_;
  std::uint64_t viewed_ = 0;
};

core::Money usd(std::int64_t minor) {
  return {minor, *core::Currency::parse("USD")};
}

till::Basket basket(std::uint64_t product, std::int64_t count) {
  return {{{core::ProductId{product}, core::Quantity{count * core::Quantity::kUnit}, usd(0)}}, {}};
}

Operation sale(const std::string& name, std::uint64_t product, std::int64_t count) {
  return {name, [=](Till& t) -> Result<void> {
            TRY(t.ring(basket(product, count), 1));
            return {};
          }};
}

template <typename T>
Result<void> forget(Result<T> result) {
  return result ? Result<void>{} : core::fail(result.error());
}

core::retail::StockMovement delivery() {
  core::retail::StockMovement movement;
  movement.currency = usd(0).currency;
  movement.kind = core::retail::StockKind::kReceived;
  movement.lines = {{core::ProductId{1}, core::Quantity{5000}}};
  return movement;
}

till::LayawayOrder layaway() {
  return {"Bob", basket(2, 1).lines, usd(1), {}};
}

core::retail::CardResult card() {
  core::retail::CardResult result;
  result.currency = usd(0).currency;
  result.terminal = "T1";
  result.batch = 7;
  result.authorisation = "A1";
  result.masked_number = "****1234";
  result.amount = usd(500);
  result.signature = core::Bytes(64, 1);
  return result;
}

// The relay takes everything that is pending.
Result<void> acknowledge_all(Till& till, const std::string& origin) {
  test::MemoryLog log(origin);
  TRY_ASSIGN(const auto pending, till.outbox().pending(core::Sequence{0}, 10, 100000));
  for (const auto& entry : pending) log.take(entry.message);
  std::vector<till::Outbox::Acknowledgement> all;
  for (std::size_t i = 0; i < pending.size(); ++i) {
    all.push_back({pending[i].sequence, log.receipt(i)});
  }
  return till.outbox().acknowledge(all);
}

std::vector<Operation> FaultyDay::day() {
  using core::retail::CashKind;
  return {
      {"joining", [this](Till& t) { return t.join(shop_.roster); }},
      {"replacing the catalog",
       [this](Till& t) { return forget(t.replace_catalog(test::catalog_of(other_shelf_))); }},
      {"changing a price",
       [](Till& t) {
         return forget(t.change_prices({{core::ProductId{1}, usd(1234)}}));
       }},
      {"changing a setting",
       [](Till& t) {
         return t.set_settings({100, 1, false, {}});
       }},
      {"setting where backups go",
       [this](Till& t) { return t.set_backup_to({(shop_.dir / "a").string()}); }},
      {"opening the day",
       [](Till& t) {
         return t.open_day(core::BusinessDay{20001}, {{core::ProductId{1}, core::Quantity{9000}},
                                                      {core::ProductId{2}, core::Quantity{4000}}});
       }},
      sale("selling", 1, 2),
      sale("selling a kit", 4, 1),
      sale("selling more", 2, 3),
      {"refunding",
       [](Till& t) {
         return forget(t.refund({1,
                                 {{0, core::Quantity{1000}, true}},
                                 core::retail::TenderKind::kCash,
                                 "one is broken",
                                 {}},
                                2));
       }},
      {"voiding", [](Till& t) { return forget(t.void_sale(2, "wrong customer", 3)); }},
      {"moving cash",
       [](Till& t) { return forget(t.move_cash(CashKind::kFloat, usd(20000), "", 4)); }},
      {"opening the drawer", [](Till& t) { return forget(t.open_drawer("change", 5)); }},
      {"moving stock", [](Till& t) { return forget(t.move_stock(delivery(), 6)); }},
      {"putting aside", [](Till& t) { return forget(t.put_aside("Ann", basket(1, 2), 7)); }},
      {"dropping what was put aside",
       [](Till& t) { return forget(t.drop_held(1, "she did not come", 8)); }},
      {"laying away", [](Till& t) { return forget(t.open_layaway(layaway(), 9)); }},
      {"paying on a layaway", [](Till& t) { return forget(t.pay_layaway(1, usd(1), {}, 10)); }},
      {"handing over", [](Till& t) { return forget(t.hand_over(1, {}, 11)); }},
      {"a card authorisation", [](Till& t) { return forget(t.record_card(card(), 12)); }},
      {"training", [](Till& t) { return forget(t.train(basket(1, 1), 13)); }},
      {"copying a receipt",
       [](Till& t) { return forget(t.record_copy(core::retail::Series::kInvoice, 1, 14)); }},
      {"beginning to print", [](Till& t) { return forget(t.print_queue().begin(1)); }},
      {"ending to print", [](Till& t) { return t.print_queue().end(1, till::Printed::kAll); }},
      {"telling the audit log",
       [](Till& t) {
         return t.audit({till::AuditEvent::kLineVoided, "line 1", "1", "0", 15});
       }},
      {"a refusal",
       [](Till& t) { return t.outbox().mark_refused(core::Sequence{1}, "not on the roster"); }},
      {"closing the day", [](Till& t) { return forget(t.close_day(usd(12345))); }},
      {"copying a backup", [](Till& t) { return forget(t.copy_backups()); }},
      {"an acknowledgement", [this](Till& t) { return acknowledge_all(t, shop_.origin); }},
      {"opening the next day", [](Till& t) { return t.open_day_early(core::BusinessDay{20002}); }},
      {"confirming the delivery",
       [](Till& t) {
         return t.confirm_delivery({{core::ProductId{1}, core::Quantity{1000}}});
       }},
      {"selling a voucher to a member",
       [](Till& t) {
         till::Basket sold = basket(1, 1);
         sold.vouchers_sold = {{"V-1", usd(2500)}};
         sold.member = core::retail::MemberKey{};
         return forget(t.ring(sold, 16));
       }},
      {"redeeming it",
       [](Till& t) {
         till::Basket sold = basket(1, 1);
         sold.vouchers_redeemed = {{"V-1", usd(100)}};
         return forget(t.ring(sold, 17));
       }},
  };
}

// A PIN is looked at only when the try is on the disk, so no failing disk gives tries for nothing.
void FaultyDay::try_pins() {
  const auto pin = [](const char* digits) { return till::Pin::from(digits).value(); };
  const core::OperatorId ann{1};
  disk_.put(start_);
  {
    Till till = open().value();
    REQUIRE(till.operators().add({ann, "Ann", till::Role::kManager}, pin("2580"), 18));
  }
  start_ = disk_.image();
  std::uint64_t refused = 0;
  for (const Fault fault : kFaults) {
    bool struck = true;
    for (std::uint64_t n = 1; struck; n += kStep) {
      REQUIRE(n < kChangesMax);
      CAPTURE(static_cast<int>(fault));
      CAPTURE(n);
      disk_.put(start_);
      bool looked_at = false;
      {
        Till till = open().value();
        faults_.fail_at(fault, n);
        const auto tried = till.operators().sign_on(ann, pin("1379"), 19);
        REQUIRE_FALSE(tried);
        looked_at = tried.error().code == Errc::kWrongPin;
        if (!looked_at) check_error(tried.error(), fault);
        faults_.heal();
      }
      struck = faults_.struck();
      refused += looked_at ? 0 : 1;
      Till till = open().value();
      REQUIRE(till.check());
      const std::uint32_t failures = till.operators().all().at(ann).failures;
      CHECK(failures <= 1);
      if (looked_at) CHECK(failures == 1);
    }
  }
  CHECK(refused > 0);
}

// What a killed till has in its log only, it has to write into its file when it is opened.
void run_a_day(bool encrypted) {
  FaultyDay till(encrypted);
  till.create_everywhere();
  const auto day = till.day();
  till.run(day);
  const std::uint64_t viewed_while_sound = till.viewed();
  till.kill_after(sale("selling before a kill", 1, 1));
  till.run({sale("selling after a kill", 2, 1)});
  till.tell();
  for (const Operation& operation : day) {
    CAPTURE(operation.name);
    CHECK(till.failed(operation.name) > 0);
  }
  CHECK(till.failed("creating") > 0);
  CHECK(till.failed("selling after a kill") > 0);
  CHECK(till.viewed() > viewed_while_sound);
  for (const auto call : {test::DiskCall::kWrite, test::DiskCall::kTruncate, test::DiskCall::kSync,
                          test::DiskCall::kCreate}) {
    CAPTURE(name_of(call));
    CHECK(till.faults().failures().count(call) == 1);
  }
  if (!encrypted) return till.try_pins();
  till.kill_after(sale("selling before a rekey", 1, 1));
  till.change_key();
  CHECK(till.failed("changing the key") > 0);
}

}  // namespace

TEST_CASE("a disk that is full or fails at any change of a day is said so, and nothing is lost") {
  run_a_day(false);
}

TEST_CASE("the same of an encrypted till, and of a rekey") {
  run_a_day(true);
}
