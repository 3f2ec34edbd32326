// Head office's settings: what is taken up, and what is refused by the line.
#include <doctest/doctest.h>

#include <fstream>

#include "ledger-rebuild/settings.h"
#include "tests/support/source_tree.h"
#include "tests/support/temp_dir.h"

using core::BusinessDay;
using core::Errc;
using core::ProductId;
using rebuild::Account;
using rebuild::Settings;

namespace {

struct Directory {
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(dir / name) << text;
  }
  core::Result<Settings> read() const { return rebuild::read_settings(dir.path()); }
  void refuses(const std::string& name, const std::string& text, const std::string& what) const {
    write(name, text);
    const auto settings = read();
    REQUIRE_FALSE(settings.has_value());
    CHECK(settings.error().code == Errc::kMalformed);
    CAPTURE(settings.error().what);
    CHECK(settings.error().what.find(name + what) != std::string::npos);
    std::filesystem::remove(dir / name);
  }
  test::TempDir dir;
};

const std::string kProducts = "product,name,department,tax_code,from,cost,currency\n";
const std::string kPoints = "from,currency,worth_of_1000\n";

std::string seeds_chart() {
  return test::read_text(test::source_root() / "seeds/chart_of_accounts.csv");
}

// The chart with one line changed for another, or none.
std::string chart_with(const std::string& line, const std::string& instead) {
  std::string text = seeds_chart();
  const std::size_t at = text.find(line);
  REQUIRE(at != std::string::npos);
  text.replace(at, text.find('\n', at) + 1 - at, instead);
  return text;
}

}  // namespace

TEST_CASE("a standard cost holds from its day on, to the thousandth of a cent") {
  const Directory d;
  d.write("products.csv", kProducts +
                              "7,\"Screws, small\",Tools,1,2026-02-01,0.0125,USD\n"
                              "7,\"Screws, small\",Tools,1,,0.012,USD\n"
                              "8,Rice,,2,2026-01-15,120,JPY\n"
                              "9,Set,Tools,1,,,\n");
  const auto settings = d.read();
  REQUIRE_MESSAGE(settings.has_value(), settings.error().what);
  const auto* screws = settings->costed(ProductId{7});
  REQUIRE(screws != nullptr);
  CHECK(screws->name == "Screws, small");
  CHECK(rebuild::worth_on(screws->cost, BusinessDay{0}) == 1200);
  CHECK(rebuild::worth_on(screws->cost, BusinessDay{20484}) == 1200);
  CHECK(rebuild::worth_on(screws->cost, BusinessDay{20485}) == 1250);
  const auto* rice = settings->costed(ProductId{8});
  CHECK(rice->department == "(none)");
  CHECK(rebuild::worth_on(rice->cost, BusinessDay{20467}) == 0);
  CHECK(rebuild::worth_on(rice->cost, BusinessDay{20468}) == 120'000);
  CHECK(settings->costed(ProductId{9}) == nullptr);  // a kit
  CHECK(settings->find(ProductId{9}) != nullptr);
  CHECK(settings->find(ProductId{10}) == nullptr);
  CHECK_FALSE(settings->has_points);
}

TEST_CASE("a bad row of products, points or accounts is refused by its line") {
  const Directory d;
  for (const auto& [row, what] : std::vector<std::pair<std::string, std::string>>{
           {"x,A,B,1,,1,USD", ":2: product 'x'"},
           {"7,A,B,one,,1,USD", ":2: tax code 'one'"},
           {"7,A,B,1,2026-02-30,1,USD", ":2:"},
           {"7,A,B,1,,-1,USD", ":2: cost '-1'"},
           {"7,A,B,1,,0.123456,USD", ":2: cost"},
           {"7,A,B,1,,1,usd", ":2:"},
           {"7,A,B,1,,1,", ":2: a cost and its currency"},
           {"7,A,B,1,2026-01-01,,", ":2: a cost and its currency"},
           {"7,A,B,1,,1,USD\n7,A,B,1,,2,USD", ":3: there is a row of this day"},
           {"7,A,B,1,,1,USD\n7,A,C,1,2026-01-01,2,USD", ":3: name, department"},
           {"7,A,B,1,,1,USD\n7,A,B,1,2026-01-01,2,EUR", ":3: name, department"},
           {"7,A,B,1,,1", ":2: 6 fields"}}) {
    const auto& its_row = row;
    CAPTURE(its_row);
    d.refuses("products.csv", kProducts + row + "\n", what);
  }
  d.refuses("products.csv", "product,cost\n", ":1: expected the header");
  d.refuses("points.csv", kPoints + ",USD,ten\n", ":2: worth 'ten'");
  d.refuses("points.csv", kPoints + ",USD,10\n,USD,11\n", ":3: there is a row of this day");
  const std::string cash = "cash,,,1000,Cash in tills,asset\n";
  for (const auto& [rows, what] : std::vector<std::pair<std::string, std::string>>{
           {"", ": no account has the role cash"},
           {"till,,,1000,Cash,asset\n", ":2: 'till' is no role"},
           {"cash,,,1000-1,Cash,asset\n", ":2: account '1000-1'"},
           {"cash,,,0,Cash,asset\n", ":2: account '0'"},
           {"cash,,,1000,,asset\n", ":2: an account without a name"},
           {"cash,,,1000,Cash,money\n", ":2: 'money' is no type"},
           {cash + cash, ":3: this role has its account"},
           {cash + "sales,,Food,1000,Food,revenue\n", ":3: account 1000 is 'Cash in tills'"},
           {cash + "sales,1,Food,4010,Food,revenue\n", ":3: only the role sales"},
           {cash + "cash,,Food,4010,Food,asset\n", ":3: only the role sales"},
           {cash + "cash,1,,4010,Cash of tax code 1,asset\n", ":3: '1': a tax code"}}) {
    const auto& its_rows = rows;
    CAPTURE(its_rows);
    d.refuses("accounts.csv", chart_with("cash,,,1000", rows), what);
  }
  d.refuses("prducts.csv", kProducts, ": the settings are accounts.csv");
  CHECK(rebuild::read_settings(d.dir / "none").error().code == Errc::kNotFound);
}

TEST_CASE("a retailer's chart has its own numbers, one for several roles, and some a tax code") {
  const Directory d;
  d.write("accounts.csv", chart_with("cash-rounding,,,5910",
                                     "cash-rounding,,,8100,Differences,expense\n"
                                     "tax-payable,2,,38062,Tax at 7 %,liability\n"
                                     "sales,,Garden,44100,Garden,revenue\n"));
  auto text = test::read_text(d.dir / "accounts.csv");
  text.replace(text.find("5920,Rounding of stock values"), 29, "8100,Differences");
  d.write("accounts.csv", text);
  const auto settings = d.read();
  REQUIRE_MESSAGE(settings.has_value(), settings.error().what);
  const rebuild::Chart& chart = settings->chart;
  CHECK(chart.account(Account::kCashRounding, 5).number == 8100);
  CHECK(chart.account(Account::kStockRounding, -1).number == 8100);
  CHECK(chart.account(Account::kTaxPayable, 2).number == 38062);
  CHECK(chart.account(Account::kTaxPayable, -1002).number == 38062);  // due for a deposit
  CHECK(chart.account(Account::kTaxPayable, 1).number == 2200);
  CHECK(chart.department("Garden")->number == 44100);
  CHECK(chart.department("Food") == nullptr);
  CHECK(chart.account(1, -1).error().code == Errc::kDamaged);
  CHECK(rebuild::Chart::standard().account(Account::kCash, 1).name == "Cash in tills");
}

TEST_CASE("the settings in the seeds can be read") {
  const auto settings = rebuild::read_settings(test::source_root() / "seeds/gardenworld-settings");
  REQUIRE_MESSAGE(settings.has_value(), settings.error().what);
  CHECK(settings->products.size() == 4);
  CHECK(settings->chart.has_departments());
  CHECK(settings->has_points);
}
