// Strong integers: identifiers that cannot be mistaken for one another.
// Must not know what the identified things are.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace core {

template <typename Tag, typename Rep>
struct StrongInt {
  using rep = Rep;
  Rep value{};

  constexpr StrongInt() = default;
  constexpr explicit StrongInt(Rep v) : value(v) {}
  constexpr auto operator<=>(const StrongInt&) const = default;
};

template <typename Tag, typename Rep>
std::string to_string(StrongInt<Tag, Rep> id) {
  return std::to_string(id.value);
}

using StoreId = StrongInt<struct StoreIdTag, std::uint32_t>;
using TillId = StrongInt<struct TillIdTag, std::uint32_t>;  // unique within its store
using ProductId = StrongInt<struct ProductIdTag, std::uint64_t>;
using TaxCode = StrongInt<struct TaxCodeTag, std::uint32_t>;
using OperatorId =
    StrongInt<struct OperatorIdTag, std::uint32_t>;  // of one till, from 1; 0: nobody
using CatalogVersion = StrongInt<struct CatalogVersionTag, std::uint32_t>;  // of one till; from 1
using Epoch = StrongInt<struct EpochTag, std::uint32_t>;  // from 1; a repaired till gets a new one
using Sequence = StrongInt<struct SequenceTag, std::uint64_t>;  // the sender's own count, from 1
using LogIndex = StrongInt<struct LogIndexTag, std::uint64_t>;  // the relay's count, from 0

// Which till: a till's number is unique within its store only. Text form "store/till".
struct TillRef {
  StoreId store;
  TillId till;
  auto operator<=>(const TillRef&) const = default;
};

inline std::string to_string(TillRef ref) {
  return to_string(ref.store) + "/" + to_string(ref.till);
}

}  // namespace core

template <typename Tag, typename Rep>
struct std::hash<core::StrongInt<Tag, Rep>> {
  std::size_t operator()(core::StrongInt<Tag, Rep> id) const noexcept {
    return std::hash<Rep>{}(id.value);
  }
};
