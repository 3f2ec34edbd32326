// Minted: products that the catalog does not know, made by a till under its own identity, and what
// a till tells of one. Must not know summaries or journals. Why: docs/products.md, docs/adr/0021.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/retail/catalog.h"

namespace core::retail {

// Who minted a product, and as which. In the id from the left: a bit that is set, then 18 bits of
// the store, 10 of the till, 8 of the epoch and 16 of the number. So an id has 53 bits, which every
// reader of JSON keeps exactly (RFC 8259, section 6), and lies above all numbers of 15 digits,
// which GTINs used as product numbers do not reach.
struct MintedId {
  TillRef till;
  Epoch epoch;
  std::uint64_t number = 0;  // of the till in this epoch, from 1
  auto operator<=>(const MintedId&) const = default;
};

inline constexpr std::uint64_t kMintedFirst = std::uint64_t{1} << 52;
inline constexpr std::uint64_t kMintedLast = (std::uint64_t{1} << 53) - 1;
inline constexpr std::uint64_t kMintedNumberMax = (std::uint64_t{1} << 16) - 1;

// Whether only tills may give this id; no catalog has it.
inline bool is_minted(ProductId id) {
  return id.value >= kMintedFirst && id.value <= kMintedLast;
}

// Errors: kOverflow (store, till, epoch or number has no room in an id).
Result<ProductId> minted_id(const MintedId& parts);
// Shape: is_minted(id); the parts may be ones that no till has, such as number 0.
MintedId minted_parts(ProductId id);
// Whether a till may define this id in a message of an epoch: it is its own, of this epoch or of
// one before.
bool may_define(TillRef till, Epoch epoch, ProductId id);

// What a till tells of a product that it minted, with the first movement of it.
struct Definition {
  std::string name;  // Shape: 1..kMintedNameBytesMax bytes of UTF-8, no control characters
  TaxCode tax;
  Money price;                          // of one unit at that time, in that shop
  std::optional<std::uint64_t> gtin{};  // Shape: a right check digit; leading zeros do not count
  std::string unit{};                   // Shape: likewise, or empty; at most kUnitBytesMax bytes
  bool whole = false;                   // only whole units are sold
  bool operator==(const Definition&) const = default;
};

// A message has one for each new product.
inline constexpr std::size_t kMintedNameBytesMax = 120;

// Errors: kMalformed, saying what is wrong.
Result<void> check_definition(const Definition& definition);

}  // namespace core::retail
