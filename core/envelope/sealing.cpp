// Sealing, by libsodium: X25519, HMAC-SHA-256 and ChaCha20/Poly1305.
#include "core/envelope/sealing.h"

#include <sodium.h>

#include <algorithm>

#include "core/envelope/cbor.h"
#include "core/envelope/cose.h"
#include "core/envelope/sodium_ready.h"

namespace core::envelope {
namespace {

// By SealingUse.
constexpr std::array<std::string_view, 3> kVersions = {"daybook seal v1", "daybook backup v1",
                                                       "daybook notice v1"};
constexpr std::size_t kNonceSize = crypto_aead_chacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagSize = crypto_aead_chacha20poly1305_ietf_ABYTES;
// COSE: header parameters alg and IV (RFC 9052 section 3.1), ChaCha20/Poly1305 (RFC 9053
// section 4.3).
constexpr std::uint64_t kLabelIv = 5;
constexpr std::uint64_t kAlgorithmChaCha20Poly1305 = 24;

using Nonce = std::array<std::uint8_t, kNonceSize>;

Bytes info_of(const SealingContext& context, std::string_view purpose) {
  CborWriter w;
  w.array(7);
  w.text(kVersions.at(static_cast<std::size_t>(context.use)));
  w.text(purpose);
  w.text("to head office");
  w.text(context.origin);
  w.unsigned_integer(context.till.store.value);
  w.unsigned_integer(context.till.till.value);
  w.unsigned_integer(context.epoch.value);
  return std::move(w).take();
}

const Bytes& protected_algorithm() {
  static const Bytes encoded = [] {
    CborWriter w;
    w.map(1);
    w.integer(kLabelAlgorithm);
    w.unsigned_integer(kAlgorithmChaCha20Poly1305);
    return std::move(w).take();
  }();
  return encoded;
}

constexpr std::size_t kFrameMax = 32;  // what an Enc_structure has around the protected header

// Enc_structure of RFC 9052 section 5.3.
Bytes additional_data(ByteView protected_header) {
  CborWriter w(protected_header.size() + kFrameMax);
  w.array(3);
  w.text("Encrypt0");
  w.bytes(protected_algorithm());
  w.bytes(protected_header);
  return std::move(w).take();
}

// The header is a CBOR map and ends itself, so no two pairs of header and plaintext run together.
Nonce nonce_of(const SealingKey& key, ByteView protected_header, ByteView plaintext) {
  const Hash hash = key.nonce_mac().mac(protected_header, plaintext);
  Nonce nonce;
  std::memcpy(nonce.data(), hash.bytes.data(), nonce.size());
  return nonce;
}

struct Encrypted {
  ByteView nonce;
  ByteView ciphertext;  // with its tag
};

Result<void> read_encrypted(ByteView sealed, Encrypted& out) {
  CborReader r(sealed);
  TRY_ASSIGN(const std::size_t parts, r.array());
  if (parts != 3) return r.refuse(0, "a COSE_Encrypt0 has 3 parts");
  std::size_t at = r.offset();
  TRY_ASSIGN(const ByteView algorithm, r.bytes());
  if (!equal(algorithm, protected_algorithm())) {
    return r.refuse(at, "the algorithm is not ChaCha20/Poly1305 (24) alone");
  }
  at = r.offset();
  TRY_ASSIGN(const std::size_t unprotected, r.map());
  if (unprotected != 1) return r.refuse(at, "the unprotected header has the nonce and no more");
  TRY_ASSIGN(const std::uint64_t label, r.unsigned_integer());
  if (label != kLabelIv) return r.refuse(at, "the nonce is missing");
  at = r.offset();
  TRY_ASSIGN(out.nonce, r.bytes());
  if (out.nonce.size() != kNonceSize) return r.refuse(at, "a nonce is 12 bytes");
  at = r.offset();
  TRY_ASSIGN(out.ciphertext, r.bytes());
  if (out.ciphertext.size() < kTagSize) return r.refuse(at, "the ciphertext is cut");
  return r.finish();
}

}  // namespace

SealingPrivateKey SealingPrivateKey::generate() {
  ensure_ready();
  SealingPrivateKey key;
  randombytes_buf(key.bytes_.data(), key.bytes_.size());
  return key;
}

Result<SealingPrivateKey> SealingPrivateKey::from(ByteView bytes) {
  SealingPrivateKey key;
  if (bytes.size() != key.bytes_.size()) {
    return fail(Errc::kMalformed, "a sealing key is 32 bytes, not " + std::to_string(bytes.size()));
  }
  std::memcpy(key.bytes_.data(), bytes.data(), bytes.size());
  return key;
}

SealingPrivateKey::~SealingPrivateKey() {
  sodium_memzero(bytes_.data(), bytes_.size());
}

SealingPublicKey SealingPrivateKey::public_key() const {
  ensure_ready();
  SealingPublicKey out;
  CORE_CHECK(crypto_scalarmult_base(out.bytes.data(), bytes_.data()) == 0);
  return out;
}

Result<SealingKey> SealingKey::agree(const SealingPrivateKey& own, const SealingPublicKey& theirs,
                                     const SealingContext& context) {
  ensure_ready();
  std::array<std::uint8_t, 32> secret{};
  // libsodium refuses the all-zero result, as RFC 7748 section 6.1 asks for.
  if (crypto_scalarmult(secret.data(), own.view().data(), theirs.bytes.data()) != 0) {
    return fail(Errc::kMalformed, theirs.hex() + " is no X25519 public key");
  }
  Bytes salt = to_bytes(context.till_key.view());
  append(salt, context.head_office_key.view());
  const Hash encryption = hkdf_sha256(secret, salt, info_of(context, "encryption key"));
  const Hash nonce = hkdf_sha256(secret, salt, info_of(context, "nonce key"));
  std::array<std::uint8_t, kSize> bytes{};
  std::memcpy(bytes.data(), encryption.bytes.data(), 32);
  std::memcpy(bytes.data() + 32, nonce.bytes.data(), 32);
  const SealingKey key(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  sodium_memzero(secret.data(), secret.size());
  return key;
}

Result<SealingKey> SealingKey::agree_as_till(const SealingPrivateKey& own,
                                             const SealingContext& context) {
  return agree(own, context.head_office_key, context);
}

Result<SealingKey> SealingKey::agree_as_head_office(const SealingPrivateKey& own,
                                                    const SealingContext& context) {
  return agree(own, context.till_key, context);
}

SealingKey SealingKey::from(ByteView bytes) {
  CORE_CHECK(bytes.size() == kSize);
  std::array<std::uint8_t, kSize> copy{};
  std::memcpy(copy.data(), bytes.data(), kSize);
  const SealingKey key(copy);
  sodium_memzero(copy.data(), copy.size());
  return key;
}

SealingKey::SealingKey(const std::array<std::uint8_t, kSize>& bytes)
    : bytes_(bytes), nonce_mac_(nonce_key()) {}

SealingKey::~SealingKey() {
  sodium_memzero(bytes_.data(), bytes_.size());
}

Bytes seal(const SealingKey& key, ByteView protected_header, ByteView plaintext) {
  const Nonce nonce = nonce_of(key, protected_header, plaintext);
  const Bytes data = additional_data(protected_header);
  Bytes ciphertext(plaintext.size() + kTagSize);
  crypto_aead_chacha20poly1305_ietf_encrypt(ciphertext.data(), nullptr, plaintext.data(),
                                            plaintext.size(), data.data(), data.size(), nullptr,
                                            nonce.data(), key.encryption_key().data());
  CborWriter w;
  w.array(3);
  w.bytes(protected_algorithm());
  w.map(1);
  w.unsigned_integer(kLabelIv);
  w.bytes(nonce);
  w.bytes(ciphertext);
  return std::move(w).take();
}

namespace {

// Whether the tag is right; only then there is a plaintext.
bool decrypt(const SealingKey& key, ByteView protected_header, const Encrypted& encrypted,
             Bytes& plaintext) {
  const Bytes data = additional_data(protected_header);
  const std::size_t size = encrypted.ciphertext.size() - kTagSize;
  plaintext.resize(size);
  return crypto_aead_chacha20poly1305_ietf_decrypt(
             plaintext.data(), nullptr, nullptr, encrypted.ciphertext.data(),
             encrypted.ciphertext.size(), data.data(), data.size(), encrypted.nonce.data(),
             key.encryption_key().data()) == 0;
}

Result<void> open_in_place(const SealingKey& key, ByteView protected_header, ByteView sealed,
                           Bytes& plaintext) {
  Encrypted encrypted;
  TRY(read_encrypted(sealed, encrypted));
  if (!decrypt(key, protected_header, encrypted, plaintext)) {
    return fail(Errc::kBadSignature,
                "not sealed with the key of this till and epoch for its place");
  }
  if (equal(nonce_of(key, protected_header, plaintext), encrypted.nonce)) return {};
  return fail(Errc::kBadSignature, "sealed under a nonce that does not follow from the content");
}

}  // namespace

Result<Bytes> open_sealed(const SealingKey& key, ByteView protected_header, ByteView sealed) {
  Bytes plaintext;
  TRY(open_sealed(key, protected_header, sealed, plaintext));
  return plaintext;
}

Result<void> open_sealed(const SealingKey& key, ByteView protected_header, ByteView sealed,
                         Bytes& plaintext) {
  plaintext.clear();
  const Result<void> opened = open_in_place(key, protected_header, sealed, plaintext);
  if (!opened) plaintext.clear();
  return opened;
}

Result<Bytes> open_payload(ContentType type, ByteView protected_header, ByteView payload,
                           const SealingKey* key) {
  Bytes room;
  TRY_ASSIGN(const ByteView opened, open_payload(type, protected_header, payload, key, room));
  return to_bytes(opened);
}

Result<ByteView> open_payload(ContentType type, ByteView protected_header, ByteView payload,
                              const SealingKey* key, Bytes& room) {
  switch (type) {
    case ContentType::kSummary:
      return payload;
    case ContentType::kSealedSummary:
      if (key == nullptr) {
        return fail(Errc::kUnknownKey, "sealed, and its till agreed on no key for this epoch");
      }
      TRY(open_sealed(*key, protected_header, payload, room));
      return ByteView(room);
    case ContentType::kBulletin:
    case ContentType::kNotice:
      break;
  }
  return fail(Errc::kMalformed, "head office's kind of message, signed with a till's key");
}

Hash hkdf_sha256(ByteView secret, ByteView salt, ByteView info) {
  const Hash extracted = hmac_sha256(salt, secret, {});
  constexpr std::uint8_t kFirstBlock[] = {1};
  return hmac_sha256(extracted.view(), info, kFirstBlock);
}

}  // namespace core::envelope
