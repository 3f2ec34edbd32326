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

// SHA-256 of pieces, one after the other.
Hash digest(std::initializer_list<ByteView> pieces) {
  SHA256_CTX state;
  Hash hash;
  CORE_CHECK(SHA256_Init(&state) == 1);
  for (const ByteView piece : pieces) {
    CORE_CHECK(SHA256_Update(&state, piece.data(), piece.size()) == 1);
  }
  CORE_CHECK(SHA256_Final(hash.bytes.data(), &state) == 1);
  return hash;
}

constexpr std::size_t kBlockSize = 64;  // of SHA-256

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

Hash sha256(ByteView one, ByteView two) {
  return digest({one, two});
}

Hash sha256_prefixed(std::uint8_t prefix, ByteView bytes) {
  return digest({ByteView(&prefix, 1), bytes});
}

// By its definition, over digest(): OpenSSL's own takes its key through its parameters, which costs
// more than the hashing of a message.
Hash hmac_sha256(ByteView key, ByteView one, ByteView two) {
  std::array<std::uint8_t, kBlockSize> block{};
  Hash key_hash;
  if (key.size() > kBlockSize) {
    key_hash = digest({key});
    key = key_hash.view();
  }
  std::copy(key.begin(), key.end(), block.begin());
  for (std::uint8_t& byte : block) byte ^= 0x36;
  Hash hash = digest({block, one, two});
  for (std::uint8_t& byte : block) byte ^= 0x36 ^ 0x5c;
  hash = digest({block, hash.view()});
  sodium_memzero(block.data(), block.size());
  sodium_memzero(key_hash.bytes.data(), key_hash.bytes.size());
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
