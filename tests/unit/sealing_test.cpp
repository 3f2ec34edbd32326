// Sealing: who gets the same key, and that nothing but head office's key opens anything.
#include <doctest/doctest.h>
#include <sodium.h>

#include "core/envelope/cbor.h"
#include "core/envelope/sealing.h"

using namespace core;
using namespace core::envelope;

namespace {

SealingPrivateKey key(std::uint8_t n) {
  return *SealingPrivateKey::from(Bytes(32, n));
}

SealingContext context() {
  return {"test.example/log", TillRef{StoreId{4}, TillId{1}}, Epoch{1}, key(1).public_key(),
          key(9).public_key()};
}

SealingKey agreed(const SealingContext& context) {
  return *SealingKey::agree_as_till(key(1), context);
}

const Bytes kHeader = {0xa1, 0x01, 0x02};

Bytes text(std::string_view words) {
  return to_bytes(as_bytes(words));
}

// A COSE_Encrypt0 of the caller's making, sealed with a nonce of the caller's choice.
Bytes sealed_with_nonce(const SealingKey& key, const Bytes& nonce, const Bytes& plaintext) {
  CborWriter algorithm;
  algorithm.map(1);
  algorithm.unsigned_integer(1);
  algorithm.unsigned_integer(24);
  CborWriter data;
  data.array(3);
  data.text("Encrypt0");
  data.bytes(algorithm.view());
  data.bytes(kHeader);
  Bytes ciphertext(plaintext.size() + 16);
  crypto_aead_chacha20poly1305_ietf_encrypt(
      ciphertext.data(), nullptr, plaintext.data(), plaintext.size(), data.view().data(),
      data.view().size(), nullptr, nonce.data(), key.encryption_key().data());
  CborWriter w;
  w.array(3);
  w.bytes(algorithm.view());
  w.map(1);
  w.unsigned_integer(5);
  w.bytes(nonce);
  w.bytes(ciphertext);
  return std::move(w).take();
}

Bytes nonce_of(const Bytes& sealed) {
  CborReader r(sealed);
  REQUIRE(r.array());
  REQUIRE(r.bytes());
  REQUIRE(r.map());
  REQUIRE(r.unsigned_integer());
  return to_bytes(*r.bytes());
}

}  // namespace

TEST_CASE("HKDF gives the first 32 bytes of RFC 5869, appendix A.1 and A.3") {
  const Bytes salt = *from_hex("000102030405060708090a0b0c");
  const Bytes info = *from_hex("f0f1f2f3f4f5f6f7f8f9");
  CHECK(hkdf_sha256(Bytes(22, 0x0b), salt, info).hex() ==
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  CHECK(hkdf_sha256(Bytes(22, 0x0b), {}, {}).hex() ==
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

TEST_CASE("HMAC gives RFC 4231's test cases 2, 6 and 7, in one piece and in two") {
  const auto hmac = [](ByteView key, std::string_view one, std::string_view two) {
    return hmac_sha256(key, as_bytes(one), as_bytes(two)).hex();
  };
  CHECK(hmac(as_bytes("Jefe"), "what do ya want ", "for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const Bytes long_key(131, 0xaa);
  CHECK(hmac(long_key, "Test Using Larger Than Block-Size Key - Hash Key First", "") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK(hmac(long_key, "",
             "This is a test using a larger than block-size key and a larger than block-size "
             "data. The key needs to be hashed before being used by the HMAC algorithm.") ==
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST_CASE("both ends agree on one key, and on another for anything that differs") {
  const SealingKey one = agreed(context());
  CHECK(equal(one.view(), SealingKey::agree_as_head_office(key(9), context())->view()));
  CHECK_FALSE(equal(one.encryption_key(), one.nonce_key()));
  CHECK(equal(SealingKey::from(one.view()).view(), one.view()));
  const auto differs = [&](auto change) {
    SealingContext other = context();
    change(other);
    CHECK_FALSE(equal(agreed(other).encryption_key(), one.encryption_key()));
    CHECK_FALSE(equal(agreed(other).nonce_key(), one.nonce_key()));
  };
  differs([](SealingContext& c) { c.origin = "test.example/other"; });
  differs([](SealingContext& c) { c.till.store = StoreId{5}; });
  differs([](SealingContext& c) { c.till.till = TillId{2}; });
  differs([](SealingContext& c) { c.epoch = Epoch{2}; });
  differs([](SealingContext& c) { c.till_key = key(2).public_key(); });
  differs([](SealingContext& c) { c.head_office_key = key(8).public_key(); });
  SealingContext weak = context();
  weak.head_office_key = SealingPublicKey{};  // of order one: everybody would agree on zero
  CHECK(SealingKey::agree_as_till(key(1), weak).error().code == Errc::kMalformed);
}

TEST_CASE("what is sealed is opened, with the same bytes each time and a bounded overhead") {
  const SealingKey one = agreed(context());
  for (const std::size_t size : {0U, 1U, 7U, 8U, 200U, 239U, 240U, 65000U, 65215U}) {
    const Bytes plaintext(size, 0x5a);
    const Bytes sealed = seal(one, kHeader, plaintext);
    CHECK(seal(one, kHeader, plaintext) == sealed);
    CHECK(sealed.size() <= size + kSealOverheadMax);
    CHECK(*open_sealed(one, kHeader, sealed) == plaintext);
  }
}

TEST_CASE("another content, header or key has another nonce") {
  const SealingKey one = agreed(context());
  SealingContext later = context();
  later.epoch = Epoch{2};
  const Bytes nonce = nonce_of(seal(one, kHeader, text("100.00")));
  CHECK(nonce_of(seal(one, kHeader, text("100.01"))) != nonce);
  CHECK(nonce_of(seal(one, Bytes{0xa1, 0x01, 0x03}, text("100.00"))) != nonce);
  CHECK(nonce_of(seal(agreed(later), kHeader, text("100.00"))) != nonce);
}

TEST_CASE("what was sealed for another place or key, or altered in any bit, is not opened") {
  const SealingKey one = agreed(context());
  const Bytes sealed = seal(one, kHeader, text("net 100.00"));
  CHECK(open_sealed(one, Bytes{0xa1, 0x01, 0x03}, sealed).error().code == Errc::kBadSignature);
  SealingContext other = context();
  other.till.till = TillId{2};
  CHECK(open_sealed(agreed(other), kHeader, sealed).error().code == Errc::kBadSignature);
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    Bytes altered = sealed;
    altered[bit / 8] ^= static_cast<std::uint8_t>(1 << (bit % 8));
    CHECK_FALSE(open_sealed(one, kHeader, altered));
  }
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    CHECK_FALSE(open_sealed(one, kHeader, ByteView(sealed).first(size)));
  }
}

TEST_CASE("a nonce that does not follow from the content is refused, though the key is right") {
  const SealingKey one = agreed(context());
  const Bytes plaintext = text("net 100.00");
  const Bytes honest = seal(one, kHeader, plaintext);
  CHECK(sealed_with_nonce(one, nonce_of(honest), plaintext) == honest);
  const auto refused = open_sealed(one, kHeader, sealed_with_nonce(one, Bytes(12, 7), plaintext));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().what.find("nonce") != std::string::npos);
}

TEST_CASE("a sealed payload has one encoding") {
  const SealingKey one = agreed(context());
  const Bytes sealed = seal(one, kHeader, text("x"));
  Bytes tagged = {0xd0};
  append(tagged, sealed);
  CHECK(open_sealed(one, kHeader, tagged).error().code == Errc::kMalformed);
  Bytes longer = sealed;
  longer.push_back(0xf6);
  CHECK(open_sealed(one, kHeader, longer).error().code == Errc::kMalformed);
  CHECK(open_sealed(one, kHeader, {}).error().code == Errc::kMalformed);
}

TEST_CASE("a payload in clear stays as it is; a sealed one needs a key; a bulletin is neither") {
  const SealingKey one = agreed(context());
  const Bytes plaintext = text("net 100.00");
  const Bytes sealed = seal(one, kHeader, plaintext);
  CHECK(*open_payload(ContentType::kSummary, kHeader, plaintext, nullptr) == plaintext);
  CHECK(*open_payload(ContentType::kSealedSummary, kHeader, sealed, &one) == plaintext);
  CHECK(open_payload(ContentType::kSealedSummary, kHeader, sealed, nullptr).error().code ==
        Errc::kUnknownKey);
  CHECK(open_payload(ContentType::kBulletin, kHeader, plaintext, &one).error().code ==
        Errc::kMalformed);
}

TEST_CASE("SHA-256 and HMAC of any length, in one piece and in many, are libsodium's") {
  Bytes input;
  for (std::size_t size = 0; size <= 1200; ++size) {
    CAPTURE(size);
    Hash expected;
    crypto_hash_sha256(expected.bytes.data(), input.data(), input.size());
    const ByteView all(input);
    const std::size_t middle = size / 3;
    REQUIRE(sha256(all) == expected);
    REQUIRE(sha256(all.first(middle), all.subspan(middle)) == expected);
    REQUIRE(sha256({all.first(middle), {}, all.subspan(middle)}) == expected);
    if (size > 0) REQUIRE(sha256_prefixed(input.front(), all.subspan(1)) == expected);
    const Bytes mac_key(32, static_cast<std::uint8_t>(size));
    crypto_auth_hmacsha256(expected.bytes.data(), input.data(), input.size(), mac_key.data());
    REQUIRE(hmac_sha256(mac_key, all.first(middle), all.subspan(middle)) == expected);
    const HmacKey kept(mac_key);
    REQUIRE(kept.mac(all, {}) == expected);
    REQUIRE(HmacKey(kept).mac(all.first(middle), all.subspan(middle)) == expected);
    input.push_back(static_cast<std::uint8_t>(size * 7 + 1));
  }
}

TEST_CASE("what libsodium sealed opens at any length, and nothing that was changed does") {
  const SealingKey till = agreed(context());
  Bytes header;
  Bytes room;
  for (std::size_t size = 0; size <= 1200; ++size) {
    CAPTURE(size);
    const Bytes plaintext(size, static_cast<std::uint8_t>(size));
    header.assign(size * 2, static_cast<std::uint8_t>(size + 1));  // longer than any that there is
    const Bytes sealed = seal(till, header, plaintext);
    REQUIRE(open_sealed(till, header, sealed, room));
    REQUIRE(room == plaintext);
    const std::size_t from_end = size % (size + 16) + 1;  // a byte of the ciphertext, or of its tag
    for (const std::size_t at : {std::size_t{1}, std::size_t{16}, from_end, size + 16}) {
      Bytes changed = sealed;
      changed[changed.size() - at] ^= static_cast<std::uint8_t>(1U << size % 8);
      const auto opened = open_sealed(till, header, changed, room);
      REQUIRE_FALSE(opened);
      CHECK(opened.error().what == "not sealed with the key of this till and epoch for its place");
      CHECK(room.empty());
    }
    if (size == 0) continue;
    header.back() ^= 1;
    CHECK_FALSE(open_sealed(till, header, sealed, room));
  }
}
