// CRC-32C against the published vectors (RFC 3720 appendix B.4), and its two ways against each
// other.
#include <doctest/doctest.h>

#include "core/base/random.h"
#include "core/disk/crc32c.h"

using core::Bytes;
using core::disk::crc32c;
using core::disk::crc32c_portable;

TEST_CASE("crc32c gives the values of RFC 3720") {
  Bytes ascending;
  for (std::uint8_t i = 0; i < 32; ++i) ascending.push_back(i);
  const Bytes descending(ascending.rbegin(), ascending.rend());
  CHECK(crc32c(Bytes(32, 0x00)) == 0x8a9136aa);
  CHECK(crc32c(Bytes(32, 0xff)) == 0x62a8ab43);
  CHECK(crc32c(ascending) == 0x46dd794e);
  CHECK(crc32c(descending) == 0x113fdb5c);
  CHECK(crc32c(core::as_bytes("123456789")) == 0xe3069283);
  CHECK(crc32c({}) == 0);
}

TEST_CASE("the tables and the processor's instruction agree, in one piece and in two") {
  core::Random random(7);
  for (std::size_t size = 0; size < 200; ++size) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const std::uint32_t whole = crc32c(bytes);
    CHECK(crc32c_portable(bytes) == whole);
    const core::ByteView view(bytes);
    const std::size_t cut = size / 3;
    CHECK(crc32c(view.subspan(cut), crc32c(view.first(cut))) == whole);
    CHECK(crc32c_portable(view.subspan(cut), crc32c(view.first(cut))) == whole);
  }
}
