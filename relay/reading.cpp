// Who may read what, and what it is.
// Must not know sockets.
#include "relay/reading.h"

#include "core/envelope/cbor.h"
#include "core/envelope/statement.h"
#include "relay/log_lines.h"
#include "relay/log_responses.h"

namespace relay {
namespace {

// Whose key signed the request, or the refusal.
struct Caller {
  core::envelope::Kid kid;
  std::optional<Response> refusal;
};

Caller refused_caller(Service& service, int status, std::string_view why) {
  ++service.metrics.reads_refused;
  return {{}, problem(status, why)};
}

Caller check_caller(Service& service, const Tenant& tenant, const ReadRequest& request,
                    Readers who) {
  const auto kid =
      service.readers.check(request, who, service.tenants, tenant, service.clock.now_ms() / 1000);
  if (kid) return {*kid, {}};
  const bool is_stranger = kid.error().code != core::Errc::kUnknownKey;
  Caller caller = refused_caller(service, is_stranger ? 401 : 403, kid.error().what);
  if (is_stranger) caller.refusal->extra_headers = "WWW-Authenticate: Signature\r\n";
  return caller;
}

Response open_has_none() {
  return problem(404, "an open log has no members: no notices, blobs or backups");
}

Response roster_response(const Tenant& tenant) {
  return {200, "application/cbor-seq", std::string(core::as_text(tenant.roster_bytes())), {}};
}

Reply entries_reply(const Tenant& tenant, core::LogIndex from, const Published& now) {
  auto reader = std::make_unique<EntryReader>(tenant, from.value, now.size);
  const std::string end = std::to_string(reader->end());
  return {{200, "application/cbor-seq", {}, "Daybook-Log-Size: " + end + "\r\n"},
          std::move(reader)};
}

Response tile_reply(const Tenant& tenant, const Published& now, const core::tlog::Tile& tile) {
  auto response = tile_response(tenant, now, tile);
  if (response) return std::move(*response);
  log_event(Level::kError, "unreadable", {{"detail", response.error().what}});
  return problem(500, "a part of the log cannot be read; daybook-relay check says which");
}

// Of the till whose key signed. `now` is looked at first: below its size no notice is missing.
Reply notices_reply(Service& service, const Tenant& tenant, const core::envelope::Kid& kid,
                    core::LogIndex from, const Published& now) {
  const auto members = tenant.admission().members();
  const auto* enrolment = members->roster.find(kid);
  if (enrolment == nullptr || core::envelope::is_head_office(enrolment->till)) {
    return {
        *refused_caller(service, 403, "notices are for tills; head office reads entries").refusal};
  }
  const auto notices = tenant.notices().feeds().of(
      enrolment->till, from, core::LogIndex{now.size}, NoticeReader::kNoticesMax,
      [&](const FeedNotice& notice) {
        return members->notice_key(notice.sender, notice.sequence) != nullptr;
      });
  auto reader = NoticeReader::open(tenant.directory(), tenant.index(), notices);
  if (!reader) return {unreadable_response(reader.error())};
  service.metrics.notices_handed_out += (*reader)->size();
  return {{200, "application/cbor-seq", {}, {}}, std::move(*reader)};
}

Reply blob_reply(Service& service, const Tenant& tenant, const core::envelope::Hash& hash) {
  auto stream = tenant.blobs().read(hash);
  if (!stream && stream.error().code == core::Errc::kNotFound) {
    return {problem(404, "there is no such blob here")};
  }
  if (!stream) return {unreadable_response(stream.error())};
  ++service.metrics.blobs_handed_out;
  return {{200, "application/octet-stream", {}, {}}, std::move(*stream)};
}

Reply backup_reply(const Tenant& tenant, const core::envelope::Kid& till,
                   const core::envelope::Hash& hash) {
  auto stream = tenant.backups().read(till, hash);
  if (!stream && stream.error().code == core::Errc::kNotFound) {
    return {problem(404, "there is no such part here")};
  }
  if (!stream) return {unreadable_response(stream.error())};
  return {{200, "application/octet-stream", {}, {}}, std::move(*stream)};
}

// [kid, hash, size] of each.
Response backup_list(const Tenant& tenant, const std::optional<core::envelope::Kid>& after) {
  const auto names = tenant.backups().list(after);
  if (!names) return unreadable_response(names.error());
  core::envelope::CborWriter out;
  for (const BackupName& name : *names) {
    out.array(3);
    out.bytes(name.till.view());
    out.bytes(name.part.hash.view());
    out.unsigned_integer(name.part.size);
  }
  return {200, "application/cbor-seq", std::string(core::as_text(out.view())), {}};
}

// A part is let in by what it is: signed by a till of this log, like a message.
std::optional<Response> refuse_backup(Service& service, const Tenant& tenant, const Route& chosen,
                                      core::ByteView body) {
  const auto part = core::envelope::parse_statement(body, core::envelope::StatementType::kBackup);
  if (!part) return problem(400, "this is no part of a backup: " + part.error().what);
  if (part->kid != *chosen.till) return problem(400, "this is a part of another key's backup");
  const auto members = tenant.admission().members();
  const auto* enrolment = members->roster.find(part->kid);
  const auto* key = members->till_key(part->kid);
  if (key == nullptr || core::envelope::is_head_office(enrolment->till)) {
    return refused_caller(service, 403, "this key is no till's of this log, or was revoked")
        .refusal;
  }
  if (verify_statement(*part, *key)) return std::nullopt;
  return refused_caller(service, 403, "the part is not signed by the key that it names").refusal;
}

// The words of a change that was not made, and its counter.
Response change_problem(Metrics& metrics, const core::Error& error) {
  switch (error.code) {
    case core::Errc::kNotFound:
      return problem(404, "there is no such part here");
    case core::Errc::kTooLarge:
      ++metrics.requests_too_large;
      return problem(413, error.what);
    case core::Errc::kMalformed:
      ++metrics.requests_wrong_hash;
      return problem(400, error.what);
    case core::Errc::kDiskFull:
      ++metrics.requests_disk_full;
      return problem(507, error.what);
    default:
      ++metrics.requests_unavailable;
      log_event(Level::kError, "blob-not-kept", {{"detail", core::describe(error)}});
      return problem(503, "it could not be kept: " + error.what);
  }
}

}  // namespace

Response unreadable_response(const core::Error& error) {
  log_event(Level::kError, "unreadable", {{"detail", error.what}});
  return problem(error.code == core::Errc::kDamaged ? 410 : 500, error.what);
}

Reply read_log(Service& service, const Route& chosen, const ReadRequest& request) {
  Tenant* const tenant = service.tenants.by_name(chosen.tenant);
  if (tenant == nullptr) return {problem(404, "no such log")};
  const auto now = tenant->sequencer().published();
  const auto checked = [&](Readers who) { return check_caller(service, *tenant, request, who); };
  switch (chosen.action) {
    case Action::kCheckpoint:
      return {checkpoint_response(*now)};
    case Action::kTile:
      if (!chosen.tile.level) {
        if (auto caller = checked(Readers::kHeadOffice); caller.refusal) return {*caller.refusal};
      }
      return {tile_reply(*tenant, *now, chosen.tile)};
    case Action::kEntries:
      if (auto caller = checked(Readers::kHeadOffice); caller.refusal) return {*caller.refusal};
      return entries_reply(*tenant, chosen.from, *now);
    case Action::kRoster:
      if (auto caller = checked(Readers::kMembers); caller.refusal) return {*caller.refusal};
      return {roster_response(*tenant)};
    case Action::kNotices: {
      if (service.tenants.open()) return {open_has_none()};
      const Caller caller = checked(Readers::kMembers);
      if (caller.refusal) return {*caller.refusal};
      return notices_reply(service, *tenant, caller.kid, chosen.from, *now);
    }
    case Action::kGetBlob:
      if (service.tenants.open()) return {open_has_none()};
      if (auto caller = checked(Readers::kMembers); caller.refusal) return {*caller.refusal};
      return blob_reply(service, *tenant, chosen.blob);
    case Action::kListBackups:
    case Action::kGetBackup:
      if (service.tenants.open()) return {open_has_none()};
      if (auto caller = checked(Readers::kHeadOffice); caller.refusal) return {*caller.refusal};
      if (chosen.action == Action::kListBackups) return {backup_list(*tenant, chosen.till)};
      return backup_reply(*tenant, *chosen.till, chosen.blob);
    default:
      return {problem(404, "no such path")};
  }
}

Change change_beside(Service& service, const Route& chosen, const ReadRequest& request,
                     core::ByteView body) {
  Tenant* const tenant = service.tenants.by_name(chosen.tenant);
  if (tenant == nullptr) return {nullptr, {}, problem(404, "no such log")};
  if (service.tenants.open()) return {nullptr, {}, open_has_none()};
  if (chosen.action == Action::kPutBackup) {
    auto refusal = refuse_backup(service, *tenant, chosen, body);
    if (refusal) return {nullptr, {}, std::move(*refusal)};
    return {tenant, [tenant, till = *chosen.till, hash = chosen.blob, body] {
              return tenant->backups().put(till, hash, body);
            }};
  }
  auto caller = check_caller(service, *tenant, request, Readers::kHeadOffice);
  if (caller.refusal) return {nullptr, {}, std::move(*caller.refusal)};
  if (chosen.action == Action::kPutBlob) {
    return {tenant, [tenant, hash = chosen.blob, body] { return tenant->blobs().put(hash, body); }};
  }
  return {tenant, [tenant, till = *chosen.till, hash = chosen.blob]() -> core::Result<bool> {
            TRY(tenant->backups().remove(till, hash));
            return true;
          }};
}

Response changed_response(Metrics& metrics, Action action, const core::Result<bool>& changed) {
  constexpr std::string_view kText = "text/plain; charset=utf-8";
  if (!changed) return change_problem(metrics, changed.error());
  if (action == Action::kDeleteBackup) return {200, kText, "removed\n", {}};
  if (!*changed) return {200, kText, "it is kept already\n", {}};
  ++(action == Action::kPutBackup ? metrics.backups_taken : metrics.blobs_taken);
  return {201, kText, "kept\n", {}};
}

}  // namespace relay
