// Result<T>: a value or an Error, with the names of C++23's std::expected.
// Must not know any domain. Error texts and exit statuses: docs/errors.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "core/base/check.h"

namespace core {

// The closed list of what can go wrong. Each has a stable text (errc_text) and an exit status.
enum class Errc {
  kUsage,         // the caller's words are off
  kNotFound,      // a named thing does not exist
  kExists,        // a thing that must be new is there already
  kBusy,          // another process holds it
  kState,         // the operation does not fit the present state (no day open, closed twice)
  kOverflow,      // a money or quantity result does not fit
  kInexact,       // a result is no exact minor unit or thousandth
  kCurrency,      // two currencies met in one sum
  kMalformed,     // bytes or text that no writer of ours produces
  kTooLarge,      // over a stated limit
  kBadSignature,  // a signature that does not verify
  kUnknownKey,    // a key that is not on the roster
  kUnbalanced,    // parts that do not add up to their total
  kCycle,         // a bill of materials that contains itself
  kDamaged,       // stored bytes changed after they were written
  kDiskFull,      // no space for a write; nothing was kept of it
  kIo,            // the operating system refused
  kSyncFailed,    // fsync failed: the file must not be used any more
  kNetwork,       // the peer could not be reached, or went away
  kProtocol,      // the peer answered something that the protocol does not allow
  kDatabase,      // SQLite or PostgreSQL refused
  kNotPermitted,  // the operator may not do this, and nobody who may has approved it
  kWrongPin,      // not this operator's PIN
  kLockedOut,     // too many wrong PINs: no more are looked at for a while
};

struct Error {
  Errc code;
  std::string what;  // what, where and what to do; one line, no trailing full stop
};

// Stable text of a code, for example "too-large".
std::string_view errc_text(Errc code);
// "too-large: message of 70000 bytes; the limit is 65535"
std::string describe(const Error& error);
// Process exit status of a command that ends with this error: 1 the data says no, 2 wrong usage.
int exit_status(Errc code);

class Unexpected {
 public:
  explicit Unexpected(Error error) : error_(std::move(error)) {}
  Error&& take() && { return std::move(error_); }

 private:
  Error error_;
};

inline Unexpected fail(Errc code, std::string what) {
  return Unexpected(Error{code, std::move(what)});
}
inline Unexpected fail(Error error) {
  return Unexpected(std::move(error));
}

template <typename T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Unexpected unexpected) : state_(std::in_place_index<1>, std::move(unexpected).take()) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & {
    CORE_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    CORE_CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    CORE_CHECK(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    CORE_CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Unexpected unexpected) : error_(std::move(unexpected).take()) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const Error& error() const {
    CORE_CHECK(error_.has_value());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace core

#define CORE_CONCAT_INNER(a, b) a##b
#define CORE_CONCAT(a, b) CORE_CONCAT_INNER(a, b)

// TRY(expression): returns the error of a Result<void> (or ignores a value) to the caller.
// Names are numbered by __COUNTER__, so that a lambda inside the expression may use both as well.
#define TRY(expression) TRY_INNER(CORE_CONCAT(try_result_, __COUNTER__), expression)
#define TRY_INNER(temporary, expression)                                \
  do {                                                                  \
    auto temporary = (expression);                                      \
    if (!temporary.has_value()) return ::core::fail(temporary.error()); \
  } while (false)

// TRY_ASSIGN(auto x, expression): assigns the value, or returns the error to the caller.
#define TRY_ASSIGN(target, expression) \
  TRY_ASSIGN_INNER(CORE_CONCAT(try_assign_, __COUNTER__), target, expression)
#define TRY_ASSIGN_INNER(temporary, target, expression)               \
  auto temporary = (expression);                                      \
  if (!temporary.has_value()) return ::core::fail(temporary.error()); \
  target = std::move(temporary).value()
