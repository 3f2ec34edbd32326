// RosterBulletin: what an entry of the roster says, and its one encoding. Private to the room.
// Must not know who signed it, or what came before. Format: docs/formats/roster.md, "Roster".
#pragma once

#include <optional>

#include "core/base/bytes.h"
#include "core/envelope/roster.h"

namespace core::envelope {

enum class BulletinKind : std::uint64_t {
  kEnrol = 1,       // {0: 1, 1: store, 2: till, 3: epoch, 4: key, 5: sealing key, 6: proof}
  kRevoke = 2,      // {0: 2, 1: store, 2: till, 3: epoch, ? 7: [sequence, id]}
  kLogKey = 3,      // {0: 3, 4: key}
  kSealingKey = 4,  // {0: 4, 5: sealing key}
  kSettle = 6,      // {0: 6, 1: store, 2: till, 3: epoch, 7: [sequence, id]}
  kRetire = 7,      // {0: 7, 1: store, 2: till, 3: epoch, 7: [sequence, id]}
};

struct RosterBulletin {
  BulletinKind kind = BulletinKind::kEnrol;
  TillRef till{};
  Epoch epoch{};
  PublicKey key{};
  SealingPublicKey sealing_key{};
  Signature proof{};
  std::optional<ChainPlace> place{};
  std::optional<MessageId> link{};  // 8: the entry before; none: it is the message's prev
};

// Whether it has a till and an epoch.
bool is_about_a_till(const RosterBulletin& b);

Bytes encode_roster_bulletin(const RosterBulletin& b);
// Accepts what encode_roster_bulletin() makes and nothing else. Errors: kMalformed.
Result<RosterBulletin> decode_roster_bulletin(ByteView payload);

// The entry that a bulletin goes on from. Errors: kMalformed (two forms of one link).
Result<MessageId> link_of(const RosterBulletin& b, const Header& header);

}  // namespace core::envelope
