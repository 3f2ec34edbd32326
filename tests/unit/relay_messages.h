// Messages for the relay's tests: valid ones, each another, signed by one sender.
#pragma once

#include "core/envelope/message.h"

namespace test {

inline core::Bytes make_message(std::uint64_t sequence, std::size_t payload_bytes = 40,
                                std::uint32_t epoch = 1) {
  static const auto key = core::envelope::PrivateKey::from_seed(core::Bytes(32, 7)).value();
  static const auto kid = core::envelope::derive_kid("test", key.public_key());
  core::envelope::Header header;
  header.kid = kid;
  header.epoch = core::Epoch{epoch};
  header.sequence = core::Sequence{sequence};
  const core::Bytes payload(payload_bytes, static_cast<std::uint8_t>(sequence));
  return core::envelope::sign_message(header, payload, key).value();
}

}  // namespace test
