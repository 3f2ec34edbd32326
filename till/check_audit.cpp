// Check: the audit log's chain and end, the operators that it tells of, and the triggers.
#include "till/check_audit.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/journal/schema.h"

namespace till {

using core::journal::kGuards;
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::sqlite::damaged;

// Walks the log in order, with what it says of each operator and of the days.
class AuditCheck {
 public:
  explicit AuditCheck(Journal& journal)
      : journal_(journal), chain_(first_audit_chain(journal.identity().chain_key)) {}

  Result<void> take(AuditRow&& row) {
    const std::string place = "audit row " + std::to_string(row.position);
    if (row.position != ++position_)
      return damaged(journal_.path(), place + ": a gap is before it");
    chain_ = next_audit_chain(chain_, row);
    if (row.chain != chain_) {
      return damaged(journal_.path(),
                     place + ": it, or one before it, was changed after it was written");
    }
    switch (row.note.event) {
      case AuditEvent::kOperatorMade:
      case AuditEvent::kOperatorChanged:
      case AuditEvent::kPinTried:
      case AuditEvent::kPinFailed:
      case AuditEvent::kOperatorLocked:
      case AuditEvent::kOperatorUnlocked:
      case AuditEvent::kSignedOn:
      case AuditEvent::kSignedOff:
      case AuditEvent::kApproved:
      case AuditEvent::kClockedIn:
      case AuditEvent::kClockedOut: {
        std::string& known = operators_[row.note.subject];
        if (row.note.before != known) {
          return damaged(journal_.path(),
                         place + ": " + row.note.subject + " was not so before it");
        }
        known = std::move(row.note.after);
        return {};
      }
      case AuditEvent::kDayOpened:
        opened_ = std::move(row.note.subject);
        return {};
      case AuditEvent::kDayClosed:
        closed_ = std::move(row.note.subject);
        return {};
      default:
        return {};
    }
  }

  Result<void> finish() {
    if (position_ != journal_.audit_head().rows || chain_ != journal_.audit_head().chain) {
      return damaged(journal_.path(),
                     "the audit log does not end where it ended: its last rows are gone");
    }
    TRY_ASSIGN(const auto rows, journal_.read_operators());
    for (const Operator& row : rows) {
      const auto told = operators_.find(operator_subject(row.id));
      if (told == operators_.end() || told->second != operator_text(row)) {
        return damaged(journal_.path(),
                       operator_subject(row.id) + " is not as the audit log tells");
      }
      operators_.erase(told);
    }
    if (!operators_.empty()) {
      return damaged(journal_.path(),
                     operators_.begin()->first + ", of whom the audit log tells, is gone");
    }
    const JournalState& state = journal_.state();
    if (state.open_day && opened_ != to_string(*state.open_day)) {
      return damaged(journal_.path(), "the audit log does not tell of the opening of the open day");
    }
    // A close that head office knows of and the backup did not have is told of nowhere.
    const bool told = !journal_.past().empty() && state.last_day == journal_.past().back().last_day;
    if (state.last_day && !told && closed_ != to_string(*state.last_day)) {
      return damaged(journal_.path(), "the audit log does not tell of the last close");
    }
    return {};
  }

 private:
  Journal& journal_;
  core::envelope::Hash chain_;
  std::uint64_t position_ = 0;
  std::map<std::string, std::string> operators_;  // by subject: the row, as it was told last
  std::string opened_;
  std::string closed_;
};

}  // namespace

Result<void> check_audit(Journal& journal) {
  AuditCheck check(journal);
  TRY(journal.audit_from(0, [&](AuditRow&& row) { return check.take(std::move(row)); }));
  return check.finish();
}

Result<void> check_guards(Journal& journal) {
  static constexpr std::string_view kMake = "CREATE TRIGGER ";
  const std::string_view guards = kGuards;
  for (std::size_t at = guards.find(kMake); at != std::string_view::npos;
       at = guards.find(kMake, at + 1)) {
    const std::size_t name_at = at + kMake.size();
    const std::string name(guards.substr(name_at, guards.find(' ', name_at) - name_at));
    const std::string text(guards.substr(at, guards.find("END;", at) + 3 - at));
    TRY_ASSIGN(auto s, journal.database().prepare(
                           "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ?"));
    s.bind_text(1, name);
    TRY_ASSIGN(const bool there, s.step());
    if (!there || s.column_text(0) != text) {
      return damaged(journal.path(), "the trigger " + name + " that refuses changes is gone");
    }
  }
  return {};
}

}  // namespace till
