// PeriodClose: its one encoding, as deterministic CBOR.
#include "ledger-rebuild/period_close.h"

#include <algorithm>
#include <limits>
#include <tuple>

#include "core/envelope/cbor.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::envelope::CborReader;
using core::envelope::CborWriter;

constexpr std::uint64_t kKind = 5;  // of head office's bulletins
constexpr std::uint64_t kKindLabel = 0;
constexpr std::uint64_t kLastLabel = 1;
constexpr std::uint64_t kPartLabel = 11;
constexpr std::uint64_t kCoveredLabel = 12;
constexpr std::size_t kCoveredItems = 5;

auto key_of(const CoveredChain& c) {
  return std::tie(c.till, c.epoch);
}

Result<std::uint64_t> number_up_to(CborReader& r, std::uint64_t max, const char* what) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t value, r.unsigned_integer());
  if (value > max) return r.refuse(at, std::string(what) + " is out of range");
  return value;
}

Result<std::uint32_t> number32(CborReader& r, const char* what) {
  TRY_ASSIGN(const std::uint64_t value,
             number_up_to(r, std::numeric_limits<std::uint32_t>::max(), what));
  return static_cast<std::uint32_t>(value);
}

Result<CoveredChain> read_covered(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != kCoveredItems) return r.refuse(at, "a key is named by five items");
  CoveredChain out;
  TRY_ASSIGN(out.till.store.value, number32(r, "a store"));
  TRY_ASSIGN(out.till.till.value, number32(r, "a till"));
  TRY_ASSIGN(out.epoch.value, number32(r, "an epoch"));
  TRY_ASSIGN(out.sequence.value,
             number_up_to(r, std::numeric_limits<std::int64_t>::max(), "a sequence"));
  TRY_ASSIGN(const core::ByteView id, r.bytes());
  TRY_ASSIGN(out.id, core::envelope::MessageId::from(id));
  if (out.sequence.value == 0) return r.refuse(at, "sequences are from 1");
  return out;
}

Result<void> read_part(CborReader& r, core::retail::Part& part) {
  constexpr std::uint64_t kPartsMax = 65535;
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 2) return r.refuse(at, "a part is two numbers");
  TRY_ASSIGN(const std::uint64_t number, number_up_to(r, kPartsMax, "a part"));
  TRY_ASSIGN(const std::uint64_t count, number_up_to(r, kPartsMax, "a number of parts"));
  if (number == 0 || number > count || count < 2) return r.refuse(at, "no such part");
  part = {static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(count)};
  return {};
}

Result<void> read_all_covered(CborReader& r, std::vector<CoveredChain>& covered) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t count, r.array());
  if (count > kCoveredMax) return r.refuse(at, "too many keys in one bulletin");
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const CoveredChain next, read_covered(r));
    if (!covered.empty() && !(key_of(covered.back()) < key_of(next))) {
      return r.refuse(at, "its keys do not ascend");
    }
    covered.push_back(next);
  }
  return {};
}

}  // namespace

core::Bytes encode_period_close(const PeriodClose& close) {
  const bool has_part = close.part.count > 1;
  CborWriter w;
  w.map(has_part ? 4 : 3);
  w.unsigned_integer(kKindLabel);
  w.unsigned_integer(kKind);
  w.unsigned_integer(kLastLabel);
  w.integer(close.last.days);
  if (has_part) {
    w.unsigned_integer(kPartLabel);
    w.array(2);
    w.unsigned_integer(close.part.number);
    w.unsigned_integer(close.part.count);
  }
  w.unsigned_integer(kCoveredLabel);
  w.array(close.covered.size());
  for (const CoveredChain& c : close.covered) {
    w.array(kCoveredItems);
    w.unsigned_integer(c.till.store.value);
    w.unsigned_integer(c.till.till.value);
    w.unsigned_integer(c.epoch.value);
    w.unsigned_integer(c.sequence.value);
    w.bytes(c.id.view());
  }
  return std::move(w).take();
}

Result<PeriodClose> decode_period_close(core::ByteView payload) {
  CborReader r(payload);
  PeriodClose out;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  if (pairs != 3 && pairs != 4) return r.refuse(0, "a period close has three fields or four");
  const auto label = [&](std::uint64_t expected) -> Result<void> {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t found, r.unsigned_integer());
    if (found == expected) return {};
    return r.refuse(at, "field " + std::to_string(expected) + " is missing");
  };
  TRY(label(kKindLabel));
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  if (kind != kKind) return r.refuse(0, "unknown bulletin kind " + std::to_string(kind));
  TRY(label(kLastLabel));
  TRY_ASSIGN(const std::uint64_t last, number_up_to(r, core::BusinessDay::kMax, "a day"));
  out.last.days = static_cast<std::int32_t>(last);
  if (pairs == 4) {
    TRY(label(kPartLabel));
    TRY(read_part(r, out.part));
  }
  TRY(label(kCoveredLabel));
  TRY(read_all_covered(r, out.covered));
  TRY(r.finish());
  return out;
}

}  // namespace rebuild
