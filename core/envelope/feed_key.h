// FeedKey: what head office's notices to many tills are sealed with. Head office derives it and
// keeps nothing; each till is told its feeds' secrets in a notice of its own.
// Must not know what a notice says. Format: docs/formats/notice.md, "Keys".
#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/ids.h"
#include "core/envelope/sealing.h"

namespace core::envelope {

using FeedSecret = FixedBytes<struct FeedSecretTag, 32>;

// Of all tills (store 0), or of a store's. `generation` grows whenever a till must not read on.
FeedSecret derive_feed_secret(const SealingPrivateKey& head_office, std::string_view origin,
                              StoreId store, std::uint64_t generation);

SealingKey feed_key(const FeedSecret& secret);

// Anything larger than a message travels beside the log in pieces, each sealed apart and named by
// what it then is.
struct BlobName {
  Hash hash;  // SHA-256 of the piece as it travels
  std::uint64_t size = 0;
  auto operator<=>(const BlobName&) const = default;
};
inline constexpr std::size_t kBlobPlainMax = 512 * 1024 - 64;  // of a piece before it is sealed
inline constexpr std::size_t kBlobSizeMax = 512 * 1024;

// Piece `number` of something. Same content and key, same bytes.
Bytes seal_piece(const SealingKey& key, std::uint64_t number, ByteView plain);
// Errors: those of open_sealed.
Result<Bytes> open_piece(const SealingKey& key, std::uint64_t number, ByteView sealed);

}  // namespace core::envelope
