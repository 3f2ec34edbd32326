// Audit: what the audit log can tell, and how its rows are chained.
// Must not know the journal's tables. Format: docs/formats/journal.md, "Audit log".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/message.h"

namespace till {

// The closed list of events; a number that was given is never given again.
enum class AuditEvent : std::uint8_t {
  kOperatorMade = 1,
  kOperatorChanged = 2,
  kPinTried = 3,  // written before the PIN is looked at; what follows says how it ended
  kPinFailed = 4,
  kOperatorLocked = 5,
  kOperatorUnlocked = 6,
  kSignedOn = 7,
  kSignedOff = 8,
  kApproved = 9,  // gave the PIN for what another operator does next
  kClockedIn = 10,
  kClockedOut = 11,
  kJoined = 12,
  kRekeyed = 13,  // written before the journal gets its new key
  kCatalogReplaced = 14,
  kBackupChanged = 15,  // where backups go
  kDayOpened = 16,
  kDayClosed = 17,
  kLineVoided = 18,      // taken off a receipt that was not paid yet
  kReceiptAborted = 19,  // given up before it was paid
  kPriceOverridden = 20,
  kClockJumped = 21,
  kSettingChanged = 22,
  kOpeningSealed = 23,  // after its day was opened: what was delivered is known, or too late
  kProductMinted = 24,
  kNoticeTaken = 25,  // what head office told is in force
  kKeyAsked = 26,     // the next key was made, and openings ask for it
  kKeyTaken = 27,     // it speaks from here on, in the next epoch
};
inline constexpr std::size_t kAuditEventCount = 27;

// "operator-made".
std::string_view audit_event_name(AuditEvent event);
// nullopt: no such event.
std::optional<AuditEvent> audit_event_of(std::int64_t number);

// What an operation tells. Shape: UTF-8, at most kAuditTextBytesMax bytes each.
struct AuditNote {
  AuditEvent event = AuditEvent::kSettingChanged;
  std::string subject;  // what it is about: "operator 3", "4/1-invoice-000017"
  std::string before;
  std::string after;
  std::int64_t time_ms = 0;  // evidence only
};
inline constexpr std::size_t kAuditTextBytesMax = 4096;

struct AuditRow {
  std::uint64_t position = 0;  // from 1, without gaps
  core::OperatorId operator_id;
  core::OperatorId approved_by;
  std::string device;
  AuditNote note;
  core::envelope::Hash chain;  // over this row and every one before
};

// Where the log ends: kept in a row of its own, so that a tail that was cut off is missed.
struct AuditHead {
  std::uint64_t rows = 0;
  core::envelope::Hash chain;
};

// The chain before the first row.
core::envelope::Hash first_audit_chain(const core::envelope::PublicKey& till);
// The chain after `row`, whose own `chain` does not count.
core::envelope::Hash next_audit_chain(const core::envelope::Hash& before, const AuditRow& row);

// Errors: kMalformed (longer than it may be, or no UTF-8).
core::Result<void> check_note(const AuditNote& note);

}  // namespace till
