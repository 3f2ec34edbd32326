// Fleet: enrolled tills that sign what a test wants.
#include "tests/support/rebuild_fleet.h"

#include <sodium.h>

#include <algorithm>

#include "tests/support/enrol.h"

namespace test {

using core::Bytes;
using core::ByteView;
using core::Currency;
using core::Money;
using core::envelope::Header;
using core::envelope::PrivateKey;
using core::envelope::Roster;
using core::envelope::Signature;

namespace {

constexpr std::size_t kSignatureSize = 64;

using Scalar = std::array<std::uint8_t, 32>;

Scalar reduce(ByteView wide) {
  std::array<std::uint8_t, 64> padded{};
  std::copy(wide.begin(), wide.end(), padded.begin());
  Scalar out;
  crypto_core_ed25519_scalar_reduce(out.data(), padded.data());
  return out;
}

std::array<std::uint8_t, 64> sha512(ByteView bytes) {
  std::array<std::uint8_t, 64> out;
  crypto_hash_sha512(out.data(), bytes.data(), bytes.size());
  return out;
}

// RFC 8032 section 5.1.6 with a nonce of the caller's choice.
Signature sign_with_nonce(const PrivateKey& key, ByteView message, std::uint64_t nonce) {
  auto expanded = sha512(key.seed());
  expanded[0] &= 248;
  expanded[31] &= 127;
  expanded[31] |= 64;
  const Scalar a = reduce(ByteView(expanded).first(32));
  Bytes nonce_bytes(8);
  for (std::size_t i = 0; i < 8; ++i) nonce_bytes[i] = static_cast<std::uint8_t>(nonce >> (8 * i));
  const auto wide_nonce = sha512(nonce_bytes);
  const Scalar r = reduce(wide_nonce);
  Signature out;
  CORE_CHECK(crypto_scalarmult_ed25519_base_noclamp(out.bytes.data(), r.data()) == 0);
  Bytes hashed(out.bytes.begin(), out.bytes.begin() + 32);
  core::append(hashed, key.public_key().view());
  core::append(hashed, message);
  const Scalar k = reduce(sha512(hashed));
  Scalar s;
  crypto_core_ed25519_scalar_mul(s.data(), k.data(), a.data());
  crypto_core_ed25519_scalar_add(s.data(), s.data(), r.data());
  std::copy(s.begin(), s.end(), out.bytes.begin() + 32);
  return out;
}

}  // namespace

PrivateKey key_number(std::uint64_t number) {
  const std::string text = "daybook test key " + std::to_string(number);
  return *PrivateKey::from_seed(core::envelope::sha256(core::as_bytes(text)).view());
}

Fleet::Fleet(Sealing sealing)
    : head_office_(key_number(0)), roster_(*Roster::read({}, kOrigin, head_office_.public_key())) {
  if (sealing == Sealing::kOff) return;
  const auto bulletin =
      roster_.name_sealing_key(sealing_key_of(head_office_).public_key(), head_office_);
  CORE_CHECK(bulletin.has_value());
  core::append(roster_file_, *bulletin);
}

Roster Fleet::public_roster() const {
  return *Roster::read(roster_file_, kOrigin, head_office_.public_key());
}

std::size_t Fleet::enrol(std::uint32_t store, std::uint32_t till) {
  const core::TillRef ref{core::StoreId{store}, core::TillId{till}};
  const PrivateKey key = key_number(tills_.size() + 1);
  const auto bulletin = roster_.enrol(enrol_request(kOrigin, ref, key), head_office_);
  CORE_CHECK(bulletin.has_value());
  core::append(roster_file_, *bulletin);
  const auto entry = core::envelope::message_id(*bulletin);
  const auto kid = core::envelope::derive_kid(kOrigin, key.public_key());
  tills_.push_back(
      ChainEnd{ref, roster_.latest_epoch(ref), key, kid, entry, core::Sequence{0}, entry});
  if (const auto context = roster_.sealing_context(*roster_.find(kid))) {
    tills_.back().sealing_key =
        *core::envelope::SealingKey::agree_as_till(sealing_key_of(key), *context);
    roster_.set_opener(kid, *core::envelope::SealingKey::agree_as_head_office(
                                sealing_key_of(head_office_), *context));
  }
  return tills_.size() - 1;
}

void Fleet::revoke(std::size_t till, const std::optional<core::envelope::ChainPlace>& last) {
  const auto entry = roster_.revoke(tills_[till].ref, tills_[till].epoch, last, head_office_);
  CORE_CHECK(entry.has_value());
  core::append(roster_file_, *entry);
}

void Fleet::settle(std::size_t till, const core::envelope::ChainPlace& stands) {
  const auto entry = roster_.settle(tills_[till].ref, tills_[till].epoch, stands, head_office_);
  CORE_CHECK(entry.has_value());
  core::append(roster_file_, *entry);
}

Bytes Fleet::next(std::size_t till, const core::retail::Summary& summary) {
  return next_payload(till, core::retail::encode_summary(summary));
}

Bytes Fleet::next_bulletin(std::size_t number, ByteView payload) {
  ChainEnd& end = tills_[number];
  Header header = header_after(end);
  header.content_type = core::envelope::ContentType::kBulletin;
  Bytes message = sign(header, payload, end.key);
  end.sequence = header.sequence;
  end.prev = core::envelope::message_id(message);
  return message;
}

Bytes Fleet::next_payload(std::size_t number, ByteView payload) {
  ChainEnd& end = tills_[number];
  Bytes message = end.sealing_key ? sign_sealed(header_after(end), payload, end)
                                  : sign(header_after(end), payload, end.key);
  ++end.sequence.value;
  end.prev = core::envelope::message_id(message);
  return message;
}

Header header_after(const ChainEnd& end) {
  Header header;
  header.kid = end.kid;
  header.epoch = end.epoch;
  header.sequence = core::Sequence{end.sequence.value + 1};
  header.prev = end.prev;
  return header;
}

Bytes sign(const Header& header, ByteView payload, const PrivateKey& key) {
  auto message = core::envelope::sign_message(header, payload, key);
  CORE_CHECK(message.has_value());
  return std::move(message).value();
}

Bytes sign_sealed(Header header, ByteView payload, const ChainEnd& till) {
  header.content_type = core::envelope::ContentType::kSealedSummary;
  const Bytes sealed =
      core::envelope::seal(*till.sealing_key, core::envelope::encode_header(header), payload);
  return sign(header, sealed, till.key);
}

Bytes sign_again(const Header& header, ByteView payload, const PrivateKey& key,
                 std::uint64_t nonce) {
  const Bytes first = sign(header, payload, key);
  const auto message = core::envelope::parse_message(first);
  const Bytes signed_bytes =
      core::envelope::signature_input(message->protected_header, {}, message->payload);
  return with_signature(first, sign_with_nonce(key, signed_bytes, nonce));
}

Bytes with_signature(ByteView message, const Signature& signature) {
  Bytes out = core::to_bytes(message);
  CORE_CHECK(out.size() > kSignatureSize);
  std::copy(signature.bytes.begin(), signature.bytes.end(), out.end() - kSignatureSize);
  return out;
}

Signature signature_of(ByteView message) {
  return *Signature::from(message.last(kSignatureSize));
}

core::retail::Opening opening(int day, core::retail::Components received) {
  return core::retail::Opening{core::BusinessDay{day}, std::move(received), {}};
}

core::retail::Closing closing(int day, std::int64_t net_minor, std::uint64_t sales,
                              core::retail::Components consumed) {
  const Currency usd = *Currency::parse("USD");
  auto out = core::retail::empty_closing(core::BusinessDay{day}, usd);
  out.sales = sales;
  out.net = Money{net_minor, usd};
  out.taxes[core::TaxCode{0}] = core::retail::TaxRow{Money{net_minor, usd}, Money{0, usd}};
  out.tenders[core::retail::TenderKind::kCash] = Money{net_minor, usd};
  out.consumed = std::move(consumed);
  return out;
}

core::Quantity units(std::int64_t whole) {
  return core::Quantity{whole * core::Quantity::kUnit};
}

}  // namespace test
