// Notices, put into force: one transaction each, with a row in the audit log.
#include <algorithm>
#include <utility>

#include "core/journal/schema.h"
#include "till/notice_shelf.h"
#include "till/notices.h"

namespace till {

using core::journal::from_sql;
using core::journal::to_sql;
namespace {

using core::BusinessDay;
using core::Bytes;
using core::CatalogVersion;
using core::Errc;
using core::fail;
using core::Result;
using core::envelope::BlobName;
using core::retail::DispatchNote;
using core::retail::NoticeContent;
using core::sqlite::Statement;

// "fleet 1.17": up to which of head office's notices.
std::string subject_of(FeedKind kind, core::Epoch epoch, core::Sequence sequence) {
  return std::string(feed_name(kind)) + " " + to_string(epoch) + "." + to_string(sequence);
}

Result<DispatchStatus> read_dispatch_row(const Journal& journal, const Statement& row) {
  const auto content = core::retail::decode_notice_content(row.column_blob(0));
  if (!content || content->dispatched.size() != 1) {
    return core::sqlite::damaged(journal.path(), "a dispatch note cannot be read");
  }
  DispatchStatus out{content->dispatched.front(), {}};
  if (!row.column_is_null(1)) {
    out.received = BusinessDay{static_cast<std::int32_t>(row.column_int(1))};
  }
  return out;
}

}  // namespace

Result<NoticeContent> Notices::content_of(const Opened& notice) {
  Bytes content;
  if (const auto* inside = std::get_if<Bytes>(&notice.body.content)) {
    content = *inside;
  } else {
    const auto& pieces = std::get<std::vector<BlobName>>(notice.body.content);
    for (const BlobName& piece : pieces) {
      TRY_ASSIGN(const bool there, has_piece(piece));
      if (!there) return fail(Errc::kNotFound, "a piece of it was not fetched yet");
    }
    std::uint64_t number = 0;
    TRY_ASSIGN(Statement s, journal_->database().prepare("SELECT bytes FROM piece WHERE hash = ?"));
    for (const BlobName& piece : pieces) {
      TRY(s.bind_blob(1, piece.hash.view()).step());
      TRY_ASSIGN(const Bytes plain,
                 core::envelope::open_piece(notice.key, number++, s.column_blob(0)));
      core::append(content, plain);
      s.reset();
    }
  }
  return core::retail::decode_notice_content(content);
}

Result<std::uint64_t> Notices::take_effect(BusinessDay day) {
  std::uint64_t taken = 0;
  for (const FeedKind kind : kFeedKinds) {
    std::string trouble;
    TRY_ASSIGN(auto opened, queue(kind, trouble));
    std::erase_if(opened, [&](const Opened& notice) { return notice.body.from > day; });
    const auto done = opened.empty() ? Result<void>() : put_into_force(kind, opened);
    if (!done && is_journals(done.error().code)) return fail(done.error());
    if (done) {
      taken += opened.size();
    } else {
      trouble = describe(done.error());
    }
    TRY(set_trouble(kind, trouble));
  }
  return taken;
}

Result<void> Notices::put_into_force(FeedKind kind, const std::vector<Opened>& notices) {
  NoticeContent content;
  for (const Opened& notice : notices) {
    TRY_ASSIGN(const NoticeContent next, content_of(notice));
    TRY_ASSIGN(content, core::retail::then(std::move(content), next));
  }
  const Opened& last = notices.back();
  CatalogVersion version = shelf_.present();
  StaffChange staff;
  Operators operators(*journal_, *staff_);
  TRY(journal_->transact([&]() -> Result<void> {
    staff = {};
    TRY(put_content(content, notices.front().whole, version, staff));
    TRY_ASSIGN(Statement s,
               journal_->database().prepare("DELETE FROM notice WHERE kind = ?1 AND (epoch < ?2 OR "
                                            "(epoch = ?2 AND sequence <= ?3))"));
    s.bind_int(1, static_cast<int>(kind)).bind_int(2, last.epoch.value);
    TRY(s.bind_int(3, to_sql(last.sequence.value)).run());
    TRY(journal_->database().exec("DELETE FROM piece WHERE NOT EXISTS (SELECT 1 FROM notice)"));
    staff.notes.push_back({AuditEvent::kNoticeTaken, subject_of(kind, last.epoch, last.sequence),
                           "catalog " + to_string(shelf_.present()),
                           "catalog " + to_string(version), operators.now_ms()});
    return operators.write({}, staff.notes);
  }));
  shelf_.use(version);
  staff_->waiting.clear();  // it was written with the row
  for (Operator& who : staff.operators) {
    if (!who.active) staff_->signed_on.erase(who.id);
    staff_->all.insert_or_assign(who.id, std::move(who));
  }
  return {};
}

Result<void> Notices::put_content(const NoticeContent& content, bool whole, CatalogVersion& version,
                                  StaffChange& staff) {
  if (content.keys) TRY(put_keys(*content.keys));
  if (content.settings) TRY(journal_->put_settings(*content.settings));
  TRY(put_operators(content, staff));
  TRY(put_dispatched(content));
  if (content.firmware) TRY(put_firmware(*content.firmware));
  TRY_ASSIGN(version, NoticeShelf(*journal_, shelf_).put(content, whole));
  return {};
}

Result<void> Notices::put_keys(const core::retail::FeedKeys& keys) {
  TRY_ASSIGN(Statement s, journal_->database().prepare(
                              "UPDATE head_office SET generation = ?, fleet = ?, store = ?"));
  s.bind_int(1, to_sql(keys.generation)).bind_blob(2, keys.fleet.view());
  return s.bind_blob(3, keys.store.view()).run();
}

// What head office does not say of somebody stays: failures, and whether they are at work.
Result<void> Notices::put_operators(const NoticeContent& content, StaffChange& staff) {
  if (content.operators.empty()) return {};
  std::map<core::OperatorId, Operator> all = staff_->all;
  const std::int64_t now_ms = Operators(*journal_, *staff_).now_ms();
  for (const auto& said : content.operators) {
    TRY(check_operator_name(said.name));
    if (said.id.value == 0) return fail(Errc::kMalformed, "operators have numbers from 1");
    if (said.role < static_cast<std::uint32_t>(Role::kCashier) ||
        said.role > static_cast<std::uint32_t>(Role::kManager)) {
      return fail(Errc::kMalformed, operator_subject(said.id) + " has no role of this program");
    }
    const auto before = all.find(said.id);
    Operator next;
    if (before != all.end()) next = before->second;
    next.id = said.id;
    next.name = said.name;
    next.role = static_cast<Role>(said.role);
    next.active = said.active;
    if (next.pin_hash != said.pin_hash) {
      next.pin_hash = said.pin_hash;
      next.failures = 0;
      next.tried.reset();
    }
    if (before != all.end() && next == before->second) continue;
    const bool is_new = before == all.end();
    const std::string old = is_new ? "" : operator_text(before->second);
    TRY(journal_->put_operator(next));
    staff.notes.push_back({is_new ? AuditEvent::kOperatorMade : AuditEvent::kOperatorChanged,
                           operator_subject(next.id), old, operator_text(next), now_ms});
    all.insert_or_assign(next.id, next);
    staff.operators.push_back(std::move(next));
  }
  const bool manager = std::any_of(all.begin(), all.end(), [](const auto& entry) {
    return entry.second.active && entry.second.role == Role::kManager;
  });
  if (manager) return {};
  return fail(Errc::kState, "no active manager would be left at this till");
}

Result<void> Notices::put_dispatched(const NoticeContent& content) {
  TRY_ASSIGN(Statement s,
             journal_->database().prepare("INSERT INTO dispatch(number, note) VALUES (?, ?)"));
  for (const DispatchNote& note : content.dispatched) {
    TRY_ASSIGN(const auto known, find_dispatch(note.number));
    if (known && known->note != note) {
      return fail(Errc::kExists, "dispatch note " + std::to_string(note.number) +
                                     " came before, with other goods");
    }
    if (known) continue;
    NoticeContent alone;
    alone.dispatched.push_back(note);
    s.bind_int(1, to_sql(note.number));
    TRY(s.bind_blob(2, core::retail::encode_notice_content(alone)).run());
  }
  return {};
}

Result<void> Notices::put_firmware(const core::retail::FirmwareNotice& firmware) {
  NoticeContent alone;
  alone.firmware = firmware;
  TRY_ASSIGN(Statement s,
             journal_->database().prepare(
                 "INSERT INTO firmware VALUES (1, ?1) ON CONFLICT(id) DO UPDATE SET notice = ?1"));
  return s.bind_blob(1, core::retail::encode_notice_content(alone)).run();
}

Result<std::optional<core::retail::FirmwareNotice>> Notices::firmware() {
  TRY_ASSIGN(Statement s, journal_->database().prepare("SELECT notice FROM firmware"));
  TRY_ASSIGN(const bool there, s.step());
  if (!there) return std::optional<core::retail::FirmwareNotice>();
  TRY_ASSIGN(const NoticeContent content, core::retail::decode_notice_content(s.column_blob(0)));
  return content.firmware;
}

Result<std::vector<DispatchStatus>> Notices::dispatched() {
  TRY_ASSIGN(Statement s,
             journal_->database().prepare("SELECT note, received FROM dispatch ORDER BY number"));
  std::vector<DispatchStatus> out;
  while (true) {
    TRY_ASSIGN(const bool there, s.step());
    if (!there) return out;
    TRY_ASSIGN(DispatchStatus row, read_dispatch_row(*journal_, s));
    out.push_back(std::move(row));
  }
}

Result<std::optional<DispatchStatus>> Notices::find_dispatch(std::uint64_t number) {
  TRY_ASSIGN(Statement s,
             journal_->database().prepare("SELECT note, received FROM dispatch WHERE number = ?"));
  TRY_ASSIGN(const bool there, s.bind_int(1, to_sql(number)).step());
  if (!there) return std::optional<DispatchStatus>();
  TRY_ASSIGN(DispatchStatus row, read_dispatch_row(*journal_, s));
  return std::optional<DispatchStatus>(std::move(row));
}

Result<void> Notices::set_received(std::uint64_t number, BusinessDay day) {
  TRY_ASSIGN(Statement s,
             journal_->database().prepare("UPDATE dispatch SET received = ? WHERE number = ?"));
  return s.bind_int(1, day.days).bind_int(2, to_sql(number)).run();
}

}  // namespace till
