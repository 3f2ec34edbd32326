// The canary: a target with a planted fault. A fuzzing set-up that does not find it finds nothing.
#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 3 && data[0] == 'D' && data[1] == 'a' && data[2] == 'y') std::abort();
  return 0;
}
