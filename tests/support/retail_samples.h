// Samples of retail's data that several tests start from: the GardenWorld unit in code.
#pragma once

#include "core/retail/day_fold.h"
#include "core/retail/pricing.h"
#include "tests/support/count_drawer.h"

namespace test {

inline core::Currency usd() {
  return *core::Currency::parse("USD");
}
inline core::Money cents(std::int64_t minor) {
  return core::Money{minor, usd()};
}
inline core::Quantity units(std::int64_t n) {
  return core::Quantity{n * core::Quantity::kUnit};
}
inline core::BusinessDay sample_day() {
  return *core::parse_business_day("2026-03-02");
}

// Product 145, a kit at 500.00, of 4 x 133, 1 x 134, 1 x 135; tax code 1 with `basis_points`.
inline core::retail::Catalog garden_catalog(std::int32_t basis_points = 0) {
  using namespace core;
  using namespace core::retail;
  const auto product = [](std::uint64_t id, ProductKind kind, std::optional<Money> price) {
    return Product{ProductId{id}, "product", price, TaxCode{1}, kind};
  };
  const auto part = [](std::uint64_t component, std::int64_t n) {
    return BomLine{ProductId{145}, ProductId{component}, units(n)};
  };
  return *Catalog::build(usd(), {TaxRate{TaxCode{1}, basis_points}},
                         {product(145, ProductKind::kKit, cents(50000)),
                          product(133, ProductKind::kStocked, std::nullopt),
                          product(134, ProductKind::kStocked, std::nullopt),
                          product(135, ProductKind::kStocked, std::nullopt)},
                         {part(133, 4), part(134, 1), part(135, 1)});
}

// A cash sale of `sets` garden sets with the given number in each series.
inline core::retail::Sale garden_sale(std::int64_t sets, std::uint64_t number) {
  using namespace core::retail;
  Sale sale;
  sale.day = sample_day();
  sale.currency = usd();
  for (const Series series : kSaleSeries) sale.numbers[series] = number;
  sale.lines.push_back(
      *price_line(garden_catalog(), {core::ProductId{145}, units(sets), cents(0)}));
  sale.tenders[TenderKind::kCash] = *net_of(sale);
  return sale;
}

inline core::retail::Void void_of(const core::retail::Sale& sale, std::uint64_t number) {
  core::retail::Void cancel;
  cancel.day = sale.day;
  cancel.currency = sale.currency;
  cancel.numbers[core::retail::Series::kVoid] = number;
  cancel.invoice = sale.numbers.at(core::retail::Series::kInvoice);
  cancel.reason = "customer left";
  return cancel;
}

// One set of a garden_sale() is given back.
inline core::retail::Refund refund_of(const core::retail::Sale& sale, std::uint64_t number) {
  using namespace core::retail;
  Refund refund;
  refund.day = sale.day;
  refund.currency = sale.currency;
  refund.numbers[Series::kRefund] = number;
  refund.invoice = sale.numbers.at(Series::kInvoice);
  refund.lines.push_back(*mirror_line(sale.lines[0], 0, core::Quantity{0}, units(1), true));
  refund.tenders[TenderKind::kCash] = refund.lines[0].mirror.amount;
  refund.reason = "unwanted";
  return refund;
}

// The GardenWorld day: sales of 1, 2 and 1 sets, the third one voided or not.
inline core::retail::Closing garden_closing(bool third_voided = false) {
  core::retail::DayFold fold(sample_day(), usd());
  const core::retail::Sale third = garden_sale(1, 3);
  CORE_CHECK(fold.add(garden_sale(1, 1)).has_value());
  CORE_CHECK(fold.add(garden_sale(2, 2)).has_value());
  CORE_CHECK(fold.add(third).has_value());
  if (third_voided) CORE_CHECK(fold.add(void_of(third, 1), &third).has_value());
  return fold.closing();
}

}  // namespace test
