// Printing: the original once, copies numbered, and what an error of a real device leaves behind:
// FIFOs, files and /dev/full, no invented printers.
#include "till/printing.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "core/retail/signed_receipt.h"
#include "tests/support/paper_reader.h"
#include "tests/unit/till_samples.h"

using namespace till_test;
using core::Errc;
using core::retail::Series;
using till::DevicePrinter;
using till::Printed;
using till::PrintOrder;
using till::PrintReport;
using till::PrintState;
using till::WaitingDocument;

namespace {

PrintOrder order(std::uint64_t number, Series series = Series::kInvoice) {
  PrintOrder out;
  out.series = series;
  out.number = number;
  return out;
}

// A shop with a sale, and a file that is the paper.
class Counter {
 public:
  Counter() {
    shop.open_day(1);
    shop.ring(sets(1));
    test::write_file(paper(), {});
  }

  std::filesystem::path paper() const { return shop.dir() / "paper"; }

  PrintReport print_on(const std::filesystem::path& path, const PrintOrder& what,
                       std::chrono::milliseconds timeout = till::kPrinterTimeout) {
    DevicePrinter printer(path, timeout);
    return shop.step([&](till::Till& t) { return t.print(what, printer, 7); });
  }
  PrintReport print(const PrintOrder& what) { return print_on(paper(), what); }

  std::vector<WaitingDocument> waiting() {
    return shop.step([](till::Till& t) { return t.print_queue().waiting(0, 100); });
  }
  std::vector<test::PrintedJob> jobs() const { return test::read_escpos(test::read_file(paper())); }

  Shop shop;
};

// A FIFO that takes 4,096 bytes before somebody reads.
class Fifo {
 public:
  explicit Fifo(const std::filesystem::path& path) {
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    reader_ = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(reader_ >= 0);
    REQUIRE(::fcntl(reader_, F_SETPIPE_SZ, 4096) == 4096);
  }
  ~Fifo() { leave(); }
  Fifo(const Fifo&) = delete;
  Fifo& operator=(const Fifo&) = delete;

  void leave() {
    if (reader_ >= 0) ::close(reader_);
    reader_ = -1;
  }

 private:
  int reader_ = -1;
};

}  // namespace

TEST_CASE("a document is due, its original is printed once, and then there are copies") {
  Counter counter;
  REQUIRE(counter.waiting().size() == 1);
  CHECK(counter.waiting()[0].mark.state == PrintState::kDue);
  for (std::uint64_t copy = 0; copy < 3; ++copy) {
    const PrintReport report = counter.print(order(1));
    CHECK(report.outcome.printed == Printed::kAll);
    CHECK(report.copy == copy);
    CHECK(counter.waiting().empty());
    const auto mark =
        counter.shop.step([](till::Till& t) { return t.print_mark(Series::kInvoice, 1); });
    CHECK(mark.state == PrintState::kPrinted);
    CHECK(mark.copies == copy);
  }
  counter.shop.refuses(Errc::kNotFound,
                       [](till::Till& t) { return t.print_mark(Series::kInvoice, 2); });
  const auto jobs = counter.jobs();
  REQUIRE(jobs.size() == 3);
  CHECK_FALSE(jobs[0].has("COPY"));
  CHECK(jobs[1].has("COPY 1"));
  CHECK(jobs[2].has("COPY 2"));
  CHECK(jobs[0].kicks == 1);
  CHECK(jobs[1].kicks == 0);
  counter.shop.check();
}

TEST_CASE("a copy is a document of its own, and so takes an open day; an original does not") {
  Counter counter;
  counter.shop.ring(sets(2));
  counter.print(order(1));
  counter.print(order(1));
  const auto stored = counter.shop.step([](till::Till& t) { return t.document(Series::kCopy, 1); });
  const auto& copy = std::get<core::retail::Copy>(stored.document);
  CHECK(copy.of == Series::kInvoice);
  CHECK(copy.number == 1);
  counter.shop.close_day();
  DevicePrinter printer(counter.paper());
  counter.shop.refuses(Errc::kState, [&](till::Till& t) { return t.print(order(1), printer, 7); });
  CHECK(counter.jobs().size() == 2);
  CHECK(counter.print(order(2)).copy == 0);
  counter.shop.check();
}

TEST_CASE("what surely printed nothing leaves the journal as it was") {
  Counter counter;
  const auto missing = counter.shop.dir() / "no-such-device";
  const auto nobody = counter.shop.dir() / "nobody-reads";
  REQUIRE(::mkfifo(nobody.c_str(), 0600) == 0);
  for (const std::filesystem::path& path :
       {missing, nobody, std::filesystem::path("/dev/full"), counter.shop.dir().path()}) {
    CAPTURE(path.string());
    const PrintReport report = counter.print_on(path, order(1));
    CHECK(report.outcome.printed == Printed::kNothing);
    CHECK(report.outcome.why.find(path.string()) == 0);
    REQUIRE(counter.waiting().size() == 1);
    CHECK(counter.waiting()[0].mark.state == PrintState::kDue);
  }
  CHECK_FALSE(std::filesystem::exists(missing));
  CHECK(counter.print(order(1)).copy == 0);
  // The same of a copy: its number is not used up.
  CHECK(counter.print_on("/dev/full", order(1)).outcome.printed == Printed::kNothing);
  CHECK(counter.print(order(1)).copy == 1);
  counter.shop.check();
}

TEST_CASE("an original that was cut off is doubtful, and prints next as a copy") {
  Counter counter;
  const auto path = counter.shop.dir() / "printer";
  Fifo fifo(path);
  using std::chrono::milliseconds;
  // Nobody reads, so the device takes a part and no more.
  const PrintReport stuck = counter.print_on(path, order(1), milliseconds(50));
  CHECK(stuck.outcome.printed == Printed::kUnknown);
  CHECK(stuck.outcome.why.find("after 4096 of ") != std::string::npos);
  REQUIRE(counter.waiting().size() == 1);
  CHECK(counter.waiting()[0].mark.state == PrintState::kDoubtful);
  counter.shop.check();
  // A doubtful document of an earlier day still waits; one that was never tried is due, and waits
  // no more.
  counter.shop.ring(sets(2));
  counter.shop.close_day();
  counter.shop.open_day(2);
  REQUIRE(counter.waiting().size() == 1);
  CHECK(counter.waiting()[0].number == 1);
  CHECK(counter.print(order(1)).copy == 1);
  CHECK(counter.waiting().empty());
  CHECK(counter.print(order(2)).copy == 0);
}

TEST_CASE("a reader that goes away in the middle ends the job, and not the till") {
  Counter counter;
  const auto path = counter.shop.dir() / "printer";
  Fifo fifo(path);
  std::thread leaving([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    fifo.leave();
  });
  const PrintReport report = counter.print_on(path, order(1));
  leaving.join();
  CHECK(report.outcome.printed == Printed::kUnknown);
  CHECK(report.outcome.why.find("Broken pipe") != std::string::npos);
  sigset_t pending;
  REQUIRE(::sigpending(&pending) == 0);
  CHECK(::sigismember(&pending, SIGPIPE) == 0);
}

TEST_CASE("a copy that fails in doubt uses its number, and the original stays printed") {
  Counter counter;
  CHECK(counter.print(order(1)).copy == 0);
  const auto path = counter.shop.dir() / "printer";
  Fifo fifo(path);
  CHECK(counter.print_on(path, order(1), std::chrono::milliseconds(50)).copy == 1);
  CHECK(counter.print(order(1)).copy == 2);
  CHECK(counter.jobs().size() == 2);
}

TEST_CASE("a job that a crash cut off is doubtful when the journal is opened again") {
  Counter counter;
  counter.shop.step([](till::Till& t) { return t.print_queue().begin(1); });
  REQUIRE(counter.waiting().size() == 1);
  CHECK(counter.waiting()[0].mark.state == PrintState::kDoubtful);
  counter.shop.step([](till::Till& t) { return t.print_queue().begin(1); });
  counter.shop.check();
  CHECK(counter.print(order(1)).copy == 2);
  counter.shop.refuses(Errc::kState,
                       [](till::Till& t) { return t.print_queue().end(1, Printed::kAll); });
}

TEST_CASE("SQLite itself refuses a second original and a mark that is forgotten") {
  Counter counter;
  counter.print(order(1));
  for (const char* change : {"DELETE FROM print", "UPDATE print SET state = 1, copy = 0",
                             "UPDATE print SET state = 1"}) {
    CAPTURE(change);
    auto database = core::sqlite::Database::open(counter.shop.journal(), {});
    REQUIRE(database);
    CHECK_FALSE(database->exec(change));
  }
  CHECK(counter.print(order(1)).copy == 1);
}

TEST_CASE("a mark of no document, or in no state, is found by check") {
  for (const char* change :
       {"INSERT INTO print VALUES (7, 2, 0, 0, 1)", "INSERT INTO print VALUES (1, 9, 0, 0, 1)",
        "INSERT INTO print VALUES (1, 1, 0, 2, 1)", "INSERT INTO print VALUES (1, 1, 1, 0, 1)"}) {
    CAPTURE(change);
    Counter counter;
    {
      auto database = core::sqlite::Database::open(counter.shop.journal(), {});
      REQUIRE(database->exec(change));
    }
    const auto checked = counter.shop.open().check();
    REQUIRE_FALSE(checked);
    CHECK(checked.error().code == Errc::kDamaged);
  }
}

TEST_CASE("sales, refunds, voids and cash movements wait for paper; the others when named") {
  Counter counter;
  counter.shop.ring(sets(2));
  counter.shop.step(
      [](till::Till& t) { return t.move_cash(core::retail::CashKind::kFloat, usd(10000), "", 2); });
  counter.shop.step([](till::Till& t) { return t.open_drawer("change", 3); });
  counter.shop.step([](till::Till& t) { return t.void_sale(1, "wrong customer", 4); });
  counter.shop.step([](till::Till& t) {
    till::RefundOrder refund;
    refund.invoice = 2;
    refund.lines = {{0, units(1), true}};
    refund.reason = "broken";
    return t.refund(refund, 5);
  });
  std::string names;
  for (const WaitingDocument& document : counter.waiting()) {
    names += document_number(kRef, document.series, document.number) + " ";
  }
  CHECK(names ==
        "4/1-invoice-000001 4/1-invoice-000002 4/1-cash-000001 4/1-void-000001 "
        "4/1-refund-000001 ");
  const auto waiting = counter.waiting();
  for (const WaitingDocument& document : waiting) {
    PrintOrder what = order(document.number, document.series);
    what.may_open_drawer = false;
    CHECK(counter.print(what).copy == 0);
  }
  counter.print(order(1, Series::kDrawer));
  const auto jobs = counter.jobs();
  REQUIRE(jobs.size() == 6);
  CHECK(jobs[0].has("VOIDED"));
  CHECK(jobs[0].pictures.empty());
  CHECK(jobs[0].kicks == 0);
  CHECK(jobs[1].pictures.size() == 1);
  CHECK(jobs[2].has("FLOAT"));
  CHECK(jobs[3].has("VOID"));
  CHECK(jobs[4].pictures.size() == 1);
  CHECK(jobs[5].has("NO SALE"));
  CHECK(jobs[5].kicks == 1);
  counter.shop.check();
}

TEST_CASE("what is printed verifies with head office's roster, and is what the journal signs") {
  Counter counter;
  counter.print(order(1));
  const std::string text =
      counter.shop.step([](till::Till& t) { return t.signed_receipt(Series::kInvoice, 1); });
  if (test::have_zbarimg()) CHECK(test::read_qr(counter.jobs()[0].pictures.at(0)) == text);
  const auto bytes = core::retail::parse_receipt_text(text);
  REQUIRE(bytes);
  const auto verified = core::retail::verify_signed_receipt(*bytes, counter.shop.office().roster());
  REQUIRE(verified);
  CHECK(verified->receipt.till == kRef);
  CHECK(verified->receipt.total == usd(50000));
}

TEST_CASE("the shop's heading is kept, bounded, and printed") {
  Counter counter;
  counter.shop.step([](till::Till& t) {
    return t.print_queue().set_heading({"GARDEN WORLD", "1 Main Street"});
  });
  counter.print(order(1));
  CHECK(counter.jobs()[0].lines[0].text.ends_with("GARDEN WORLD"));
  CHECK(counter.jobs()[0].lines[0].emphasised);
  CHECK_FALSE(counter.jobs()[0].lines[1].emphasised);
  counter.shop.refuses(Errc::kUsage, [](till::Till& t) {
    return t.print_queue().set_heading(std::vector<std::string>(9, "line"));
  });
  counter.shop.refuses(Errc::kUsage, [](till::Till& t) {
    return t.print_queue().set_heading({std::string(201, 'x')});
  });
}

TEST_CASE("a sale writes nothing for printing: a document without a mark is due") {
  Counter counter;
  auto database = core::sqlite::Database::open(counter.shop.journal(), {});
  REQUIRE(database);
  CHECK(*database->query_int("SELECT count(*) FROM print") == 0);
}
