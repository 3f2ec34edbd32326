// What a test's tills ask to be enrolled with.
#pragma once

#include "core/envelope/enrol_request.h"

namespace test {

// The sealing key that goes with a key in tests: the same in every run.
inline core::envelope::SealingPrivateKey sealing_key_of(const core::envelope::PrivateKey& key) {
  core::Bytes seed = core::to_bytes(key.seed());
  core::append(seed, core::as_bytes("sealing"));
  return *core::envelope::SealingPrivateKey::from(core::envelope::sha256(seed).view());
}

inline core::envelope::EnrolRequest enrol_request(std::string_view origin, core::TillRef till,
                                                  const core::envelope::PrivateKey& key) {
  return core::envelope::make_enrol_request(origin, till, key, sealing_key_of(key).public_key());
}

}  // namespace test
