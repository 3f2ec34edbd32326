// COSE_Sign1 (RFC 9052 section 4.2) in the one form that this system accepts. Private to the room.
// Must not know which headers a message or a statement has.
#pragma once

#include <string>

#include "core/envelope/cbor.h"
#include "core/envelope/keys.h"

namespace core::envelope {

// Header labels, RFC 9052 section 3.1.
inline constexpr std::int64_t kLabelAlgorithm = 1;
inline constexpr std::int64_t kLabelContentType = 3;
inline constexpr std::int64_t kLabelKid = 4;
inline constexpr std::int64_t kAlgorithmEdDsa = -8;  // RFC 9053 section 2.2
inline constexpr std::uint64_t kTagCoseSign1 = 18;

// Owner: views borrow from the bytes that were read.
struct CoseSign1 {
  ByteView protected_header;
  std::size_t header_offset = 0;  // of the byte string that holds it
  ByteView payload;
  Signature signature;
};

inline Result<void> expect_label(CborReader& r, std::int64_t label) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::int64_t found, r.integer());
  if (found != label) {
    return r.refuse(at, "header parameter " + std::to_string(found) + " where " +
                            std::to_string(label) + " is expected");
  }
  return {};
}

template <typename Fixed>
Result<void> read_fixed(CborReader& r, Fixed& value) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const ByteView view, r.bytes());
  if (view.size() != Fixed::kSize) return r.refuse(at, Fixed::from(view).error().what);
  std::memcpy(value.bytes.data(), view.data(), Fixed::kSize);
  return {};
}

// The first parameter of every protected header. Errors: kMalformed (another algorithm).
inline Result<void> expect_eddsa(CborReader& r) {
  TRY(expect_label(r, kLabelAlgorithm));
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::int64_t algorithm, r.integer());
  if (algorithm != kAlgorithmEdDsa) return r.refuse(at, "the algorithm is not EdDSA (-8)");
  return {};
}

// Tagged, with an empty unprotected header.
inline Bytes write_sign1(ByteView protected_header, ByteView payload, const Signature& signature) {
  CborWriter w;
  w.tag(kTagCoseSign1);
  w.array(4);
  w.bytes(protected_header);
  w.map(0);
  w.bytes(payload);
  w.bytes(signature.view());
  return std::move(w).take();
}

// Looks at the form alone, and at no signature. Errors: kMalformed with the byte offset.
inline Result<void> read_sign1(ByteView bytes, CoseSign1& out) {
  CborReader r(bytes);
  TRY_ASSIGN(const std::uint64_t tag, r.tag());
  if (tag != kTagCoseSign1) return r.refuse(0, "the tag is not 18 (COSE_Sign1)");
  std::size_t at = r.offset();
  TRY_ASSIGN(const std::size_t parts, r.array());
  if (parts != 4) return r.refuse(at, "a COSE_Sign1 has 4 parts");
  out.header_offset = r.offset();
  TRY_ASSIGN(out.protected_header, r.bytes());
  at = r.offset();
  TRY_ASSIGN(const std::size_t unprotected, r.map());
  if (unprotected != 0) return r.refuse(at, "the unprotected header is not empty");
  TRY_ASSIGN(out.payload, r.bytes());
  at = r.offset();
  TRY(read_fixed(r, out.signature));
  if (!is_canonical(out.signature)) return r.refuse(at, "the signature is not canonical");
  return r.finish();
}

}  // namespace core::envelope
