// A wall clock that a test can set: preloaded into a program, it adds the seconds that stand in the
// file that DAYBOOK_TEST_CLOCK names. The steady clock stays as it is.
#include <dlfcn.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>

namespace {

long offset_s() {
  const char* const path = std::getenv("DAYBOOK_TEST_CLOCK");
  std::FILE* const file = path == nullptr ? nullptr : std::fopen(path, "r");
  if (file == nullptr) return 0;
  char text[32] = {};
  const std::size_t got = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  return got == 0 ? 0 : std::strtol(text, nullptr, 10);
}

}  // namespace

extern "C" int clock_gettime(clockid_t id, timespec* out) noexcept {
  using Real = int (*)(clockid_t, timespec*);
  static const Real real = reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int status = real(id, out);
  if (status == 0 && id == CLOCK_REALTIME) out->tv_sec += offset_s();
  return status;
}
