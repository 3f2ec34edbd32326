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

// SHA-256 of pieces, behind what `state` has seen.
Hash finish(SHA256_CTX& state, std::initializer_list<ByteView> pieces) {
  Hash hash;
  for (const ByteView piece : pieces) {
    CORE_CHECK(SHA256_Update(&state, piece.data(), piece.size()) == 1);
  }
  CORE_CHECK(SHA256_Final(hash.bytes.data(), &state) == 1);
  return hash;
}

Hash digest(std::initializer_list<ByteView> pieces) {
  SHA256_CTX state = fresh_state();
  return finish(state, pieces);
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

// SHA-256's context behind the key's block with each byte changed by `pad`.
void absorb_key(std::array<std::uint8_t, kBlockSize> block, std::uint8_t pad,
                HmacKey::Context& out) {
  static_assert(sizeof(SHA256_CTX) <= sizeof(HmacKey::Context));
  for (std::uint8_t& byte : block) byte ^= pad;
  SHA256_CTX state = fresh_state();
  CORE_CHECK(SHA256_Update(&state, block.data(), block.size()) == 1);
  std::memcpy(out.data(), &state, sizeof state);
  sodium_memzero(block.data(), block.size());
  sodium_memzero(&state, sizeof state);
}

Hash go_on(const HmacKey::Context& context, std::initializer_list<ByteView> pieces) {
  SHA256_CTX state;
  std::memcpy(&state, context.data(), sizeof state);
  const Hash hash = finish(state, pieces);
  sodium_memzero(&state, sizeof state);
  return hash;
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
  absorb_key(block, 0x36, inner_);
  absorb_key(block, 0x5c, outer_);
  sodium_memzero(block.data(), block.size());
}

HmacKey::~HmacKey() {
  sodium_memzero(inner_.data(), sizeof inner_);
  sodium_memzero(outer_.data(), sizeof outer_);
}

Hash HmacKey::mac(ByteView one, ByteView two) const {
  const Hash hash = go_on(inner_, {one, two});
  return go_on(outer_, {hash.view()});
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
