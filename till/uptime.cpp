// Uptime: Linux's boot id and boot time.
#include "till/uptime.h"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <string>

namespace till {

using core::Errc;
using core::fail;
using core::Result;

Result<Uptime> system_uptime() {
  static constexpr const char* kBootIdFile = "/proc/sys/kernel/random/boot_id";
  std::string text;
  std::ifstream(kBootIdFile) >> text;
  std::erase(text, '-');
  const auto bytes = core::from_hex(text);
  const auto boot = bytes ? BootId::from(*bytes) : Result<BootId>(fail(bytes.error()));
  if (!boot) {
    return fail(Errc::kIo, std::string(kBootIdFile) + ": cannot be read: " + boot.error().what);
  }
  std::timespec time{};
  if (::clock_gettime(CLOCK_BOOTTIME, &time) != 0) {
    return fail(Errc::kIo, "the time since the machine was switched on cannot be read");
  }
  return Uptime{*boot, std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000};
}

std::int64_t passed_at_least_ms(const Uptime& then, const Uptime& now) {
  if (then.boot != now.boot) return now.ms;
  return std::max<std::int64_t>(0, now.ms - then.ms);
}

}  // namespace till
