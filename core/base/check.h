// CORE_CHECK (doctest owns the name CHECK): stops the process on our own bug, in release builds
// too. Must not be used on input: bad input is a Result. See docs/architecture.md, "Errors".
#pragma once

#include <cstdio>
#include <cstdlib>

namespace core {

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
  std::abort();
}

}  // namespace core

#define CORE_CHECK(condition)                               \
  do {                                                      \
    if (!(condition)) [[unlikely]] {                        \
      ::core::check_failed(#condition, __FILE__, __LINE__); \
    }                                                       \
  } while (false)
