// Sealing: payloads that only head office can read.
// Must not know what is sealed. Format: docs/formats/message.md, "Sealing".
#pragma once

#include <array>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/message.h"

namespace core::envelope {

using SealingPublicKey = FixedBytes<struct SealingPublicKeyTag, 32>;

// What a sealed payload is longer than its plaintext, at most.
inline constexpr std::size_t kSealOverheadMax = 41;

// An X25519 private key (RFC 7748 section 5), apart from those that sign. Wiped when it goes.
class SealingPrivateKey {
 public:
  static SealingPrivateKey generate();
  // Errors: kMalformed (not 32 bytes).
  static Result<SealingPrivateKey> from(ByteView bytes);

  SealingPrivateKey(const SealingPrivateKey&) = default;
  SealingPrivateKey& operator=(const SealingPrivateKey&) = default;
  ~SealingPrivateKey();

  ByteView view() const { return bytes_; }
  SealingPublicKey public_key() const;

 private:
  SealingPrivateKey() = default;
  std::array<std::uint8_t, 32> bytes_{};
};

// What is sealed: each with keys, and so nonces, of its own.
enum class SealingUse { kSummaries, kBackups, kNotices };

// Between whom, for which of a till's epochs, and for what: all of it goes into the key.
struct SealingContext {
  std::string_view origin;  // of the tenant's log
  TillRef till;
  Epoch epoch;
  SealingPublicKey till_key;
  SealingPublicKey head_office_key;
  SealingUse use = SealingUse::kSummaries;
};

// What one till seals with in one epoch, and head office opens with. Wiped when it goes.
class SealingKey {
 public:
  static constexpr std::size_t kSize = 64;

  // Both ends get the same. Errors: kMalformed (a public key that agrees on nothing: all others
  // would agree on the same).
  static Result<SealingKey> agree_as_till(const SealingPrivateKey& own,
                                          const SealingContext& context);
  static Result<SealingKey> agree_as_head_office(const SealingPrivateKey& own,
                                                 const SealingContext& context);
  // What view() gave. Shape: kSize bytes (CORE_CHECK).
  static SealingKey from(ByteView bytes);

  SealingKey(const SealingKey&) = default;
  SealingKey& operator=(const SealingKey&) = default;
  ~SealingKey();

  ByteView view() const { return bytes_; }
  ByteView encryption_key() const { return view().first(32); }
  ByteView nonce_key() const { return view().last(32); }
  // The nonce key, ready.
  const HmacKey& nonce_mac() const { return nonce_mac_; }

 private:
  explicit SealingKey(const std::array<std::uint8_t, kSize>& bytes);
  static Result<SealingKey> agree(const SealingPrivateKey& own, const SealingPublicKey& theirs,
                                  const SealingContext& context);
  std::array<std::uint8_t, kSize> bytes_{};
  HmacKey nonce_mac_;
};

// An untagged COSE_Encrypt0 (RFC 9052 section 5.2) whose additional data is the protected header
// of the message around it. The nonce follows from header and plaintext: the same content gives the
// same bytes, and no other content shares its nonce.
Bytes seal(const SealingKey& key, ByteView protected_header, ByteView plaintext);

// Errors: kMalformed (no COSE_Encrypt0 in its one form, with the byte offset), kBadSignature (not
// sealed with this key for this header, or under a nonce of its own).
Result<Bytes> open_sealed(const SealingKey& key, ByteView protected_header, ByteView sealed);
// The same into `plaintext`, with the room that it has. An error leaves nothing of it there.
Result<void> open_sealed(const SealingKey& key, ByteView protected_header, ByteView sealed,
                         Bytes& plaintext);

// A till's summary as it was before sealing; one in clear as it is. `key`: the till's, or nullptr.
// Errors: kMalformed (a bulletin), kUnknownKey (sealed, and there is no key), those of open_sealed.
Result<Bytes> open_payload(ContentType type, ByteView protected_header, ByteView payload,
                           const SealingKey* key);
// The same without a copy. Owner: borrows from `payload`, or from `room`, whose content it changes.
Result<ByteView> open_payload(ContentType type, ByteView protected_header, ByteView payload,
                              const SealingKey* key, Bytes& room);

// HKDF (RFC 5869) with HMAC-SHA-256 and 32 bytes of output.
Hash hkdf_sha256(ByteView secret, ByteView salt, ByteView info);

}  // namespace core::envelope
