// FeedKey: HKDF from head office's private sealing key, which never leaves head office.
#include "core/envelope/feed_key.h"

#include <sodium.h>

#include <array>
#include <cstring>

#include "core/envelope/cbor.h"

namespace core::envelope {
namespace {

constexpr std::string_view kFeedVersion = "daybook feed v1";

Bytes piece_header(std::uint64_t number) {
  CborWriter w;
  w.array(2);
  w.text("daybook piece v1");
  w.unsigned_integer(number);
  return std::move(w).take();
}

}  // namespace

FeedSecret derive_feed_secret(const SealingPrivateKey& head_office, std::string_view origin,
                              StoreId store, std::uint64_t generation) {
  CborWriter info;
  info.array(4);
  info.text(kFeedVersion);
  info.text(origin);
  info.unsigned_integer(store.value);
  info.unsigned_integer(generation);
  FeedSecret out;
  out.bytes = hkdf_sha256(head_office.view(), as_bytes(kFeedVersion), info.view()).bytes;
  return out;
}

SealingKey feed_key(const FeedSecret& secret) {
  const Hash encryption =
      hkdf_sha256(secret.view(), as_bytes(kFeedVersion), as_bytes("encryption key"));
  const Hash nonce = hkdf_sha256(secret.view(), as_bytes(kFeedVersion), as_bytes("nonce key"));
  std::array<std::uint8_t, SealingKey::kSize> bytes{};
  std::memcpy(bytes.data(), encryption.bytes.data(), encryption.bytes.size());
  std::memcpy(bytes.data() + encryption.bytes.size(), nonce.bytes.data(), nonce.bytes.size());
  const SealingKey key = SealingKey::from(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return key;
}

Bytes seal_piece(const SealingKey& key, std::uint64_t number, ByteView plain) {
  return seal(key, piece_header(number), plain);
}

Result<Bytes> open_piece(const SealingKey& key, std::uint64_t number, ByteView sealed) {
  return open_sealed(key, piece_header(number), sealed);
}

}  // namespace core::envelope
