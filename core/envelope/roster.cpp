// Roster: head office's chain of bulletins. Format: docs/formats/roster.md.
#include "core/envelope/roster.h"

#include <limits>

#include "core/envelope/cbor.h"

namespace core::envelope {
namespace {

constexpr Epoch kHeadOfficeEpoch{1};

enum class BulletinKind : std::uint64_t {
  kEnrol = 1,   // {0: 1, 1: store, 2: till, 3: epoch, 4: public key}
  kRevoke = 2,  // {0: 2, 1: store, 2: till, 3: epoch}
  kLogKey = 3,  // {0: 3, 4: public key}
};

struct Bulletin {
  BulletinKind kind = BulletinKind::kEnrol;
  TillRef till;
  Epoch epoch;
  PublicKey key;
};

Bytes encode_payload(const Bulletin& b) {
  const bool has_till = b.kind != BulletinKind::kLogKey;
  const bool has_key = b.kind != BulletinKind::kRevoke;
  CborWriter w;
  w.map(std::size_t{1} + (has_till ? 3 : 0) + (has_key ? 1 : 0));
  w.unsigned_integer(0);
  w.unsigned_integer(static_cast<std::uint64_t>(b.kind));
  if (has_till) {
    w.unsigned_integer(1);
    w.unsigned_integer(b.till.store.value);
    w.unsigned_integer(2);
    w.unsigned_integer(b.till.till.value);
    w.unsigned_integer(3);
    w.unsigned_integer(b.epoch.value);
  }
  if (has_key) {
    w.unsigned_integer(4);
    w.bytes(b.key.view());
  }
  return std::move(w).take();
}

Result<std::uint32_t> read_field(CborReader& r, std::uint64_t label) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t found, r.unsigned_integer());
  if (found != label) return r.refuse(at, "field " + std::to_string(label) + " is missing");
  TRY_ASSIGN(const std::uint64_t value, r.unsigned_integer());
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    return r.refuse(at, "field " + std::to_string(label) + " is out of range");
  }
  return static_cast<std::uint32_t>(value);
}

Result<void> read_till(CborReader& r, Bulletin& b) {
  TRY_ASSIGN(const std::uint32_t store, read_field(r, 1));
  TRY_ASSIGN(const std::uint32_t till, read_field(r, 2));
  TRY_ASSIGN(const std::uint32_t epoch, read_field(r, 3));
  b.till = TillRef{StoreId{store}, TillId{till}};
  b.epoch = Epoch{epoch};
  return {};
}

Result<void> read_key(CborReader& r, Bulletin& b) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t label, r.unsigned_integer());
  if (label != 4) return r.refuse(at, "field 4 is missing");
  TRY_ASSIGN(const ByteView key, r.bytes());
  TRY_ASSIGN(b.key, PublicKey::from(key));
  return {};
}

Result<Bulletin> decode_payload(ByteView payload) {
  CborReader r(payload);
  Bulletin b;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  TRY_ASSIGN(const std::uint32_t kind, read_field(r, 0));
  if (kind < 1 || kind > 3) return r.refuse(0, "unknown bulletin kind " + std::to_string(kind));
  b.kind = static_cast<BulletinKind>(kind);
  if (b.kind != BulletinKind::kLogKey) TRY(read_till(r, b));
  if (b.kind != BulletinKind::kRevoke) TRY(read_key(r, b));
  TRY(r.finish());
  if (encode_payload(b).size() != payload.size() || pairs > 5) {
    return r.refuse(0, "a bulletin with other fields than its kind has");
  }
  return b;
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
  const Epoch epoch{latest_epoch(till).value + 1};
  return write(encode_payload({BulletinKind::kEnrol, till, epoch, key}), head_office);
}

Result<Bytes> Roster::revoke(TillRef till, Epoch epoch, const PrivateKey& head_office) {
  return write(encode_payload({BulletinKind::kRevoke, till, epoch, {}}), head_office);
}

Result<Bytes> Roster::name_log_key(const PublicKey& key, const PrivateKey& head_office) {
  if (!is_valid(key)) return fail(Errc::kMalformed, key.hex() + " is no Ed25519 public key");
  return write(encode_payload({BulletinKind::kLogKey, {}, {}, key}), head_office);
}

// Signs the next bulletin and takes it up.
Result<Bytes> Roster::write(ByteView payload, const PrivateKey& head_office) {
  Header header;
  header.content_type = ContentType::kBulletin;
  header.kid = derive_kid(origin_, head_office.public_key());
  header.epoch = kHeadOfficeEpoch;
  header.sequence = Sequence{last_sequence_.value + 1};
  header.prev = last_id_;
  TRY_ASSIGN(Bytes bulletin, sign_message(header, payload, head_office));
  TRY(take(bulletin, head_office.public_key()));
  return bulletin;
}

Enrolment* Roster::find_epoch(TillRef till, Epoch epoch) {
  for (auto& [kid, enrolment] : by_kid_) {
    if (enrolment.till == till && enrolment.epoch == epoch) return &enrolment;
  }
  return nullptr;
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
  TRY_ASSIGN(const Bulletin b, decode_payload(message.payload));
  const MessageId id = message_id(bulletin);
  if (b.kind == BulletinKind::kEnrol) {
    const Kid kid = derive_kid(origin_, b.key);
    if (by_kid_.contains(kid)) return fail(Errc::kExists, "the key was enrolled before");
    if (b.epoch.value != latest_epoch(b.till).value + 1) {
      return fail(Errc::kMalformed, "the epoch of till " + to_string(b.till) + " is not the next");
    }
    latest_epoch_[b.till] = b.epoch;
    by_kid_.emplace(kid, Enrolment{b.till, b.epoch, b.key, id});
  } else if (b.kind == BulletinKind::kRevoke) {
    Enrolment* enrolment = find_epoch(b.till, b.epoch);
    const std::string name = "till " + to_string(b.till) + ", epoch " + to_string(b.epoch);
    if (enrolment == nullptr) return fail(Errc::kNotFound, name + ": was never enrolled");
    if (enrolment->revoked) return fail(Errc::kState, name + ": is revoked already");
    enrolment->revoked = true;
  } else {
    log_key_ = b.key;
  }
  last_sequence_ = header.sequence;
  last_id_ = id;
  return {};
}

}  // namespace core::envelope
