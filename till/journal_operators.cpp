// Journal: the rows of operators and of the audit log.
#include <limits>
#include <utility>

#include "core/journal/schema.h"
#include "till/journal.h"

namespace till {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::sqlite::Statement;

// A number of the table that must fit its type.
template <typename T>
Result<T> narrowed(const Statement& row, int column, const std::string& place) {
  const std::int64_t value = row.column_int(column);
  if (value < 0 || static_cast<std::uint64_t>(value) > std::numeric_limits<T>::max()) {
    return fail(Errc::kDamaged, place + ": " + std::to_string(value) + " is out of range");
  }
  return static_cast<T>(value);
}

Result<std::optional<Uptime>> read_tried(const Statement& row, int column,
                                         const std::string& place) {
  std::optional<Uptime> out;
  if (row.column_is_null(column) && row.column_is_null(column + 1)) return out;
  const auto boot = BootId::from(row.column_blob(column));
  if (!boot || row.column_is_null(column + 1)) {
    return fail(Errc::kDamaged, place + ": when its PIN was tried cannot be read");
  }
  out = Uptime{*boot, row.column_int(column + 1)};
  return out;
}

Result<Operator> read_operator(const Statement& row, const std::string& file) {
  const std::string place = file + ": operator " + std::to_string(row.column_int(0));
  Operator out;
  TRY_ASSIGN(out.id.value, narrowed<std::uint32_t>(row, 0, place));
  out.name = row.column_text(1);
  const std::int64_t role = row.column_int(2);
  if (role < static_cast<std::int64_t>(Role::kCashier) ||
      role > static_cast<std::int64_t>(Role::kManager)) {
    return fail(Errc::kDamaged, place + ": unknown role " + std::to_string(role));
  }
  out.role = static_cast<Role>(role);
  out.pin_hash = row.column_text(3);
  TRY_ASSIGN(const auto active, narrowed<std::uint8_t>(row, 4, place));
  TRY_ASSIGN(out.failures, narrowed<std::uint32_t>(row, 5, place));
  TRY_ASSIGN(out.tried, read_tried(row, 6, place));
  TRY_ASSIGN(const auto clocked_in, narrowed<std::uint8_t>(row, 8, place));
  if (out.id.value == 0 || active > 1 || clocked_in > 1) {
    return fail(Errc::kDamaged, place + ": no row that was written here");
  }
  out.active = active == 1;
  out.clocked_in = clocked_in == 1;
  return out;
}

}  // namespace

Result<void> Journal::put_operator(const Operator& who) {
  // Not REPLACE: rows of operators are never deleted, and a trigger holds that.
  TRY_ASSIGN(Statement s,
             database_.prepare(
                 "INSERT INTO operator VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
                 "ON CONFLICT(id) DO UPDATE SET name = ?2, role = ?3, pin_hash = ?4, active = ?5, "
                 "failures = ?6, tried_boot = ?7, tried_ms = ?8, clocked_in = ?9"));
  s.bind_int(1, who.id.value).bind_text(2, who.name).bind_int(3, static_cast<int>(who.role));
  s.bind_text(4, who.pin_hash).bind_int(5, who.active ? 1 : 0).bind_int(6, who.failures);
  if (who.tried) {
    s.bind_blob(7, who.tried->boot.view()).bind_int(8, who.tried->ms);
  } else {
    s.bind_null(7).bind_null(8);
  }
  s.bind_int(9, who.clocked_in ? 1 : 0);
  return s.run();
}

Result<std::vector<Operator>> Journal::read_operators() {
  TRY_ASSIGN(Statement s,
             database_.prepare("SELECT id, name, role, pin_hash, active, failures, tried_boot, "
                               "tried_ms, clocked_in FROM operator ORDER BY id"));
  std::vector<Operator> out;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    TRY_ASSIGN(Operator who, read_operator(s, path().string()));
    out.push_back(std::move(who));
  }
}

Result<void> Journal::add_audit(AuditRow row) {
  row.position = audit_head_.rows + 1;
  row.chain = next_audit_chain(audit_head_.chain, row);
  TRY_ASSIGN(Statement s,
             database_.prepare("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  s.bind_int(1, to_sql(row.position)).bind_int(2, row.note.time_ms);
  s.bind_int(3, row.operator_id.value).bind_int(4, row.approved_by.value);
  s.bind_text(5, row.device).bind_int(6, static_cast<int>(row.note.event));
  s.bind_text(7, row.note.subject).bind_text(8, row.note.before).bind_text(9, row.note.after);
  TRY(s.bind_blob(10, row.chain.view()).run());
  return put_audit_head({row.position, row.chain});
}

Result<void> Journal::put_audit_head(const AuditHead& head) {
  TRY_ASSIGN(Statement s, database_.prepare("REPLACE INTO audit_head VALUES (1, ?, ?)"));
  TRY(s.bind_int(1, to_sql(head.rows)).bind_blob(2, head.chain.view()).run());
  audit_head_ = head;
  return {};
}

Result<void> Journal::load_audit_head() {
  TRY_ASSIGN(Statement s, database_.prepare("SELECT rows, chain FROM audit_head"));
  TRY_ASSIGN(const bool row, s.step());
  const auto chain = row ? core::envelope::Hash::from(s.column_blob(1))
                         : Result<core::envelope::Hash>(fail(Errc::kDamaged, "no row"));
  if (!chain) return fail(Errc::kDamaged, path().string() + ": the audit log's head is no head");
  audit_head_ = {from_sql(s.column_int(0)), *chain};
  return {};
}

Result<AuditRow> Journal::read_audit_row(const Statement& row) {
  AuditRow out;
  out.position = from_sql(row.column_int(0));
  const std::string place = path().string() + ": audit row " + std::to_string(out.position);
  out.note.time_ms = row.column_int(1);
  TRY_ASSIGN(out.operator_id.value, narrowed<std::uint32_t>(row, 2, place));
  TRY_ASSIGN(out.approved_by.value, narrowed<std::uint32_t>(row, 3, place));
  out.device = row.column_text(4);
  const auto event = audit_event_of(row.column_int(5));
  if (!event) return fail(Errc::kDamaged, place + ": an unknown event");
  out.note.event = *event;
  out.note.subject = row.column_text(6);
  out.note.before = row.column_text(7);
  out.note.after = row.column_text(8);
  const auto chain = core::envelope::Hash::from(row.column_blob(9));
  if (!chain) return fail(Errc::kDamaged, place + ": its chain is not 32 bytes");
  out.chain = *chain;
  return out;
}

Result<void> Journal::audit_from(std::uint64_t first, const TakeAudit& take) {
  TRY_ASSIGN(Statement s,
             database_.prepare("SELECT position, time_ms, operator, approver, device, event, "
                               "subject, before, after, chain FROM audit WHERE position >= ? "
                               "ORDER BY position"));
  s.bind_int(1, to_sql(first));
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) return {};
    TRY_ASSIGN(AuditRow row, read_audit_row(s));
    TRY(take(std::move(row)));
  }
}

}  // namespace till
