// State: what the books can say of a message, and why one cannot be posted.
// Must not know how the verdict is reached (resolve.h). Words: docs/glossary.md.
#pragma once

#include <cstdint>
#include <string_view>

namespace rebuild {

// Numbers are stored in books.db: they are never reused.
enum class State : std::uint8_t {
  kProven = 1,        // posted; its chain is complete back to the roster entry
  kUnproven = 2,      // posted; something before it is outstanding
  kContradicted = 3,  // posted and reversed: another content was signed for the same place
  kCopy = 4,          // same content as a posted message, under another signature: posts nothing
  kQuarantined = 5,   // cannot be posted; the reason says why
  kEvidence = 6,      // head office named another content as the right one of its place, or closed
                      // a period with it: posts nothing
  kRevoked = 7,       // posted and reversed: behind the last place that holds of a revoked key
};

// Whether a message in this state has an entry, perhaps a reversed one.
inline bool posts(State state) {
  return state == State::kProven || state == State::kUnproven || state == State::kContradicted ||
         state == State::kRevoked;
}

enum class Reason : std::uint8_t {
  kNone = 0,
  kMalformedMessage = 1,  // no message at all
  kUnknownKey = 2,        // its key is not on the roster
  kWrongEpoch = 3,        // its key was enrolled for another epoch
  kForged = 4,            // the signature is nobody's
  kAltered = 5,           // the signature belongs to another message of the same key
  kReplayed = 6,          // the signature belongs to a message of another key
  kMalformedPayload = 7,  // authentic, but no summary
  kUnbalanced = 8,        // authentic, but its parts do not add up
  kOutOfRange = 9,        // authentic, but a figure is beyond what the books add up
  kNotOpened = 10,        // authentic, but not sealed with its till's key for its place
};

enum class Kind : std::uint8_t {
  kNone = 0,
  kOpening = 1,
  kClosing = 2,
  kPeriodClose = 3,
  kRosterEntry = 4,
  kProductMerge = 5,
  kProductSplit = 6,
  kProductUndo = 7,
};

// Stable words: "proven", "malformed-payload", "opening", "period-close".
std::string_view state_text(State state);
std::string_view reason_text(Reason reason);
std::string_view kind_text(Kind kind);

}  // namespace rebuild
