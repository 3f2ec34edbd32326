// Golden files pin every byte of an opening and a closing, of an enrolment and of the answer.
// To accept an intended change of format: DAYBOOK_WRITE_GOLDEN=1 build/release/tests/test_golden,
// then read the difference and say it in CHANGELOG.md.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "core/envelope/cbor.h"
#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "core/envelope/sealing.h"
#include "core/retail/signed_receipt.h"
#include "tests/support/enrol.h"
#include "tests/support/retail_samples.h"
#include "tests/support/temp_dir.h"

using namespace core;
using namespace core::envelope;
using namespace core::retail;
using namespace test;

namespace {

const std::filesystem::path kGolden = std::filesystem::path(DAYBOOK_SOURCE_DIR) / "tests/golden";

// Compares with the file's bytes (hexadecimal text, 32 bytes a line).
void check_golden(const char* name, ByteView bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 32) {
    text += to_hex(bytes.subspan(i, std::min<std::size_t>(32, bytes.size() - i))) + "\n";
  }
  const std::filesystem::path path = kGolden / name;
  if (std::getenv("DAYBOOK_WRITE_GOLDEN") != nullptr) write_file(path, as_bytes(text));
  const Bytes expected = read_file(path);
  CHECK_MESSAGE(as_text(expected) == text, name, " differs from the bytes of today");
}

PrivateKey key(std::uint8_t n) {
  return *PrivateKey::from_seed(Bytes(32, n));
}
constexpr std::string_view kOrigin = "golden.example/log";

Header header_of(std::uint64_t sequence, const MessageId& prev) {
  Header h;
  h.kid = derive_kid(kOrigin, key(1).public_key());
  h.epoch = Epoch{1};
  h.sequence = Sequence{sequence};
  h.prev = prev;
  return h;
}

}  // namespace

TEST_CASE("an enrolment, an opening and a closing have the bytes of the golden files") {
  Roster roster = *Roster::read({}, kOrigin, key(9).public_key());
  const TillRef till{StoreId{4}, TillId{1}};
  const Bytes enrolment = *roster.enrol(enrol_request(kOrigin, till, key(1)), key(9));
  check_golden("enrolment.hex", enrolment);

  const Opening opening{
      sample_day(),
      {{ProductId{133}, units(16)}, {ProductId{134}, units(4)}, {ProductId{135}, units(4)}},
      {}};
  const Bytes first =
      *sign_message(header_of(1, message_id(enrolment)), encode_summary(opening), key(1));
  check_golden("opening.hex", first);

  Closing closing = garden_closing(true);
  closing.discount = cents(1234);
  count_drawer(closing, -5);
  const Bytes second =
      *sign_message(header_of(2, message_id(first)), encode_summary(closing), key(1));
  check_golden("closing.hex", second);

  Header with_receipt = header_of(3, message_id(second));
  with_receipt.tree_head = TreeHead{20000, sha256(as_bytes("root"))};
  check_golden("closing-with-tree-head.hex",
               *sign_message(with_receipt, encode_summary(closing), key(1)));
}

TEST_CASE("a closing of a till with operators has the bytes of the golden file") {
  DayFold fold(sample_day(), usd());
  Sale first = garden_sale(1, 1);
  Sale second = garden_sale(2, 2);
  first.operator_id = OperatorId{3};
  second.operator_id = OperatorId{17};
  second.lines_voided = 1;
  REQUIRE(fold.add(first).has_value());
  REQUIRE(fold.add(second).has_value());
  Refund refund = refund_of(second, 1);
  refund.operator_id = OperatorId{3};
  REQUIRE(fold.add(refund).has_value());
  const Bytes payload = encode_summary(fold.closing());
  CHECK(cbor_diagnostic(payload)->ends_with(
      "31: [[3, 1, 0, 0, 0, 1, 50000], [14, 1, 100000, 0, 1]]}"));
  check_golden("closing-with-operators.hex",
               *sign_message(header_of(1, sha256(as_bytes("roster entry"))), payload, key(1)));
}

TEST_CASE("a sealed closing has the bytes of the golden file") {
  const auto till = *SealingPrivateKey::from(Bytes(32, 1));
  const auto head_office = *SealingPrivateKey::from(Bytes(32, 9));
  const SealingContext context{kOrigin, TillRef{StoreId{4}, TillId{1}}, Epoch{1}, till.public_key(),
                               head_office.public_key()};
  const SealingKey sealing_key = *SealingKey::agree_as_till(till, context);
  Header header = header_of(1, sha256(as_bytes("roster entry")));
  header.content_type = ContentType::kSealedSummary;
  const Bytes payload = encode_summary(garden_closing(true));
  check_golden("sealed-closing.hex",
               *sign_message(header, seal(sealing_key, encode_header(header), payload), key(1)));
}

TEST_CASE("a notice has the bytes of the golden file") {
  Header header;
  header.content_type = ContentType::kNotice;
  header.kid = derive_kid(kOrigin, key(9).public_key());
  header.epoch = Epoch{1};
  header.sequence = Sequence{12};
  header.prev = sha256(as_bytes("the message before"));
  header.address =
      Address{TillRef{StoreId{4}, TillId{1}}, sha256(as_bytes("the notice before")), true};
  check_golden("notice.hex", *sign_message(header, as_bytes("sealed, opaque here"), key(9)));
}

TEST_CASE("a sale's body has the bytes of the golden file") {
  Sale sale = garden_sale(2, 17);
  sale.time_ms = 1772442000000;
  check_golden("sale.hex", encode_document(sale));
}

TEST_CASE("a customer's signed receipts have the bytes of the golden files") {
  const TillRef till{StoreId{4}, TillId{1}};
  const auto kid = derive_kid(kOrigin, key(1).public_key());
  const auto sign = [&](const Document& document) {
    const Hash leaf = sha256_prefixed(0, encode_document(document));
    return sign_receipt(**receipt_of(till, document), leaf, kid, key(1));
  };
  Sale sale = garden_sale(2, 17);
  sale.time_ms = 1772442000000;
  check_golden("receipt.hex", sign(sale));

  Refund refund;
  refund.day = sale.day;
  refund.time_ms = sale.time_ms + 60000;
  refund.currency = sale.currency;
  refund.numbers[Series::kRefund] = 1;
  refund.invoice = 17;
  refund.lines.push_back(*mirror_line(sale.lines[0], 0, Quantity{0}, Quantity{500}, true));
  refund.tenders[TenderKind::kCash] = cents(-25000);
  check_golden("receipt-of-refund.hex", sign(refund));

  sale.lines.resize(60, sale.lines.front());
  sale.tenders[TenderKind::kCash] = *net_of(sale);
  check_golden("receipt-with-leaf.hex", sign(sale));
}

TEST_CASE("the golden closing says what it should, in diagnostic notation") {
  const Bytes payload = encode_summary(garden_closing(true));
  CHECK(*cbor_diagnostic(payload) ==
        "{0: 2, 1: 20514, 2: \"USD\", 3: 2, 4: 1, 5: 150000, 7: {1: [150000, 0]}, 8: {1: 150000}, "
        "10: [133, 12, 1, 3, 1, 3], "
        "12: [7, 1, 3, 16, 1, 1], 17: [0, 3, 0, 0, 0, 0], "
        "20: [145, 3, 150000]}");
}

TEST_CASE("an opening that asks for the next keys has the bytes of the golden file") {
  const TillRef till{StoreId{4}, TillId{1}};
  const auto sealing_key = SealingPrivateKey::from(Bytes(32, 3)).value();
  const EnrolRequest asked = make_enrol_request(kOrigin, till, key(2), sealing_key.public_key());
  Opening opening{sample_day(), {}, {}};
  opening.next_keys = KeyRequest{asked.key, asked.sealing_key, asked.proof};
  check_golden("opening-with-next-keys.hex", encode_summary(opening));
}
