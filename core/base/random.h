// Random: a small seeded generator for jitter, simulations and property tests. Never for keys.
// Source: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#pragma once

#include <cstdint>

#include "core/base/check.h"

namespace core {

class Random {
 public:
  using result_type = std::uint64_t;
  explicit Random(std::uint64_t seed) : state_(seed) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }
  result_type operator()() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // Uniform enough in [low, high] for tests; the modulo bias is below 2^-32 for small ranges.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    CORE_CHECK(low <= high);
    return low + (*this)() % (high - low + 1);
  }

 private:
  std::uint64_t state_;
};

}  // namespace core
