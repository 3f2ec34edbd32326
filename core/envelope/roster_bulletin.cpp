// RosterBulletin: the one encoding of each kind.
#include "core/envelope/roster_bulletin.h"

#include <limits>

#include "core/envelope/cbor.h"

namespace core::envelope {
namespace {

// Which fields a kind always has, besides its place.
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

// None: no roster entry.
std::optional<Fields> fields_of(std::uint64_t kind) {
  switch (static_cast<BulletinKind>(kind)) {
    case BulletinKind::kEnrol:
      return Fields{.till = true, .key = true, .sealing_key = true, .proof = true};
    case BulletinKind::kRevoke:
    case BulletinKind::kSettle:
    case BulletinKind::kRetire:
      return Fields{.till = true};
    case BulletinKind::kLogKey:
      return Fields{.key = true};
    case BulletinKind::kSealingKey:
      return Fields{.sealing_key = true};
  }
  return std::nullopt;
}

}  // namespace

bool is_about_a_till(const RosterBulletin& b) {
  return fields_of(static_cast<std::uint64_t>(b.kind))->till;
}

Bytes encode_roster_bulletin(const RosterBulletin& b) {
  const Fields fields = *fields_of(static_cast<std::uint64_t>(b.kind));
  CborWriter w;
  w.map(fields.count() + (b.place ? 1U : 0U) + (b.link ? 1U : 0U));
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
  if (b.place) {
    w.unsigned_integer(7);
    w.array(2);
    w.unsigned_integer(b.place->sequence.value);
    w.bytes(b.place->id.view());
  }
  if (b.link) {
    w.unsigned_integer(8);
    w.bytes(b.link->view());
  }
  return std::move(w).take();
}

namespace {

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

// The value of field 7.
Result<ChainPlace> read_place(CborReader& r) {
  const std::size_t at = r.offset();
  ChainPlace place;
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 2) return r.refuse(at, "a place is a sequence and an id");
  TRY_ASSIGN(place.sequence.value, r.unsigned_integer());
  if (place.sequence.value == 0 ||
      place.sequence.value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return r.refuse(at, "a sequence is 1 to 2^63-1");
  }
  TRY_ASSIGN(const ByteView id, r.bytes());
  TRY_ASSIGN(place.id, MessageId::from(id));
  return place;
}

// Fields 7 and 8, which not every bulletin has.
Result<void> read_rest(CborReader& r, std::size_t pairs, RosterBulletin& b) {
  const bool needs_place = b.kind == BulletinKind::kSettle || b.kind == BulletinKind::kRetire;
  bool may_have_place = needs_place || b.kind == BulletinKind::kRevoke;
  for (; pairs > 0; --pairs) {
    const std::size_t at = r.offset();
    TRY_ASSIGN(const std::uint64_t label, r.unsigned_integer());
    if (label == 7 && may_have_place) {
      TRY_ASSIGN(b.place, read_place(r));
      may_have_place = false;
    } else if (label == 8 && pairs == 1) {
      TRY_ASSIGN(const ByteView id, r.bytes());
      TRY_ASSIGN(b.link, MessageId::from(id));
    } else {
      return r.refuse(at, "field " + std::to_string(label) + " has no business here");
    }
  }
  if (needs_place && !b.place) return r.refuse(0, "field 7 is missing");
  return r.finish();
}

}  // namespace

Result<RosterBulletin> decode_roster_bulletin(ByteView payload) {
  CborReader r(payload);
  RosterBulletin b;
  TRY_ASSIGN(const std::size_t pairs, r.map());
  TRY(expect_field(r, 0));
  TRY_ASSIGN(const std::uint64_t kind, r.unsigned_integer());
  const auto fields = fields_of(kind);
  if (!fields) return r.refuse(0, "unknown bulletin kind " + std::to_string(kind));
  b.kind = static_cast<BulletinKind>(kind);
  const std::size_t always = fields->count();
  if (pairs < always) return r.refuse(0, "a bulletin with fewer fields than its kind has");
  if (fields->till) {
    TRY_ASSIGN(b.till.store.value, read_number(r, 1));
    TRY_ASSIGN(b.till.till.value, read_number(r, 2));
    TRY_ASSIGN(b.epoch.value, read_number(r, 3));
  }
  if (fields->key) {
    TRY_ASSIGN(b.key, read_bytes<PublicKey>(r, 4));
  }
  if (fields->sealing_key) {
    TRY_ASSIGN(b.sealing_key, read_bytes<SealingPublicKey>(r, 5));
  }
  if (fields->proof) {
    TRY_ASSIGN(b.proof, read_bytes<Signature>(r, 6));
  }
  TRY(read_rest(r, pairs - always, b));
  return b;
}

Result<MessageId> link_of(const RosterBulletin& b, const Header& header) {
  if (b.link && *b.link == header.prev) {
    return fail(Errc::kMalformed, "field 8 repeats prev, and is left out then");
  }
  return b.link.value_or(header.prev);
}

}  // namespace core::envelope
