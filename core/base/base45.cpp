// Base45 text.
#include "core/base/base45.h"

namespace core {
namespace {

constexpr std::string_view kBase45Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
constexpr std::uint32_t kBase = 45;

}  // namespace

std::string to_base45(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size() / 2 * 3 + 2);
  for (std::size_t at = 0; at < bytes.size(); at += 2) {
    const bool pair = at + 1 < bytes.size();
    std::uint32_t value = bytes[at];
    if (pair) value = value << 8 | bytes[at + 1];
    for (int digit = 0; digit < (pair ? 3 : 2); ++digit) {
      out.push_back(kBase45Digits[value % kBase]);
      value /= kBase;
    }
  }
  return out;
}

Result<Bytes> from_base45(std::string_view text) {
  if (text.size() % 3 == 1) {
    return fail(Errc::kMalformed,
                "base45 text of length " + std::to_string(text.size()) + ", which no bytes have");
  }
  Bytes out;
  out.reserve(text.size() / 3 * 2 + 1);
  for (std::size_t at = 0; at < text.size(); at += 3) {
    const std::string_view group = text.substr(at, 3);
    std::uint32_t value = 0;
    for (std::size_t i = group.size(); i-- > 0;) {
      const std::size_t digit = kBase45Digits.find(group[i]);
      if (digit == std::string_view::npos) {
        return fail(Errc::kMalformed,
                    "base45 text: character " + std::to_string(at + i) + " is no digit");
      }
      value = value * kBase + static_cast<std::uint32_t>(digit);
    }
    const bool pair = group.size() == 3;
    if (value > (pair ? 0xFFFFU : 0xFFU)) {
      return fail(Errc::kMalformed, "base45 text: the group at character " + std::to_string(at) +
                                        " is above its bytes' range");
    }
    if (pair) out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
  }
  return out;
}

}  // namespace core
