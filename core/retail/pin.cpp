// Pin: libsodium's Argon2id with our parameters.
#include "core/retail/pin.h"

#include <sodium.h>

#include <cerrno>
#include <utility>

#include "core/envelope/sodium_ready.h"

namespace core::retail {
namespace {

Unexpected no_memory() {
  return fail(Errc::kIo, "no memory to look at a PIN: it takes " +
                             std::to_string(kPinMemoryBytes / (1024 * 1024)) + " MiB for a moment");
}

}  // namespace

Result<Pin> Pin::from(std::string_view digits) {
  if (digits.size() < kDigitsMin || digits.size() > kDigitsMax ||
      digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return fail(Errc::kUsage, "a PIN is " + std::to_string(kDigitsMin) + " to " +
                                  std::to_string(kDigitsMax) + " digits and nothing else");
  }
  Pin pin;
  digits.copy(pin.digits_.data(), digits.size());
  pin.size_ = digits.size();
  return pin;
}

Pin::Pin(Pin&& other) noexcept : digits_(other.digits_), size_(std::exchange(other.size_, 0)) {
  sodium_memzero(other.digits_.data(), other.digits_.size());
}

Pin::~Pin() {
  sodium_memzero(digits_.data(), digits_.size());
}

bool Pin::too_simple() const {
  const auto step = [&](std::size_t i) { return (digits_[i] - digits_[i - 1] + 10) % 10; };
  bool even = true;
  for (std::size_t i = 2; i < size_; ++i) even = even && step(i) == step(1);
  if (even) return true;
  for (std::size_t group = 1; group <= size_ / 2; ++group) {
    if (size_ % group != 0) continue;
    bool repeats = true;
    for (std::size_t i = group; i < size_; ++i) {
      repeats = repeats && digits_[i] == digits_[i - group];
    }
    if (repeats) return true;
  }
  return false;
}

Result<std::string> hash_pin(const Pin& pin) {
  core::envelope::ensure_ready();
  std::string out(crypto_pwhash_STRBYTES, '\0');
  const std::string_view digits = pin.view();
  if (crypto_pwhash_str_alg(out.data(), digits.data(), digits.size(), kPinPasses, kPinMemoryBytes,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return no_memory();
  }
  out.resize(out.find('\0'));
  return out;
}

Result<bool> pin_fits(const Pin& pin, const std::string& hash) {
  core::envelope::ensure_ready();
  // Before it is believed: a text that was altered could ask for any amount of memory.
  if (crypto_pwhash_str_needs_rehash(hash.c_str(), kPinPasses, kPinMemoryBytes) != 0) {
    return fail(Errc::kDamaged, "a PIN's hash is none of ours");
  }
  const std::string_view digits = pin.view();
  errno = 0;
  if (crypto_pwhash_str_verify(hash.c_str(), digits.data(), digits.size()) == 0) return true;
  // libsodium says "another PIN" with EINVAL; everything else is no answer.
  if (errno == EINVAL) return false;
  if (errno == ENOMEM) return no_memory();
  return fail(Errc::kDamaged, "a PIN's hash cannot be read");
}

Result<void> check_new_pin(const Pin& pin) {
  if (!pin.too_simple()) return {};
  return fail(Errc::kUsage,
              "this PIN is too simple: no runs such as 1234 or 8642, no repetitions such as 1111 "
              "or 1212");
}

}  // namespace core::retail
