// Shared shapes inside retail's CBOR: amounts, components and tenders as maps. Private to the room.
// Must not know which summary or document they stand in. Format: docs/message.cddl.
#pragma once

#include <limits>

#include "core/envelope/cbor.h"
#include "core/retail/document.h"

namespace core::retail {

using envelope::CborReader;
using envelope::CborWriter;

// {product: thousandths}
inline void write_components(CborWriter& w, const Components& components) {
  w.map(components.size());
  for (const auto& [product, quantity] : components) {
    w.unsigned_integer(product.value);
    w.integer(quantity.thousandths);
  }
}

inline Result<Components> read_components(CborReader& r) {
  Components out;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    TRY_ASSIGN(const std::uint64_t product, r.unsigned_integer());
    TRY_ASSIGN(const std::int64_t thousandths, r.integer());
    out.emplace_hint(out.end(), ProductId{product}, Quantity{thousandths});
  }
  return out;
}

// {tender kind: minor units}
inline void write_tenders(CborWriter& w, const Tenders& tenders) {
  w.map(tenders.size());
  for (const auto& [kind, amount] : tenders) {
    w.unsigned_integer(static_cast<std::uint64_t>(kind));
    w.integer(amount.minor);
  }
}

inline Result<void> read_tenders(CborReader& r, Currency currency, Tenders& out) {
  TRY_ASSIGN(const std::size_t pairs, r.map());
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
    if (kind < static_cast<std::uint64_t>(TenderKind::kCash) || kind > kTenderKinds) {
      return r.refuse(at, "unknown tender kind " + std::to_string(kind));
    }
    TRY_ASSIGN(const std::int64_t minor, r.integer());
    out.emplace_hint(out.end(), static_cast<TenderKind>(kind), Money{minor, currency});
  }
  return {};
}

inline Result<Tenders> read_tenders(CborReader& r, Currency currency) {
  Tenders out;
  TRY(read_tenders(r, currency, out));
  return out;
}

inline Result<Currency> read_currency(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::string_view code, r.text());
  auto currency = Currency::parse(code);
  if (!currency) return r.refuse(at, currency.error().what);
  return currency;
}

inline Result<BusinessDay> read_day(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t days, r.unsigned_integer());
  if (days > BusinessDay::kMax) return r.refuse(at, "a business day is out of range");
  return BusinessDay{static_cast<std::int32_t>(days)};
}

// A byte string of one length.
template <typename Fixed>
Result<void> read_fixed(CborReader& r, Fixed& out) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const ByteView view, r.bytes());
  const auto value = Fixed::from(view);
  if (!value) return r.refuse(at, value.error().what);
  out = *value;
  return {};
}

template <typename Id>
Result<Id> read_id(CborReader& r) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t value, r.unsigned_integer());
  if (value > std::numeric_limits<typename Id::rep>::max()) {
    return r.refuse(at, "an identifier is out of range");
  }
  return Id{static_cast<typename Id::rep>(value)};
}

}  // namespace core::retail
