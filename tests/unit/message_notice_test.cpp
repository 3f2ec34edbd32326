// A notice's header: whom it is for, in one valid form, and of no other message.
#include <doctest/doctest.h>

#include <limits>

#include "core/envelope/cbor.h"
#include "core/envelope/message.h"

using namespace core;
using namespace core::envelope;

namespace {

PrivateKey office_key() {
  return *PrivateKey::from_seed(Bytes(32, 3));
}

Header notice_header(TillRef feed, bool whole) {
  Header h;
  h.content_type = ContentType::kNotice;
  h.kid = derive_kid("test.example/log", office_key().public_key());
  h.epoch = Epoch{2};
  h.sequence = Sequence{11};
  h.prev = sha256(as_bytes("before"));
  h.address = Address{feed, sha256(as_bytes("link")), whole, 3};
  return h;
}

// The last parameter of a protected header, written as a test wants it.
using WriteAddress = std::function<void(CborWriter&)>;

// A message whose header was put together by hand; `pairs`: what its map says of itself.
Result<Message> parse_by_hand(Bytes& storage, std::uint64_t type, std::size_t pairs,
                              const WriteAddress& write_address) {
  CborWriter header;
  header.map(pairs);
  header.integer(1);
  header.integer(-8);
  header.integer(3);
  header.unsigned_integer(type);
  header.integer(4);
  header.bytes(Bytes(16, 4));
  header.integer(-65537);
  header.array(3);
  header.unsigned_integer(1);
  header.unsigned_integer(1);
  header.bytes(Bytes(32, 0));
  write_address(header);
  CborWriter w;
  w.tag(18);
  w.array(4);
  w.bytes(header.view());
  w.map(0);
  w.bytes({});
  w.bytes(Bytes(64, 0));
  storage = std::move(w).take();
  return parse_message(storage);
}

struct AddressForm {
  std::size_t items = 5;
  std::uint64_t store = 4;
  std::uint64_t till = 1;
  std::size_t link_bytes = 32;
  std::int64_t label = -65538;
};

WriteAddress address(const AddressForm& form) {
  return [form](CborWriter& w) {
    w.integer(form.label);
    w.array(form.items);
    w.unsigned_integer(form.store);
    w.unsigned_integer(form.till);
    if (form.items > 2) w.bytes(Bytes(form.link_bytes, 9));
    if (form.items > 3) w.boolean(true);
    if (form.items > 4) w.unsigned_integer(3);
    if (form.items > 5) w.boolean(true);
  };
}

constexpr auto kNoAddress = [](CborWriter&) {};

}  // namespace

TEST_CASE("a notice's address travels in the header, of every feed") {
  constexpr std::uint32_t kMost = std::numeric_limits<std::uint32_t>::max();
  for (const TillRef feed :
       {TillRef{}, TillRef{StoreId{4}, TillId{0}}, TillRef{StoreId{4}, TillId{1}},
        TillRef{StoreId{kMost}, TillId{kMost}}}) {
    for (const bool whole : {false, true}) {
      Header header = notice_header(feed, whole);
      for (const bool with_head : {false, true}) {
        if (with_head) header.tree_head = TreeHead{42, sha256(as_bytes("root"))};
        const Bytes bytes = *sign_message(header, as_bytes("sealed"), office_key());
        const auto message = parse_message(bytes);
        REQUIRE(message.has_value());
        CHECK(message->header == header);
        CHECK(verify_message(*message, office_key().public_key()));
      }
    }
  }
}

TEST_CASE("no changed byte of a notice gives the same notice") {
  const Bytes good =
      *sign_message(notice_header({StoreId{4}, TillId{1}}, true), as_bytes("sealed"), office_key());
  const PublicKey key = office_key().public_key();
  int parsed = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const std::uint8_t change : Bytes{0x01, 0x20, 0x80, 0xff}) {
      Bytes changed = good;
      changed[at] ^= change;
      const auto message = parse_message(changed);
      if (!message) continue;
      ++parsed;
      REQUIRE_FALSE(verify_message(*message, key));
      REQUIRE(message_id(changed) != message_id(good));
    }
  }
  CHECK(parsed > 100);  // link, prev, payload, signature: any bytes are well-formed there
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK_FALSE(parse_message(ByteView(good).first(size)).has_value());
  }
}

TEST_CASE("an address is a notice's and has one form") {
  Bytes bytes;
  const auto why = [&](std::uint64_t type, std::size_t pairs, const WriteAddress& write) {
    const auto message = parse_by_hand(bytes, type, pairs, write);
    return message ? std::string("good") : message.error().what;
  };
  const auto says = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  CHECK(why(65105, 5, address({})) == "good");
  CHECK(why(65105, 5, address({.till = 0})) == "good");
  CHECK(why(65105, 5, address({.store = 0, .till = 0})) == "good");
  CHECK(says(why(65105, 5, address({.store = 0})), "a till has a store"));
  CHECK(says(why(65105, 5, address({.store = std::uint64_t{1} << 32})), "32 bits"));
  CHECK(says(why(65105, 5, address({.till = std::uint64_t{1} << 32})), "32 bits"));
  CHECK(says(why(65105, 5, address({.items = 4})), "an address has 5 items"));
  CHECK(says(why(65105, 5, address({.items = 6})), "an address has 5 items"));
  CHECK(says(why(65105, 5, address({.link_bytes = 31})), "31 bytes"));
  CHECK(says(why(65105, 5, address({.link_bytes = 33})), "33 bytes"));
  CHECK(why(65105, 5, address({.label = -65539})) != "good");
  const WriteAddress number = [](CborWriter& w) {
    w.integer(-65538);
    w.array(4);
    w.unsigned_integer(4);
    w.unsigned_integer(1);
    w.bytes(Bytes(32, 9));
    w.unsigned_integer(1);  // where false or true is expected
  };
  CHECK(why(65105, 5, number) != "good");
  // A notice without one; one on another message; and a map that says something else.
  CHECK(says(why(65105, 4, kNoAddress), "an address is a notice's"));
  for (const std::uint64_t other : {65100U, 65101U, 65102U}) {
    CHECK(why(other, 4, kNoAddress) == "good");
    CHECK(says(why(other, 5, address({})), "an address is a notice's"));
  }
  CHECK(why(65105, 4, address({})) != "good");
  CHECK(why(65105, 6, address({})) != "good");
  for (const std::uint64_t statement : {65103U, 65104U, 65106U}) {
    CHECK(says(why(statement, 4, kNoAddress), "unknown content type"));
  }
}

TEST_CASE("a message that is parsed in the place of a notice has no address of it") {
  const Bytes notice = *sign_message(notice_header({}, true), as_bytes("sealed"), office_key());
  Header summary = notice_header({}, true);
  summary.content_type = ContentType::kSummary;
  summary.address.reset();
  const Bytes other = *sign_message(summary, as_bytes("payload"), office_key());
  Message message;
  REQUIRE(parse_message(notice, message));
  CHECK(message.header.address.has_value());
  REQUIRE(parse_message(other, message));
  CHECK(message.header == summary);
}

TEST_CASE("the largest payload that a writer may seal fits a notice's header, too") {
  Header header = notice_header({StoreId{~0U}, TillId{~0U}}, true);
  header.epoch = Epoch{~0U};
  header.sequence = Sequence{~0ULL >> 1};
  header.tree_head = TreeHead{~0ULL, sha256(as_bytes("root"))};
  CHECK(sign_message(header, Bytes(kPayloadSizeMax + 64), office_key()).has_value());
}
