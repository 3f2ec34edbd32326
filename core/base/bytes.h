// Byte strings and hexadecimal text.
// Must not know any format.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace core {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) {
  return Bytes(view.begin(), view.end());
}
inline void append(Bytes& out, ByteView more) {
  out.insert(out.end(), more.data(), more.data() + more.size());
}
inline bool equal(ByteView a, ByteView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);
// Errors: kMalformed (odd length, a character that is no hexadecimal digit).
Result<Bytes> from_hex(std::string_view text);

// A byte string of fixed size that is compared and sorted as bytes. Tag keeps kinds apart.
template <typename Tag, std::size_t N>
struct FixedBytes {
  static constexpr std::size_t kSize = N;
  std::array<std::uint8_t, N> bytes{};

  auto operator<=>(const FixedBytes&) const = default;
  ByteView view() const { return bytes; }
  std::string hex() const { return to_hex(bytes); }

  // Errors: kMalformed (another length than N).
  static Result<FixedBytes> from(ByteView view) {
    if (view.size() != N) {
      return fail(Errc::kMalformed, "a byte string of " + std::to_string(view.size()) +
                                        " bytes where " + std::to_string(N) + " are expected");
    }
    FixedBytes out;
    std::memcpy(out.bytes.data(), view.data(), N);
    return out;
  }
};

// Hash for std::unordered_map of byte strings that are hashes already.
struct FixedBytesHash {
  template <typename Tag, std::size_t N>
  std::size_t operator()(const FixedBytes<Tag, N>& key) const {
    static_assert(N >= sizeof(std::size_t));
    std::size_t value = 0;
    std::memcpy(&value, key.bytes.data(), sizeof value);
    return value;
  }
};

}  // namespace core
