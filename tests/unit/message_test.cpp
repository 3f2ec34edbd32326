// COSE_Sign1: one valid byte string for one signed content.
#include <doctest/doctest.h>

#include <functional>

#include "core/envelope/cbor.h"
#include "core/envelope/message.h"

using namespace core;
using namespace core::envelope;

namespace {

PrivateKey test_key(std::uint8_t n) {
  return *PrivateKey::from_seed(Bytes(32, n));
}

Header test_header() {
  Header h;
  h.kid = derive_kid("test.example/log", test_key(1).public_key());
  h.epoch = Epoch{1};
  h.sequence = Sequence{7};
  h.prev = sha256(as_bytes("before"));
  return h;
}

Bytes test_message() {
  return *sign_message(test_header(), as_bytes("payload"), test_key(1));
}

// A COSE_Sign1 put together by hand, so that each part can be wrong.
struct Parts {
  Bytes protected_header;
  std::function<void(CborWriter&)> unprotected = [](CborWriter& w) { w.map(0); };
  Bytes payload;
  Bytes signature;
  std::uint64_t tag = 18;
};

Parts taken_apart(const Bytes& message) {
  const Message m = *parse_message(message);
  Parts parts;
  parts.protected_header = to_bytes(m.protected_header);
  parts.payload = to_bytes(m.payload);
  parts.signature = to_bytes(m.signature.view());
  return parts;
}

Bytes put_together(const Parts& parts) {
  CborWriter w;
  w.tag(parts.tag);
  w.array(4);
  w.bytes(parts.protected_header);
  parts.unprotected(w);
  w.bytes(parts.payload);
  w.bytes(parts.signature);
  return std::move(w).take();
}

// Adds the group order to S: the same point equation, another encoding (RFC 8032 section 8.4).
Bytes with_order_added(Bytes signature) {
  static constexpr std::array<unsigned, 32> kOrder = {
      0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
      0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
      0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const unsigned sum = signature[32 + i] + kOrder[i] + carry;
    signature[32 + i] = static_cast<std::uint8_t>(sum);
    carry = sum >> 8;
  }
  return signature;
}

}  // namespace

TEST_CASE("a signed message parses to what was signed, and verifies") {
  const Bytes bytes = test_message();
  const auto message = parse_message(bytes);
  REQUIRE(message.has_value());
  CHECK(message->header == test_header());
  CHECK(as_text(message->payload) == "payload");
  CHECK(verify_message(*message, test_key(1).public_key()));
  CHECK_FALSE(verify_message(*message, test_key(2).public_key()));
}

TEST_CASE("the same content signs to the same bytes and the same id") {
  CHECK(test_message() == test_message());
  CHECK(message_id(test_message()) == sha256_prefixed(0, test_message()));
  CHECK(message_id(test_message()) != sha256(test_message()));
}

TEST_CASE("a tree head travels in the header") {
  Header header = test_header();
  header.tree_head = TreeHead{42, sha256(as_bytes("root"))};
  const Bytes bytes = *sign_message(header, as_bytes("p"), test_key(1));
  CHECK(parse_message(bytes)->header == header);
}

TEST_CASE("a copy put together by hand is the same bytes: the control of the next cases") {
  CHECK(put_together(taken_apart(test_message())) == test_message());
}

TEST_CASE("a re-wrapped copy with an unprotected header is refused") {
  Parts parts = taken_apart(test_message());
  parts.unprotected = [](CborWriter& w) {
    w.map(1);
    w.integer(4);
    w.bytes(as_bytes("11"));
  };
  CHECK(parse_message(put_together(parts)).error().what.find("unprotected header is not empty") !=
        std::string::npos);
}

TEST_CASE("a copy with another length form is refused") {
  const Bytes good = test_message();
  // The payload "payload" has head 0x47; 0x58 0x07 says the same length in a longer form.
  const Bytes needle = *from_hex("477061796c6f6164");
  const auto at = std::search(good.begin(), good.end(), needle.begin(), needle.end());
  REQUIRE(at != good.end());
  Bytes longer(good.begin(), at);
  append(longer, *from_hex("5807"));
  longer.insert(longer.end(), at + 1, good.end());
  CHECK(parse_message(longer).error().what.find("shortest form") != std::string::npos);
}

TEST_CASE("a copy with another signature encoding is refused") {
  Parts parts = taken_apart(test_message());
  parts.signature = with_order_added(parts.signature);
  CHECK(parse_message(put_together(parts)).error().what.find("not canonical") != std::string::npos);
}

TEST_CASE("a signature of S = order - 1 is canonical, of S = order is not") {
  Signature s;
  const Bytes order = *from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  std::copy(order.begin(), order.end(), s.bytes.begin() + 32);
  CHECK_FALSE(is_canonical(s));
  s.bytes[32] -= 1;
  CHECK(is_canonical(s));
}

TEST_CASE("other shapes are refused with the byte offset") {
  const Bytes good = test_message();
  Parts parts = taken_apart(good);

  SUBCASE("another tag") {
    parts.tag = 17;
    CHECK(parse_message(put_together(parts)).error().what.starts_with("byte 0:"));
  }
  SUBCASE("no tag") {
    CHECK(parse_message(ByteView(good).subspan(1)).error().what.starts_with("byte 0:"));
  }
  SUBCASE("bytes behind") {
    Bytes longer = good;
    longer.push_back(0);
    CHECK(parse_message(longer).error().what.starts_with("byte " + std::to_string(good.size())));
  }
  SUBCASE("a short signature") {
    parts.signature.pop_back();
    CHECK_FALSE(parse_message(put_together(parts)).has_value());
  }
  SUBCASE("every cut is refused") {
    for (std::size_t n = 0; n < good.size(); ++n) {
      CHECK_FALSE(parse_message(ByteView(good).first(n)).has_value());
    }
  }
  SUBCASE("over the limit") {
    CHECK(parse_message(Bytes(kMessageSizeMax + 1)).error().code == Errc::kTooLarge);
    CHECK(sign_message(test_header(), Bytes(kMessageSizeMax), test_key(1)).error().code ==
          Errc::kTooLarge);
    CHECK(sign_message(test_header(), Bytes(kPayloadSizeMax), test_key(1)).has_value());
  }
}

TEST_CASE("a header with a zero epoch or sequence, or another algorithm, is refused") {
  Header header = test_header();
  header.epoch = Epoch{0};
  CHECK_FALSE(parse_message(*sign_message(header, {}, test_key(1))).has_value());
  header = test_header();
  header.sequence = Sequence{0};
  CHECK_FALSE(parse_message(*sign_message(header, {}, test_key(1))).has_value());
  header.sequence = Sequence{~0ULL};
  CHECK_FALSE(parse_message(*sign_message(header, {}, test_key(1))).has_value());
  Parts parts = taken_apart(test_message());
  REQUIRE(to_hex(parts.protected_header).starts_with("a40127"));
  parts.protected_header[2] = 0x26;  // ES256
  CHECK_FALSE(parse_message(put_together(parts)).has_value());
}

TEST_CASE("no flipped bit of a message goes unnoticed") {
  const Bytes good = test_message();
  const PublicKey key = test_key(1).public_key();
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes flipped = good;
    flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    const auto message = parse_message(flipped);
    const bool passes = message.has_value() && verify_message(*message, key);
    CHECK_FALSE(passes);
    CHECK(message_id(flipped) != message_id(good));
  }
}

TEST_CASE("copies that differ in nothing but the signature share their content hash") {
  const Bytes good = test_message();
  Parts parts = taken_apart(good);
  parts.signature[0] ^= 1;
  const Bytes copy = put_together(parts);
  CHECK(content_hash(*parse_message(good)) == content_hash(*parse_message(copy)));
  CHECK(message_id(good) != message_id(copy));
}

TEST_CASE("a key id depends on the log's origin") {
  const PublicKey key = test_key(1).public_key();
  CHECK(derive_kid("a.example/log", key) != derive_kid("b.example/log", key));
  CHECK(derive_kid("a.example/log", key) == derive_kid("a.example/log", key));
}

TEST_CASE("a sequence of messages is cut item by item") {
  Bytes sequence = test_message();
  const std::size_t first = sequence.size();
  append(sequence, *from_hex("8101"));
  CHECK(*first_item_size(sequence) == first);
  CHECK(*first_item_size(ByteView(sequence).subspan(first)) == 2);
  CHECK_FALSE(first_item_size(ByteView(sequence).subspan(first, 1)).has_value());
}

TEST_CASE("the content hash is that of the signed bytes, at any length of header and payload") {
  for (const std::size_t header : {0U, 1U, 22U, 23U, 24U, 130U, 255U, 256U, 300U, 900U, 2000U}) {
    for (const std::size_t payload : {0U, 1U, 23U, 24U, 255U, 256U, 257U, 900U, 65535U, 65536U}) {
      CAPTURE(header);
      CAPTURE(payload);
      const Bytes protected_header(header, 7);
      const Bytes content(payload, 9);
      Message message;
      message.protected_header = protected_header;
      message.payload = content;
      CHECK(content_hash(message) == sha256(signature_input(protected_header, {}, content)));
    }
  }
}

TEST_CASE("a message that is parsed in the place of another one has nothing of it") {
  Header header = test_header();
  header.tree_head = TreeHead{5, sha256(as_bytes("root"))};
  const Bytes with_head = *sign_message(header, as_bytes("payload"), test_key(1));
  const Bytes without = test_message();
  Message message;
  REQUIRE(parse_message(with_head, message));
  CHECK(message.header == header);
  REQUIRE(parse_message(without, message));
  CHECK(message.header == test_header());
}
