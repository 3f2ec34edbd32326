// Keys, hashes and signatures, by libsodium and OpenSSL.
#include "core/envelope/keys.h"

// Its plain functions for SHA-256 are called deprecated: EVP is meant to take their place. It makes
// and frees a state for each hash, which costs as much as hashing a hundred bytes.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <initializer_list>

#include "core/envelope/sodium_ready.h"

namespace core::envelope {
namespace {

// The group order L of edwards25519, little-endian (RFC 8032 section 5.1).
constexpr std::array<std::uint8_t, 32> kGroupOrder = {
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

constexpr std::size_t kBlockSize = 64;  // of SHA-256

SHA256_CTX fresh_state() {
  SHA256_CTX state;
  CORE_CHECK(SHA256_Init(&state) == 1);
  return state;
}

void write_big_endian(std::uint8_t* out, std::uint64_t value) {
  for (std::size_t i = 8; i-- > 0; value >>= 8) out[i] = static_cast<std::uint8_t>(value);
}

void write_big_endian(Hash& out, const SHA256_CTX& state) {
  for (std::size_t i = 0; i < 8; i += 2) {
    write_big_endian(out.bytes.data() + 4 * i, std::uint64_t{state.h[i]} << 32 | state.h[i + 1]);
  }
}

// SHA-256 of pieces, behind the whole blocks that `state` has seen.
Hash finish_long(SHA256_CTX& state, std::initializer_list<ByteView> pieces) {
  Hash hash;
  for (const ByteView piece : pieces) {
    CORE_CHECK(SHA256_Update(&state, piece.data(), piece.size()) == 1);
  }
  CORE_CHECK(SHA256_Final(hash.bytes.data(), &state) == 1);
  return hash;
}

using ShortInput = std::array<std::uint8_t, 16 * kBlockSize>;

// The same. Short pieces are put together and padded (FIPS 180-4 section 5.1.1) before, so that all
// their blocks are hashed in one go: most messages are short, and each call costs as much as a
// block. `blocks_before`: how many `state` has seen. `input`: room.
Hash finish(SHA256_CTX& state, std::size_t blocks_before, std::initializer_list<ByteView> pieces,
            ShortInput& input) {
  constexpr std::size_t kLengthSize = 8;
  std::size_t size = 0;
  for (const ByteView piece : pieces) size += piece.size();
  if (size + 1 + kLengthSize > input.size()) return finish_long(state, pieces);
  std::size_t at = 0;
  for (const ByteView piece : pieces) {
    if (!piece.empty()) std::memcpy(input.data() + at, piece.data(), piece.size());
    at += piece.size();
  }
  const std::size_t padded = (size + 1 + kLengthSize + kBlockSize - 1) / kBlockSize * kBlockSize;
  std::memset(input.data() + size, 0, padded - size);
  input[size] = 0x80;
  write_big_endian(input.data() + padded - kLengthSize, (blocks_before * kBlockSize + size) * 8);
  CORE_CHECK(SHA256_Update(&state, input.data(), padded) == 1);
  Hash hash;
  write_big_endian(hash, state);
  return hash;
}

Hash digest(std::initializer_list<ByteView> pieces) {
  ShortInput input;
  SHA256_CTX state = fresh_state();
  return finish(state, 0, pieces, input);
}

// HMAC's key as one block (RFC 2104 section 2).
std::array<std::uint8_t, kBlockSize> key_block(ByteView key) {
  std::array<std::uint8_t, kBlockSize> block{};
  if (key.size() > kBlockSize) {
    Hash hash = digest({key});
    std::copy(hash.bytes.begin(), hash.bytes.end(), block.begin());
    sodium_memzero(hash.bytes.data(), hash.bytes.size());
  } else {
    std::copy(key.begin(), key.end(), block.begin());
  }
  return block;
}

// SHA-256's state behind the key's block with each byte changed by `pad`.
std::array<std::uint32_t, 8> state_behind(std::array<std::uint8_t, kBlockSize> block,
                                          std::uint8_t pad) {
  for (std::uint8_t& byte : block) byte ^= pad;
  SHA256_CTX state = fresh_state();
  CORE_CHECK(SHA256_Update(&state, block.data(), block.size()) == 1);
  std::array<std::uint32_t, 8> out{};
  std::copy(std::begin(state.h), std::end(state.h), out.begin());
  sodium_memzero(block.data(), block.size());
  sodium_memzero(&state, sizeof state);
  return out;
}

// As it was behind one block.
SHA256_CTX restored(const std::array<std::uint32_t, 8>& behind) {
  SHA256_CTX state = fresh_state();
  std::copy(behind.begin(), behind.end(), std::begin(state.h));
  state.Nl = kBlockSize * 8;  // bits, of which finish_long() goes on counting
  return state;
}

}  // namespace

PrivateKey PrivateKey::generate() {
  ensure_ready();
  PrivateKey key;
  PublicKey ignored;
  CORE_CHECK(crypto_sign_keypair(ignored.bytes.data(), key.expanded_.data()) == 0);
  return key;
}

Result<PrivateKey> PrivateKey::from_seed(ByteView seed) {
  ensure_ready();
  if (seed.size() != crypto_sign_SEEDBYTES) {
    return fail(Errc::kMalformed, "a private key is 32 bytes, not " + std::to_string(seed.size()));
  }
  PrivateKey key;
  PublicKey ignored;
  CORE_CHECK(crypto_sign_seed_keypair(ignored.bytes.data(), key.expanded_.data(), seed.data()) ==
             0);
  return key;
}

PrivateKey::~PrivateKey() {
  sodium_memzero(expanded_.data(), expanded_.size());
}

PublicKey PrivateKey::public_key() const {
  PublicKey key;
  std::memcpy(key.bytes.data(), expanded_.data() + 32, 32);
  return key;
}

Signature PrivateKey::sign(ByteView message) const {
  Signature signature;
  CORE_CHECK(crypto_sign_detached(signature.bytes.data(), nullptr, message.data(), message.size(),
                                  expanded_.data()) == 0);
  return signature;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  ensure_ready();
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

bool is_canonical(const Signature& signature) {
  for (std::size_t i = 32; i-- > 0;) {
    const std::uint8_t s = signature.bytes[32 + i];
    if (s != kGroupOrder[i]) return s < kGroupOrder[i];
  }
  return false;
}

bool is_valid(const PublicKey& key) {
  ensure_ready();
  return crypto_core_ed25519_is_valid_point(key.bytes.data()) == 1;
}

Hash sha256(ByteView bytes) {
  return digest({bytes});
}

Hash sha256(std::initializer_list<ByteView> pieces) {
  return digest(pieces);
}

Hash sha256(ByteView one, ByteView two) {
  return digest({one, two});
}

Hash sha256_prefixed(std::uint8_t prefix, ByteView bytes) {
  return digest({ByteView(&prefix, 1), bytes});
}

// By its definition, over SHA-256: OpenSSL's own takes its key through its parameters, which costs
// more than the hashing of a message.
Hash hmac_sha256(ByteView key, ByteView one, ByteView two) {
  return HmacKey(key).mac(one, two);
}

HmacKey::HmacKey(ByteView key) {
  std::array<std::uint8_t, kBlockSize> block = key_block(key);
  inner_ = state_behind(block, 0x36);
  outer_ = state_behind(block, 0x5c);
  sodium_memzero(block.data(), block.size());
}

HmacKey::~HmacKey() {
  sodium_memzero(inner_.data(), sizeof inner_);
  sodium_memzero(outer_.data(), sizeof outer_);
}

Hash HmacKey::mac(ByteView one, ByteView two) const {
  ShortInput input;
  SHA256_CTX state = restored(inner_);
  Hash hash = finish(state, 1, {one, two}, input);
  state = restored(outer_);
  hash = finish(state, 1, {hash.view()}, input);
  sodium_memzero(input.data(), input.size());
  return hash;
}

Kid derive_kid(std::string_view origin, const PublicKey& key) {
  CORE_CHECK(!origin.empty() && origin.size() <= 255);
  static constexpr std::string_view kDomain{"daybook kid v1\0", 15};
  Bytes input = to_bytes(as_bytes(kDomain));
  append(input, as_bytes(origin));
  append(input, key.view());
  const Hash hash = sha256(input);
  Kid kid;
  std::memcpy(kid.bytes.data(), hash.bytes.data(), kid.bytes.size());
  return kid;
}

}  // namespace core::envelope
