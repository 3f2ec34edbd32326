// Keys, hashes and signatures: Ed25519 (RFC 8032) by libsodium, SHA-256 (FIPS 180-4) by OpenSSL,
// which uses the processor's instructions for it.
// Must not know messages. Key ids: docs/formats/message.md, "Keys".
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::envelope {

using Hash = FixedBytes<struct HashTag, 32>;
using PublicKey = FixedBytes<struct PublicKeyTag, 32>;
using Signature = FixedBytes<struct SignatureTag, 64>;
using Kid = FixedBytes<struct KidTag, 16>;

// An Ed25519 private key: the 32-byte seed of RFC 8032 section 5.1.5. Wiped when it goes.
class PrivateKey {
 public:
  static PrivateKey generate();
  // Errors: kMalformed (not 32 bytes).
  static Result<PrivateKey> from_seed(ByteView seed);

  PrivateKey(const PrivateKey&) = default;
  PrivateKey& operator=(const PrivateKey&) = default;
  ~PrivateKey();

  ByteView seed() const { return {expanded_.data(), 32}; }
  PublicKey public_key() const;
  Signature sign(ByteView message) const;

 private:
  PrivateKey() = default;
  std::array<std::uint8_t, 64> expanded_{};  // libsodium's form: seed, then public key
};

// RFC 8032 section 5.1.7 with libsodium's strict rules: S below the group order, no small-order
// key, R compared as bytes. So one signature has one valid encoding.
bool verify(const PublicKey& key, ByteView message, const Signature& signature);

// Whether S is below the group order: the check of a signature's form that needs no key.
bool is_canonical(const Signature& signature);

// Whether these bytes are a point of the curve's prime-order group, as every honest key is.
bool is_valid(const PublicKey& key);

Hash sha256(ByteView bytes);
// Of the pieces, one after the other.
Hash sha256(std::initializer_list<ByteView> pieces);
// Of `one` ‖ `two`.
Hash sha256(ByteView one, ByteView two);
// SHA-256(prefix || bytes); prefix 0x00 gives the leaf hash of RFC 6962 section 2.1.
Hash sha256_prefixed(std::uint8_t prefix, ByteView bytes);
// HMAC (RFC 2104) with SHA-256 over `one` ‖ `two`.
Hash hmac_sha256(ByteView key, ByteView one, ByteView two = {});

// A key of HMAC with SHA-256 whose two blocks are hashed already: half of the work for a short
// message. As secret as the key. Wiped when it goes.
class HmacKey {
 public:
  using Context = std::array<std::uint64_t, 14>;  // OpenSSL's, behind the key's block of a pass

  explicit HmacKey(ByteView key);
  HmacKey(const HmacKey&) = default;
  HmacKey& operator=(const HmacKey&) = default;
  ~HmacKey();

  // As hmac_sha256 with the key.
  Hash mac(ByteView one, ByteView two) const;

 private:
  Context inner_{};
  Context outer_{};
};

// First 16 bytes of SHA-256("daybook kid v1" 0x00 || origin || public key): a key belongs to one
// tenant's log. Shape: origin 1..255 bytes (CORE_CHECK).
Kid derive_kid(std::string_view origin, const PublicKey& key);

}  // namespace core::envelope
