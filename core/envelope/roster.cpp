// Roster: head office's chain of bulletins. Format: docs/formats/roster.md.
#include "core/envelope/roster.h"

#include <algorithm>

#include "core/envelope/roster_bulletin.h"

namespace core::envelope {

namespace {

constexpr Epoch kRootEpoch{1};

std::string name_of(TillRef till, Epoch epoch) {
  return (till == kHeadOffice ? std::string("head office's own key") : "till " + to_string(till)) +
         ", epoch " + to_string(epoch);
}

// Calls with each entry of a file and where it starts. Errors: of the call, with the place.
template <typename Call>
Result<void> for_entries(ByteView file, const Call& call) {
  std::size_t offset = 0;
  for (std::size_t number = 1; offset < file.size(); ++number) {
    const auto where = [&](const Error& e) {
      return fail(e.code, "roster entry " + std::to_string(number) + " at byte " +
                              std::to_string(offset) + ": " + e.what);
    };
    const auto size = first_item_size(file.subspan(offset));
    if (!size) return where(size.error());
    const Result<void> called = call(file.subspan(offset, *size));
    if (!called) return where(called.error());
    offset += *size;
  }
  return {};
}

}  // namespace

void RosterSigner::signed_entry(ByteView message) {
  if (last_) last_ = {Sequence{last_->sequence.value + 1}, message_id(message)};
}

bool Enrolment::allows(Sequence sequence) const {
  return !revoked || sequence <= last;
}

Result<Roster> Roster::read(ByteView file, std::string_view origin, const PublicKey& root) {
  Roster roster;
  roster.origin_ = origin;
  roster.root_ = root;
  roster.root_as_sender_ = Enrolment{.till = kRoot, .epoch = kRootEpoch, .key = root, .entry = {}};
  std::map<Kid, Message> last_of;  // its signature vouches for what the same key signed before
  TRY(for_entries(file, [&](ByteView entry) -> Result<void> {
    TRY_ASSIGN(const Message message, roster.take(entry));
    last_of.insert_or_assign(message.header.kid, message);
    return {};
  }));
  for (const auto& [kid, message] : last_of) {
    if (verify_message(message, *roster.signer_of(kid))) continue;
    return fail(Errc::kBadSignature, "roster: the last entry of key " + kid.hex() +
                                         ", head office's: the signature does not verify");
  }
  return roster;
}

bool Roster::is_entry(ByteView payload) {
  return decode_roster_bulletin(payload).has_value();
}

const Enrolment* Roster::find(const Kid& kid) const {
  const auto it = by_kid_.find(kid);
  return it == by_kid_.end() ? nullptr : &it->second;
}

Epoch Roster::latest_epoch(TillRef till) const {
  const auto it = by_till_.find(till);
  return Epoch{it == by_till_.end() ? 0 : static_cast<Epoch::rep>(it->second.size())};
}

const Enrolment* Roster::find(TillRef till, Epoch epoch) const {
  const auto it = by_till_.find(till);
  if (it == by_till_.end() || epoch.value == 0 || epoch.value > it->second.size()) return nullptr;
  return find(it->second[epoch.value - 1]);
}

const Enrolment* Roster::office() const {
  return office_ ? find(*office_) : nullptr;
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

Result<Bytes> Roster::enrol(const EnrolRequest& request, const RosterSigner& signer) {
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
  return write({.kind = BulletinKind::kEnrol,
                .till = request.till,
                .epoch = epoch,
                .key = request.key,
                .sealing_key = request.sealing_key,
                .proof = request.proof},
               signer);
}

Result<Bytes> Roster::revoke(TillRef till, Epoch epoch, const std::optional<ChainPlace>& last,
                             const RosterSigner& signer) {
  return write({.kind = BulletinKind::kRevoke, .till = till, .epoch = epoch, .place = last},
               signer);
}

Result<Bytes> Roster::retire(TillRef till, Epoch epoch, const ChainPlace& last,
                             const RosterSigner& signer) {
  return write({.kind = BulletinKind::kRetire, .till = till, .epoch = epoch, .place = last},
               signer);
}

Result<Bytes> Roster::settle(TillRef till, Epoch epoch, const ChainPlace& stands,
                             const RosterSigner& signer) {
  return write({.kind = BulletinKind::kSettle, .till = till, .epoch = epoch, .place = stands},
               signer);
}

Result<Bytes> Roster::name_log_key(const PublicKey& key, const RosterSigner& signer) {
  if (!is_valid(key)) return fail(Errc::kMalformed, key.hex() + " is no Ed25519 public key");
  return write({.kind = BulletinKind::kLogKey, .key = key}, signer);
}

Result<Bytes> Roster::name_sealing_key(const SealingPublicKey& key, const RosterSigner& signer) {
  return write({.kind = BulletinKind::kSealingKey, .sealing_key = key}, signer);
}

// Signs the next bulletin and takes it up.
Result<Bytes> Roster::write(RosterBulletin bulletin, const RosterSigner& signer) {
  const bool is_root = !signer.last();
  const Enrolment* own = office();
  Header header;
  header.content_type = ContentType::kBulletin;
  header.kid = derive_kid(origin_, signer.key().public_key());
  header.epoch = is_root || own == nullptr ? kRootEpoch : own->epoch;
  const ChainPlace last = signer.last().value_or(root_last_);
  header.sequence = Sequence{last.sequence.value + 1};
  header.prev = last.id;
  if (last_id_ != header.prev) bulletin.link = last_id_;
  TRY_ASSIGN(Bytes message, sign_message(header, encode_roster_bulletin(bulletin), signer.key()));
  TRY(take(message));
  return message;
}

const PublicKey* Roster::signer_of(const Kid& kid) const {
  if (kid == derive_kid(origin_, root_)) return &root_;
  const Enrolment* enrolment = find(kid);
  return enrolment != nullptr && enrolment->till == kHeadOffice ? &enrolment->key : nullptr;
}

// In the signer's own chain; of the key of every day only a part of it is here.
Result<void> Roster::check_place(const Header& header) const {
  const bool is_root = header.kid == derive_kid(origin_, root_);
  if (!is_root && header.kid != office_) {
    return fail(Errc::kUnknownKey,
                "the sender is not this head office, or the origin is not '" + origin_ + "'");
  }
  const bool follows = is_root
                           ? header.epoch == kRootEpoch &&
                                 header.sequence.value == root_last_.sequence.value + 1 &&
                                 header.prev == root_last_.id
                           : header.epoch == office()->epoch && header.sequence > office_last_ &&
                                 (header.sequence.value > 1 || header.prev == office()->entry);
  if (!follows) return fail(Errc::kMalformed, "the entry does not follow its signer's one before");
  return {};
}

Result<void> Roster::take_enrolment(const RosterBulletin& b, const MessageId& id) {
  const Kid kid = derive_kid(origin_, b.key);
  if (by_kid_.contains(kid)) return fail(Errc::kExists, "the key was enrolled before");
  if (b.epoch.value != latest_epoch(b.till).value + 1) {
    return fail(Errc::kMalformed, "the epoch of till " + to_string(b.till) + " is not the next");
  }
  if (b.till == kHeadOffice && office_) {
    return fail(Errc::kState,
                "head office's key of every day is to be revoked before it gets "
                "another one");
  }
  TRY(check_proof({origin_, b.till, b.key, b.sealing_key, b.proof}));
  by_till_[b.till].push_back(kid);
  by_kid_.emplace(kid, Enrolment{.till = b.till,
                                 .epoch = b.epoch,
                                 .key = b.key,
                                 .entry = id,
                                 .sealing_key = b.sealing_key,
                                 .seals_to = sealing_key_});
  if (b.till == kHeadOffice) {
    office_ = kid;
    office_last_ = Sequence{0};
  }
  return {};
}

Result<void> Roster::take_verdict(const RosterBulletin& b) {
  if (find(b.till, b.epoch) == nullptr) {
    return fail(Errc::kNotFound, name_of(b.till, b.epoch) + ": was never enrolled");
  }
  const Kid kid = by_till_.at(b.till)[b.epoch.value - 1];
  Enrolment& enrolment = by_kid_.at(kid);
  // What is learnt of a key after it ended well may still take it back.
  const bool is_later_word = enrolment.retired && b.kind == BulletinKind::kRevoke;
  if (enrolment.revoked && !is_later_word) {
    return fail(Errc::kState, name_of(b.till, b.epoch) + ": is revoked already");
  }
  if (b.kind == BulletinKind::kRetire && b.epoch == latest_epoch(b.till)) {
    return fail(Errc::kState, name_of(b.till, b.epoch) + ": has no successor");
  }
  if (b.kind == BulletinKind::kRevoke || b.kind == BulletinKind::kRetire) {
    const Sequence last = b.place ? b.place->sequence : Sequence{0};
    enrolment.last = enrolment.revoked ? std::min(enrolment.last, last) : last;
    enrolment.revoked = true;
    enrolment.retired = b.kind == BulletinKind::kRetire;
    std::erase_if(enrolment.stands,
                  [&](const ChainPlace& place) { return !enrolment.allows(place.sequence); });
    if (kid == office_) office_.reset();
  }
  if (b.place) enrolment.stands.push_back(*b.place);
  return {};
}

Result<Message> Roster::take(ByteView entry) {
  TRY_ASSIGN(const Message message, parse_message(entry));
  const Header& header = message.header;
  if (header.content_type != ContentType::kBulletin) {
    return fail(Errc::kMalformed, "this message is no bulletin");
  }
  TRY(check_place(header));
  TRY_ASSIGN(const RosterBulletin b, decode_roster_bulletin(message.payload));
  TRY_ASSIGN(const MessageId link, link_of(b, header));
  if (link != last_id_) {
    return fail(Errc::kMalformed, "the entry does not follow the one before it");
  }
  const bool is_root = header.kid == derive_kid(origin_, root_);
  if (is_about_a_till(b) && b.till == kHeadOffice && !is_root) {
    return fail(Errc::kState, "of head office's own key only the root decides");
  }
  const MessageId id = message_id(entry);
  if (b.kind == BulletinKind::kEnrol) {
    TRY(take_enrolment(b, id));
  } else if (b.kind == BulletinKind::kLogKey) {
    log_key_ = b.key;
  } else if (b.kind == BulletinKind::kSealingKey) {
    sealing_key_ = b.sealing_key;
  } else {
    TRY(take_verdict(b));
  }
  if (is_root) {
    root_last_ = {header.sequence, id};
  } else {
    office_last_ = header.sequence;
  }
  last_id_ = id;
  entries_.insert(id);
  return message;
}

Result<void> Roster::add(ByteView entry) {
  TRY_ASSIGN(const Message message, parse_message(entry));
  const PublicKey* signer = signer_of(message.header.kid);
  if (signer == nullptr) return fail(Errc::kUnknownKey, "the sender is not this head office");
  if (!verify_message(message, *signer)) {
    return fail(Errc::kBadSignature, "head office's signature does not verify");
  }
  TRY(take(entry));
  return {};
}

namespace {

// The entries up to the one that `entry`, of the root, goes on from, if all behind that are of
// keys that the root may take back. Errors: kState.
Result<Bytes> entries_before(const RosterFile& file, ByteView entry) {
  TRY_ASSIGN(const Message message, parse_message(entry));
  TRY_ASSIGN(const RosterBulletin b, decode_roster_bulletin(message.payload));
  TRY_ASSIGN(const MessageId link, link_of(b, message.header));
  const Kid root = derive_kid(file.roster.origin(), file.roster.root());
  Bytes kept;
  bool found = link == MessageId{};
  bool may = message.header.kid == root;
  TRY(for_entries(file.bytes, [&](ByteView old) -> Result<void> {
    if (found) {
      TRY_ASSIGN(const Message dropped, parse_message(old));
      may = may && dropped.header.kid != root;
      return {};
    }
    append(kept, old);
    found = message_id(old) == link;
    return {};
  }));
  if (found && may) return kept;
  return fail(Errc::kState, "the entry does not go on from the roster's last one");
}

}  // namespace

Result<void> extend_roster(RosterFile& file, ByteView entry) {
  if (file.roster.has(message_id(entry))) {
    return fail(Errc::kExists, "the roster has this entry");
  }
  if (file.roster.add(entry)) {
    append(file.bytes, entry);
    return {};
  }
  TRY_ASSIGN(Bytes bytes, entries_before(file, entry));
  append(bytes, entry);
  TRY_ASSIGN(file.roster, Roster::read(bytes, file.roster.origin(), file.roster.root()));
  file.bytes = std::move(bytes);
  return {};
}

}  // namespace core::envelope
