// Field 35 of an opening: the keys that a till asks for, in one form only.
#include <doctest/doctest.h>

#include "core/envelope/enrol_request.h"
#include "tests/support/retail_samples.h"

using namespace core;
using namespace core::retail;
using namespace test;

namespace {

KeyRequest some_request() {
  const auto key = envelope::PrivateKey::from_seed(Bytes(32, 7)).value();
  const auto sealing = envelope::SealingPrivateKey::from(Bytes(32, 8)).value();
  const auto asked = envelope::make_enrol_request("shop.example/log", {StoreId{4}, TillId{1}}, key,
                                                  sealing.public_key());
  return {asked.key, asked.sealing_key, asked.proof};
}

Opening asking() {
  Opening out{sample_day(), {{ProductId{133}, units(16)}}, {}};
  out.next_keys = some_request();
  return out;
}

// Where field 35 begins: its key takes two bytes, and it stands last.
constexpr std::size_t kFieldBytes = 2 + 1 + (2 + 32) + (2 + 32) + (2 + 64);

}  // namespace

TEST_CASE("an opening that asks for keys reads back as it was written, and its proof holds") {
  const Opening opening = asking();
  const Bytes bytes = encode_summary(opening);
  const auto read = decode_summary(bytes);
  REQUIRE(read.has_value());
  CHECK(std::get<Opening>(*read) == opening);
  const KeyRequest& request = *std::get<Opening>(*read).next_keys;
  CHECK(envelope::check_proof({"shop.example/log",
                               {StoreId{4}, TillId{1}},
                               request.key,
                               request.sealing_key,
                               request.proof}));
  // For another till it proves nothing.
  CHECK_FALSE(envelope::check_proof({"shop.example/log",
                                     {StoreId{4}, TillId{2}},
                                     request.key,
                                     request.sealing_key,
                                     request.proof}));
}

TEST_CASE("the field has the bytes of docs/formats/message.md") {
  Opening opening = asking();
  opening.received.clear();
  const Bytes bytes = encode_summary(opening);
  const KeyRequest& request = *opening.next_keys;
  // a3: kind, day and the request; 18 23: field 35; 83: three byte strings.
  const std::string expected =
      "a3"
      "0001"
      "0119" +
      to_hex(ByteView(bytes).subspan(5, 2)) +
      "1823"
      "83"
      "5820" +
      request.key.hex() + "5820" + request.sealing_key.hex() + "5840" + request.proof.hex();
  CHECK(to_hex(bytes) == expected);
  CHECK(bytes.size() == 7 + kFieldBytes);
  // Without it an opening has the bytes that it had before there was one.
  opening.next_keys.reset();
  CHECK(to_hex(encode_summary(opening)) == "a2" + expected.substr(2, 12));
}

TEST_CASE("hostile bytes in the field are malformed, each of them") {
  const Bytes good = encode_summary(asking());
  const std::size_t field = good.size() - kFieldBytes;
  const auto refused = [](const Bytes& bytes) {
    const auto read = decode_summary(bytes);
    return !read && read.error().code == Errc::kMalformed;
  };
  REQUIRE(good.at(field) == 0x18);
  REQUIRE(good.at(field + 1) == 0x23);
  // Cut off anywhere, and with a byte behind the end.
  for (std::size_t size = 0; size < good.size(); ++size) {
    CHECK(refused(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK(refused(longer));
  // Two items, four items, an empty array.
  for (const std::uint8_t head : {std::uint8_t{0x82}, std::uint8_t{0x84}, std::uint8_t{0x80}}) {
    Bytes other = good;
    other.at(field + 2) = head;
    CHECK(refused(other));
  }
  // A text, or a null, for bytes; keys and proof a byte too short.
  for (const std::size_t at : {std::size_t{3}, std::size_t{37}, std::size_t{71}}) {
    for (const std::uint8_t head : {std::uint8_t{0x78}, std::uint8_t{0xf6}}) {
      Bytes other = good;
      other.at(field + at) = head;
      CHECK(refused(other));
    }
    Bytes shorter = good;
    --shorter.at(field + at + 1);
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(field + at + 2));
    CHECK(refused(shorter));
  }
  // Twice, and in a closing.
  Bytes twice = good;
  ++twice.front();
  twice.insert(twice.end(), good.begin() + static_cast<std::ptrdiff_t>(field), good.end());
  CHECK(refused(twice));
  Bytes closing = encode_summary(garden_closing());
  ++closing.front();
  closing.insert(closing.end(), good.begin() + static_cast<std::ptrdiff_t>(field), good.end());
  CHECK(refused(closing));
}

TEST_CASE("of a long opening the first part asks") {
  Opening opening = asking();
  for (std::uint64_t i = 1; i <= 1000; ++i) opening.received[ProductId{i * 1000}] = units(3);
  const auto parts = split(opening, 2048);
  REQUIRE(parts.size() > 1);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    CHECK(encode_summary(parts[i]).size() <= 2048);
    CHECK(std::get<Opening>(parts[i]).next_keys.has_value() == (i == 0));
  }
}
