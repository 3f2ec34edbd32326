// Admission: which messages may enter a tenant's log: only those of keys that head office enrolled
// and did not revoke, with a signature that is theirs.
// Must not know sockets or files. Rules: docs/formats/relay-http.md, "Admission".
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "core/envelope/roster.h"
#include "relay/metrics.h"
#include "relay/split_body.h"

namespace relay {

struct AdmissionLimits {
  std::uint32_t messages_per_key_and_minute = 600;
};

// Who may write and who may read. Immutable: a new roster is a new object.
struct Members {
  core::envelope::Kid head_office_kid;
  core::envelope::PublicKey head_office;
  core::envelope::Roster roster;

  // Of the root, or of head office's key of every day, which may read; nullptr: of somebody else.
  const core::envelope::PublicKey* office_key(const core::envelope::Kid& kid) const;
  // Of head office's key of every day, whichever is or was it, if it may stand at this place of its
  // chain: what it signs there goes to the tills. nullptr: of another, or revoked before.
  const core::envelope::PublicKey* notice_key(const core::envelope::Kid& kid,
                                              core::Sequence sequence) const;
  // Of an enrolled sender that was not revoked; nullptr: of nobody.
  const core::envelope::PublicKey* till_key(const core::envelope::Kid& kid) const;
};

// Thread: any.
class Admission {
 public:
  // No members: every message of valid form is admitted.
  Admission(std::shared_ptr<const Members> members, AdmissionLimits limits, Metrics& metrics);

  void replace(std::shared_ptr<const Members> members);
  std::shared_ptr<const Members> members() const;

  enum class Verdict {
    kDone,     // the item may go on; or it has its refusal now
    kTooMany,  // the key has sent more than it may in this minute: the whole request must wait
  };
  // Judges a message of valid form that is not in the log yet; cheapest test first.
  Verdict judge(Item& item, std::int64_t now_s);

 private:
  bool spend(const core::envelope::Kid& kid, std::int64_t now_s);

  AdmissionLimits limits_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Members> members_;  // guarded by mutex_
  std::mutex spent_mutex_;
  std::int64_t minute_ = 0;  // guarded by spent_mutex_
  // Messages of this minute; keys of the roster only, so it is never longer. Guarded likewise.
  std::unordered_map<core::envelope::Kid, std::uint32_t, core::FixedBytesHash> spent_;
};

}  // namespace relay
