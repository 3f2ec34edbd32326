// Case folding: a table of ranges, and UTF-8 decoded and encoded by hand.
// Must not trust its input to be UTF-8.
#include "core/base/fold_case.h"

#include <cstddef>
#include <cstdint>

namespace core {
namespace {

struct FoldRange {
  char32_t first;
  char32_t last;
  std::int32_t distance;  // from a letter to its folded form
  bool every_other;       // first, first + 2, ...: the letters between are lower case
};

// Ascending.
constexpr FoldRange kFoldRanges[] = {
    {0x41, 0x5A, 32, false},         // A to Z
    {0xC0, 0xD6, 32, false},         // Latin-1
    {0xD8, 0xDE, 32, false},         //
    {0x100, 0x12E, 1, true},         // Latin Extended-A
    {0x132, 0x136, 1, true},         //
    {0x139, 0x147, 1, true},         //
    {0x14A, 0x176, 1, true},         //
    {0x178, 0x178, -121, false},     // Y with diaeresis
    {0x179, 0x17D, 1, true},         //
    {0x17F, 0x17F, -268, false},     // long s
    {0x1A0, 0x1A4, 1, true},         // Vietnamese O and two more
    {0x1AF, 0x1AF, 1, false},        // Vietnamese U
    {0x1CD, 0x1DB, 1, true},         // Pinyin
    {0x1DE, 0x1EE, 1, true},         //
    {0x1F8, 0x21E, 1, true},         // Romanian S and T among them
    {0x222, 0x232, 1, true},         //
    {0x386, 0x386, 38, false},       // Greek
    {0x388, 0x38A, 37, false},       //
    {0x38C, 0x38C, 64, false},       //
    {0x38E, 0x38F, 63, false},       //
    {0x391, 0x3A1, 32, false},       //
    {0x3A3, 0x3AB, 32, false},       //
    {0x3C2, 0x3C2, 1, false},        // final sigma
    {0x400, 0x40F, 80, false},       // Cyrillic
    {0x410, 0x42F, 32, false},       //
    {0x460, 0x480, 1, true},         //
    {0x48A, 0x4BE, 1, true},         //
    {0x4C0, 0x4C0, 15, false},       //
    {0x4C1, 0x4CD, 1, true},         //
    {0x4D0, 0x52E, 1, true},         //
    {0x531, 0x556, 48, false},       // Armenian
    {0x1E00, 0x1E94, 1, true},       // Latin Extended Additional
    {0x1E9E, 0x1E9E, -7615, false},  // capital sharp s
    {0x1EA0, 0x1EFE, 1, true},       //
};

char32_t folded(char32_t letter) {
  for (const FoldRange& range : kFoldRanges) {
    if (letter < range.first) return letter;
    if (letter > range.last) continue;
    if (range.every_other && (letter - range.first) % 2 != 0) return letter;
    return static_cast<char32_t>(static_cast<std::int32_t>(letter) + range.distance);
  }
  return letter;
}

struct Letter {
  char32_t code = 0;
  std::size_t bytes = 0;  // 0: no UTF-8
};

Letter decode_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char head = byte(0);
  if (head < 0x80) return {head, 1};
  const std::size_t bytes = head >= 0xF0 ? 4 : head >= 0xE0 ? 3 : head >= 0xC0 ? 2 : 0;
  if (bytes == 0 || head > 0xF4 || text.size() - at < bytes) return {};
  char32_t code = head & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(i) & 0x3Fu);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[bytes] || code > 0x10FFFF || surrogate) return {};
  return {code, bytes};
}

// Shape: below U+FFFF, as everything that is folded to.
void append_letter(std::string& out, char32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
    return;
  }
  if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
  } else {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
  }
  out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
}

}  // namespace

std::string fold_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Letter letter = decode_at(text, at);
    const std::size_t bytes = letter.bytes == 0 ? 1 : letter.bytes;
    const char32_t lower = letter.bytes == 0 ? 0 : folded(letter.code);
    if (lower == letter.code) {
      out.append(text.substr(at, bytes));
    } else {
      append_letter(out, lower);
    }
    at += bytes;
  }
  return out;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Letter letter = decode_at(text, at);
    if (letter.bytes == 0) return false;
    at += letter.bytes;
  }
  return true;
}

bool is_plain_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte < 0x20 || byte == 0x7f || c1) return false;
  }
  return is_utf8(text);
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace core
