// split_body: what a request body is taken for.
#include <doctest/doctest.h>

#include "relay/split_body.h"
#include "tests/unit/relay_messages.h"

using core::Bytes;
using core::Errc;
using relay::split_body;
using test::make_message;

namespace {

Bytes join(const std::vector<Bytes>& parts) {
  Bytes out;
  for (const Bytes& part : parts) core::append(out, part);
  return out;
}

}  // namespace

TEST_CASE("a body of messages is taken apart, each with its id") {
  const Bytes body = join({make_message(1), make_message(2)});
  const auto items = split_body(body);
  REQUIRE(items);
  REQUIRE(items->size() == 2);
  CHECK(core::equal((*items)[1].bytes, make_message(2)));
  CHECK((*items)[1].id == core::envelope::message_id(make_message(2)));
  CHECK((*items)[1].refusal.empty());
  CHECK(split_body({})->empty());
}

TEST_CASE("an item that is no valid message is refused alone, with the reason") {
  // A number; a tagged array; a string of indefinite length; a float; a message whose outer array
  // has its length in a longer form.
  Bytes rewrapped = make_message(3);
  REQUIRE(rewrapped[1] == 0x84);
  rewrapped[1] = 0x98;
  rewrapped.insert(rewrapped.begin() + 2, 0x04);
  const std::vector<Bytes> others = {
      {0x17}, {0xd2, 0x80}, {0x5f, 0x41, 0x00, 0xff}, {0xfb, 0, 0, 0, 0, 0, 0, 0, 0}, rewrapped};
  for (const Bytes& other : others) {
    CAPTURE(core::to_hex(other));
    const Bytes body = join({make_message(1), other, make_message(2)});
    const auto items = split_body(body);
    REQUIRE(items);
    REQUIRE(items->size() == 3);
    CHECK((*items)[0].refusal.empty());
    CHECK_FALSE((*items)[1].refusal.empty());
    CHECK((*items)[2].refusal.empty());
  }
}

TEST_CASE("a body that is no sequence of CBOR items is refused with the byte offset") {
  const std::size_t at = make_message(1).size();
  const std::vector<Bytes> tails = {
      {0x1c},                                                  // a reserved head
      {0x58},                                                  // a length that is cut off
      {0x42, 0x00},                                            // a string longer than the body
      {0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},  // an array longer than the body
      {0xff},                                                  // a break without a beginning
      {0x1f},                                                  // a number of indefinite length
      {0xf8, 0x10},                                            // a simple value in a longer form
  };
  for (const Bytes& tail : tails) {
    CAPTURE(core::to_hex(tail));
    const Bytes body = join({make_message(1), tail});
    const auto items = split_body(body);
    REQUIRE_FALSE(items);
    CHECK(items.error().code == Errc::kMalformed);
    CHECK(items.error().what.starts_with("byte " + std::to_string(at)));
  }
  const Bytes text_in_bytes = {0x5f, 0x61, 0x00, 0xff};  // a text chunk in a byte string
  CHECK(split_body(text_in_bytes).error().what.starts_with("byte 1: "));
  const Bytes map_inside_pair = {0xbf, 0x01, 0xff};
  CHECK_FALSE(split_body(map_inside_pair));
  CHECK_FALSE(split_body(Bytes(5000, 0x81)));  // nested without end
  CHECK_FALSE(split_body(core::as_bytes("{\"json\": true}")));
}

TEST_CASE("limits: message, number of messages, body") {
  const auto fits = make_message(1, 65535 - 200);
  CHECK(split_body(fits));
  Bytes large = {0x5a, 0x00, 0x00, 0xff, 0xfb};  // a byte string of 65,531 bytes: 65,536 in all
  large.resize(65536);
  CHECK(split_body(large).error().code == Errc::kTooLarge);
  large = {0x5a, 0x00, 0x00, 0xff, 0xfa};
  large.resize(65535);
  CHECK(split_body(large));
  CHECK(split_body(Bytes(256, 0x00)));
  CHECK(split_body(Bytes(257, 0x00)).error().code == Errc::kTooLarge);
  CHECK(split_body(Bytes(relay::kBodySizeMax + 1, 0x00)).error().code == Errc::kTooLarge);
}
