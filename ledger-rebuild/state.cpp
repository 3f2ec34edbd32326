// Stable words of states, reasons and kinds.
#include "ledger-rebuild/state.h"

namespace rebuild {

std::string_view state_text(State state) {
  switch (state) {
    case State::kProven:
      return "proven";
    case State::kUnproven:
      return "unproven";
    case State::kContradicted:
      return "contradicted";
    case State::kCopy:
      return "copy";
    case State::kQuarantined:
      return "quarantined";
    case State::kEvidence:
      return "evidence";
    case State::kRevoked:
      return "revoked";
  }
  return "unknown";
}

std::string_view reason_text(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "none";
    case Reason::kMalformedMessage:
      return "malformed-message";
    case Reason::kUnknownKey:
      return "unknown-key";
    case Reason::kWrongEpoch:
      return "wrong-epoch";
    case Reason::kForged:
      return "forged";
    case Reason::kAltered:
      return "altered";
    case Reason::kReplayed:
      return "replayed";
    case Reason::kMalformedPayload:
      return "malformed-payload";
    case Reason::kUnbalanced:
      return "unbalanced";
    case Reason::kOutOfRange:
      return "out-of-range";
    case Reason::kNotOpened:
      return "not-opened";
  }
  return "unknown";
}

std::string_view kind_text(Kind kind) {
  switch (kind) {
    case Kind::kNone:
      return "none";
    case Kind::kOpening:
      return "opening";
    case Kind::kClosing:
      return "closing";
    case Kind::kPeriodClose:
      return "period-close";
    case Kind::kRosterEntry:
      return "roster-entry";
    case Kind::kProductMerge:
      return "product-merge";
    case Kind::kProductSplit:
      return "product-split";
    case Kind::kProductUndo:
      return "product-undo";
  }
  return "unknown";
}

}  // namespace rebuild
