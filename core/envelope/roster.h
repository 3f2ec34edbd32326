// Roster: which keys head office enrolled, revoked or named, as its own chain of signed bulletins.
// Must not know summaries: the relay reads it too. Format: docs/formats/roster.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/enrol_request.h"
#include "core/envelope/keys.h"
#include "core/envelope/message.h"
#include "core/envelope/sealing.h"

namespace core::envelope {

// The sender that head office itself is, with a key for its decisions of every day: the one that
// signs the roster can lie in a safe.
inline constexpr TillRef kHeadOffice{};
// As which the root's own messages are kept: it is on no roster, and needs none.
inline constexpr TillRef kRoot{StoreId{0}, TillId{1}};
inline bool is_head_office(TillRef sender) {
  return sender == kHeadOffice || sender == kRoot;
}

// A place in a key's chain, and the message that stands there.
struct ChainPlace {
  Sequence sequence;
  MessageId id;
  bool operator==(const ChainPlace&) const = default;
};

// One enrolment: from now on `key` speaks for this till in this epoch, and for nobody else.
struct Enrolment {
  TillRef till;
  Epoch epoch;
  PublicKey key;
  MessageId entry;  // id of the bulletin that says so: `prev` of the till's first message
  // Head office took the key back: nothing behind sequence `last` is good, and what is not behind
  // it stays good, whenever it arrives.
  bool revoked = false;
  Sequence last{};
  // It ended because its till has another that it asked for: nobody took it.
  bool retired = false;
  // Messages that head office named as the right ones of their places, oldest decision first: they
  // stand with all that they name before them, and another content for one of these places is not.
  std::vector<ChainPlace> stands{};
  // The till's, and head office's that it seals to for the whole epoch; none: it sends in clear.
  SealingPublicKey sealing_key{};
  std::optional<SealingPublicKey> seals_to{};
  // Opens what the till seals: there only where head office's private keys are.
  std::optional<SealingKey> opener{};

  // Whether a message may stand at this place of the chain.
  bool allows(Sequence sequence) const;
};

// Who signs a roster entry, and where the entry stands in the signer's own chain.
class RosterSigner {
 public:
  // The root: the roster knows its place.
  RosterSigner(const PrivateKey& root) : key_(root) {}  // NOLINT(google-explicit-constructor)
  // Head office's key of every day, the sender 0/0, whose chain has other bulletins, too.
  RosterSigner(const PrivateKey& office, ChainPlace last) : key_(office), last_(last) {}

  const PrivateKey& key() const { return key_; }
  // The message before, in the chain of the key of every day. 0 and its enrolment at first.
  const std::optional<ChainPlace>& last() const { return last_; }
  // What it signed goes before what it signs next.
  void signed_entry(ByteView message);

 private:
  PrivateKey key_;
  std::optional<ChainPlace> last_;
};

struct RosterBulletin;  // what an entry says: roster_bulletin.h

// The enrolled keys of one log. Value type; built from bulletins only.
class Roster {
 public:
  // Reads a CBOR sequence of bulletins (a roster file's content), oldest first, and checks each:
  // signer, place, link to the entry before, epochs that rise, keys that are new and proven. The
  // last entry of each signer must have its signature, which vouches for those before it.
  // Errors: kMalformed, kBadSignature, kUnknownKey (another sender), each with the entry's number.
  static Result<Roster> read(ByteView file, std::string_view origin, const PublicKey& root);

  // Whether a bulletin's payload is a roster entry's by its form, whoever signed it.
  static bool is_entry(ByteView payload);

  // nullptr when the key is not on the roster.
  const Enrolment* find(const Kid& kid) const;
  const std::map<Kid, Enrolment>& enrolments() const { return by_kid_; }
  const std::string& origin() const { return origin_; }
  const PublicKey& root() const { return root_; }
  // Latest epoch of a till, 0 when it was never enrolled.
  Epoch latest_epoch(TillRef till) const;
  // The root as a sender: kRoot, epoch 1, with a first message that names nothing before it.
  const Enrolment& root_as_sender() const { return root_as_sender_; }
  // nullptr: it was never enrolled.
  const Enrolment* find(TillRef till, Epoch epoch) const;
  // Head office's key of every day; nullptr: there is none, or it was revoked.
  const Enrolment* office() const;
  // The place of its last entry here; 0: it has none.
  Sequence office_last() const { return office_last_; }
  // The key that signs the log's checkpoints, if head office has named one.
  const std::optional<PublicKey>& log_key() const { return log_key_; }

  // Head office's key that the next epochs seal to, if it has named one.
  const std::optional<SealingPublicKey>& sealing_key() const { return sealing_key_; }

  // What both ends make the key of a till's epoch from; nullopt when the till sends in clear.
  // Owner: the roster must outlive it.
  std::optional<SealingContext> sealing_context(const Enrolment& enrolment) const;
  // Shape: a kid that find() knows (CORE_CHECK).
  void set_opener(const Kid& kid, const SealingKey& opener);

  bool has(const MessageId& entry) const { return entries_.contains(entry); }
  // Takes up an entry that goes on from the last one, with its own signature. Errors: those of
  // read(), without a number; after any of them nothing has changed.
  Result<void> add(ByteView entry);

  // Makes the next bulletin, to be appended to the file by the caller, and takes it up.
  // Errors: kExists (the key is enrolled already), kMalformed (store or till 0, no such key, for
  // another log), kBadSignature (the request's proof); of all: kState (the signer may not say it).
  Result<Bytes> enrol(const EnrolRequest& request, const RosterSigner& signer);
  // As enrol(), for the key of a till's epoch: what `last` names and all before it stands, and
  // nothing else; none: nothing at all. Errors: kNotFound, kState (revoked already).
  Result<Bytes> revoke(TillRef till, Epoch epoch, const std::optional<ChainPlace>& last,
                       const RosterSigner& signer);
  // As revoke(), of a key whose till has its next one and speaks with it. Errors: also kState
  // (there is no later one).
  Result<Bytes> retire(TillRef till, Epoch epoch, const ChainPlace& last,
                       const RosterSigner& signer);
  // As revoke(), of a key that goes on: which of two contents for one place is the right one.
  Result<Bytes> settle(TillRef till, Epoch epoch, const ChainPlace& stands,
                       const RosterSigner& signer);
  // As enrol(), for the key that signs the log's checkpoints from now on. Errors: kMalformed.
  Result<Bytes> name_log_key(const PublicKey& key, const RosterSigner& signer);
  // As enrol(), for the key that tills seal to in the epochs that are opened from now on.
  Result<Bytes> name_sealing_key(const SealingPublicKey& key, const RosterSigner& signer);

 private:
  // Everything but the signature.
  Result<Message> take(ByteView entry);
  Result<void> take_enrolment(const RosterBulletin& b, const MessageId& id);
  Result<void> take_verdict(const RosterBulletin& b);
  Result<Bytes> write(RosterBulletin bulletin, const RosterSigner& signer);
  // Who signed it, if that is one who may. nullptr: nobody.
  const PublicKey* signer_of(const Kid& kid) const;
  Result<void> check_place(const Header& header) const;

  std::string origin_;
  PublicKey root_;
  Enrolment root_as_sender_;
  ChainPlace root_last_;       // 0 and zeros before the root's first entry
  std::optional<Kid> office_;  // the key of every day that is in force
  Sequence office_last_;       // of its last entry here
  MessageId last_id_;          // of the last entry, whoever signed it; zeros: none
  std::unordered_set<MessageId, FixedBytesHash> entries_;
  std::map<Kid, Enrolment> by_kid_;
  std::map<TillRef, std::vector<Kid>> by_till_;  // epoch n at n - 1
  std::optional<PublicKey> log_key_;
  std::optional<SealingPublicKey> sealing_key_;
};

// A roster and the entries that it was read from.
struct RosterFile {
  Bytes bytes;
  Roster roster;
};

// Adds an entry that comes from the log. One of the root goes on from whatever it names, and what
// the key of every day said behind that is dropped. Errors: those of Roster::read; kState (it does
// not go on from the last one), kExists (it is there); after any of them nothing has changed.
Result<void> extend_roster(RosterFile& file, ByteView entry);

}  // namespace core::envelope
