// What goods and points are worth, against sums done by hand.
#include <doctest/doctest.h>

#include <fstream>

#include "core/sqlite/database.h"
#include "ledger-rebuild/export_formats.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/page.h"
#include "ledger-rebuild/period_close.h"
#include "ledger-rebuild/stock_flows.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/count_drawer.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"

using core::BusinessDay;
using core::Bytes;
using core::Money;
using core::ProductId;
using core::retail::Closing;
using rebuild::By;
using rebuild::Settings;
using test::closing;
using test::Fleet;
using test::units;

namespace {

constexpr int kJanuary30 = 20483;
constexpr int kJanuary31 = 20484;
constexpr int kFebruary1 = 20485;
constexpr int kFebruary10 = 20494;
constexpr int kFebruary11 = 20495;

// Product 1 costs 2.00, and 2.50 from 10 February; product 2 a third of a cent more than a cent.
Settings settings_of(const std::string& more_accounts = {}) {
  const test::TempDir dir;
  std::ofstream(dir / "products.csv") << "product,name,department,tax_code,from,cost,currency\n"
                                         "1,Chair,Garden,1,,2.00,USD\n"
                                         "1,Chair,Garden,1,2026-02-10,2.50,USD\n"
                                         "2,Nail,Tools,1,,0.0133,USD\n"
                                         "3,Bread,Food,2,,,\n";
  std::ofstream(dir / "points.csv") << "from,currency,worth_of_1000\n,USD,5.00\n"
                                       "2026-02-10,USD,6.00\n";
  if (!more_accounts.empty()) {
    std::ifstream seeds(std::string(DAYBOOK_SOURCE_DIR) + "/seeds/chart_of_accounts.csv");
    std::ofstream(dir / "accounts.csv") << seeds.rdbuf() << more_accounts;
  }
  auto settings = rebuild::read_settings(dir.path());
  REQUIRE_MESSAGE(settings.has_value(), settings.error().what);
  return std::move(settings).value();
}

struct Store {
  explicit Store(std::uint32_t number = 1) { till = fleet.enrol(number, 1); }
  void say(const core::retail::Summary& summary) { log.push_back(fleet.next(till, summary)); }
  void replay() {
    books.replay(log);
    CHECK(rebuild::verify_books(books.open())->empty());
  }
  // "1200 USD 8.00" a line, of the accounts that stand at something.
  std::string accounts(const Settings& settings, std::optional<int> from = {},
                       std::optional<int> to = {}) const {
    std::string out;
    const auto table = *rebuild::figures(books.open(), By::kAccount, range(from, to), {}, settings);
    for (const auto& row : table.rows) {
      if (row[5].value == 0) continue;
      out += std::to_string(row[0].value) + " " + rebuild::cell_text(row[5]) + "\n";
    }
    return out;
  }
  std::string csv(By by, const Settings& settings) const {
    return rebuild::table_csv(*rebuild::figures(books.open(), by, {}, {}, settings));
  }
  static rebuild::FigureRange range(std::optional<int> from, std::optional<int> to) {
    rebuild::FigureRange out;
    if (from) out.from = BusinessDay{*from};
    if (to) out.to = BusinessDay{*to};
    return out;
  }

  Fleet fleet;
  std::size_t till = 0;
  std::vector<Bytes> log;
  test::RebuiltBooks books{fleet.roster()};
};

std::string exported(const rebuild::Books& books, const Settings& settings) {
  std::string out;
  const auto format = *rebuild::export_format("ledger");
  REQUIRE(rebuild::export_books(books, settings, {}, *format,
                                [&](std::string_view text) -> core::Result<void> {
                                  out += text;
                                  return {};
                                })
              .has_value());
  return out;
}

}  // namespace

TEST_CASE("received, sold, lost, sent away, and a new standard cost for what is left") {
  Store store;
  store.say(test::opening(kJanuary31, {{ProductId{1}, units(10)}}));
  Closing day = closing(kJanuary31, 1000, 1, {{ProductId{1}, units(3)}});
  day.adjusted[ProductId{1}] = units(-1);
  day.transfers[{"T1", core::retail::TransferWay::kOut, core::StoreId{2}}] = {
      {ProductId{1}, units(2)}};
  store.say(day);
  store.say(closing(kFebruary11, 0, 0, {}));
  store.replay();
  const Settings settings = settings_of();
  CHECK(store.accounts(settings, {}, kFebruary1) ==
        "1000 10.00\n1200 8.00\n1210 4.00\n2100 -20.00\n4000 -10.00\n5000 6.00\n5100 2.00\n");
  // Four in the store and two on their way: 0.50 more each.
  CHECK(store.accounts(settings) ==
        "1000 10.00\n1200 10.00\n1210 5.00\n2100 -20.00\n4000 -10.00\n5000 6.00\n5100 2.00\n"
        "5110 -3.00\n");
  CHECK(store.accounts(settings, kFebruary1) == "1200 2.00\n1210 1.00\n5110 -3.00\n");
  CHECK(store.accounts(Settings{}) == "1000 10.00\n4000 -10.00\n");
  const std::string text = exported(store.books.open(), settings);
  CHECK(text.find("2026-02-10 * (settings) Change of worth\n") != std::string::npos);
  CHECK(text.find("2026-01-31 * (1) Goods and points of store 1\n") != std::string::npos);
}

TEST_CASE("a change that the books have not reached posts nothing") {
  Store store;
  store.say(test::opening(kJanuary31, {{ProductId{1}, units(10)}}));
  store.replay();
  CHECK(store.accounts(settings_of()) == "1200 20.00\n2100 -20.00\n");
  CHECK(store.accounts(settings_of(), {}, kFebruary11) == "1200 20.00\n2100 -20.00\n");
  CHECK(exported(store.books.open(), settings_of()).find("Change of worth") == std::string::npos);
}

TEST_CASE("what rounding leaves is posted, and does not grow") {
  Store store;
  for (int day = 0; day < 30; ++day) {
    store.say(test::opening(kJanuary31 - day, {{ProductId{2}, units(1)}}));
    store.say(closing(kJanuary31 - day, 0, 0, {{ProductId{2}, core::Quantity{500}}}));
  }
  store.replay();
  // 30 received at 1.33 cents are 39.9, half of it 19.95 twice.
  CHECK(store.accounts(settings_of()) == "1200 0.20\n2100 -0.40\n5000 0.20\n");
  CHECK(store.accounts(settings_of(), {}, kJanuary31 - 29) ==
        "1200 0.01\n2100 -0.01\n5000 0.01\n5920 -0.01\n");
}

TEST_CASE("a count's variance follows the days, not the order in which messages came") {
  Store store;
  const std::size_t other = store.fleet.enrol(1, 2);
  store.say(test::opening(kJanuary30, {{ProductId{1}, units(10)}}));
  const Bytes late =
      store.fleet.next(other, closing(kJanuary30, 500, 1, {{ProductId{1}, units(4)}}));
  Closing counted = closing(kJanuary31, 0, 0, {});
  counted.on_hand[ProductId{1}] = units(5);
  store.say(counted);
  Closing again = closing(kFebruary1, 0, 0, {{ProductId{1}, units(2)}});
  again.on_hand[ProductId{1}] = units(4);
  store.say(again);
  store.replay();
  const auto difference = [&] {
    std::vector<std::int64_t> out;
    const auto found = *rebuild::variances(store.books.open(), {});
    for (const auto& v : found) {
      out.push_back(v.difference.thousandths / 1000);
    }
    return out;
  };
  CHECK(difference() == std::vector<std::int64_t>{-5, 1});
  CHECK(store.accounts(settings_of()) == "1200 8.00\n2100 -20.00\n5000 4.00\n5100 8.00\n");
  store.log.push_back(late);
  store.replay();
  CHECK(store.csv(By::kVariance, settings_of()) ==
        "store,product,day,expected,counted,difference,currency,worth\r\n"
        "1,1,2026-01-31,6.000,5.000,-1.000,USD,-2.00\r\n"
        "1,1,2026-02-01,3.000,4.000,1.000,USD,2.00\r\n");
  CHECK(rebuild::table_csv(*rebuild::figures(store.books.open(), By::kVariance,
                                             Store::range(kFebruary1, {}), {})) ==
        "store,product,day,expected,counted,difference\r\n"
        "1,1,2026-02-01,3.000,4.000,1.000\r\n");
  CHECK(difference() == std::vector<std::int64_t>{-1, 1});  // now four were sold, and one is lost
  CHECK(store.accounts(settings_of()) ==
        "1000 5.00\n1200 8.00\n2100 -20.00\n4000 -5.00\n5000 12.00\n");
}

TEST_CASE("a correction of a closed period leaves the period's count as it was") {
  Store store;
  const std::size_t other = store.fleet.enrol(1, 2);
  const std::size_t office = store.fleet.enrol(0, 0);
  store.say(test::opening(kJanuary30, {{ProductId{1}, units(10)}}));
  const Bytes late =
      store.fleet.next(other, closing(kJanuary30, 500, 1, {{ProductId{1}, units(4)}}));
  Closing counted = closing(kJanuary31, 0, 0, {});
  counted.on_hand[ProductId{1}] = units(5);
  store.say(counted);
  const test::ChainEnd& end = store.fleet.till(store.till);
  store.log.push_back(store.fleet.next_bulletin(
      office, rebuild::encode_period_close(
                  {BusinessDay{kJanuary31}, {}, {{end.ref, end.epoch, end.sequence, end.prev}}})));
  store.replay();
  const std::string january = store.accounts(settings_of(), {}, kJanuary31);
  store.log.push_back(late);
  Closing again = closing(kFebruary11, 0, 0, {});
  again.on_hand[ProductId{1}] = units(5);
  store.say(again);
  store.replay();
  CHECK(january == "1200 10.00\n2100 -20.00\n5100 10.00\n");
  CHECK(store.accounts(settings_of(), {}, kJanuary31) == january);
  // The four sold leave the shelf on paper in February, and the next count puts them back.
  const auto counts = *rebuild::variances(store.books.open(), {});
  REQUIRE(counts.size() == 2);
  CHECK(counts[1].expected == units(1));
  CHECK(counts[1].difference == units(4));
  CHECK(store.accounts(settings_of()).find("1200 12.50\n") != std::string::npos);
}

TEST_CASE(
    "a count that comes late for a closed period leaves out what moved since, or a newer count") {
  for (const bool counted_since : {false, true}) {
    CAPTURE(counted_since);
    Store store;
    const std::size_t other = store.fleet.enrol(1, 2);
    const std::size_t office = store.fleet.enrol(0, 0);
    store.say(test::opening(kJanuary30, {{ProductId{1}, units(10)}}));
    Closing late = closing(kJanuary30, 0, 0, {});
    late.on_hand[ProductId{1}] = units(8);
    const Bytes late_count = store.fleet.next(other, late);
    Closing sold = closing(kJanuary31, 500, 1, {{ProductId{1}, units(3)}});
    if (counted_since) sold.on_hand[ProductId{1}] = units(6);
    store.say(sold);
    const test::ChainEnd& end = store.fleet.till(store.till);
    store.log.push_back(store.fleet.next_bulletin(
        office,
        rebuild::encode_period_close(
            {BusinessDay{kJanuary31}, {}, {{end.ref, end.epoch, end.sequence, end.prev}}})));
    store.log.push_back(late_count);
    store.replay();
    const auto counts = *rebuild::variances(store.books.open(), {});
    REQUIRE(counts.size() == (counted_since ? 2 : 1));
    // Ten came in, and on that day nothing had been sold yet.
    CHECK(counts.back().day == BusinessDay{kFebruary1});
    CHECK(counts.back().difference == units(counted_since ? 0 : -2));
    CHECK(store.accounts(settings_of(), {}, kJanuary31) ==
          (counted_since ? "1000 5.00\n1200 12.00\n2100 -20.00\n4000 -5.00\n5000 6.00\n5100 2.00\n"
                         : "1000 5.00\n1200 14.00\n2100 -20.00\n4000 -5.00\n5000 6.00\n"));
  }
}

TEST_CASE("points are an expense and owed when they are earned, and at their new worth") {
  Store store;
  Closing day = closing(kJanuary31, 1000);
  day.members[core::retail::MemberKey{}] = {3000, 400};
  day.tenders[core::retail::TenderKind::kCash] = Money{750, day.currency};
  day.tenders[core::retail::TenderKind::kPoints] = Money{250, day.currency};
  store.say(day);
  store.say(closing(kFebruary10, 100));
  store.replay();
  // 2600 points at 5.00 a thousand are owed; the till gave 2.50 for 400 that were worth 2.00.
  CHECK(store.accounts(settings_of(), {}, kFebruary1) ==
        "1000 7.50\n2410 -13.00\n4000 -10.00\n5200 15.50\n");
  CHECK(store.accounts(settings_of(), kFebruary1) ==
        "1000 1.00\n2410 -2.60\n4000 -1.00\n5200 2.60\n");
  CHECK(store.accounts(Settings{}, {}, kFebruary1) == "1000 7.50\n2410 2.50\n4000 -10.00\n");
  auto db = *core::sqlite::Database::open(store.books.file(), {});
  REQUIRE(db.exec("UPDATE month_takings SET points_earned = 1").has_value());
  CHECK_FALSE(rebuild::verify_books(store.books.open())->empty());
}

TEST_CASE("departments share a tax code's takings by what their products took") {
  Store store;
  Closing day = closing(kJanuary31, 0, 2, {{ProductId{1}, units(1)}, {ProductId{2}, units(100)}});
  const auto usd = day.currency;
  day.net = Money{1000, usd};
  day.taxes = {{core::TaxCode{1}, {Money{700, usd}, Money{100, usd}}},
               {core::TaxCode{2}, {Money{300, usd}, Money{20, usd}}}};
  day.tenders[core::retail::TenderKind::kCash] = day.net;
  day.discount = Money{50, usd};
  day.sold[ProductId{1}] = {units(1), Money{500, usd}};
  day.sold[ProductId{2}] = {units(100), Money{150, usd}};
  day.sold[ProductId{3}] = {units(2), Money{300, usd}};
  day.sold[ProductId{9}] = {units(1), Money{50, usd}};  // nobody told head office of it
  store.say(day);
  store.replay();
  const Settings settings = settings_of("sales,,Garden,4010,Garden,revenue\n");
  // Of 6.00: 5/7, 1.5/7 and 0.5/7, exactly 4.2857, 1.2857 and 0.4286.
  CHECK(store.csv(By::kDepartment, settings) ==
        "department,currency,sold,net,net_of_tax,cost,margin\r\n"
        "(none),USD,1.000,0.50,0.43,0.00,0.43\r\n"
        "Food,USD,2.000,3.00,2.80,0.00,2.80\r\n"
        "Garden,USD,1.000,5.00,4.29,2.00,2.29\r\n"
        "Tools,USD,100.000,1.50,1.28,1.33,-0.05\r\n");
  CHECK(store.csv(By::kProduct, settings) ==
        "product,name,department,currency,sold,net,net_of_tax,cost,margin\r\n"
        "1,Chair,Garden,USD,1.000,5.00,4.29,2.00,2.29\r\n"
        "3,Bread,Food,USD,2.000,3.00,2.80,0.00,2.80\r\n"
        "2,Nail,Tools,USD,100.000,1.50,1.28,1.33,-0.05\r\n"
        "9,,(none),USD,1.000,0.50,0.00,0.00,0.00\r\n"
        "(rest),,(none),USD,0.000,0.00,0.43,0.00,0.43\r\n");
  CHECK(store.accounts(settings) ==
        "1000 10.00\n1200 -3.33\n2200 -1.20\n4000 -5.01\n4010 -4.29\n4090 0.50\n5000 3.33\n");
  const std::string page = *rebuild::books_page(store.books.open(), {}, settings);
  CHECK(page.find("<h2>By department</h2>") != std::string::npos);
  CHECK(page.find("Garden") != std::string::npos);
  CHECK(rebuild::figures(store.books.open(), By::kDepartment, {}, {}).error().code ==
        core::Errc::kUsage);
}

TEST_CASE("what moved and has no cost is named, and a month's moves are checked by verify") {
  Store store;
  store.say(test::opening(kJanuary31, {{ProductId{3}, units(1)}, {ProductId{77}, units(1)}}));
  store.replay();
  const auto table = *rebuild::figures(store.books.open(), By::kAccount, {}, {}, settings_of());
  REQUIRE(table.remarks.size() == 1);
  CHECK(table.remarks[0] == "2 products moved and have no cost in the settings: 3, 77");
  CHECK(rebuild::figures(store.books.open(), By::kAccount, {}, {})->remarks.empty());
  auto db = *core::sqlite::Database::open(store.books.file(), {});
  REQUIRE(db.exec("UPDATE month_moves SET thousandths = 1 WHERE product = 3").has_value());
  const auto problems = *rebuild::verify_books(store.books.open());
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].find("what a month moved") != std::string::npos);
}
