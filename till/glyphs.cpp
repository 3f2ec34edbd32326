// Glyphs: reading UTF-8, and how wide a character is.
#include "till/glyphs.h"

#include <algorithm>
#include <array>

#include "core/base/bytes.h"

namespace till {
namespace {

constexpr char32_t kNotUtf8 = 0xFFFD;
constexpr char32_t kEllipsis = 0x2026;

struct Range {
  char32_t first;
  char32_t last;
};

template <std::size_t N>
bool in_one_of(const std::array<Range, N>& ranges, char32_t glyph) {
  return std::any_of(ranges.begin(), ranges.end(), [glyph](const Range& range) {
    return glyph >= range.first && glyph <= range.last;
  });
}

// Unicode's categories Cf and Zl/Zp as far as they occur in names, and the tags of the last plane.
constexpr std::array<Range, 10> kSteering = {{{0xAD, 0xAD},
                                              {0x61C, 0x61C},
                                              {0x180E, 0x180E},
                                              {0x200B, 0x200F},
                                              {0x2028, 0x202E},
                                              {0x2060, 0x206F},
                                              {0xFE00, 0xFE0F},
                                              {0xFEFF, 0xFEFF},
                                              {0xFFF9, 0xFFFB},
                                              {0xE0000, 0xE0FFF}}};
constexpr std::array<Range, 7> kMarks = {{{0x300, 0x36F},
                                          {0x483, 0x489},
                                          {0x591, 0x5BD},
                                          {0x64B, 0x65F},
                                          {0x1AB0, 0x1AFF},
                                          {0x1DC0, 0x1DFF},
                                          {0x20D0, 0x20FF}}};
// Unicode's East_Asian_Width W and F.
constexpr std::array<Range, 11> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0x4DBF},
                                          {0x4E00, 0xA4CF},
                                          {0xA960, 0xA97F},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x3FFFD}}};

bool is_control(char32_t glyph) {
  return glyph < 0x20 || (glyph >= 0x7F && glyph < 0xA0);
}

// One character and how many bytes it took; what is no UTF-8 (RFC 3629) takes one byte.
struct Decoded {
  char32_t glyph = kNotUtf8;
  std::size_t bytes = 1;
};

Decoded decode_one(core::ByteView text) {
  const std::uint8_t head = text[0];
  if (head < 0x80) return {head, 1};
  const std::size_t size = head >= 0xF0 ? 4 : head >= 0xE0 ? 3 : 2;
  if (head < 0xC2 || head > 0xF4 || text.size() < size) return {};
  char32_t glyph = head & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((text[i] & 0xC0) != 0x80) return {};
    glyph = glyph << 6 | (text[i] & 0x3F);
  }
  static constexpr std::array<char32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = glyph >= 0xD800 && glyph <= 0xDFFF;
  if (glyph < kSmallest[size] || glyph > 0x10FFFF || surrogate) return {};
  return {glyph, size};
}

}  // namespace

std::u32string glyphs_of(std::string_view text, std::size_t max) {
  std::u32string out;
  for (std::size_t at = 0; at < text.size();) {
    const Decoded next = decode_one(core::as_bytes(text.substr(at, 4)));
    at += next.bytes;
    if (in_one_of(kSteering, next.glyph)) continue;
    if (out.size() == max) {
      if (max > 0) out.back() = kEllipsis;
      break;
    }
    out.push_back(is_control(next.glyph) ? U' ' : next.glyph);
  }
  return out;
}

std::string to_utf8(std::u32string_view glyphs) {
  std::string out;
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  for (const char32_t glyph : glyphs) {
    if (glyph < 0x80) {
      put(glyph);
      continue;
    }
    const int more = glyph < 0x800 ? 1 : glyph < 0x10000 ? 2 : 3;
    static constexpr std::array<char32_t, 4> kHeads = {0, 0xC0, 0xE0, 0xF0};
    put(kHeads[static_cast<std::size_t>(more)] | glyph >> (6 * more));
    for (int i = more - 1; i >= 0; --i) put(0x80 | (glyph >> (6 * i) & 0x3F));
  }
  return out;
}

std::size_t columns_of(char32_t glyph) {
  if (in_one_of(kMarks, glyph)) return 0;
  return in_one_of(kWide, glyph) ? 2 : 1;
}

std::size_t columns_of(std::u32string_view glyphs) {
  std::size_t columns = 0;
  for (const char32_t glyph : glyphs) columns += columns_of(glyph);
  return columns;
}

std::size_t glyphs_within(std::u32string_view glyphs, std::size_t columns) {
  std::size_t taken = 0;
  std::size_t used = 0;
  while (taken < glyphs.size()) {
    used += columns_of(glyphs[taken]);
    if (used > columns && taken > 0) break;
    ++taken;
  }
  return taken;
}

}  // namespace till
