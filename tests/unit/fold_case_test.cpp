// Case folding: what folds, what stays, and that no byte is lost of what is no UTF-8.
#include <doctest/doctest.h>
#include <locale.h>
#include <wctype.h>

#include <string>

#include "core/base/fold_case.h"

using namespace core;

namespace {

std::string utf8(char32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), tail(0)};
  return {static_cast<char>(0xE0 | (code >> 12)), tail(6), tail(0)};
}

}  // namespace

TEST_CASE("texts that differ in case alone fold to one") {
  CHECK(fold_case("Milk 1L") == "milk 1l");
  CHECK(fold_case("ÄPFEL Öl CRÈME") == "äpfel öl crème");
  CHECK(fold_case("ΕΛΑΙΟΛΑΔΟ") == fold_case("ελαιολαδο"));
  CHECK(fold_case("ΛΑΔΟΣ") == fold_case("λαδος"));  // the final sigma is a sigma
  CHECK(fold_case("МОЛОКО Ёлка") == "молоко ёлка");
  CHECK(fold_case("Ő Ş Ț Ư Ž ẞ") == "ő ş ț ư ž ß");
  CHECK(fold_case("牛乳 حليب 우유 ×") == "牛乳 حليب 우유 ×");
  CHECK(fold_case("") == "");
}

TEST_CASE("the C library lowers the same letters of the blocks that are folded") {
  const locale_t unicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  REQUIRE(unicode != nullptr);
  const auto block = [&](char32_t first, char32_t last) {
    for (char32_t code = first; code <= last; ++code) {
      if (code == 0x130 || code == 0x17F || code == 0x3C2) continue;  // folding is not lowering
      CAPTURE(code);
      const auto lower = static_cast<char32_t>(::towlower_l(static_cast<wint_t>(code), unicode));
      CHECK(fold_case(utf8(code)) == utf8(lower));
    }
  };
  block(0x20, 0x17F);
  block(0x386, 0x3CE);
  block(0x400, 0x52F);
  block(0x531, 0x586);
  block(0x1E00, 0x1E95);
  block(0x1E9E, 0x1EFF);
  ::freelocale(unicode);
}

TEST_CASE("what is no UTF-8 is kept byte for byte, and said to be none") {
  for (const char* text : {"A\xC3", "\x80X", "\xC0\xAFY", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                           "\xE2\x82", "\xFF\xFE", "\xF5\x80\x80\x80"}) {
    CHECK_FALSE(is_utf8(text));
    const std::string folded = fold_case(text);
    CHECK(folded.size() == std::string(text).size());
  }
  CHECK(fold_case("A\xC3") == "a\xC3");
  CHECK(is_utf8("ascii, ä, €, 😀"));
  CHECK(is_utf8(""));
}

TEST_CASE("a prefix cuts no character apart") {
  CHECK(utf8_prefix("abc", 2) == "ab");
  CHECK(utf8_prefix("aäb", 2) == "a");
  CHECK(utf8_prefix("aäb", 3) == "aä");
  CHECK(utf8_prefix("€", 2).empty());
  CHECK(utf8_prefix("😀x", 4) == "😀");
  CHECK(utf8_prefix("abc", 9) == "abc");
}
