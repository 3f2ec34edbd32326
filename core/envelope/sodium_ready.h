// ensure_ready: the one call that libsodium asks for before any other.
// For the files that include <sodium.h>.
#pragma once

#include <sodium.h>

#include "core/base/check.h"

namespace core::envelope {

// Thread: any.
inline void ensure_ready() {
  static const bool ready = [] {
    CORE_CHECK(sodium_init() >= 0);
    return true;
  }();
  CORE_CHECK(ready);
}

}  // namespace core::envelope
