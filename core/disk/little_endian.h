// Fixed-width integers in little-endian byte order, as every file of this room stores them.
// Must not know any format.
#pragma once

#include <concepts>

#include "core/base/bytes.h"

namespace core::disk {

template <std::unsigned_integral T>
void put_le(Bytes& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

// The caller checks that `bytes` holds sizeof(T) bytes at `offset`.
template <std::unsigned_integral T>
T get_le(ByteView bytes, std::size_t offset) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>(value | static_cast<T>(static_cast<T>(bytes[offset + i]) << (8 * i)));
  }
  return value;
}

}  // namespace core::disk
