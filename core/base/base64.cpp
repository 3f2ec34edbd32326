// Base64 (RFC 4648 section 4), strict.
// Must not know any format.
#include "core/base/base64.h"

namespace core {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const ByteView group = bytes.subspan(at, std::min<std::size_t>(3, bytes.size() - at));
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < group.size() ? group[i] : 0u);
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= group.size() ? kAlphabet[bits >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

Result<Bytes> from_base64(std::string_view text) {
  Bytes out;
  std::uint32_t bits = 0;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return fail(Errc::kMalformed, "no Base64");
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    if (++digits % 4 != 1)
      out.push_back(static_cast<std::uint8_t>(bits >> (6 - 2 * ((digits - 1) % 4))));
  }
  // Written again it must be the same: right padding, no bits left over.
  if (to_base64(out) != text) return fail(Errc::kMalformed, "no Base64");
  return out;
}

}  // namespace core
