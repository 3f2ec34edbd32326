// Roster: head office's chain of enrolments. Format: docs/formats/roster.md.
#include "core/envelope/roster.h"

#include <limits>

#include "core/envelope/cbor.h"

namespace core::envelope {
namespace {

// Payload of an enrolment bulletin: {0: 1, 1: store, 2: till, 3: epoch, 4: public key}.
constexpr std::uint64_t kBulletinEnrol = 1;
constexpr Epoch kHeadOfficeEpoch{1};

struct EnrolmentPayload {
  TillRef till;
  Epoch epoch;
  PublicKey key;
};

Bytes encode_payload(const EnrolmentPayload& p) {
  CborWriter w;
  w.map(5);
  w.unsigned_integer(0);
  w.unsigned_integer(kBulletinEnrol);
  w.unsigned_integer(1);
  w.unsigned_integer(p.till.store.value);
  w.unsigned_integer(2);
  w.unsigned_integer(p.till.till.value);
  w.unsigned_integer(3);
  w.unsigned_integer(p.epoch.value);
  w.unsigned_integer(4);
  w.bytes(p.key.view());
  return std::move(w).take();
}

Result<std::uint64_t> read_field(CborReader& r, std::uint64_t label, std::uint64_t max) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t found, r.unsigned_integer());
  if (found != label) return r.refuse(at, "field " + std::to_string(label) + " is missing");
  TRY_ASSIGN(const std::uint64_t value, r.unsigned_integer());
  if (value > max) return r.refuse(at, "field " + std::to_string(label) + " is out of range");
  return value;
}

Result<EnrolmentPayload> decode_payload(ByteView payload) {
  constexpr std::uint64_t kMax32 = std::numeric_limits<std::uint32_t>::max();
  CborReader r(payload);
  EnrolmentPayload p;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  if (pairs != 5) return r.refuse(0, "an enrolment has 5 fields");
  TRY_ASSIGN(const std::uint64_t kind, read_field(r, 0, kMax32));
  if (kind != kBulletinEnrol) return r.refuse(0, "unknown bulletin kind " + std::to_string(kind));
  TRY_ASSIGN(const std::uint64_t store, read_field(r, 1, kMax32));
  TRY_ASSIGN(const std::uint64_t till, read_field(r, 2, kMax32));
  TRY_ASSIGN(const std::uint64_t epoch, read_field(r, 3, kMax32));
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t label, r.unsigned_integer());
  if (label != 4) return r.refuse(at, "field 4 is missing");
  TRY_ASSIGN(const ByteView key, r.bytes());
  TRY_ASSIGN(p.key, PublicKey::from(key));
  TRY(r.finish());
  p.till =
      TillRef{StoreId{static_cast<std::uint32_t>(store)}, TillId{static_cast<std::uint32_t>(till)}};
  p.epoch = Epoch{static_cast<std::uint32_t>(epoch)};
  return p;
}

}  // namespace

Result<Roster> Roster::read(ByteView file, std::string_view origin, const PublicKey& head_office) {
  Roster roster;
  roster.origin_ = origin;
  std::size_t offset = 0;
  std::size_t number = 0;
  while (offset < file.size()) {
    ++number;
    const auto where = [&](const Error& e) {
      return fail(e.code, "roster entry " + std::to_string(number) + " at byte " +
                              std::to_string(offset) + ": " + e.what);
    };
    const auto size = first_item_size(file.subspan(offset));
    if (!size) return where(size.error());
    const auto taken = roster.take(file.subspan(offset, *size), head_office);
    if (!taken) return where(taken.error());
    offset += *size;
  }
  return roster;
}

const Enrolment* Roster::find(const Kid& kid) const {
  const auto it = by_kid_.find(kid);
  return it == by_kid_.end() ? nullptr : &it->second;
}

Epoch Roster::latest_epoch(TillRef till) const {
  const auto it = latest_epoch_.find(till);
  return it == latest_epoch_.end() ? Epoch{0} : it->second;
}

Result<Bytes> Roster::enrol(TillRef till, const PublicKey& key, const PrivateKey& head_office) {
  if (find(derive_kid(origin_, key)) != nullptr) {
    return fail(Errc::kExists,
                "this key is enrolled already; a till gets a new key with each epoch");
  }
  if (till.store.value == 0 || till.till.value == 0) {
    return fail(Errc::kMalformed, "store and till are numbers from 1");
  }
  if (!is_valid(key)) return fail(Errc::kMalformed, key.hex() + " is no Ed25519 public key");
  Header header;
  header.content_type = ContentType::kBulletin;
  header.kid = derive_kid(origin_, head_office.public_key());
  header.epoch = kHeadOfficeEpoch;
  header.sequence = Sequence{last_sequence_.value + 1};
  header.prev = last_id_;
  const EnrolmentPayload payload{till, Epoch{latest_epoch(till).value + 1}, key};
  TRY_ASSIGN(Bytes bulletin, sign_message(header, encode_payload(payload), head_office));
  TRY(take(bulletin, head_office.public_key()));
  return bulletin;
}

Result<void> Roster::take(ByteView bulletin, const PublicKey& head_office) {
  TRY_ASSIGN(const Message message, parse_message(bulletin));
  const Header& header = message.header;
  if (header.content_type != ContentType::kBulletin) {
    return fail(Errc::kMalformed, "this message is no bulletin");
  }
  if (header.kid != derive_kid(origin_, head_office)) {
    return fail(Errc::kUnknownKey,
                "the sender is not this head office, or the origin is not '" + origin_ + "'");
  }
  if (!verify_message(message, head_office)) {
    return fail(Errc::kBadSignature, "head office's signature does not verify");
  }
  if (header.epoch != kHeadOfficeEpoch || header.sequence.value != last_sequence_.value + 1 ||
      header.prev != last_id_) {
    return fail(Errc::kMalformed, "the entry does not follow the one before it");
  }
  TRY_ASSIGN(const EnrolmentPayload p, decode_payload(message.payload));
  const Kid kid = derive_kid(origin_, p.key);
  if (by_kid_.contains(kid)) return fail(Errc::kExists, "the key was enrolled before");
  if (p.epoch.value != latest_epoch(p.till).value + 1) {
    return fail(Errc::kMalformed, "the epoch of till " + to_string(p.till) + " is not the next");
  }
  last_sequence_ = header.sequence;
  last_id_ = message_id(bulletin);
  latest_epoch_[p.till] = p.epoch;
  by_kid_.emplace(kid, Enrolment{p.till, p.epoch, p.key, last_id_});
  return {};
}

}  // namespace core::envelope
