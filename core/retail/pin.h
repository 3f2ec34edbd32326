// Pin: an operator's secret digits, and the hash that a journal keeps of them.
// Must not know operators. Parameters and their reasons: docs/operators.md, "PINs".
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace core::retail {

// Wiped when it goes; cannot be copied by mistake.
class Pin {
 public:
  static constexpr std::size_t kDigitsMin = 4;
  static constexpr std::size_t kDigitsMax = 12;

  // Errors, none of which shows a digit: kUsage (another length, or not digits alone).
  static Result<Pin> from(std::string_view digits);
  Pin(Pin&& other) noexcept;
  Pin& operator=(Pin&&) = delete;
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
  ~Pin();

  std::string_view view() const { return {digits_.data(), size_}; }
  // Every digit the same step after the one before (1111, 1234, 9876, 2468), or a shorter group
  // repeated (1212, 123123): what is tried first.
  bool too_simple() const;

 private:
  Pin() = default;
  std::array<char, kDigitsMax> digits_{};
  std::size_t size_ = 0;
};

// Errors: kUsage (too simple for somebody's new one).
Result<void> check_new_pin(const Pin& pin);

// Argon2id, version 1.3, one lane: how much memory one hash takes, and how often it is gone
// through. The memory is the operating system's again when the hash is done.
inline constexpr std::size_t kPinMemoryBytes = 7 * 1024 * 1024;
inline constexpr unsigned long long kPinPasses = 5;

// "$argon2id$v=19$m=7168,t=5,p=1$salt$hash", with a fresh salt of 16 bytes. Errors: kIo (no memory
// for it).
Result<std::string> hash_pin(const Pin& pin);
// Whether it is the PIN that was hashed. Errors: kIo (no memory for it), kDamaged (no such text, or
// of other parameters).
Result<bool> pin_fits(const Pin& pin, const std::string& hash);

}  // namespace core::retail
