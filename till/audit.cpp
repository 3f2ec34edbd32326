// Audit: names of events, and the chain.
#include "till/audit.h"

#include <array>

#include "core/envelope/cbor.h"
#include "core/tlog/tree.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::array<std::string_view, kAuditEventCount> kEventNames = {
    "operator-made",   "operator-changed",  "pin-tried",       "pin-failed",
    "operator-locked", "operator-unlocked", "signed-on",       "signed-off",
    "approved",        "clocked-in",        "clocked-out",     "joined",
    "rekeyed",         "catalog-replaced",  "backup-changed",  "day-opened",
    "day-closed",      "line-voided",       "receipt-aborted", "price-overridden",
    "clock-jumped",    "setting-changed",   "opening-sealed",  "product-minted",
    "notice-taken",    "key-asked",         "key-taken"};

core::Bytes encode_row(const AuditRow& row) {
  core::envelope::CborWriter w;
  w.array(9);
  w.unsigned_integer(row.position);
  w.integer(row.note.time_ms);
  w.unsigned_integer(row.operator_id.value);
  w.unsigned_integer(row.approved_by.value);
  w.text(row.device);
  w.unsigned_integer(static_cast<std::uint64_t>(row.note.event));
  w.text(row.note.subject);
  w.text(row.note.before);
  w.text(row.note.after);
  return std::move(w).take();
}

Result<void> check_text(const std::string& text, std::string_view name) {
  if (text.size() > kAuditTextBytesMax) {
    return fail(Errc::kMalformed, "audit log: " + std::string(name) + " of " +
                                      std::to_string(text.size()) + " bytes; the limit is " +
                                      std::to_string(kAuditTextBytesMax));
  }
  core::envelope::CborWriter w;
  w.text(text);
  core::envelope::CborReader r(w.view());
  const auto read = r.text();
  if (!read) return fail(Errc::kMalformed, "audit log: " + std::string(name) + " is no UTF-8");
  return {};
}

}  // namespace

std::string_view audit_event_name(AuditEvent event) {
  return kEventNames.at(static_cast<std::size_t>(event) - 1);
}

std::optional<AuditEvent> audit_event_of(std::int64_t number) {
  if (number < 1 || number > static_cast<std::int64_t>(kAuditEventCount)) return std::nullopt;
  return static_cast<AuditEvent>(number);
}

core::envelope::Hash first_audit_chain(const core::envelope::PublicKey& till) {
  core::Bytes named = core::to_bytes(core::as_bytes("daybook audit v1"));
  named.push_back(0);
  core::append(named, till.view());
  return core::envelope::sha256(named);
}

core::envelope::Hash next_audit_chain(const core::envelope::Hash& before, const AuditRow& row) {
  return core::tlog::hash_children(before, core::envelope::sha256_prefixed(0, encode_row(row)));
}

Result<void> check_note(const AuditNote& note) {
  TRY(check_text(note.subject, "subject"));
  TRY(check_text(note.before, "before"));
  return check_text(note.after, "after");
}

}  // namespace till
