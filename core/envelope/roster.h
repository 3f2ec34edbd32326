// Roster: which keys head office enrolled, revoked or named, as its own chain of signed bulletins.
// Must not know summaries: the relay reads it too. Format: docs/formats/roster.md.
#pragma once

#include <map>
#include <optional>
#include <string>
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

// One enrolment: from now on `key` speaks for this till in this epoch, and for nobody else.
struct Enrolment {
  TillRef till;
  Epoch epoch;
  PublicKey key;
  MessageId entry;       // id of the bulletin that says so: `prev` of the till's first message
  bool revoked = false;  // head office took the key back: the relay accepts nothing new from it
  // The till's, and head office's that it seals to for the whole epoch; none: it sends in clear.
  SealingPublicKey sealing_key{};
  std::optional<SealingPublicKey> seals_to{};
  // Opens what the till seals: there only where head office's private keys are.
  std::optional<SealingKey> opener{};
};

// The enrolled keys of one log. Value type; built from bulletins only.
class Roster {
 public:
  // Reads a CBOR sequence of bulletins (a roster file's content), oldest first, and checks each:
  // sender, sequence, prev, epochs that rise, keys that are new and proven. `head_office` must have
  // signed the last one, which vouches for those before it.
  // Errors: kMalformed, kBadSignature, kUnknownKey (another sender), each with the entry's number.
  static Result<Roster> read(ByteView file, std::string_view origin, const PublicKey& head_office);

  // nullptr when the key is not on the roster.
  const Enrolment* find(const Kid& kid) const;
  const std::map<Kid, Enrolment>& enrolments() const { return by_kid_; }
  const std::string& origin() const { return origin_; }
  // Latest epoch of a till, 0 when it was never enrolled.
  Epoch latest_epoch(TillRef till) const;
  // The key that signs the log's checkpoints, if head office has named one.
  const std::optional<PublicKey>& log_key() const { return log_key_; }

  // Head office's key that the next epochs seal to, if it has named one.
  const std::optional<SealingPublicKey>& sealing_key() const { return sealing_key_; }

  // What both ends make the key of a till's epoch from; nullopt when the till sends in clear.
  // Owner: the roster must outlive it.
  std::optional<SealingContext> sealing_context(const Enrolment& enrolment) const;
  // Shape: a kid that find() knows (CORE_CHECK).
  void set_opener(const Kid& kid, const SealingKey& opener);

  // Makes the next bulletin, to be appended to the file by the caller, and takes it up.
  // Errors: kExists (the key is enrolled already), kMalformed (store or till 0, no such key, for
  // another log), kBadSignature (the request's proof).
  Result<Bytes> enrol(const EnrolRequest& request, const PrivateKey& head_office);
  // As enrol(), for the key of a till's epoch. Errors: kNotFound, kState (revoked already).
  Result<Bytes> revoke(TillRef till, Epoch epoch, const PrivateKey& head_office);
  // As enrol(), for the key that signs the log's checkpoints from now on. Errors: kMalformed.
  Result<Bytes> name_log_key(const PublicKey& key, const PrivateKey& head_office);
  // As enrol(), for the key that tills seal to in the epochs that are opened from now on.
  Result<Bytes> name_sealing_key(const SealingPublicKey& key, const PrivateKey& head_office);

 private:
  // Everything but the signature.
  Result<Message> take(ByteView bulletin, const PublicKey& head_office);
  Result<Bytes> write(ByteView payload, const PrivateKey& head_office);
  Enrolment* find_epoch(TillRef till, Epoch epoch);

  std::string origin_;
  Sequence last_sequence_;
  MessageId last_id_;  // zero before the first entry
  std::map<Kid, Enrolment> by_kid_;
  std::map<TillRef, Epoch> latest_epoch_;
  std::optional<PublicKey> log_key_;
  std::optional<SealingPublicKey> sealing_key_;
};

}  // namespace core::envelope
