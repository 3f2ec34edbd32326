// Sales: pricing, checks, encoding.
#include <doctest/doctest.h>

#include <limits>

#include "core/retail/pricing.h"
#include "tests/support/retail_samples.h"

using namespace core;
using namespace core::retail;
using namespace test;

TEST_CASE("a line is priced and exploded from the catalog") {
  const SaleLine line = *price_line(garden_catalog(2000), {ProductId{145}, units(2), cents(1000)});
  CHECK(line.amount == cents(99000));
  CHECK(line.discount == cents(1000));
  CHECK(line.tax_amount == cents(0));  // that of the receipt is shared out later
  CHECK(line.unit_price == cents(50000));
  CHECK(line.consumed.at(ProductId{133}) == units(8));
}

TEST_CASE("what cannot be sold is refused") {
  const Catalog c = garden_catalog();
  CHECK(price_line(c, {ProductId{999}, units(1), cents(0)}).error().code == Errc::kNotFound);
  const auto unpriced = price_line(c, {ProductId{133}, units(1), cents(0)});
  CHECK(unpriced.error().what.find("product 133 has no price") != std::string::npos);
  CHECK_FALSE(price_line(c, {ProductId{145}, units(0), cents(0)}).has_value());
  CHECK_FALSE(price_line(c, {ProductId{145}, units(-1), cents(0)}).has_value());
  CHECK_FALSE(price_line(c, {ProductId{145}, units(1), cents(-1)}).has_value());
  CHECK_FALSE(price_line(c, {ProductId{145}, units(1), cents(50001)}).has_value());
  const Quantity huge{std::numeric_limits<std::int64_t>::max()};
  CHECK(price_line(c, {ProductId{145}, huge, cents(0)}).error().code == Errc::kOverflow);
}

TEST_CASE("a price of a fractional quantity is rounded once, half away from zero") {
  const Currency currency = usd();
  const Catalog c = *Catalog::build(
      currency, {TaxRate{TaxCode{1}, 0}},
      {Product{ProductId{1}, "cheese", Money{1999, currency}, TaxCode{1}, ProductKind::kStocked}},
      {});
  CHECK(price_line(c, {ProductId{1}, Quantity{250}, cents(0)})->amount == cents(500));  // 499.75
  CHECK(price_line(c, {ProductId{1}, Quantity{1}, cents(0)})->amount == cents(2));      // 1.999
}

TEST_CASE("tenders must add up to the lines") {
  Sale sale = garden_sale(1, 1);
  CHECK(check_document(sale).has_value());
  sale.tenders[TenderKind::kCash] = cents(49999);
  CHECK(check_document(sale).error().code == Errc::kUnbalanced);
  sale.tenders[TenderKind::kCard] = cents(1);
  CHECK(check_document(sale).has_value());
}

TEST_CASE("a coupon above the receipt is paid out in cash") {
  Sale sale = garden_sale(1, 1);
  sale.tenders = {{TenderKind::kCoupon, cents(60000)}, {TenderKind::kCouponExcess, cents(-10000)}};
  CHECK(check_document(sale).has_value());
}

TEST_CASE("line shapes are checked") {
  Sale sale = garden_sale(1, 1);
  SUBCASE("no line") {
    sale.lines.clear();
  }
  SUBCASE("a product line of quantity zero") {
    sale.lines[0].quantity = Quantity{0};
  }
  SUBCASE("an amount line with a quantity") {
    sale.lines[0].kind = LineKind::kAmount;
  }
  SUBCASE("another currency") {
    sale.lines[0].amount.currency = *Currency::parse("EUR");
  }
  CHECK_FALSE(check_document(sale).has_value());
}

TEST_CASE("an amount line has an amount and consumes nothing") {
  Sale sale = garden_sale(1, 1);
  SaleLine line;
  line.kind = LineKind::kAmount;
  line.product = ProductId{7};
  line.tax = TaxCode{1};
  line.amount = cents(250);
  line.discount = line.tax_amount = cents(0);
  sale.lines.push_back(line);
  sale.tenders[TenderKind::kCash] = cents(50250);
  CHECK(check_document(sale).has_value());
  CHECK(*decode_document(encode_document(sale)) == Document(sale));
}

TEST_CASE("a sale reads back as it was written, and no cut or altered copy passes unnoticed") {
  Sale sale = garden_sale(2, 17);
  sale.time_ms = 1772442000000;
  const Bytes body = encode_document(sale);
  CHECK(*decode_document(body) == Document(sale));
  for (std::size_t n = 0; n < body.size(); ++n) {
    CHECK_FALSE(decode_document(ByteView(body).first(n)).has_value());
  }
  for (std::size_t i = 0; i < body.size() * 8; ++i) {
    Bytes altered = body;
    altered[i / 8] ^= static_cast<std::uint8_t>(1 << (i % 8));
    const auto decoded = decode_document(altered);
    const bool same = decoded.has_value() && *decoded == Document(sale);
    CHECK_FALSE(same);
  }
}

TEST_CASE("document numbers name store, till and series") {
  CHECK(document_number(TillRef{StoreId{4}, TillId{1}}, Series::kInvoice, 17) ==
        "4/1-invoice-000017");
  CHECK(document_number(TillRef{StoreId{4}, TillId{1}}, Series::kOrder, 1234567) ==
        "4/1-order-1234567");
}
