// The auditor: its expectation is the published table, and it sees every difference.
#include <doctest/doctest.h>

#include "scripts/poc_scale/auditor.h"

using namespace sweep;

namespace {

std::int64_t consumed(const Figures& f, std::uint64_t product) {
  std::int64_t sum = 0;
  for (const auto& [store, products] : f.stock) sum += products.at(product).consumed;
  return sum / 1000;
}
std::int64_t left(const Figures& f, std::uint64_t product) {
  std::int64_t sum = 0;
  for (const auto& [store, products] : f.stock) {
    sum += products.at(product).received - products.at(product).consumed;
  }
  return sum / 1000;
}

}  // namespace

TEST_CASE("the GardenWorld expectation is the table that the unit's facts give") {
  struct Row {
    std::uint64_t tills, messages, sales, voids;
    std::int64_t net_minor, chairs, tables, screens, chairs_left, tables_left, screens_left;
  };
  const Row rows[] = {
      {200, 400, 571, 29, 38'550'000, 3'084, 771, 771, 116, 29, 29},
      {1'000, 2'000, 2'857, 143, 192'850'000, 15'428, 3'857, 3'857, 572, 143, 143},
      {5'000, 10'000, 14'285, 715, 964'250'000, 77'140, 19'285, 19'285, 2'860, 715, 715},
      {10'000, 20'000, 28'571, 1'429, 1'928'550'000, 154'284, 38'571, 38'571, 5'716, 1'429, 1'429},
  };
  for (const Row& row : rows) {
    CAPTURE(row.tills);
    const Figures f = expect_garden(row.tills);
    CHECK(f.messages == row.messages);
    CHECK(f.documents == row.tills * 9);
    CHECK(f.total.sales == row.sales);
    CHECK(f.total.voids == row.voids);
    CHECK(f.total.net_minor == row.net_minor);
    CHECK(consumed(f, 133) == row.chairs);
    CHECK(consumed(f, 134) == row.tables);
    CHECK(consumed(f, 135) == row.screens);
    CHECK(left(f, 133) == row.chairs_left);
    CHECK(left(f, 134) == row.tables_left);
    CHECK(left(f, 135) == row.screens_left);
    CHECK(f.stock.size() == (row.tills + 2) / 3);
  }
}

TEST_CASE("operators of the first of each hundred stores are expected, and a difference is seen") {
  const Figures f = expect_garden(304);  // tills 300 to 302 are store 101
  REQUIRE(f.operators.size() == 2);
  CHECK(f.operators.at(1).at(1) == OperatorFigures{3, 150'000});
  CHECK(f.operators.at(1).at(2) == OperatorFigures{5, 400'000});    // till 0 voids its third
  CHECK(f.operators.at(101).at(2) == OperatorFigures{5, 400'000});  // till 301 does
  Figures other = f;
  other.operators[101][2].net_minor -= 1;
  other.operators.erase(1);
  CHECK(differences(f, other) ==
        std::vector<std::string>{"store 1, operator 1 sales: expected 3, found 0",
                                 "store 1, operator 1 net: expected 150000, found 0",
                                 "store 1, operator 2 sales: expected 5, found 0",
                                 "store 1, operator 2 net: expected 400000, found 0",
                                 "store 101, operator 2 net: expected 400000, found 399999"});
}

TEST_CASE("days follow one another, each with other tills that void") {
  const Figures two = expect_garden(7, 2);
  CHECK(two.messages == 28);
  CHECK(two.documents == 126);
  CHECK(two.total.voids == 2);  // till 0 on the first day, till 6 on the second
  CHECK(two.store_days.at({1, core::BusinessDay{20514}}).voids == 1);
  CHECK(two.store_days.at({1, core::BusinessDay{20515}}).voids == 0);
  CHECK(two.store_days.at({3, core::BusinessDay{20515}}).voids == 1);
}

TEST_CASE("a cent, a thousandth, a void or a message too many is a difference") {
  const Figures expected = expect_garden(7);
  CHECK(differences(expected, expected).empty());
  Figures found = expected;
  SUBCASE("a cent in one store") {
    ++found.store_days.begin()->second.net_minor;
  }
  SUBCASE("a cent in the total") {
    ++found.total.net_minor;
  }
  SUBCASE("a void") {
    ++found.store_days.begin()->second.voids;
  }
  SUBCASE("a message") {
    ++found.messages;
  }
  SUBCASE("a thousandth") {
    ++found.stock.begin()->second.begin()->second.consumed;
  }
  SUBCASE("a store less") {
    found.stock.erase(found.stock.begin());
  }
  SUBCASE("a day more") {
    found.store_days[{99, core::BusinessDay{1}}].sales = 1;
  }
  CHECK_FALSE(differences(expected, found).empty());
}

TEST_CASE("the number of differences that are listed is bounded") {
  CHECK(differences(expect_garden(500), Figures{}, 3).size() == 3);
}

TEST_CASE("receipts are summed by store and date from the file's own columns") {
  ReceiptsFile file;
  const auto line = [&](std::uint32_t store, std::uint64_t basket, std::int32_t day,
                        std::int64_t sales, std::int64_t coupon, std::int64_t quantity) {
    ReceiptLine l;
    l.store = store;
    l.basket = basket;
    l.day = core::BusinessDay{day};
    l.product = 5;
    l.quantity = core::Quantity{quantity};
    l.sales_minor = sales;
    l.retail_discount_minor = 10;
    l.coupon_minor = coupon;
    l.coupon_match_minor = 1;
    file.accepted.push_back(l);
  };
  line(1, 100, 7, 250, 0, 2000);
  line(1, 100, 7, 100, 300, 0);
  line(1, 101, 7, 50, 0, 1000);
  line(1, 102, 8, 50, 0, 1000);
  line(2, 103, 7, 50, 0, 1000);
  const Figures f = expect_receipts(file);
  const DayFigures& day = f.store_days.at({1, core::BusinessDay{7}});
  CHECK(day.sales == 2);
  CHECK(day.net_minor == 400);
  CHECK(day.discount_minor == 33);
  CHECK(day.coupon_minor == 300);
  CHECK(day.consumed == 3000);
  CHECK(f.messages == 0);
  CHECK(f.documents == 12);
  CHECK(f.total.net_minor == 500);
  CHECK(f.stock.at(1).at(5).consumed == 4000);
}
