// Figures by one thing at a time, against sums done by hand.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/sqlite/database.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/html.h"
#include "ledger-rebuild/month_sums.h"
#include "ledger-rebuild/page.h"
#include "ledger-rebuild/verify_books.h"
#include "tests/support/count_drawer.h"
#include "tests/support/rebuild_books.h"
#include "tests/support/rebuild_fleet.h"
#include "tests/support/temp_dir.h"

using core::BusinessDay;
using core::Bytes;
using core::Money;
using core::ProductId;
using core::retail::Closing;
using core::retail::TenderKind;
using rebuild::By;
using rebuild::Table;
using test::closing;
using test::Fleet;
using test::units;

namespace {

// Day numbers of 2026-01-31 and 2026-02-01.
constexpr int kJanuary = 20484;
constexpr int kFebruary = 20485;

// `cash` and `card` taken for so many of each product, at 5.00 each.
Closing day_of(int day, std::int64_t cash, std::int64_t card, std::int64_t chairs,
               std::int64_t tables) {
  Closing out = closing(day, cash + card, 2, {});
  const auto usd = out.currency;
  out.taxes = {{core::TaxCode{1}, {out.net, Money{(cash + card) / 10, usd}}}};
  out.tenders.clear();
  if (cash != 0) out.tenders[TenderKind::kCash] = Money{cash, usd};
  if (card != 0) out.tenders[TenderKind::kCard] = Money{card, usd};
  if (chairs != 0) out.sold[ProductId{133}] = {units(chairs), Money{500 * chairs, usd}};
  if (tables != 0) out.sold[ProductId{134}] = {units(tables), Money{500 * tables, usd}};
  for (const auto& [product, row] : out.sold) out.consumed[product] = row.quantity;
  test::count_drawer(out, -5);
  return out;
}

struct Street {
  Street() {
    const std::size_t one = fleet.enrol(1, 1);
    const std::size_t two = fleet.enrol(1, 2);
    const std::size_t three = fleet.enrol(20, 1);
    std::vector<Bytes> log = {
        fleet.next(one, test::opening(kJanuary, {{ProductId{133}, units(10)}})),
        fleet.next(one, day_of(kJanuary, 1000, 0, 2, 0)),
        fleet.next(two, day_of(kJanuary, 500, 1000, 0, 3)),
        fleet.next(three, day_of(kFebruary, 0, 500, 1, 0))};
    Closing counted = day_of(kFebruary, 500, 0, 1, 0);
    counted.on_hand[ProductId{133}] = units(6);
    log.push_back(fleet.next(one, counted));
    const test::ChainEnd fork = fleet.till(two);
    log.push_back(fleet.next(two, day_of(kFebruary, 5000, 0, 10, 0)));
    fleet.till(two) = fork;  // a clone: neither of the two days counts
    log.push_back(fleet.next(two, day_of(kFebruary, 2500, 0, 0, 5)));
    books.replay(log);
    CHECK(rebuild::verify_books(books.open())->empty());
  }

  Table by(By what, std::optional<int> from = {}, std::optional<int> to = {}) const {
    rebuild::FigureRange range;
    if (from) range.from = BusinessDay{*from};
    if (to) range.to = BusinessDay{*to};
    return *rebuild::figures(books.open(), what, range, {{core::StoreId{20}, "South, far"}});
  }

  Fleet fleet;
  test::RebuiltBooks books{fleet.roster()};
};

std::string csv(const Table& table) {
  return rebuild::table_csv(table);
}

}  // namespace

TEST_CASE("takings by store, till, region, day and month; contradicted days count nowhere") {
  const Street street;
  const std::string head =
      ",currency,sales,voids,refunds,shelf,discount,net,refunded,over_short\r\n";
  CHECK(csv(street.by(By::kStore)) == "store" + head +
                                          "1,USD,6,0,0,30.00,0.00,30.00,0.00,-0.15\r\n"
                                          "20,USD,2,0,0,5.00,0.00,5.00,0.00,-0.05\r\n");
  CHECK(csv(street.by(By::kTill)) == "till" + head +
                                         "1/1,USD,4,0,0,15.00,0.00,15.00,0.00,-0.10\r\n"
                                         "1/2,USD,2,0,0,15.00,0.00,15.00,0.00,-0.05\r\n"
                                         "20/1,USD,2,0,0,5.00,0.00,5.00,0.00,-0.05\r\n");
  CHECK(csv(street.by(By::kRegion)) ==
        "region" + head +
            "(none),USD,6,0,0,30.00,0.00,30.00,0.00,-0.15\r\n"
            "\"South, far\",USD,2,0,0,5.00,0.00,5.00,0.00,-0.05\r\n");
  CHECK(csv(street.by(By::kDay)) == "day" + head +
                                        "2026-01-31,USD,4,0,0,25.00,0.00,25.00,0.00,-0.10\r\n"
                                        "2026-02-01,USD,4,0,0,10.00,0.00,10.00,0.00,-0.10\r\n");
  CHECK(csv(street.by(By::kMonth)) == "month" + head +
                                          "2026-01,USD,4,0,0,25.00,0.00,25.00,0.00,-0.10\r\n"
                                          "2026-02,USD,4,0,0,10.00,0.00,10.00,0.00,-0.10\r\n");
  CHECK(csv(street.by(By::kStore, kFebruary, kFebruary)) ==
        "store" + head +
            "1,USD,2,0,0,5.00,0.00,5.00,0.00,-0.05\r\n"
            "20,USD,2,0,0,5.00,0.00,5.00,0.00,-0.05\r\n");
}

TEST_CASE("by tender, tax and account, in all days and in some") {
  const Street street;
  CHECK(csv(street.by(By::kTender)) ==
        "tender,currency,amount\r\ncash,USD,20.00\r\ncard,USD,15.00\r\n");
  CHECK(csv(street.by(By::kTender, {}, kJanuary)) ==
        "tender,currency,amount\r\ncash,USD,15.00\r\ncard,USD,10.00\r\n");
  CHECK(csv(street.by(By::kTax)) ==
        "tax_code,currency,gross,tax,net_of_tax\r\n1,USD,35.00,3.50,31.50\r\n");
  CHECK(csv(street.by(By::kAccount, kJanuary, kJanuary)) ==
        "account,name,currency,debit,credit,balance\r\n"
        "1000,Cash in tills,USD,15.00,0.10,14.90\r\n"
        "1010,Card receipts receivable,USD,10.00,0.00,10.00\r\n"
        "2200,Sales tax payable,USD,0.00,2.50,-2.50\r\n"
        "4000,Sales revenue at shelf price,USD,0.00,22.50,-22.50\r\n"
        "5900,Cash over and short,USD,0.10,0.00,0.10\r\n");
}

TEST_CASE("top sellers first, and counts beside what must be there") {
  const Street street;
  CHECK(csv(street.by(By::kProduct)) ==
        "product,currency,sold,net\r\n"
        "133,USD,4.000,20.00\r\n134,USD,3.000,15.00\r\n");
  // Ten came in, two and one went out: seven should be there.
  CHECK(csv(street.by(By::kCount)) ==
        "store,product,day,expected,counted,difference\r\n"
        "1,133,2026-02-01,7.000,6.000,-1.000\r\n");
  CHECK(csv(street.by(By::kCount, {}, kJanuary)) ==
        "store,product,day,expected,counted,difference\r\n");
}

TEST_CASE("whole months come from the months' sums, and are the same as day by day") {
  const Street street;
  // Days of 2026: January begins at 20454, February ends at 20512; a day less is no whole month.
  constexpr int kFirst = 20454;
  constexpr int kLast = 20512;
  for (const By by :
       {By::kStore, By::kRegion, By::kMonth, By::kTender, By::kTax, By::kAccount, By::kProduct}) {
    const std::string months = csv(street.by(by, kFirst, kLast));
    CHECK(months == csv(street.by(by)));
    CHECK(months == csv(street.by(by, kFirst + 1, kLast)));
    CHECK(months == csv(street.by(by, kFirst, kLast - 1)));
    CHECK(csv(street.by(by, kFirst, kFirst + 30)) == csv(street.by(by, kFirst + 1, kFirst + 30)));
    CHECK(csv(street.by(by, kFirst, kFirst + 30)) != months);
    // Where one end alone is in the midst of a month, the days decide.
    CHECK(street.by(by, kFirst, kJanuary - 1).rows.empty());
    CHECK(street.by(by, kFebruary + 1, kLast).rows.empty());
  }
}

TEST_CASE("a month's sum that was changed is named by verify, and whole months show it") {
  const Street street;
  auto db = *core::sqlite::Database::open(street.books.file(), {});
  struct Case {
    const char* sql;
    const char* words;
  };
  for (const Case& c :
       {Case{"UPDATE month_takings SET net_minor = net_minor + 1 WHERE store = 20",
             "the takings of a month"},
        Case{"UPDATE month_accounts SET debit_minor = debit_minor + 1 WHERE account = 1010",
             "an account of a month"},
        Case{"DELETE FROM month_products WHERE product = 134", "what a month sold"}}) {
    CAPTURE(c.sql);
    REQUIRE(db.exec(c.sql).has_value());
    bool named = false;
    const auto problems = *rebuild::verify_books(street.books.open());
    for (const auto& problem : problems) {
      named = named || problem.find(c.words) != std::string::npos;
    }
    CHECK(named);
  }
}

TEST_CASE("a page has every table, a plot for most, and what its names could break is escaped") {
  const Street street;
  const std::string page = *rebuild::books_page(street.books.open(), {});
  for (const char* words :
       {"The books of test.example/shops", "Takings by month", "<td class=text>2026-02</td>",
        "<h2>By tender</h2>", "<td>20.00</td>", "Top sellers", "Cash over and short",
        "Counts beside what must be there", "of 3 tills are complete", "<svg"}) {
    CAPTURE(words);
    CHECK(page.find(words) != std::string::npos);
  }
  // A page of January alone goes by day, and has no count.
  rebuild::FigureRange january{BusinessDay{kJanuary - 30}, BusinessDay{kJanuary}};
  const std::string days = *rebuild::books_page(street.books.open(), january);
  CHECK(days.find("<td class=text>2026-01-31</td>") != std::string::npos);
  CHECK(days.find("Counts beside") == std::string::npos);
  CHECK(rebuild::html_table(
            Table{{"a<b"},
                  {{rebuild::Cell::of(std::string("<&>"))}, {rebuild::Cell::of(std::int64_t{2})}}},
            1) ==
        "<table><thead><tr><th>a&lt;b</th></tr></thead>\n"
        "<tbody><tr><td class=text>&lt;&amp;&gt;</td></tr>\n"
        "</tbody></table>\n<p>and 1 more.</p>\n");
}

TEST_CASE("a table for people is cut where asked, and JSON has whole numbers") {
  const Street street;
  CHECK(rebuild::table_text(street.by(By::kProduct), 1) ==
        "product  currency   sold    net\n"
        "    133  USD       4.000  20.00\n"
        "and 1 more; --top 0 lists them\n");
  const auto json = nlohmann::json::parse(rebuild::table_json(street.by(By::kProduct)));
  REQUIRE(json.size() == 2);
  CHECK(json[0]["product"] == 133);
  CHECK(json[0]["net_minor"] == 2000);
  CHECK(json[0]["sold_thousandths"] == 4000);
  CHECK(rebuild::table_text(Table{{"a", "b"}, {}}, 0) == "a  b\n");
}

TEST_CASE("a cell that a spreadsheet would take for a formula is kept from it") {
  const Table table{{"region"}, {{rebuild::Cell::of(std::string("=1+1"))}}};
  CHECK(rebuild::table_csv(table) == "region\r\n'=1+1\r\n");
}

TEST_CASE("a day's month is the same in SQL, in whole numbers, from 1969 to 2300") {
  const test::TempDir dir;
  auto db = *core::sqlite::Database::open(dir / "any.db", {.create = true});
  auto month = *db.prepare("SELECT " + rebuild::month_sql("CAST(?1 AS BIGINT)"));
  constexpr std::int32_t kLast = 120600;  // in March 2300, a year without a leap day
  std::int32_t wrong = 0;
  for (std::int32_t day = -400; day <= kLast; ++day) {
    month.bind_int(1, day);
    REQUIRE(*month.step());
    wrong += month.column_int(0) != rebuild::month_of(core::BusinessDay{day});
    month.reset();
  }
  CHECK(wrong == 0);
  CHECK(rebuild::month_of(core::BusinessDay{kLast}) == 230003);
}
