// Posting rules: summaries and the entries that they must give, in one text file.
// After a wanted change: DAYBOOK_UPDATE_GOLDEN=1 build/dev/tests/test_rebuild_golden
#include <doctest/doctest.h>

#include <cstdlib>

#include "core/retail/limits.h"
#include "ledger-rebuild/posting_rules.h"
#include "tests/support/count_drawer.h"
#include "tests/support/full_closing.h"
#include "tests/support/rebuild_fleet.h"
#include "tests/support/temp_dir.h"

using core::Money;
using core::retail::Closing;
using core::retail::TenderKind;

namespace {

std::string amount(std::int64_t minor) {
  return to_string(Money{minor, *core::Currency::parse("USD")});
}

std::string account_name(rebuild::Account account) {
  for (const auto& info : rebuild::kChartOfAccounts) {
    if (info.account == account) return std::string(info.name);
  }
  return "?";
}

std::string place(rebuild::Place place) {
  constexpr const char* kNames[] = {"supplier", "store", "sold"};
  return kNames[static_cast<int>(place)];
}

std::string describe(const std::string& title, const core::retail::Summary& summary) {
  std::string out = "# " + title + "\n";
  const auto entry = rebuild::make_entry(summary);
  if (!entry) return out + "  refused: " + core::describe(entry.error()) + "\n\n";
  for (const auto& posting : entry->postings) {
    out += std::string("  ") + (posting.amount_minor > 0 ? "Dr " : "Cr ") +
           std::to_string(static_cast<int>(posting.account)) + " " + account_name(posting.account) +
           (posting.code == rebuild::kNoCode ? "" : ", code " + std::to_string(posting.code)) +
           ": " + amount(std::abs(posting.amount_minor)) + "\n";
  }
  for (const auto& move : entry->moves) {
    out += "  product " + to_string(move.product) + ": " + place(move.from) + " -> " +
           place(move.to) + " " + to_string(core::Quantity{move.thousandths}) + "\n";
  }
  if (entry->postings.empty() && entry->moves.empty()) out += "  nothing\n";
  return out + "\n";
}

Closing mixed_day() {
  Closing day = test::closing(1, 0, 5);
  const auto usd = day.currency;
  const auto money = [&](std::int64_t minor) { return Money{minor, usd}; };
  day.net = money(12500);
  day.discount = money(750);
  day.taxes = {{core::TaxCode{1}, {money(10700), money(700)}},
               {core::TaxCode{2}, {money(1800), money(0)}}};
  day.tenders = {{TenderKind::kCash, money(8000)},
                 {TenderKind::kCard, money(4000)},
                 {TenderKind::kCoupon, money(650)},
                 {TenderKind::kCouponExcess, money(-150)}};
  test::count_drawer(day, -120);
  day.consumed = {{core::ProductId{133}, test::units(12)},
                  {core::ProductId{200}, core::Quantity{375}}};
  return day;
}

std::string all_cases() {
  std::string out;
  out += describe("an opening with two products received",
                  test::opening(1, {{core::ProductId{133}, test::units(16)},
                                    {core::ProductId{134}, test::units(4)}}));
  out += describe("a cash day without tax",
                  test::closing(1, 200000, 3, {{core::ProductId{133}, test::units(16)}}));
  out += describe("cash, card, coupon with excess, two taxes, discount, short drawer", mixed_day());
  Closing over = test::closing(1, 0, 0);
  over.taxes.clear();
  over.tenders.clear();
  test::count_drawer(over, 500);
  out += describe("nothing sold, five too much in the drawer", over);
  Closing refunds = test::closing(1, -2500, 1, {{core::ProductId{7}, test::units(-1)}});
  out += describe("a day of refunds only", refunds);
  Closing drawer = over;
  using core::retail::CashKind;
  drawer.cash_movements = {{CashKind::kFloat, test::closing(1, 20000).net},
                           {CashKind::kPaidIn, test::closing(1, 500).net},
                           {CashKind::kPaidOut, test::closing(1, 1200).net},
                           {CashKind::kPickUp, test::closing(1, 40000).net}};
  test::count_drawer(drawer, 0);
  out += describe("cash into the drawer and out of it, nothing sold", drawer);
  Closing nothing = over;
  nothing.over_short.minor = 0;
  nothing.counted.reset();
  out += describe("a day without anything", nothing);
  Closing unbalanced = test::closing(1, 100);
  unbalanced.tenders.begin()->second.minor = 90;
  out += describe("tenders that do not add up", unbalanced);
  out += describe("more than the books add up", test::closing(1, core::retail::kFigureMax + 1));
  return out;
}

}  // namespace

TEST_CASE("summaries give the entries of the golden file") {
  const std::string path = std::string(DAYBOOK_SOURCE_DIR) + "/tests/golden/rebuild_postings.txt";
  const std::string now = all_cases();
  if (std::getenv("DAYBOOK_UPDATE_GOLDEN") != nullptr) {
    test::write_file(path, core::as_bytes(now));
  }
  const auto expected = test::read_file(path);
  CHECK(now == std::string(core::as_text(expected)));
}

TEST_CASE("an entry that is made in the place of another one has nothing of it") {
  rebuild::Entry entry;
  std::size_t made = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    core::Random random(seed);
    const Closing closing = test::FullClosing(random, random.between(1, 10)).make();
    const auto alone = rebuild::make_entry(core::retail::Summary(closing));
    const auto in_place = rebuild::make_entry(closing, entry);
    REQUIRE(alone.has_value() == in_place.has_value());
    CHECK(entry == (alone ? *alone : rebuild::Entry()));
    made += alone.has_value() ? 1U : 0U;
  }
  CHECK(made > 1000);
}
