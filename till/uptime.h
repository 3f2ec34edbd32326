// Uptime: how long the machine runs since it was switched on. Nobody can set it forward.
// Must not know what it is measured for. What it proves: docs/operators.md, "Lock-out".
#pragma once

#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace till {

using BootId = core::FixedBytes<struct BootIdTag, 16>;

struct Uptime {
  BootId boot;          // another one after each switching on
  std::int64_t ms = 0;  // since then, time asleep included
  bool operator==(const Uptime&) const = default;
};

// Linux: /proc/sys/kernel/random/boot_id and CLOCK_BOOTTIME. Errors: kIo.
core::Result<Uptime> system_uptime();

// What has passed at least between `then` and `now`. After a restart of the machine that is only
// what it ran since: what came before is not known, and counts as nothing.
std::int64_t passed_at_least_ms(const Uptime& then, const Uptime& now);

}  // namespace till
