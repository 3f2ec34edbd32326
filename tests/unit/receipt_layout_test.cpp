// ReceiptLayout and its two renderings: what stands on paper, and that nothing else gets there.
#include "till/receipt_layout.h"

#include <doctest/doctest.h>

#include "core/base/random.h"
#include "core/retail/signed_receipt.h"
#include "tests/support/paper_reader.h"
#include "tests/support/retail_samples.h"
#include "till/code_page.h"
#include "till/glyphs.h"
#include "till/receipt_render.h"

using namespace core;
using namespace core::retail;
using namespace test;
using namespace till;

namespace {

const TillRef kTill{StoreId{4}, TillId{1}};

ReceiptContext context() {
  ReceiptContext out;
  out.till = kTill;
  out.heading = {"GARDEN WORLD", "1 Main Street"};
  out.product_name = [](ProductId) { return "Patio Furniture Set"; };
  out.tax_rate = [](TaxCode code) { return TaxRate{code, 1900, true}; };
  return out;
}

Sale sale_of_two() {
  Sale sale = garden_sale(2, 17);
  sale.time_ms = 1772442000000;
  sale.lines[0].discount = cents(500);
  sale.lines[0].amount = cents(99500);
  sale.lines[0].tax_amount = cents(15887);
  sale.tenders = {{TenderKind::kCash, cents(90000)}, {TenderKind::kCard, cents(9500)}};
  return sale;
}

std::string text_of(const Document& document, const ReceiptContext& with,
                    std::size_t columns = kColumnsDefault) {
  const auto bytes = render_text(receipt_layout(document, with), columns);
  REQUIRE(bytes);
  return std::string(as_text(*bytes));
}

PrintedJob printed(const Document& document, const ReceiptContext& with,
                   std::size_t columns = kColumnsDefault) {
  const auto bytes = render_escpos(receipt_layout(document, with), columns);
  REQUIRE(bytes);
  auto jobs = read_escpos(*bytes);
  REQUIRE(jobs.size() == 1);
  return std::move(jobs.front());
}

}  // namespace

TEST_CASE("a sale's receipt, word for word") {
  ReceiptContext with = context();
  with.change = cents(500);
  CHECK(text_of(sale_of_two(), with) ==
        "               GARDEN WORLD\n"
        "              1 Main Street\n"
        "                 RECEIPT\n"
        "------------------------------------------\n"
        "Patio Furniture Set                1000.00\n"
        "  2 x 500.00\n"
        "  Discount                           -5.00\n"
        "------------------------------------------\n"
        "TOTAL USD                           995.00\n"
        "Tax 1, 19.00 %, in 995.00           158.87\n"
        "------------------------------------------\n"
        "Cash                                900.00\n"
        "Card                                 95.00\n"
        "Change                                5.00\n"
        "------------------------------------------\n"
        "4/1-invoice-000017\n"
        "Business day 2026-03-02\n"
        "2026-03-02 09:00:00 UTC\n"
        "\f");
}

TEST_CASE("a copy says which one it is, and leaves the drawer shut") {
  ReceiptContext with = context();
  const PrintedJob original = printed(sale_of_two(), with);
  CHECK(original.kicks == 1);
  CHECK(original.cuts == 1);
  CHECK_FALSE(original.has("COPY"));
  with.copy = 3;
  with.voided = true;
  const PrintedJob copy = printed(sale_of_two(), with);
  CHECK(copy.kicks == 0);
  CHECK(copy.has("COPY 3"));
  CHECK(copy.has("VOIDED"));
}

TEST_CASE("the drawer opens when cash moves, and for a card it does not") {
  const auto kicks = [](const Document& document) { return printed(document, context()).kicks; };
  Sale by_card = sale_of_two();
  by_card.tenders = {{TenderKind::kCard, cents(99500)}};
  CHECK(kicks(by_card) == 0);
  CashMovement paid_out;
  paid_out.currency = usd();
  paid_out.kind = CashKind::kPaidOut;
  paid_out.amount = cents(1200);
  paid_out.reason = "window cleaner";
  paid_out.numbers[Series::kCash] = 4;
  CHECK(kicks(paid_out) == 1);
  NoSale no_sale;
  no_sale.reason = "change for a note";
  no_sale.numbers[Series::kDrawer] = 1;
  CHECK(kicks(no_sale) == 1);
  ReceiptContext with = context();
  const Sale cancelled = sale_of_two();
  with.about = &cancelled;
  const PrintedJob voided = printed(void_of(cancelled, 1), with);
  CHECK(voided.kicks == 1);
  CHECK(voided.has("4/1-invoice-000017"));
  CHECK(voided.has("-900.00"));
  CHECK(voided.has("Reason: customer left"));
}

TEST_CASE("a refund's receipt is its mirror, with the sale's number and the reason") {
  Refund refund;
  refund.day = sample_day();
  refund.currency = usd();
  refund.numbers[Series::kRefund] = 3;
  refund.invoice = 17;
  refund.reason = "one is broken";
  const Sale sale = sale_of_two();
  refund.lines.push_back(*mirror_line(sale.lines[0], 0, Quantity{0}, Quantity{500}, false));
  refund.tenders[TenderKind::kCash] = refund.lines[0].mirror.amount;
  const PrintedJob job = printed(refund, context());
  CHECK(job.has("REFUND"));
  CHECK(job.has("4/1-invoice-000017"));
  CHECK(job.has("4/1-refund-000003"));
  CHECK(job.has("-0.5 x 500.00"));
  CHECK(job.has("-248.75"));
  CHECK(job.has("Reason: one is broken"));
  CHECK(job.kicks == 1);
}

TEST_CASE("vouchers, points and reasons of discounts stand on a receipt") {
  Sale sale = sale_of_two();
  sale.lines[0].changes = {{ChangeKind::kLineDiscount, cents(300), "scratched"},
                           {ChangeKind::kReceiptDiscount, cents(200), ""}};
  sale.vouchers_sold = {{"V-1001", cents(5000)}};
  sale.vouchers_redeemed = {{"V-0007", cents(2000)}};
  sale.points_earned = 12;
  sale.tenders[TenderKind::kVoucher] = cents(2000);
  const PrintedJob job = printed(sale, context());
  CHECK(job.has("  Discount, scratched                -3.00"));
  CHECK(job.has("  Discount                           -2.00"));
  CHECK(job.has("Voucher V-1001                       50.00"));
  CHECK(job.has("TOTAL USD                          1045.00"));
  CHECK(job.has("Voucher                              20.00"));
  CHECK(job.has("  of voucher V-0007                  20.00"));
  CHECK(job.has("Points earned                           12"));
}

TEST_CASE("a layaway's steps say what was paid, and open the drawer for cash") {
  Layaway opened;
  opened.day = sample_day();
  opened.currency = usd();
  opened.numbers[Series::kLayaway] = 5;
  opened.name = "blue chairs";
  opened.lines = sale_of_two().lines;
  opened.tenders = {{TenderKind::kCash, cents(20000)}};
  const PrintedJob job = printed(opened, context());
  CHECK(job.has("LAYAWAY OPENED"));
  CHECK(job.has("blue chairs"));
  CHECK(job.has("TOTAL USD                           995.00"));
  CHECK(job.has("Cash                                200.00"));
  CHECK(job.has("4/1-layaway-000005"));
  CHECK(job.kicks == 1);
  Layaway cancelled;
  cancelled.day = sample_day();
  cancelled.currency = usd();
  cancelled.numbers[Series::kLayaway] = 6;
  cancelled.kind = LayawayKind::kCancelled;
  cancelled.layaway = 5;
  cancelled.forfeited = cents(1500);
  cancelled.tenders = {{TenderKind::kCard, cents(-18500)}};
  cancelled.reason = "moved away";
  const PrintedJob back = printed(cancelled, context());
  CHECK(back.has("LAYAWAY CANCELLED"));
  CHECK(back.has("4/1-layaway-000005"));
  CHECK(back.has("Kept by the shop                     15.00"));
  CHECK(back.kicks == 0);
}

TEST_CASE("training says that it is no receipt, and opens no drawer") {
  Training training;
  training.day = sample_day();
  training.currency = usd();
  training.numbers[Series::kTraining] = 2;
  training.lines = sale_of_two().lines;
  training.tenders = {{TenderKind::kCash, cents(99500)}};
  const PrintedJob job = printed(training, context());
  CHECK(job.has("TRAINING, NO RECEIPT"));
  CHECK(job.kicks == 0);
}

TEST_CASE("slips of cards, held receipts and stock say what they are about") {
  CardResult card;
  card.currency = usd();
  card.numbers[Series::kCard] = 9;
  card.terminal = "T-17";
  card.batch = 31;
  card.authorisation = "A81";
  card.masked_number = "**** 4242";
  card.amount = cents(9500);
  const PrintedJob slip = printed(card, context());
  CHECK(slip.has("CARD AUTHORISED"));
  CHECK(slip.has("**** 4242"));
  CHECK(slip.kicks == 0);
  Hold hold;
  hold.currency = usd();
  hold.numbers[Series::kHold] = 1;
  hold.name = "table 4";
  hold.lines = {{ProductId{145}, units(2), cents(0)}};
  const PrintedJob aside = printed(hold, context());
  CHECK(aside.has("PUT ASIDE"));
  CHECK(aside.has("Patio Furniture Set                      2"));
  StockMovement transfer;
  transfer.currency = usd();
  transfer.numbers[Series::kStock] = 1;
  transfer.kind = StockKind::kTransferOut;
  transfer.transfer = "TR-5";
  transfer.other_store = StoreId{7};
  transfer.lines = {{ProductId{145}, Quantity{1500}}};
  const PrintedJob out = printed(transfer, context());
  CHECK(out.has("STOCK TRANSFER OUT"));
  CHECK(out.has("TR-5"));
  CHECK(out.has("Patio Furniture Set                    1.5"));
}

TEST_CASE("a clock in doubt and the operator's number are said") {
  Sale sale = sale_of_two();
  sale.clock_doubtful = true;
  sale.operator_id = OperatorId{3};
  const PrintedJob job = printed(sale, context());
  CHECK(job.has("2026-03-02 09:00:00 UTC, clock in doubt"));
  CHECK(job.has("Operator 3"));
}

TEST_CASE("currencies of other exponents are written with theirs") {
  Sale sale = sale_of_two();
  const auto in = [&](std::string_view code) {
    sale.currency = *Currency::parse(code);
    for (SaleLine& line : sale.lines) {
      line.unit_price->currency = sale.currency;
      line.amount.currency = line.discount.currency = line.tax_amount.currency = sale.currency;
    }
    for (auto& [kind, money] : sale.tenders) money.currency = sale.currency;
    return text_of(sale, context());
  };
  CHECK(in("JPY").find("TOTAL JPY                            99500\n") != std::string::npos);
  CHECK(in("KWD").find("TOTAL KWD                           99.500\n") != std::string::npos);
}

TEST_CASE("commands in a name, a reason or a heading reach no printer and no terminal") {
  // Cuts, opens the drawer, sets the terminal's title, turns the writing direction, is no UTF-8.
  const std::string hostile = std::string("Tea\x1Bp\x00\x19\xFA", 8) +
                              "\x1DV\x01\r\n\x1B]0;owned\x07\xC2\x9B" +
                              "2J\x7F\xE2\x80\xAEoof\xFF\xC0\xAF\xED\xA0\x80" + "\x10\x14\x01";
  ReceiptContext with = context();
  with.heading = {hostile};
  with.product_name = [&](ProductId) { return hostile; };
  Sale sale = sale_of_two();
  sale.tenders = {{TenderKind::kCard, cents(99500)}};
  const PrintedJob job = printed(sale, with);  // REQUIREs that every command is a known one
  CHECK(job.kicks == 0);
  CHECK(job.cuts == 1);
  for (char c : text_of(sale, with)) {
    const auto byte = static_cast<std::uint8_t>(c);
    CHECK((byte >= 0x20 || byte == '\n' || byte == '\f'));
    CHECK(byte != 0x7F);
  }
  CHECK(text_of(sale, with).find("\xE2\x80\xAE") == std::string::npos);
  CHECK(text_of(sale, with).find("\xC2\x9B") == std::string::npos);
  // And what is random, a thousand times.
  Random random(4711);
  for (int round = 0; round < 1000; ++round) {
    std::string name;
    for (int i = 0; i < 30; ++i) name.push_back(static_cast<char>(random.between(0, 255)));
    with.product_name = [&](ProductId) { return name; };
    with.heading = {name};
    const PrintedJob any = printed(sale, with, random.between(kColumnsMin, kColumnsMax));
    REQUIRE(any.kicks == 0);
    REQUIRE(any.cuts == 1);
  }
}

TEST_CASE("no line is wider than the paper, whatever the name, and figures stay whole") {
  Random random(42);
  const std::u32string letters = U"ab é€Жł漢字 한e\u0301\U0001F600";
  for (int round = 0; round < 500; ++round) {
    std::u32string name;
    const std::uint64_t size = random.between(0, 120);
    for (std::uint64_t i = 0; i < size; ++i) {
      name.push_back(letters[random.between(0, letters.size() - 1)]);
    }
    ReceiptContext with = context();
    with.product_name = [&](ProductId) { return to_utf8(name); };
    const std::size_t columns = random.between(kColumnsMin, kColumnsMax);
    const std::string text = text_of(sale_of_two(), with, columns);
    CHECK(text.find("1000.00\n") != std::string::npos);
    std::size_t start = 0;
    while (start < text.size()) {
      const std::size_t end = std::min(text.find('\n', start), text.size());
      CHECK(columns_of(glyphs_of(text.substr(start, end - start), 1000)) <= columns);
      start = end + 1;
    }
    const PrintedJob job = printed(sale_of_two(), with, columns);
    for (const PrintedLine& line : job.lines) {
      CHECK(columns_of(glyphs_of(line.text, 1000)) <= columns);
    }
  }
}

TEST_CASE("a receipt of very many lines counts what it does not show") {
  Sale sale = sale_of_two();
  sale.lines.resize(kReceiptLinesMax + 7, sale.lines.front());
  const std::string text = text_of(sale, context());
  CHECK(text.find("and 7 more lines\n") != std::string::npos);
  CHECK(text.find("TOTAL USD                       1001965.00") != std::string::npos);
}

TEST_CASE("what a code page has is drawn with its byte, as iconv reads it back") {
  ReceiptContext with = context();
  for (const std::string name : {"Käse 3 €, Crème brûlée", "Żółta łódź", "Борщ, 2 шт."}) {
    with.product_name = [&](ProductId) { return name; };
    CHECK(printed(sale_of_two(), with).has(name));
  }
  with.product_name = [](ProductId) { return std::string("漢字 tea"); };
  CHECK(printed(sale_of_two(), with).has("?? tea"));
  // Every byte of every page that there is: the interpreter decodes with iconv.
  int seen = 0;
  for (char32_t glyph = 0xA0; glyph < 0x2700; ++glyph) {
    const std::u32string one(1, glyph);
    if (!printer_byte(glyph, kFirstCodePage) || glyphs_of(to_utf8(one)) != one) continue;
    with.product_name = [&](ProductId) { return "x" + to_utf8(one) + "x"; };
    CAPTURE(static_cast<std::uint32_t>(glyph));
    CHECK(printed(sale_of_two(), with).has("x" + to_utf8(one) + "x"));
    ++seen;
  }
  CHECK(seen > 250);
}

TEST_CASE("zbarimg reads the signed receipt from both renderings, at every width") {
  if (!have_zbarimg()) return;
  const auto key = *envelope::PrivateKey::from_seed(Bytes(32, 1));
  const auto kid = envelope::derive_kid("shop.example/log", key.public_key());
  for (const std::size_t lines : {1U, 8U, 27U, 60U}) {
    Sale sale = sale_of_two();
    sale.lines.resize(lines, sale.lines.front());
    const envelope::Hash leaf = envelope::sha256_prefixed(0, encode_document(sale));
    const std::string text = receipt_text(sign_receipt(**receipt_of(kTill, sale), leaf, kid, key));
    ReceiptContext with = context();
    with.signed_text = text;
    CAPTURE(lines);
    for (const std::size_t columns : {kColumnsMin, std::size_t{32}, kColumnsDefault}) {
      const PrintedJob job = printed(sale, with, columns);
      REQUIRE(job.pictures.size() == 1);
      CHECK(job.pictures[0].width <= columns * 12);
      CHECK(read_qr(job.pictures[0]) == text);
    }
    CHECK(read_qr(read_half_blocks(text_of(sale, with))) == text);
  }
}

TEST_CASE("times that no calendar has are left out") {
  CHECK(time_text(0) == "1970-01-01 00:00:00 UTC");
  CHECK(time_text(951782399) == "2000-02-28 23:59:59 UTC");
  CHECK(time_text(-1).empty());
  CHECK(time_text(INT64_MAX).empty());
}
