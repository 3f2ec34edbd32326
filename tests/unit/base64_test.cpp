// Base64: the vectors of RFC 4648 section 10, and that a text has one form.
#include "core/base/base64.h"

#include <doctest/doctest.h>

using core::as_bytes;
using core::as_text;
using core::from_base64;
using core::to_base64;

TEST_CASE("base64 is that of RFC 4648, both ways") {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"},
                                                                   {"\xfb\xef\xff", "++//"}};
  for (const auto& [plain, text] : vectors) {
    const auto& its_text = text;
    CAPTURE(its_text);
    CHECK(to_base64(as_bytes(plain)) == text);
    const auto decoded = from_base64(text);
    REQUIRE(decoded);
    CHECK(as_text(*decoded) == plain);
  }
}

TEST_CASE("every byte value survives base64 at every place of a group") {
  core::Bytes bytes;
  for (int i = 0; i < 256 * 3; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(i * 7));
    CHECK(core::equal(from_base64(to_base64(bytes)).value(), bytes));
  }
}

TEST_CASE("base64 text in another form than ours is refused") {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "=",
                           "Zh==", "Zm9=", "Zm8=Zm8=", "Zg==Zg==", "Zm 8", "Zm9v\n", "Zm-_",
                           " Zg==", "Zg== ", "Z=g=", "Zm9v====", "Zm\xc3\xa4="}) {
    CAPTURE(text);
    const auto decoded = from_base64(text);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().code == core::Errc::kMalformed);
  }
}
