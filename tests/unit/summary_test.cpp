// Openings and closings: the fold, the strict decoding, parts.
#include <doctest/doctest.h>

#include <limits>

#include "core/envelope/cbor.h"
#include "core/envelope/message.h"
#include "core/envelope/sealing.h"
#include "tests/support/retail_samples.h"

using namespace core;
using namespace core::retail;
using namespace test;

TEST_CASE("the GardenWorld day folds to its figures") {
  const Closing closing = garden_closing();
  CHECK(closing.sales == 3);
  CHECK(closing.voids == 0);
  CHECK(closing.net == cents(200000));
  CHECK(closing.tenders.at(TenderKind::kCash) == cents(200000));
  CHECK(closing.consumed.at(ProductId{133}) == units(16));
  CHECK(closing.consumed.at(ProductId{134}) == units(4));
  CHECK(check_balanced(closing).has_value());
}

TEST_CASE("a voided sale counts as a void and adds nothing else") {
  const Closing closing = garden_closing(true);
  CHECK(closing.sales == 2);
  CHECK(closing.voids == 1);
  CHECK(closing.net == cents(150000));
  CHECK(closing.consumed.at(ProductId{133}) == units(12));
}

TEST_CASE("a fold refuses another day's sale, and an overflow") {
  DayFold fold(BusinessDay{1}, usd());
  CHECK(fold.add(garden_sale(1, 1)).error().code == Errc::kMalformed);
  DayFold full(sample_day(), usd());
  Sale huge = garden_sale(1, 1);
  huge.lines[0].amount = cents(std::numeric_limits<std::int64_t>::max());
  CHECK(full.add(huge).error().code == Errc::kOverflow);
}

TEST_CASE("a till refuses the sale that the books could not post") {
  DayFold fold(sample_day(), usd());
  Sale sale = garden_sale(1, 1);
  sale.lines[0].amount = cents(1'000'000'000'000'000);
  CHECK(fold.add(sale).has_value());
  CHECK(fold.add(sale).error().code == Errc::kOverflow);
  DayFold stock(sample_day(), usd());
  sale = garden_sale(1, 1);
  sale.lines[0].consumed[ProductId{133}] = Quantity{1'000'000'000'000'001};
  CHECK(stock.add(sale).error().code == Errc::kOverflow);
  sale = garden_sale(1, 1);
  sale.lines[0].product = ProductId{1ULL << 63};
  CHECK(check_document(sale).error().code == Errc::kOverflow);
}

TEST_CASE("counted cash gives over or short against cash less coupon excess") {
  DayFold fold(sample_day(), usd());
  Sale sale = garden_sale(1, 1);
  sale.tenders = {{TenderKind::kCash, cents(50000)},
                  {TenderKind::kCoupon, cents(700)},
                  {TenderKind::kCouponExcess, cents(-700)}};
  REQUIRE(fold.add(sale).has_value());
  REQUIRE(fold.count_cash(cents(49250)).has_value());
  CHECK(fold.closing().over_short == cents(-50));
}

TEST_CASE("summaries read back as they were written") {
  Closing closing = garden_closing();
  count_drawer(closing, -5);
  closing.discount = cents(120);
  CHECK(std::get<Closing>(*decode_summary(encode_summary(closing))) == closing);
  const Opening opening{sample_day(), {{ProductId{133}, units(16)}}, {}};
  CHECK(std::get<Opening>(*decode_summary(encode_summary(opening))) == opening);
  const Opening nothing{sample_day(), {}, {}};
  CHECK(std::get<Opening>(*decode_summary(encode_summary(nothing))) == nothing);
}

TEST_CASE("a closing that does not add up is refused as unbalanced") {
  Closing closing = garden_closing();
  SUBCASE("net") {
    closing.net = cents(1);
  }
  SUBCASE("tax rows") {
    closing.taxes.begin()->second.gross = cents(1);
  }
  SUBCASE("tenders") {
    closing.tenders[TenderKind::kCard] = cents(1);
  }
  SUBCASE("over and short without a count") {
    closing.over_short = cents(1);
  }
  SUBCASE("a count that says another difference") {
    count_drawer(closing, 0);
    closing.over_short = cents(-1);
  }
  SUBCASE("invoices that are neither sales nor voids") {
    ++closing.numbers.at(Series::kInvoice).last;
  }
  CHECK(decode_summary(encode_summary(closing)).error().code == Errc::kUnbalanced);
}

TEST_CASE("other encodings of a summary are refused") {
  const auto refused = [](std::string_view hex) {
    const auto decoded = decode_summary(*from_hex(hex));
    return decoded.has_value() ? std::string("accepted") : decoded.error().what;
  };
  CHECK(refused("a20001"
                "01195050") == "accepted");  // control: an opening without goods
  CHECK(refused("a20001"
                "011b0000000000005050")
            .find("shortest") != std::string::npos);
  CHECK(refused("a1"
                "0001")
            .find("missing") != std::string::npos);
  CHECK(refused("a3000101195050"
                "0a80")
            .find("zero") != std::string::npos);
  CHECK(refused("a3000101195050"
                "0c00")
            .find("unknown field 12") != std::string::npos);
  CHECK(refused("a20003"
                "01195050")
            .find("unknown summary kind") != std::string::npos);
  CHECK(refused("a101195050").find("starts with its kind") != std::string::npos);
  CHECK(refused("a3000101195050"
                "0b820201")
            .find("part") != std::string::npos);
  CHECK(refused("a3000101195050"
                "0b820101")
            .find("missing") != std::string::npos);
  CHECK(refused("a0").find("empty") != std::string::npos);
  CHECK(refused("80").find("expected a map") != std::string::npos);
}

TEST_CASE("every cut of a summary is refused") {
  const Bytes payload = encode_summary(garden_closing());
  for (std::size_t n = 0; n < payload.size(); ++n) {
    CHECK_FALSE(decode_summary(ByteView(payload).first(n)).has_value());
  }
}

TEST_CASE("a long summary travels in parts that add up to it") {
  Closing closing = garden_closing();
  for (std::uint64_t p = 1000; p < 61000; ++p) closing.consumed[ProductId{p}] = units(1);
  const std::vector<Summary> parts = split(closing, envelope::kPayloadSizeMax);
  REQUIRE(parts.size() > 1);
  Components consumed;
  Money net = cents(0);
  std::uint64_t sales = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Bytes payload = encode_summary(parts[i]);
    CHECK(payload.size() <= envelope::kPayloadSizeMax);
    const Closing part = std::get<Closing>(*decode_summary(payload));
    CHECK(part.part ==
          Part{static_cast<std::uint32_t>(i + 1), static_cast<std::uint32_t>(parts.size())});
    net = *add(net, part.net);
    sales += part.sales;
    for (const auto& [product, quantity] : part.consumed) {
      CHECK(consumed.emplace(product, quantity).second);
    }
  }
  CHECK(consumed == closing.consumed);
  CHECK(net == closing.net);
  CHECK(sales == closing.sales);
}

TEST_CASE("a short summary is one part") {
  const Closing closing = garden_closing();
  const auto parts = split(closing, envelope::kPayloadSizeMax);
  REQUIRE(parts.size() == 1);
  CHECK(std::get<Closing>(parts[0]) == closing);
}

TEST_CASE(
    "a GardenWorld closing with two tax and two tender rows has at most 340 bytes in clear, and "
    "420 sealed and with a tree head") {
  Closing closing = garden_closing();
  closing.taxes[TaxCode{2}] = TaxRow{cents(60000), cents(10000)};
  closing.taxes[TaxCode{1}] = TaxRow{cents(140000), cents(23333)};
  closing.tenders[TenderKind::kCash] = cents(150000);
  closing.tenders[TenderKind::kCard] = cents(50000);
  closing.voids = 1;
  closing.discount = cents(12345);
  for (const Series series : kSaleSeries) closing.numbers[series] = {9'999'996, 9'999'999};
  closing.grand_totals = {cents(999'999'999'999), cents(9'999'999)};
  closing.root = envelope::sha256(as_bytes("documents"));
  count_drawer(closing, -250);
  envelope::Header header;
  header.epoch = Epoch{3};
  header.sequence = Sequence{7300};  // ten years of two a day
  const auto key = *envelope::PrivateKey::from_seed(Bytes(32, 1));
  const Bytes payload = encode_summary(closing);
  REQUIRE(decode_summary(payload).has_value());
  const std::size_t now = envelope::sign_message(header, payload, key)->size();

  MESSAGE("closing: ", now, " bytes");
  CHECK(now <= 340);

  // As it travels: sealed, and with the tree head of an earlier receipt.
  header.content_type = envelope::ContentType::kSealedSummary;
  header.tree_head = envelope::TreeHead{73'000'000, {}};
  const auto sealing_key = envelope::SealingKey::from(Bytes(envelope::SealingKey::kSize, 2));
  const Bytes sealed = envelope::seal(sealing_key, envelope::encode_header(header), payload);
  const std::size_t sent = envelope::sign_message(header, sealed, key)->size();
  MESSAGE("sealed, with a tree head: ", sent, " bytes");
  CHECK(sent <= 420);
}
