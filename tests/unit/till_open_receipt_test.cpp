// The receipt in progress: its states, its discounts, its tenders, and what it makes of them.
#include <doctest/doctest.h>

#include <memory>

#include "till/open_receipt.h"
#include "till_samples.h"

using namespace till_test;
using core::Errc;
using core::retail::TenderKind;
using till::OpenReceipt;
using till::Percent;
using till::Reduction;

namespace {

// Soap for 1.99, bread for 3.00, both with 10 % in the price; a hammer for 9.97, 7 % on top.
std::shared_ptr<const core::retail::Catalog> catalog(std::int64_t cash_step_minor) {
  using core::retail::Product;
  const core::TaxCode in{1};
  const core::TaxCode on_top{2};
  std::vector<Product> products = {
      {core::ProductId{1}, "Soap", usd(199), in, core::retail::ProductKind::kStocked, {}, false},
      {core::ProductId{2}, "Bread", usd(300), in, core::retail::ProductKind::kStocked, {}, false},
      {core::ProductId{3},
       "Hammer",
       usd(997),
       on_top,
       core::retail::ProductKind::kStocked,
       {},
       false}};
  return std::make_shared<const core::retail::Catalog>(
      core::retail::Catalog::build(kUsd, {{in, 1000, true}, {on_top, 700, false}},
                                   std::move(products), {}, cash_step_minor)
          .value());
}

OpenReceipt empty_receipt(std::int64_t cash_step_minor = 1) {
  return OpenReceipt(kUsd, core::CatalogVersion{1}, [held = catalog(cash_step_minor)](const auto&) {
    return core::Result<const core::retail::Catalog*>(held.get());
  });
}

Reduction percent(std::int32_t basis_points) {
  return {Percent{basis_points}, "a regular"};
}
Reduction off(std::int64_t minor) {
  return {usd(minor), "a dent"};
}

OpenReceipt soap_and_bread() {
  OpenReceipt receipt = empty_receipt();
  REQUIRE(receipt.scan({core::ProductId{1}, units(1)}));
  REQUIRE(receipt.scan({core::ProductId{2}, units(2)}));
  return receipt;
}

core::Money total(const OpenReceipt& receipt) {
  return receipt.figures().value().total;
}

}  // namespace

TEST_CASE("lines are priced as they are scanned, voided ones keep their number and cost nothing") {
  OpenReceipt receipt = soap_and_bread();
  CHECK(total(receipt) == usd(799));
  CHECK(*receipt.scan({core::ProductId{3}, units(1)}) == 3);
  CHECK(total(receipt) == usd(799 + 997 + 70));  // 7 % of 9.97 on top
  CHECK(receipt.figures()->tax == usd(73 + 70));
  REQUIRE(receipt.void_line(2));
  CHECK(total(receipt) == usd(199 + 997 + 70));
  CHECK(receipt.lines_voided() == 1);
  CHECK(*receipt.scan({core::ProductId{2}, units(1)}) == 4);
  CHECK(receipt.void_line(2).error().code == Errc::kState);
  CHECK(receipt.void_line(5).error().code == Errc::kNotFound);
  CHECK(receipt.void_line(0).error().code == Errc::kNotFound);
  REQUIRE(receipt.set_quantity(1, core::Quantity{1500}));
  CHECK(total(receipt) == usd(299 + 997 + 70 + 300));
}

TEST_CASE("what cannot be sold changes nothing") {
  OpenReceipt receipt = soap_and_bread();
  CHECK(receipt.scan({core::ProductId{9}, units(1)}).error().code == Errc::kNotFound);
  CHECK(receipt.scan({core::ProductId{1}, units(0)}).error().code == Errc::kMalformed);
  CHECK(receipt.set_quantity(1, units(-1)).error().code == Errc::kMalformed);
  CHECK(receipt.discount_line(1, off(200)).error().code == Errc::kMalformed);
  CHECK(receipt.discount_line(1, off(0)).error().code == Errc::kUsage);
  CHECK(receipt.discount_line(1, Reduction{usd(1), ""}).error().code == Errc::kUsage);
  CHECK(receipt.discount(percent(0)).error().code == Errc::kUsage);
  CHECK(receipt.discount(percent(10001)).error().code == Errc::kUsage);
  CHECK(receipt.discount(off(800)).error().code == Errc::kMalformed);
  CHECK(receipt.lines().size() == 2);
  CHECK(total(receipt) == usd(799));
}

TEST_CASE("a line's discount and the receipt's are taken off one after the other") {
  OpenReceipt receipt = soap_and_bread();
  REQUIRE(receipt.discount_line(1, off(99)));  // 1.00 left
  REQUIRE(receipt.discount(percent(1000)));    // 0.70 of 7.00, 0.10 and 0.60
  CHECK(total(receipt) == usd(630));
  const auto basket = receipt.figures()->lines;
  CHECK(basket[0].discount == usd(99 + 10));
  CHECK(basket[1].discount == usd(60));
  REQUIRE(receipt.scan({core::ProductId{2}, units(1)}));  // 10 % of 10.00 now
  CHECK(total(receipt) == usd(900));
  REQUIRE(receipt.discount_line(1, {}));
  REQUIRE(receipt.discount({}));
  CHECK(total(receipt) == usd(1099));
}

TEST_CASE("a discount in an amount stays that amount, whatever lines come and go") {
  OpenReceipt receipt = soap_and_bread();
  REQUIRE(receipt.discount(off(100)));
  CHECK(total(receipt) == usd(699));
  REQUIRE(receipt.void_line(1));
  CHECK(total(receipt) == usd(500));
  // The last line that carries it cannot go without it.
  REQUIRE(receipt.set_quantity(2, units(1)));
  CHECK(receipt.set_quantity(2, core::Quantity{100}).error().code == Errc::kMalformed);
  CHECK(total(receipt) == usd(200));
}

TEST_CASE("a receipt is paid by several tenders, and never under-tendered") {
  OpenReceipt receipt = soap_and_bread();
  CHECK(receipt.basket().error().code == Errc::kUnbalanced);
  CHECK(receipt.tender({TenderKind::kCard, usd(800)}).error().code == Errc::kUnbalanced);
  CHECK(receipt.tender({TenderKind::kCash, usd(0)}).error().code == Errc::kUsage);
  CHECK(*receipt.tender({TenderKind::kCard, usd(500)}) == 1);
  CHECK(receipt.figures()->due.exact == usd(299));
  CHECK(receipt.basket().error().code == Errc::kUnbalanced);
  CHECK(receipt.scan({core::ProductId{1}, units(1)}).error().code == Errc::kState);
  CHECK(receipt.discount(percent(1000)).error().code == Errc::kState);
  CHECK(*receipt.tender({TenderKind::kCash, usd(1000)}) == 2);
  CHECK(receipt.figures()->due.in_cash == usd(0));
  CHECK(receipt.figures()->due.change == usd(701));
  CHECK(receipt.tender({TenderKind::kCash, usd(1)}).error().code == Errc::kState);
  const auto basket = receipt.basket();
  REQUIRE(basket);
  CHECK(basket->tendered ==
        core::retail::Tenders{{TenderKind::kCash, usd(1000)}, {TenderKind::kCard, usd(500)}});
}

TEST_CASE("tenders that are taken back open the lines again") {
  OpenReceipt receipt = soap_and_bread();
  REQUIRE(receipt.tender({TenderKind::kCash, {}}));
  CHECK(receipt.is_paying());
  CHECK(receipt.take_back(2).error().code == Errc::kNotFound);
  REQUIRE(receipt.take_back(1));
  CHECK_FALSE(receipt.is_paying());
  REQUIRE(receipt.void_line(1));
  CHECK(*receipt.tender({TenderKind::kCoupon, usd(1000)}) == 2);  // a number is not used again
  CHECK(receipt.figures()->due.coupon_excess == usd(400));
  CHECK(receipt.basket());
}

TEST_CASE("cash alone is rounded; without an amount a tender is what is due") {
  OpenReceipt receipt = empty_receipt(5);
  REQUIRE(receipt.scan({core::ProductId{1}, units(1)}));
  CHECK(receipt.figures()->due.exact == usd(199));
  CHECK(receipt.figures()->due.in_cash == usd(200));
  OpenReceipt by_card = receipt;
  REQUIRE(by_card.tender({TenderKind::kCard, {}}));
  CHECK(by_card.tenders().front().amount == usd(199));
  CHECK(by_card.basket());
  REQUIRE(receipt.tender({TenderKind::kCash, {}}));
  CHECK(receipt.tenders().front().amount == usd(200));
  CHECK(receipt.basket());
}

TEST_CASE("an empty receipt is neither paid nor rung, and a long one ends") {
  OpenReceipt receipt = empty_receipt();
  CHECK(receipt.figures()->total == usd(0));
  CHECK(receipt.tender({TenderKind::kCash, usd(1)}).error().code == Errc::kState);
  CHECK(receipt.basket().error().code == Errc::kState);
  for (std::size_t i = 0; i < OpenReceipt::kLinesMax; ++i) {
    REQUIRE(receipt.scan({core::ProductId{1}, units(1)}));
  }
  CHECK(receipt.scan({core::ProductId{1}, units(1)}).error().code == Errc::kTooLarge);
}

TEST_CASE("a receipt keeps the prices that it began with, also when it is rung") {
  Shop shop;
  shop.open_day(1);
  till::Till till = shop.open();
  const core::CatalogVersion version = till.shelf().present();
  OpenReceipt receipt(kUsd, version,
                      [&](const auto& ids) { return till.shelf().slice(version, ids); });
  REQUIRE(receipt.scan({kSet, units(1)}));
  REQUIRE(till.change_prices({{kSet, usd(100000)}}));
  REQUIRE(receipt.scan({kSet, units(1)}));
  REQUIRE(receipt.tender({TenderKind::kCash, {}}));
  const auto rung = till.ring(receipt.basket().value(), 1);
  REQUIRE(rung);
  CHECK(rung->total == usd(100000));
  CHECK(till.ring(sets(2), 1)->total == usd(200000));
}
