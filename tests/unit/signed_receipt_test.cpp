// SignedReceipt: what it says of a document, who may have signed it, and every byte of it.
#include "core/retail/signed_receipt.h"

#include <doctest/doctest.h>
#include <openssl/evp.h>

#include <memory>

#include "core/base/random.h"
#include "core/envelope/message.h"
#include "core/envelope/statement.h"
#include "tests/support/enrol.h"
#include "tests/support/retail_samples.h"

using namespace core;
using namespace core::retail;
using namespace test;
using envelope::derive_kid;
using envelope::Hash;
using envelope::PrivateKey;
using envelope::Roster;

namespace {

constexpr std::string_view kOrigin = "shop.example/log";
const TillRef kTill{StoreId{4}, TillId{1}};
const TillRef kOtherTill{StoreId{4}, TillId{2}};

PrivateKey key(std::uint8_t n) {
  return *PrivateKey::from_seed(Bytes(32, n));
}

// Head office with two tills, keys 1 and 2.
Roster roster() {
  Roster out = *Roster::read({}, kOrigin, key(9).public_key());
  REQUIRE(out.enrol(enrol_request(kOrigin, kTill, key(1)), key(9)));
  REQUIRE(out.enrol(enrol_request(kOrigin, kOtherTill, key(2)), key(9)));
  return out;
}

Hash leaf_of(const Document& document) {
  return envelope::sha256_prefixed(0, encode_document(document));
}

Bytes signed_with(const Document& document, const PrivateKey& signer, TillRef till = kTill) {
  return sign_receipt(**receipt_of(till, document), leaf_of(document),
                      derive_kid(kOrigin, signer.public_key()), signer);
}

// A sale of `lines` lines, each one unit of its own product.
Sale sale_of_lines(std::size_t lines, std::uint64_t first_product) {
  Sale sale = garden_sale(1, 17);
  sale.time_ms = 1772442000000;
  const SaleLine one = sale.lines.front();
  sale.lines.clear();
  for (std::size_t i = 0; i < lines; ++i) {
    SaleLine line = one;
    line.product = ProductId{first_product + i};
    line.quantity = units(1);
    line.amount = cents(1999);
    line.tax_amount = cents(319);
    sale.lines.push_back(line);
  }
  sale.tenders = {{TenderKind::kCash, *net_of(sale)}};
  return sale;
}

Errc refusal(ByteView bytes, const Roster& with) {
  const auto verified = verify_signed_receipt(bytes, with);
  REQUIRE_FALSE(verified);
  MESSAGE(describe(verified.error()));
  return verified.error().code;
}

}  // namespace

TEST_CASE("a sale's signed receipt says what the sale says, and who signed it") {
  Sale sale = garden_sale(2, 17);
  sale.time_ms = 1772442000999;
  const Roster with = roster();
  const auto verified = verify_signed_receipt(signed_with(sale, key(1)), with);
  REQUIRE(verified);
  const SignedReceipt& receipt = verified->receipt;
  CHECK(verified->epoch == Epoch{1});
  CHECK(receipt.till == kTill);
  CHECK(receipt.series == Series::kInvoice);
  CHECK(receipt.number == 17);
  CHECK(receipt.day == sample_day());
  CHECK(receipt.time_s == 1772442000);
  CHECK(receipt.total == cents(100000));
  CHECK(receipt.taxes == std::map<TaxCode, TaxRow>{{TaxCode{1}, {cents(100000), cents(0)}}});
  CHECK(receipt.tenders == sale.tenders);
  CHECK(receipt.items == std::vector<ReceiptItem>{{ProductId{145}, units(2), cents(100000)}});
  CHECK_FALSE(receipt.leaf);
  CHECK(receipt.refunded_invoice == 0);
}

TEST_CASE("a refund's signed receipt is negative and names the sale; a void has none") {
  const Sale sale = garden_sale(2, 17);
  Refund refund;
  refund.day = sample_day();
  refund.currency = usd();
  refund.numbers[Series::kRefund] = 3;
  refund.invoice = 17;
  refund.lines.push_back(*mirror_line(sale.lines[0], 0, Quantity{0}, Quantity{500}, true));
  refund.tenders[TenderKind::kCash] = cents(-25000);
  const auto verified = verify_signed_receipt(signed_with(refund, key(1)), roster());
  REQUIRE(verified);
  CHECK(verified->receipt.series == Series::kRefund);
  CHECK(verified->receipt.number == 3);
  CHECK(verified->receipt.refunded_invoice == 17);
  CHECK(verified->receipt.total == cents(-25000));
  CHECK(verified->receipt.items[0].quantity == Quantity{-500});
  CHECK_FALSE(receipt_of(kTill, void_of(sale, 1))->has_value());
}

TEST_CASE("vouchers sold, a refund of another till's sale, and a deposit are said and verify") {
  Sale sale = garden_sale(1, 17);
  sale.vouchers_sold = {{"V-1", cents(2500)}};
  sale.tenders = {{TenderKind::kCash, cents(52500)}};
  const Roster with = roster();
  const auto sold = verify_signed_receipt(signed_with(sale, key(1)), with);
  REQUIRE(sold);
  CHECK(sold->receipt.total == cents(52500));
  CHECK(sold->receipt.vouchers_sold == cents(2500));

  Refund refund;
  refund.day = sample_day();
  refund.currency = usd();
  refund.numbers[Series::kRefund] = 3;
  refund.invoice = 17;
  refund.sold_at = kOtherTill;
  refund.lines.push_back(*mirror_line(sale.lines[0], 0, Quantity{0}, units(1), true));
  const auto elsewhere = verify_signed_receipt(signed_with(refund, key(1)), with);
  REQUIRE(elsewhere);
  CHECK(elsewhere->receipt.sold_at == kOtherTill);

  Layaway layaway;
  layaway.day = sample_day();
  layaway.currency = usd();
  layaway.numbers[Series::kLayaway] = 5;
  layaway.lines = sale.lines;
  layaway.tenders = {{TenderKind::kCash, cents(10000)}};
  const auto paid = verify_signed_receipt(signed_with(layaway, key(1)), with);
  REQUIRE(paid);
  CHECK(paid->receipt.series == Series::kLayaway);
  CHECK(paid->receipt.total == cents(10000));
  CHECK(paid->receipt.leaf == leaf_of(layaway));
}

TEST_CASE("a receipt with any one byte changed is refused") {
  const Bytes good = signed_with(garden_sale(2, 17), key(1));
  const Roster with = roster();
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x01;
    CAPTURE(i);
    CHECK_FALSE(verify_signed_receipt(bad, with));
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(verify_signed_receipt(ByteView(good).first(size), with));
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK(refusal(longer, with) == Errc::kMalformed);
}

TEST_CASE("a receipt is refused with a reason: by whom it was signed, and for whom") {
  const Sale sale = garden_sale(2, 17);
  Roster with = roster();
  const Bytes good = signed_with(sale, key(1));
  REQUIRE(verify_signed_receipt(good, with));
  CHECK(refusal(signed_with(sale, key(3)), with) == Errc::kUnknownKey);
  // Till 2's key for a receipt of till 1, and till 1's kid over till 2's signature.
  CHECK(refusal(signed_with(sale, key(2)), with) == Errc::kBadSignature);
  const Bytes forged = sign_receipt(**receipt_of(kTill, sale), leaf_of(sale),
                                    derive_kid(kOrigin, key(1).public_key()), key(2));
  CHECK(refusal(forged, with) == Errc::kBadSignature);
  CHECK(refusal(Bytes(kSignedReceiptSizeMax + 1, 0xD2), with) == Errc::kTooLarge);
  REQUIRE(with.revoke(kTill, Epoch{1}, {}, key(9)));
  CHECK(refusal(good, with) == Errc::kUnknownKey);
}

TEST_CASE("a receipt is no message, and a message no receipt") {
  const Bytes receipt = signed_with(garden_sale(1, 1), key(1));
  CHECK_FALSE(envelope::parse_message(receipt));
  envelope::Header header;
  header.epoch = Epoch{1};
  header.sequence = Sequence{1};
  const auto message = envelope::sign_message(header, Bytes{0xA0}, key(1));
  REQUIRE(message);
  CHECK_FALSE(envelope::parse_statement(*message, envelope::StatementType::kReceipt));
}

TEST_CASE("where the lines do not fit, the document's leaf hash is in their place") {
  const Roster with = roster();
  const auto fit_at_most = [&](std::uint64_t first_product) {
    std::size_t fits = 0;
    for (std::size_t lines = 1; lines < 100; ++lines) {
      const Sale sale = sale_of_lines(lines, first_product);
      const Bytes bytes = signed_with(sale, key(1));
      CHECK(bytes.size() <= kSignedReceiptSizeMax);
      const auto verified = verify_signed_receipt(bytes, with);
      REQUIRE(verified);
      const SignedReceipt& receipt = verified->receipt;
      CHECK(receipt.total == *net_of(sale));
      CHECK(receipt.items.empty() == receipt.leaf.has_value());
      if (receipt.leaf) {
        CHECK(*receipt.leaf == leaf_of(sale));
      } else {
        CHECK(fits == lines - 1);  // once too long, always too long
        fits = lines;
      }
    }
    return fits;
  };
  // docs/formats/receipt.md says so.
  CHECK(fit_at_most(100) == 35);
  CHECK(fit_at_most(4006381333931) == 18);
}

TEST_CASE("the sizes of signed receipts are the ones that the format's document gives") {
  CHECK(signed_with(sale_of_lines(1, 100), key(1)).size() == 153);
  CHECK(signed_with(sale_of_lines(20, 100), key(1)).size() == 286);
  CHECK(signed_with(sale_of_lines(10, 4006381333931), key(1)).size() == 286);
  CHECK(signed_with(sale_of_lines(100, 100), key(1)).size() == 185);
}

TEST_CASE("even with tax rows beyond the limit a receipt is small: they are left out as well") {
  Sale sale = sale_of_lines(60, 100);
  std::uint32_t code = 1;
  for (SaleLine& line : sale.lines) line.tax = TaxCode{code++};
  const Bytes bytes = signed_with(sale, key(1));
  const auto verified = verify_signed_receipt(bytes, roster());
  REQUIRE(verified);
  CHECK(verified->receipt.taxes.empty());
  CHECK(verified->receipt.leaf == leaf_of(sale));
  CHECK(verified->receipt.total == *net_of(sale));
}

TEST_CASE("a receipt's text comes back as its bytes, and other texts are refused") {
  const Bytes bytes = signed_with(garden_sale(2, 17), key(1));
  const std::string text = receipt_text(bytes);
  CHECK(text.starts_with("DB1:"));
  CHECK(text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:") ==
        std::string::npos);
  const auto back = parse_receipt_text(text);
  REQUIRE(back);
  CHECK(*back == bytes);
  CHECK(parse_receipt_text("DB2:" + text.substr(4)).error().code == Errc::kMalformed);
  CHECK(parse_receipt_text("https://example.com").error().code == Errc::kMalformed);
  CHECK(parse_receipt_text("DB1:" + std::string(700, 'A')).error().code == Errc::kTooLarge);
}

TEST_CASE("the decoder accepts one encoding: no zero field, no unknown one, no other version") {
  SignedReceipt receipt = **receipt_of(kTill, garden_sale(1, 1));
  const Bytes good = encode_receipt(receipt);
  REQUIRE(decode_receipt(good));
  CHECK(*decode_receipt(good) == receipt);
  Bytes version = good;
  version[2] = 2;
  CHECK(decode_receipt(version).error().what.find("version 2") != std::string::npos);
  receipt.leaf = Hash{};  // besides its lines
  CHECK_FALSE(decode_receipt(encode_receipt(receipt)));
  receipt.items.clear();
  CHECK(decode_receipt(encode_receipt(receipt)));
  receipt.leaf.reset();
  CHECK_FALSE(decode_receipt(encode_receipt(receipt)));
}

TEST_CASE("whatever a receipt says comes back from its bytes, to the ends of 64 bits") {
  Random random(93);
  const auto any = [&] {  // small, large and outermost figures
    const auto bits = static_cast<int>(random.between(0, 63));
    return static_cast<std::int64_t>(random() >> bits) * (random.between(0, 1) == 0 ? 1 : -1);
  };
  for (int round = 0; round < 2000; ++round) {
    SignedReceipt receipt;
    receipt.till = TillRef{StoreId{static_cast<std::uint32_t>(any())},
                           TillId{static_cast<std::uint32_t>(any())}};
    receipt.series = static_cast<Series>(random.between(1, kSeriesCount));
    receipt.number = random();
    receipt.day = BusinessDay{static_cast<std::int32_t>(random.between(0, BusinessDay::kMax))};
    receipt.time_s = any();
    receipt.currency = usd();
    receipt.total = cents(any());
    for (std::uint64_t i = random.between(0, 3); i > 0; --i) {
      receipt.taxes[TaxCode{static_cast<std::uint32_t>(any())}] = {cents(any()), cents(any())};
      receipt.tenders[static_cast<TenderKind>(random.between(1, kTenderKinds))] = cents(any());
    }
    for (std::uint64_t i = random.between(0, 5); i > 0; --i) {
      receipt.items.push_back({ProductId{random()}, Quantity{any()}, cents(any())});
    }
    if (receipt.items.empty()) receipt.leaf = envelope::sha256(Bytes(1, 7));
    if (random.between(0, 1) == 1) receipt.refunded_invoice = random();
    receipt.vouchers_sold = cents(random.between(0, 1) == 1 ? any() : 0);
    if (random.between(0, 1) == 1) receipt.sold_at = kOtherTill;
    const auto back = decode_receipt(encode_receipt(receipt));
    REQUIRE_MESSAGE(back, describe(back.error()));
    CHECK(*back == receipt);
  }
}

// RFC 9052 section 4.4, written down from the RFC and verified by another library.
TEST_CASE("OpenSSL verifies a receipt's Sig_structure with the till's public key") {
  const Bytes bytes = signed_with(garden_sale(2, 17), key(1));
  // d2 84 58 19 <protected 25> a0 58 nn <payload> 58 40 <signature>
  REQUIRE(bytes.size() > 100);
  REQUIRE(to_hex(ByteView(bytes).first(4)) == "d2845819");
  const ByteView header = ByteView(bytes).subspan(4, 25);
  CHECK(to_hex(header.first(9)) == "a301270319fe4f0450");
  REQUIRE(bytes[29] == 0xA0);
  REQUIRE(bytes[30] == 0x58);
  const ByteView payload = ByteView(bytes).subspan(32, bytes[31]);
  REQUIRE(bytes.size() == 32 + payload.size() + 2 + 64);
  const ByteView signature = ByteView(bytes).last(64);
  Bytes covered = {0x84, 0x6A};
  append(covered, as_bytes("Signature1"));
  append(covered, Bytes{0x58, 0x19});
  append(covered, header);
  append(covered, Bytes{0x40, 0x58, static_cast<std::uint8_t>(payload.size())});
  append(covered, payload);

  const auto point = key(1).public_key();
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> judge(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, point.bytes.data(), 32),
      &EVP_PKEY_free);
  const auto good = [&](ByteView text) {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(),
                                                                     &EVP_MD_CTX_free);
    REQUIRE(EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, judge.get()) == 1);
    return EVP_DigestVerify(context.get(), signature.data(), signature.size(), text.data(),
                            text.size()) == 1;
  };
  CHECK(good(covered));
  covered.back() ^= 1;
  CHECK_FALSE(good(covered));
}
