// Random sales: the fold against independent sums, encodings against themselves, split against add.
#include <doctest/doctest.h>

#include <array>

#include "core/base/random.h"
#include "core/retail/day_fold.h"
#include "tests/support/retail_samples.h"

using namespace core;
using namespace core::retail;

namespace {

Currency usd() {
  return *Currency::parse("USD");
}

SaleLine random_line(Random& random) {
  SaleLine line;
  const bool amount_only = random.between(0, 9) == 0;
  line.kind = amount_only ? LineKind::kAmount : LineKind::kProduct;
  line.product = ProductId{random.between(1, 20'000'000)};
  line.quantity = Quantity{amount_only ? 0 : static_cast<std::int64_t>(random.between(1, 90000))};
  line.amount = Money{static_cast<std::int64_t>(random.between(0, 100000)), usd()};
  line.discount = Money{static_cast<std::int64_t>(random.between(0, 500)), usd()};
  line.tax = TaxCode{static_cast<std::uint32_t>(random.between(1, 3))};
  line.tax_amount = Money{line.amount.minor / 6, usd()};
  if (random.between(0, 1) == 1) line.unit_price = Money{line.amount.minor, usd()};
  if (!amount_only) line.consumed[line.product] = line.quantity;
  return line;
}

Sale random_sale(Random& random, std::uint64_t number) {
  Sale sale;
  sale.day = BusinessDay{20000};
  sale.time_ms = static_cast<std::int64_t>(random.between(0, 1'900'000'000'000));
  sale.currency = usd();
  sale.operator_id = OperatorId{static_cast<std::uint32_t>(random.between(0, 2))};
  sale.lines_voided = static_cast<std::uint32_t>(random.between(0, 1));
  for (const Series series : kSaleSeries) sale.numbers[series] = number;
  for (std::uint64_t n = random.between(1, 6); n > 0; --n)
    sale.lines.push_back(random_line(random));
  const Money net = *net_of(sale);
  const Money coupon{static_cast<std::int64_t>(random.between(0, 20000)), usd()};
  if (coupon.minor > net.minor) {
    sale.tenders[TenderKind::kCoupon] = coupon;
    sale.tenders[TenderKind::kCouponExcess] = *subtract(net, coupon);
  } else {
    sale.tenders[TenderKind::kCoupon] = coupon;
    sale.tenders[TenderKind::kCash] = *subtract(net, coupon);
  }
  return sale;
}

}  // namespace

TEST_CASE("a day's closing is the sum of its documents, per tender, tax and product") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    DayFold fold(BusinessDay{20000}, usd());
    std::int64_t net = 0;
    std::int64_t discount = 0;
    std::uint64_t sales = 0;
    std::uint64_t voids = 0;
    std::map<std::uint32_t, std::pair<std::int64_t, std::int64_t>> taxes;
    std::map<int, std::int64_t> tenders;
    std::map<std::uint64_t, std::int64_t> consumed;
    std::map<std::uint32_t, std::array<std::int64_t, 4>> operators;  // sales, net, discount, voided
    for (std::uint64_t n = random.between(0, 30); n > 0; --n) {
      const Sale sale = random_sale(random, sales + voids + 1);
      REQUIRE(check_document(sale).has_value());
      CHECK(*decode_document(encode_document(sale)) == Document(sale));
      const bool voided = random.between(0, 6) == 0;
      REQUIRE(fold.add(sale).has_value());
      if (voided) REQUIRE(fold.add(test::void_of(sale, voids + 1), &sale).has_value());
      ++(voided ? voids : sales);
      auto& by = operators[sale.operator_id.value];
      by[3] += sale.lines_voided;
      if (voided) continue;
      ++by[0];
      for (const SaleLine& line : sale.lines) {
        net += line.amount.minor;
        discount += line.discount.minor;
        by[1] += line.amount.minor;
        by[2] += line.discount.minor;
        taxes[line.tax.value].first += line.amount.minor;
        taxes[line.tax.value].second += line.tax_amount.minor;
        if (line.kind == LineKind::kProduct) {
          consumed[line.product.value] += line.quantity.thousandths;
        }
      }
      for (const auto& [kind, amount] : sale.tenders) {
        tenders[static_cast<int>(kind)] += amount.minor;
      }
    }
    const Closing& closing = fold.closing();
    CHECK(closing.sales == sales);
    CHECK(closing.voids == voids);
    CHECK(closing.net.minor == net);
    CHECK(closing.discount.minor == discount);
    REQUIRE(closing.taxes.size() == taxes.size());
    for (const auto& [code, row] : closing.taxes) {
      CHECK(row.gross.minor == taxes.at(code.value).first);
      CHECK(row.tax.minor == taxes.at(code.value).second);
    }
    REQUIRE(closing.tenders.size() == tenders.size());
    for (const auto& [kind, amount] : closing.tenders) {
      CHECK(amount.minor == tenders.at(static_cast<int>(kind)));
    }
    REQUIRE(closing.consumed.size() == consumed.size());
    for (const auto& [product, quantity] : closing.consumed) {
      CHECK(quantity.thousandths == consumed.at(product.value));
    }
    operators.erase(0);
    std::erase_if(operators, [](const auto& row) { return row.second == decltype(row.second){}; });
    REQUIRE(closing.operators.size() == operators.size());
    for (const auto& [id, row] : closing.operators) {
      const std::array<std::int64_t, 4> found = {static_cast<std::int64_t>(row.sales),
                                                 row.net.minor, row.discount.minor,
                                                 static_cast<std::int64_t>(row.lines_voided)};
      CHECK(found == operators.at(id.value));
    }
    CHECK(std::get<Closing>(*decode_summary(encode_summary(closing))) == closing);
  }
}

TEST_CASE("parts of any size add up to the whole and fit") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    Random random(seed);
    Opening opening;
    opening.day = BusinessDay{static_cast<std::int32_t>(random.between(0, BusinessDay::kMax))};
    for (std::uint64_t n = random.between(0, 2000); n > 0; --n) {
      opening.received[ProductId{random() >> random.between(0, 63)}] =
          Quantity{static_cast<std::int64_t>(random()) >> random.between(0, 63)};
    }
    const std::size_t limit = random.between(1024, 9000);
    Components received;
    const auto parts = split(opening, limit);
    for (const Summary& part : parts) {
      const Bytes payload = encode_summary(part);
      CHECK(payload.size() <= limit);
      CHECK(*decode_summary(payload) == part);
      received.insert(std::get<Opening>(part).received.begin(),
                      std::get<Opening>(part).received.end());
    }
    CHECK(received == opening.received);
  }
}
