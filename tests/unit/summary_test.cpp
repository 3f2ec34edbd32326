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
  Closing staffed = closing;
  staffed.operators[OperatorId{2}] = {1, cents(100000), cents(12345), 0, 0, cents(0)};
  staffed.operators[OperatorId{3}] = {2, cents(100000), cents(0), 0, 0, cents(0)};
  const Bytes with_operators = encode_summary(staffed);
  REQUIRE(decode_summary(with_operators).has_value());
  const std::size_t with_two = envelope::sign_message(header, with_operators, key)->size();
  MESSAGE("closing with two operators: ", with_two, " bytes");
  CHECK(with_two <= 340);

  // As it travels: sealed, and with the tree head of an earlier receipt.
  header.content_type = envelope::ContentType::kSealedSummary;
  header.tree_head = envelope::TreeHead{73'000'000, {}};
  const auto sealing_key = envelope::SealingKey::from(Bytes(envelope::SealingKey::kSize, 2));
  const Bytes sealed = envelope::seal(sealing_key, envelope::encode_header(header), payload);
  const std::size_t sent = envelope::sign_message(header, sealed, key)->size();
  MESSAGE("sealed, with a tree head: ", sent, " bytes");
  CHECK(sent <= 420);
}

namespace {

// A busy day with something in every field but members and operators: 23 to 900 units of each of
// `products` sorts, most of them whole, for up to 1,000.00 each.
Closing full_closing(std::uint64_t products) {
  Closing c = empty_closing(sample_day(), usd());
  c.sales = 412;
  c.voids = 3;
  c.refunds = 2;
  c.refunded = cents(2598);
  c.discount = cents(12345);
  for (std::uint64_t i = 0; i < products; ++i) {
    const bool by_weight = i % 20 == 19;
    const Quantity quantity = by_weight
                                  ? Quantity{static_cast<std::int64_t>(12345 + i * 17)}
                                  : units(static_cast<std::int64_t>(1 + (i * i + 7 * i) % 40));
    const Money net = cents(static_cast<std::int64_t>(199 + (i * 7919) % 60000));
    // Numbers as a retailer gives them: close to one another, with gaps.
    const ProductId id{100'000 + i * 7};
    c.sold[id] = {quantity, net};
    c.consumed[id] = quantity;
    c.net = *add(c.net, net);
  }
  c.taxes[TaxCode{1}] = {cents(c.net.minor / 3), cents(c.net.minor / 21)};
  c.taxes[TaxCode{2}] = {cents(c.net.minor - c.net.minor / 3), cents(0)};
  c.liabilities.vouchers_sold = cents(5000);
  c.tenders[TenderKind::kCard] = cents(c.net.minor / 2);
  c.tenders[TenderKind::kVoucher] = cents(2500);
  c.tenders[TenderKind::kCash] = cents(c.net.minor - c.net.minor / 2 - 2500 + 5000);
  c.cash_movements = {{CashKind::kFloat, cents(20000)}, {CashKind::kPickUp, cents(50000)}};
  for (const Series series : kSaleSeries) c.numbers[series] = {99'600, 100'014};
  c.numbers[Series::kVoid] = {700, 702};
  c.numbers[Series::kRefund] = {501, 502};
  c.numbers[Series::kCash] = {1201, 1202};
  c.numbers[Series::kStock] = {301, 304};
  c.numbers[Series::kCard] = {55'000, 55'199};
  c.counts = {2, 250, 4, 1, 17, 0};
  c.received = {{ProductId{100'007}, units(24)}};
  c.adjusted = {{ProductId{100'014}, units(-1)}};
  c.on_hand = {{ProductId{100'000}, units(36)}};
  c.transfers[{"T-2026-118", TransferWay::kOut, StoreId{17}}] = {{ProductId{100'000}, units(6)}};
  c.batches[{"60001234", 77}] = {200, cents(c.net.minor / 2), envelope::sha256(as_bytes("cards"))};
  c.refunded_receipts = {{{{}, 98'123}, cents(1299)}, {{{}, 99'601}, cents(1299)}};
  c.root = envelope::sha256(as_bytes("documents"));
  c.grand_totals = {cents(999'999'999'999), cents(9'999'999)};
  count_drawer(c, -250);
  return c;
}

std::size_t sealed_size(const Closing& closing) {
  envelope::Header header;
  header.epoch = Epoch{3};
  header.sequence = Sequence{7300};
  header.content_type = envelope::ContentType::kSealedSummary;
  header.tree_head = envelope::TreeHead{73'000'000, {}};
  const auto key = *envelope::PrivateKey::from_seed(Bytes(32, 1));
  const auto sealing_key = envelope::SealingKey::from(Bytes(envelope::SealingKey::kSize, 2));
  const Bytes payload = encode_summary(closing);
  REQUIRE(std::get<Closing>(*decode_summary(payload)) == closing);
  const Bytes sealed = envelope::seal(sealing_key, envelope::encode_header(header), payload);
  return envelope::sign_message(header, sealed, key)->size();
}

}  // namespace

TEST_CASE("what a closing of 3, 20, 120 and 300 products takes, sealed and with a tree head") {
  struct Limit {
    std::uint64_t products;
    std::size_t full_max;   // something in every field but members, operators
    std::size_t plain_max;  // no stock moved after the opening, no card terminal that answers here
  };
  for (const Limit& limit :
       {Limit{3, 560, 440}, Limit{20, 670, 545}, Limit{120, 1230, 1105}, Limit{300, 2220, 2100}}) {
    Closing closing = full_closing(limit.products);
    const std::size_t full = sealed_size(closing);
    for (const Series series : {Series::kStock, Series::kCard}) closing.numbers.erase(series);
    closing.received.clear();
    closing.adjusted.clear();
    closing.on_hand.clear();
    closing.transfers.clear();
    closing.batches.clear();
    const std::size_t plain = sealed_size(closing);
    MESSAGE(limit.products, " products: full ", full, ", plain ", plain, " bytes");
    CHECK(full <= limit.full_max);
    CHECK(plain <= limit.plain_max);
  }
}

TEST_CASE("a member's points take at most 25 bytes a member and day") {
  Closing closing = full_closing(20);
  const std::size_t without = sealed_size(closing);
  constexpr std::size_t kMembers = 100;
  for (std::size_t i = 0; i < kMembers; ++i) {
    MemberKey key;
    key.bytes[0] = static_cast<std::uint8_t>(i);
    closing.members[key] = {static_cast<std::int64_t>(i * 25), i % 10 == 0 ? 100 : 0};
  }
  const std::size_t each = (sealed_size(closing) - without + kMembers - 1) / kMembers;
  MESSAGE(each, " bytes a member");
  CHECK(each <= 25);
}
