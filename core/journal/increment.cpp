// Increment: Zstandard, then COSE_Encrypt0, then COSE_Sign1.
#include "core/journal/increment.h"

#include <zstd.h>

#include <limits>

#include "core/envelope/cbor.h"

namespace core::journal {
namespace {

using envelope::CborReader;
using envelope::CborWriter;

constexpr int kLevel = 6;  // a closing waits for it

// What the sealed part is bound to, and its nonce follows from.
Bytes binding_of(const envelope::Kid& kid, const IncrementPlace& place) {
  CborWriter w;
  w.array(6);
  w.bytes(kid.view());
  w.unsigned_integer(place.epoch.value);
  w.unsigned_integer(place.number);
  w.unsigned_integer(place.part);
  w.unsigned_integer(place.parts);
  w.bytes(place.prev.view());
  return std::move(w).take();
}

Bytes pack(ByteView content) {
  Bytes out(ZSTD_compressBound(content.size()));
  const std::size_t size =
      ZSTD_compress(out.data(), out.size(), content.data(), content.size(), kLevel);
  CORE_CHECK(ZSTD_isError(size) == 0);  // there is room for it
  out.resize(size);
  return out;
}

Result<Bytes> unpack(ByteView packed) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return fail(Errc::kMalformed, "what is sealed is no Zstandard frame that says its size");
  }
  if (size > kContentSizeMax) {
    return fail(Errc::kTooLarge, "a content of " + std::to_string(size) + " bytes; the limit is " +
                                     std::to_string(kContentSizeMax));
  }
  Bytes out(size);
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) != 0 || got != size) {
    return fail(Errc::kMalformed, "what is sealed does not unpack");
  }
  return out;
}

Result<std::uint32_t> read_u32(CborReader& r, std::uint64_t least) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t value, r.unsigned_integer());
  if (value < least || value > std::numeric_limits<std::uint32_t>::max()) {
    return r.refuse(at, "a number of 32 bits from " + std::to_string(least) + " is expected");
  }
  return static_cast<std::uint32_t>(value);
}

}  // namespace

std::string increment_name(TillRef till, const IncrementPlace& place) {
  return to_string(till.store) + "-" + to_string(till.till) + "-" + to_string(place.epoch) + "-" +
         std::to_string(place.number) + "-" + std::to_string(place.part) + ".backup";
}

Result<Bytes> write_increment(const IncrementPlace& place, const envelope::Kid& kid,
                              ByteView content, const envelope::SealingKey& sealing_key,
                              const envelope::PrivateKey& key) {
  if (content.size() > kContentSizeMax) {
    return fail(Errc::kTooLarge, "a backup's part of " + std::to_string(content.size()) +
                                     " bytes; the limit is " + std::to_string(kContentSizeMax));
  }
  const Bytes sealed = envelope::seal(sealing_key, binding_of(kid, place), pack(content));
  CborWriter w(sealed.size() + 128);
  w.array(6);
  w.unsigned_integer(place.epoch.value);
  w.unsigned_integer(place.number);
  w.unsigned_integer(place.part);
  w.unsigned_integer(place.parts);
  w.bytes(place.prev.view());
  w.bytes(sealed);
  return envelope::sign_statement(envelope::StatementType::kBackup, kid, w.view(), key);
}

Result<Increment> parse_increment(ByteView file) {
  if (file.size() > kIncrementSizeMax) {
    return fail(Errc::kTooLarge, "a file of " + std::to_string(file.size()) +
                                     " bytes; the limit is " + std::to_string(kIncrementSizeMax));
  }
  Increment out;
  TRY_ASSIGN(out.statement, envelope::parse_statement(file, envelope::StatementType::kBackup));
  CborReader r(out.statement.payload);
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 6) return r.refuse(0, "a part of a backup has 6 items");
  IncrementPlace& place = out.place;
  TRY_ASSIGN(place.epoch.value, read_u32(r, 1));
  std::size_t at = r.offset();
  TRY_ASSIGN(place.number, r.unsigned_integer());
  if (place.number == 0 || place.number > std::numeric_limits<std::uint32_t>::max()) {
    return r.refuse(at, "an increment's number is 1 to 4294967295");
  }
  TRY_ASSIGN(place.part, read_u32(r, 1));
  at = r.offset();
  TRY_ASSIGN(place.parts, read_u32(r, 1));
  if (place.part > place.parts) return r.refuse(at, "a part beyond the last one");
  at = r.offset();
  TRY_ASSIGN(const ByteView prev, r.bytes());
  const auto link = envelope::Hash::from(prev);
  if (!link) return r.refuse(at, link.error().what);
  place.prev = *link;
  TRY_ASSIGN(out.sealed, r.bytes());
  TRY(r.finish());
  return out;
}

Result<Bytes> open_increment(const Increment& increment, const envelope::SealingKey& key) {
  TRY_ASSIGN(const Bytes packed,
             envelope::open_sealed(key, binding_of(increment.statement.kid, increment.place),
                                   increment.sealed));
  return unpack(packed);
}

}  // namespace core::journal
