// Facts: what a replay knows of one message, whether it was just read or is in the books.
// Must not know SQLite. The verdict over all facts: resolve.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "ledger-rebuild/posting_rules.h"
#include "ledger-rebuild/state.h"

namespace rebuild {

using core::envelope::Hash;
using core::envelope::Kid;
using core::envelope::MessageId;

// Numbers are stored in books.db.
enum class SignatureState : std::uint8_t { kUnchecked = 0, kValid = 1, kBad = 2 };

// The part that decides what becomes of the messages.
struct MessageFacts {
  MessageId id;
  Kid kid;
  core::Epoch epoch;
  core::Sequence sequence;
  MessageId prev;
  Hash content;  // equal for copies that differ in nothing but the signature
  core::envelope::Signature signature;
  SignatureState signature_state = SignatureState::kUnchecked;
  Reason payload_fault = Reason::kNone;  // what an authentic message would be quarantined for
};

// The verdict over a message, given all others.
struct Verdict {
  State state = State::kQuarantined;
  Reason reason = Reason::kNone;
  std::string detail;
  bool operator==(const Verdict&) const = default;
};

// Where the books have a message already.
enum class Kept : std::uint8_t {
  kNowhere = 0,
  kQuarantine = 1,  // only there: it is not authentic
  kMessages = 2,    // in its chain; in quarantine, too, when it could not be posted
};

// One message during a replay, without what it posts.
struct ItemFacts {
  MessageFacts facts;
  // The key's, also when it is for another epoch; nullptr: the key is not on the roster.
  const core::envelope::Enrolment* enrolment = nullptr;
  std::int64_t chain = 0;  // of the key; 0: it is not on the roster
  core::LogIndex index;    // where it was first seen
  Kept kept = Kept::kNowhere;
  Verdict before;  // in the books
  // Empty when it is posted: then nothing has to be read from it again.
  core::ByteView bytes;
  core::ByteView protected_header;
  core::ByteView payload;
  core::envelope::ContentType content_type = core::envelope::ContentType::kSummary;
  std::optional<core::envelope::TreeHead> tree_head{};  // of a message just read, if it has one
  std::string detail;                                   // of payload_fault

  // Of its row in the books.
  std::int64_t number() const { return static_cast<std::int64_t>(index.value); }
};

struct Item : ItemFacts {
  Entry entry;  // when bytes are there and payload_fault is kNone
};

// The receipts that it gave money back for, in ascending order; the till's own are named, too.
// Shape: the key is on the roster.
std::map<core::retail::ReceiptKey, std::int64_t> refunded_receipts(const Item& item);

// Whether the key is enrolled for the epoch that the message names.
inline bool is_enrolled(const Item& item) {
  return item.enrolment != nullptr && item.enrolment->epoch == item.facts.epoch;
}

// An entry of the log that is no message.
struct NoMessage {
  core::LogIndex index;
  MessageId id;
  core::ByteView bytes;
  std::string detail;
};

}  // namespace rebuild
