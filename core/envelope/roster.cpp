// Roster: head office's chain of bulletins. Format: docs/formats/roster.md.
#include "core/envelope/roster.h"

#include <limits>

#include "core/envelope/cbor.h"

namespace core::envelope {
namespace {

constexpr Epoch kHeadOfficeEpoch{1};

enum class BulletinKind : std::uint64_t {
  kEnrol = 1,       // {0: 1, 1: store, 2: till, 3: epoch, 4: key, 5: sealing key, 6: proof}
  kRevoke = 2,      // {0: 2, 1: store, 2: till, 3: epoch}
  kLogKey = 3,      // {0: 3, 4: key}
  kSealingKey = 4,  // {0: 4, 5: sealing key}
};

// Which fields a kind has.
struct Fields {
  bool till = false;         // 1 to 3
  bool key = false;          // 4
  bool sealing_key = false;  // 5
  bool proof = false;        // 6

  std::size_t count() const {
    return std::size_t{1} + (till ? 3U : 0U) + (key ? 1U : 0U) + (sealing_key ? 1U : 0U) +
           (proof ? 1U : 0U);
  }
};

Fields fields_of(BulletinKind kind) {
  switch (kind) {
    case BulletinKind::kEnrol:
      return {.till = true, .key = true, .sealing_key = true, .proof = true};
    case BulletinKind::kRevoke:
      return {.till = true};
    case BulletinKind::kLogKey:
      return {.key = true};
    case BulletinKind::kSealingKey:
      return {.sealing_key = true};
  }
  return {};
}

struct Bulletin {
  BulletinKind kind = BulletinKind::kEnrol;
  TillRef till{};
  Epoch epoch{};
  PublicKey key{};
  SealingPublicKey sealing_key{};
  Signature proof{};
};

Bytes encode_payload(const Bulletin& b) {
  const Fields fields = fields_of(b.kind);
  CborWriter w;
  w.map(fields.count());
  w.unsigned_integer(0);
  w.unsigned_integer(static_cast<std::uint64_t>(b.kind));
  if (fields.till) {
    w.unsigned_integer(1);
    w.unsigned_integer(b.till.store.value);
    w.unsigned_integer(2);
    w.unsigned_integer(b.till.till.value);
    w.unsigned_integer(3);
    w.unsigned_integer(b.epoch.value);
  }
  if (fields.key) {
    w.unsigned_integer(4);
    w.bytes(b.key.view());
  }
  if (fields.sealing_key) {
    w.unsigned_integer(5);
    w.bytes(b.sealing_key.view());
  }
  if (fields.proof) {
    w.unsigned_integer(6);
    w.bytes(b.proof.view());
  }
  return std::move(w).take();
}

Result<void> expect_field(CborReader& r, std::uint64_t label) {
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t found, r.unsigned_integer());
  if (found != label) return r.refuse(at, "field " + std::to_string(label) + " is missing");
  return {};
}

Result<std::uint32_t> read_number(CborReader& r, std::uint64_t label) {
  TRY(expect_field(r, label));
  const std::size_t at = r.offset();
  TRY_ASSIGN(const std::uint64_t value, r.unsigned_integer());
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    return r.refuse(at, "field " + std::to_string(label) + " is out of range");
  }
  return static_cast<std::uint32_t>(value);
}

template <typename Fixed>
Result<Fixed> read_bytes(CborReader& r, std::uint64_t label) {
  TRY(expect_field(r, label));
  TRY_ASSIGN(const ByteView bytes, r.bytes());
  return Fixed::from(bytes);
}

Result<Bulletin> decode_payload(ByteView payload) {
  CborReader r(payload);
  Bulletin b;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  TRY_ASSIGN(const std::uint32_t kind, read_number(r, 0));
  if (kind < 1 || kind > 4) return r.refuse(0, "unknown bulletin kind " + std::to_string(kind));
  b.kind = static_cast<BulletinKind>(kind);
  const Fields fields = fields_of(b.kind);
  if (pairs != fields.count()) {
    return r.refuse(0, "a bulletin with other fields than its kind has");
  }
  if (fields.till) {
    TRY_ASSIGN(b.till.store.value, read_number(r, 1));
    TRY_ASSIGN(b.till.till.value, read_number(r, 2));
    TRY_ASSIGN(b.epoch.value, read_number(r, 3));
  }
  if (fields.key) {
    TRY_ASSIGN(b.key, read_bytes<PublicKey>(r, 4));
  }
  if (fields.sealing_key) {
    TRY_ASSIGN(b.sealing_key, read_bytes<SealingPublicKey>(r, 5));
  }
  if (fields.proof) {
    TRY_ASSIGN(b.proof, read_bytes<Signature>(r, 6));
  }
  TRY(r.finish());
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
    if (offset == file.size() && !verify_message(*taken, head_office)) {
      return fail(Errc::kBadSignature, "roster entry " + std::to_string(number) +
                                           ", the last: head office's signature does not verify");
    }
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

std::optional<SealingContext> Roster::sealing_context(const Enrolment& enrolment) const {
  if (!enrolment.seals_to) return std::nullopt;
  return SealingContext{origin_, enrolment.till, enrolment.epoch, enrolment.sealing_key,
                        *enrolment.seals_to};
}

void Roster::set_opener(const Kid& kid, const SealingKey& opener) {
  const auto it = by_kid_.find(kid);
  CORE_CHECK(it != by_kid_.end());
  it->second.opener = opener;
}

Result<Bytes> Roster::enrol(const EnrolRequest& request, const PrivateKey& head_office) {
  if (request.origin != origin_) {
    return fail(Errc::kMalformed, "the request is for the log '" + request.origin +
                                      "'; this roster is of '" + origin_ + "'");
  }
  if (find(derive_kid(origin_, request.key)) != nullptr) {
    return fail(Errc::kExists,
                "this key is enrolled already; a till gets a new key with each epoch");
  }
  const bool lacks_number = request.till.store.value == 0 || request.till.till.value == 0;
  if (lacks_number && request.till != kHeadOffice) {
    return fail(Errc::kMalformed, "store and till are numbers from 1");
  }
  if (!is_valid(request.key)) {
    return fail(Errc::kMalformed, request.key.hex() + " is no Ed25519 public key");
  }
  const Epoch epoch{latest_epoch(request.till).value + 1};
  return write(encode_payload({BulletinKind::kEnrol, request.till, epoch, request.key,
                               request.sealing_key, request.proof}),
               head_office);
}

Result<Bytes> Roster::revoke(TillRef till, Epoch epoch, const PrivateKey& head_office) {
  return write(encode_payload({.kind = BulletinKind::kRevoke, .till = till, .epoch = epoch}),
               head_office);
}

Result<Bytes> Roster::name_log_key(const PublicKey& key, const PrivateKey& head_office) {
  if (!is_valid(key)) return fail(Errc::kMalformed, key.hex() + " is no Ed25519 public key");
  return write(encode_payload({.kind = BulletinKind::kLogKey, .key = key}), head_office);
}

Result<Bytes> Roster::name_sealing_key(const SealingPublicKey& key, const PrivateKey& head_office) {
  return write(encode_payload({.kind = BulletinKind::kSealingKey, .sealing_key = key}),
               head_office);
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

Result<Message> Roster::take(ByteView bulletin, const PublicKey& head_office) {
  TRY_ASSIGN(const Message message, parse_message(bulletin));
  const Header& header = message.header;
  if (header.content_type != ContentType::kBulletin) {
    return fail(Errc::kMalformed, "this message is no bulletin");
  }
  if (header.kid != derive_kid(origin_, head_office)) {
    return fail(Errc::kUnknownKey,
                "the sender is not this head office, or the origin is not '" + origin_ + "'");
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
    TRY(check_proof({origin_, b.till, b.key, b.sealing_key, b.proof}));
    latest_epoch_[b.till] = b.epoch;
    by_kid_.emplace(kid, Enrolment{b.till, b.epoch, b.key, id, false, b.sealing_key, sealing_key_});
  } else if (b.kind == BulletinKind::kRevoke) {
    Enrolment* enrolment = find_epoch(b.till, b.epoch);
    const std::string name = "till " + to_string(b.till) + ", epoch " + to_string(b.epoch);
    if (enrolment == nullptr) return fail(Errc::kNotFound, name + ": was never enrolled");
    if (enrolment->revoked) return fail(Errc::kState, name + ": is revoked already");
    enrolment->revoked = true;
  } else if (b.kind == BulletinKind::kLogKey) {
    log_key_ = b.key;
  } else {
    sealing_key_ = b.sealing_key;
  }
  last_sequence_ = header.sequence;
  last_id_ = id;
  return message;
}

}  // namespace core::envelope
