// Minted: the bits of an id, and what a definition may be.
#include "core/retail/minted.h"

#include <algorithm>

#include "core/base/check.h"
#include "core/base/fold_case.h"
#include "core/retail/barcode.h"

namespace core::retail {
namespace {

constexpr unsigned kNumberBits = 16;
constexpr unsigned kEpochBits = 8;
constexpr unsigned kTillBits = 10;
constexpr unsigned kStoreBits = 18;

constexpr std::uint64_t mask(unsigned bits) {
  return (std::uint64_t{1} << bits) - 1;
}

Result<void> append_part(std::uint64_t& id, std::uint64_t part, unsigned bits, const char* what) {
  if (part == 0 || part > mask(bits)) {
    return fail(Errc::kOverflow,
                std::string(what) + " " + std::to_string(part) +
                    " has no room in a minted product's number, which takes 1 to " +
                    std::to_string(mask(bits)));
  }
  id = id << bits | part;
  return {};
}

// The lowest bits of `rest`, which it loses.
std::uint64_t take_part(std::uint64_t& rest, unsigned bits) {
  const std::uint64_t part = rest & mask(bits);
  rest >>= bits;
  return part;
}

}  // namespace

Result<ProductId> minted_id(const MintedId& parts) {
  std::uint64_t id = 1;
  TRY(append_part(id, parts.till.store.value, kStoreBits, "store"));
  TRY(append_part(id, parts.till.till.value, kTillBits, "till"));
  TRY(append_part(id, parts.epoch.value, kEpochBits, "epoch"));
  TRY(append_part(id, parts.number, kNumberBits, "the till's product"));
  return ProductId{id};
}

MintedId minted_parts(ProductId id) {
  CORE_CHECK(is_minted(id));
  MintedId parts;
  std::uint64_t rest = id.value;
  parts.number = take_part(rest, kNumberBits);
  parts.epoch.value = static_cast<Epoch::rep>(take_part(rest, kEpochBits));
  parts.till.till.value = static_cast<TillId::rep>(take_part(rest, kTillBits));
  parts.till.store.value = static_cast<StoreId::rep>(take_part(rest, kStoreBits));
  return parts;
}

bool may_define(TillRef till, Epoch epoch, ProductId id) {
  if (!is_minted(id)) return false;
  const MintedId parts = minted_parts(id);
  return parts.till == till && parts.epoch.value >= 1 && parts.epoch <= epoch && parts.number >= 1;
}

Result<void> check_definition(const Definition& definition) {
  const auto refuse = [](const std::string& what) { return fail(Errc::kMalformed, what); };
  if (definition.name.empty() || definition.name.size() > kMintedNameBytesMax ||
      !is_plain_text(definition.name)) {
    return refuse("a minted product's name has 1 to " + std::to_string(kMintedNameBytesMax) +
                  " bytes of UTF-8, without control characters");
  }
  if (definition.unit.size() > kUnitBytesMax || !is_plain_text(definition.unit)) {
    return refuse("a unit has at most " + std::to_string(kUnitBytesMax) +
                  " bytes of UTF-8, without control characters");
  }
  if (definition.price.minor < 0) return refuse("the price is below zero");
  if (!definition.gtin) return {};
  return check_gtin(*definition.gtin);
}

}  // namespace core::retail
