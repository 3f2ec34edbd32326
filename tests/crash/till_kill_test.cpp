// Kills the real daybook-till, SIGKILL, at random moments of random commands, and compares what it
// has with what it had said: no acknowledged document is missing, no number is used twice or
// skipped, every total is that of a model in plain numbers.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <thread>

#include "core/base/random.h"
#include "tests/crash/crash_shop.h"

using namespace till_test;
using core::retail::CashKind;
using core::retail::Series;
using core::retail::TenderKind;
using test::CrashShop;
using till::Till;

namespace {

constexpr int kKills = test::kSanitized ? 20 : 110;  // of each kind of journal: 200 in all
constexpr int kRunsMax = 3000;                       // far above what so many kills take
constexpr std::int64_t kSetMinor = 50000;

struct SaleFacts {
  std::int32_t day = 0;
  std::int64_t count = 0;  // of sets
  bool by_card = false;
  bool voided = false;
  std::int64_t returned = 0;
};
struct RefundFacts {
  std::int32_t day = 0;
  std::size_t sale = 0;
};
struct CashFacts {
  std::int32_t day = 0;
  CashKind kind = CashKind::kFloat;
  std::int64_t amount = 0;
};

// Everything that the till has said it did. Numbers are places, from 1.
struct Books {
  std::vector<SaleFacts> sales;
  std::vector<RefundFacts> refunds;  // of one set each, in cash
  std::vector<CashFacts> cash;
  std::vector<std::int32_t> drawer;  // days
  std::uint64_t voids = 0;
  std::uint64_t messages = 0;
  std::int32_t day = 0;
  bool open = false;

  std::int64_t expected_cash() const {
    std::int64_t sum = 0;
    for (const SaleFacts& sale : sales) {
      if (sale.day == day && !sale.by_card && !sale.voided) sum += sale.count * kSetMinor;
    }
    for (const RefundFacts& refund : refunds) sum -= refund.day == day ? kSetMinor : 0;
    for (const CashFacts& moved : cash) {
      const bool comes_in = moved.kind == CashKind::kFloat || moved.kind == CashKind::kPaidIn;
      if (moved.day == day) sum += comes_in ? moved.amount : -moved.amount;
    }
    return sum;
  }

  // As text_of() says it of a till.
  std::string text() const {
    std::int64_t sold = 0, given_back = 0, card = 0, cash_taken = 0, count = 0, out = 0;
    std::uint64_t voided = 0, no_sales = 0;
    for (const SaleFacts& sale : sales) {
      if (sale.day != day) continue;
      if (sale.voided) ++voided;
      if (sale.voided) continue;
      ++count;
      out += sale.count;
      sold += sale.count * kSetMinor;
      (sale.by_card ? card : cash_taken) += sale.count * kSetMinor;
    }
    for (const RefundFacts& refund : refunds) given_back += refund.day == day ? 1 : 0;
    for (const std::int32_t opened : drawer) no_sales += opened == day ? 1 : 0;
    return line(
        {sales.size(), refunds.size(), voids, cash.size(), drawer.size(), messages}, open ? day : 0,
        {count, static_cast<std::int64_t>(voided), given_back, sold - given_back * kSetMinor,
         given_back * kSetMinor, cash_taken - given_back * kSetMinor, card,
         static_cast<std::int64_t>(no_sales), out - given_back, expected_cash()});
  }

  static std::string line(const std::vector<std::uint64_t>& last, std::int32_t open_day,
                          const std::vector<std::int64_t>& sums) {
    std::string out = "last numbers";
    for (const std::uint64_t number : last) out += " " + std::to_string(number);
    out += "; open day " + std::to_string(open_day) + "; the day's sums";
    for (const std::int64_t sum : sums) out += " " + std::to_string(sum);
    return out;
  }
};

std::int64_t minor_of(const core::retail::Closing& closing, TenderKind kind) {
  const auto it = closing.tenders.find(kind);
  return it == closing.tenders.end() ? 0 : it->second.minor;
}

std::string text_of(Till& till) {
  const till::TillStatus status = till.status().value();
  const auto& last = status.last_numbers;
  const core::retail::Closing so_far = till.day_so_far().value();
  for (const Series series : core::retail::kSaleSeries) {
    CHECK(last.at(series) == last.at(Series::kInvoice));
  }
  const auto tables = so_far.consumed.find(kTable);
  return Books::line(
      {last.at(Series::kInvoice), last.at(Series::kRefund), last.at(Series::kVoid),
       last.at(Series::kCash), last.at(Series::kDrawer), status.last_sequence.value},
      status.open_day ? status.open_day->days : 0,
      {static_cast<std::int64_t>(so_far.sales), static_cast<std::int64_t>(so_far.voids),
       static_cast<std::int64_t>(so_far.refunds), so_far.net.minor, so_far.refunded.minor,
       minor_of(so_far, TenderKind::kCash), minor_of(so_far, TenderKind::kCard),
       static_cast<std::int64_t>(so_far.counts.no_sales),
       tables == so_far.consumed.end() ? 0 : tables->second.thousandths / core::Quantity::kUnit,
       expected_cash(so_far)->minor});
}

// A command, what it says when it is done, and what it does to the books.
struct Action {
  std::vector<std::string> words;
  std::string says;
  std::function<void(Books&)> apply;
};

std::string money(std::int64_t minor) {
  return std::to_string(minor / 100) + "." + std::to_string(100 + minor % 100).substr(1);
}
std::string number(const std::string& series, std::size_t n) {
  const std::string digits = std::to_string(n);
  return "4/1-" + series + "-" + std::string(6 - digits.size(), '0') + digits;
}

class Killer {
 public:
  Killer(CrashShop::Rest rest, std::uint64_t seed) : shop_(rest), random_(seed) {
    books_.sales.push_back({day(1).days, 1, false, false, 0});
    books_.messages = 1;
    books_.day = day(1).days;
    books_.open = true;
  }

  void run() {
    for (int runs = 0; kills_ < kKills; ++runs) {
      REQUIRE(runs < kRunsMax);
      const Action action = next();
      const test::Outcome outcome = run_and_kill(action.words);
      if (outcome.status == 128 + SIGKILL) {
        ++kills_;
      } else {
        REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
      }
      look(action, outcome);
    }
    look_at_every_sale();
    MESSAGE(kills_ << " kills, " << in_a_write_ << " of them during a write; unreported and there "
                   << unreported_there_ << ", unreported and not there " << unreported_gone_
                   << ", reported " << reported_ << "; " << books_.sales.size() << " sales");
    if (test::kSanitized) return;  // too few kills to meet each case
    CHECK(in_a_write_ >= kKills / 5);
    CHECK(unreported_there_ > 0);
    CHECK(unreported_gone_ > 0);
    CHECK(reported_ > 0);
  }

 private:
  bool one_in(std::uint64_t n) { return random_.between(1, n) == 1; }
  std::int64_t up_to(std::uint64_t most) {
    return static_cast<std::int64_t>(random_.between(1, most));
  }

  Action next() {
    if (!books_.open) return open_day();
    switch (random_.between(0, 9)) {
      case 0:
        return move_cash();
      case 1:
        return {shop_.command("no-sale", {"--reason", "change"}),
                number("drawer", books_.drawer.size() + 1),
                [](Books& books) { books.drawer.push_back(books.day); }};
      case 2:
        if (const auto at = pick([&](const SaleFacts& s) {
              return !s.voided && s.returned == 0 && s.day == books_.day;
            })) {
          return {
              shop_.command("void", {"--invoice", std::to_string(*at + 1), "--reason", "wrong"}),
              number("invoice", *at + 1) + " voided", [at = *at](Books& books) {
                books.sales[at].voided = true;
                ++books.voids;
              }};
        }
        return ring();
      case 3:
      case 4:
        if (const auto at =
                pick([](const SaleFacts& s) { return !s.voided && s.returned < s.count; })) {
          return {shop_.command("refund", {"--invoice", std::to_string(*at + 1), "--line", "1=1",
                                           "--reason", "broken"}),
                  number("refund", books_.refunds.size() + 1), [at = *at](Books& books) {
                    ++books.sales[at].returned;
                    books.refunds.push_back({books.day, at});
                  }};
        }
        return ring();
      case 5:
        return close_day();
      default:
        return ring();
    }
  }

  template <typename Fits>
  std::optional<std::size_t> pick(const Fits& fits) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < books_.sales.size(); ++i) {
      if (fits(books_.sales[i])) places.push_back(i);
    }
    if (places.empty()) return std::nullopt;
    return places[random_.between(0, places.size() - 1)];
  }

  Action ring() {
    const std::int64_t count = up_to(3);
    const bool by_card = one_in(2);
    return {shop_.command("ring", {"--line", "145x" + std::to_string(count), "--tender",
                                   (by_card ? "card=" : "cash=") + money(count * kSetMinor)}),
            number("invoice", books_.sales.size() + 1), [=](Books& books) {
              books.sales.push_back({books.day, count, by_card, false, 0});
            }};
  }

  Action move_cash() {
    const auto kind = static_cast<CashKind>(random_.between(1, 4));
    static const std::map<CashKind, std::string> kNames = {{CashKind::kFloat, "float"},
                                                           {CashKind::kPaidIn, "paid-in"},
                                                           {CashKind::kPaidOut, "paid-out"},
                                                           {CashKind::kPickUp, "pick-up"}};
    const std::int64_t amount = up_to(30000);
    return {shop_.command(
                "cash", {"--kind", kNames.at(kind), "--amount", money(amount), "--reason", "why"}),
            number("cash", books_.cash.size() + 1), [=](Books& books) {
              books.cash.push_back({books.day, kind, amount});
            }};
  }

  Action open_day() {
    const core::BusinessDay next{books_.day + 1};
    return {shop_.command("open", {"--day", to_string(next), "--receive", "133=4"}),
            "business day " + to_string(next) + " is open", [next](Books& books) {
              books.day = next.days;
              books.open = true;
              ++books.messages;
            }};
  }

  Action close_day() {
    std::vector<std::string> words;
    if (books_.expected_cash() >= 0) words = {"--counted", money(books_.expected_cash())};
    return {shop_.command("close", words), "Z report", [](Books& books) {
              books.open = false;
              ++books.messages;
            }};
  }

  std::uintmax_t log_size() const {
    std::error_code none;
    const auto size = std::filesystem::file_size(shop_.journal().string() + "-wal", none);
    return none ? 0 : size;
  }

  // Every other time at any moment, as likely before its end as after; else once it has begun to
  // write: there is no log before, since the journal was closed.
  test::Outcome run_and_kill(const std::vector<std::string>& words) {
    REQUIRE(log_size() == 0);
    const auto start = std::chrono::steady_clock::now();
    test::Process process(words);
    if (one_in(2)) {
      const auto most = static_cast<std::uint64_t>(longest_.count() * 3 / 2);
      std::this_thread::sleep_for(std::chrono::microseconds(random_.between(0, most)));
    } else {
      while (log_size() == 0 && process.running()) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds(random_.between(0, 3000)));
    }
    process.signal(SIGKILL);
    const test::Outcome outcome = process.wait();
    if (outcome.status == 128 + SIGKILL) {
      if (log_size() > 0) ++in_a_write_;
    } else {
      longest_ = std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::steady_clock::now() - start);
    }
    return outcome;
  }

  // What it said is there; what it did not say is there wholly or not at all.
  void look(const Action& action, const test::Outcome& outcome) {
    const bool said = outcome.out.find(action.says) != std::string::npos;
    INFO(action.words.at(1) << ", killed " << outcome.status << ", it said: " << outcome.out);
    if (outcome.status == 0) REQUIRE(said);
    Till till = shop_.open();
    const auto checked = till.check();
    REQUIRE_MESSAGE(checked, (checked ? "" : describe(checked.error())));
    const std::string found = text_of(till);
    Books after = books_;
    action.apply(after);
    if (said) ++reported_;
    if (!said && found == books_.text()) {
      ++unreported_gone_;
      return;
    }
    if (!said) ++unreported_there_;
    REQUIRE(found == after.text());
    books_ = after;
  }

  void look_at_every_sale() {
    Till till = shop_.open();
    for (std::size_t i = 0; i < books_.sales.size(); ++i) {
      const auto stored = till.document(Series::kInvoice, i + 1);
      REQUIRE(stored);
      const auto& sale = std::get<core::retail::Sale>(stored->document);
      CHECK(net_of(sale)->minor == books_.sales[i].count * kSetMinor);
      CHECK(sale.day.days == books_.sales[i].day);
      CHECK(stored->voided.has_value() == books_.sales[i].voided);
      CHECK(static_cast<std::int64_t>(stored->refunds.size()) == books_.sales[i].returned);
    }
  }

  CrashShop shop_;
  core::Random random_;
  Books books_;
  int kills_ = 0;
  int in_a_write_ = 0;
  int unreported_there_ = 0;
  int unreported_gone_ = 0;
  int reported_ = 0;
  std::chrono::microseconds longest_{20000};
};

}  // namespace

TEST_CASE("a till that is killed at random loses nothing that it reported, and skips no number") {
  Killer(CrashShop::Rest::kPlain, 20261128).run();
}

TEST_CASE("an encrypted till that is killed at random keeps the same promises") {
  Killer(CrashShop::Rest::kEncrypted, 20261129).run();
}
