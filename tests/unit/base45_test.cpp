// Base45: RFC 9285's examples, round trips, and one text for one byte string.
#include <doctest/doctest.h>

#include "core/base/base45.h"
#include "core/base/random.h"

using namespace core;

TEST_CASE("base45 has the texts of RFC 9285's examples") {
  const auto text_of = [](std::string_view bytes) { return to_base45(as_bytes(bytes)); };
  CHECK(text_of("AB") == "BB8");
  CHECK(text_of("Hello!!") == "%69 VD92EX0");
  CHECK(text_of("base-45") == "UJCLQE7W581");
  const auto back = from_base45("QED8WEX0");
  REQUIRE(back);
  CHECK(as_text(*back) == "ietf!");
  CHECK(text_of("").empty());
}

TEST_CASE("bytes come back from their base45 text, which never ends in a space") {
  Random random(20261121);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.between(0, 255));
    const std::string text = to_base45(bytes);
    CHECK(text.size() == size / 2 * 3 + size % 2 * 2);
    CHECK_FALSE(text.ends_with(' '));
    const auto back = from_base45(text);
    REQUIRE(back);
    CHECK(*back == bytes);
  }
}

TEST_CASE("text that no bytes have is refused: length, character, and groups above their range") {
  for (const char* text : {"A", "ABCD", "aB8", "B\n8", ":::", "GGX", "ZZ", "::"}) {
    CAPTURE(text);
    const auto bytes = from_base45(text);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().code == Errc::kMalformed);
  }
  CHECK(from_base45("FGW").has_value());  // 65,535, the last one
  CHECK(from_base45("U5").has_value());   // 255
  CHECK_FALSE(from_base45("V5").has_value());
}
