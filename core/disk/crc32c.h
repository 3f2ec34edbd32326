// CRC-32C (Castagnoli): finds damage, never authenticates.
// Must not know records. Source: RFC 3720 appendix B.4 (polynomial 0x1EDC6F41, reflected).
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace core::disk {

// CRC of `bytes`, continuing from `previous`: crc32c(b, crc32c(a)) is the CRC of a and b.
// By the processor's own instruction where it has one.
std::uint32_t crc32c(ByteView bytes, std::uint32_t previous = 0);

// The same by tables, on any processor; for tests of the two against each other.
std::uint32_t crc32c_portable(ByteView bytes, std::uint32_t previous = 0);

}  // namespace core::disk
