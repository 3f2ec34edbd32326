// Outbox: queries and marks on the messages of a journal.
#include "till/outbox.h"

#include "till/journal.h"
#include "till/journal_schema.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::sqlite::Statement;

OutboxEntry read_entry(const Statement& s) {
  OutboxEntry entry;
  entry.sequence = core::Sequence{from_sql(s.column_int(0))};
  entry.kind = s.column_int(1) == 0 ? MessageKind::kOpening : MessageKind::kClosing;
  entry.message = core::to_bytes(s.column_blob(2));
  entry.acknowledged = !s.column_is_null(3);
  entry.index = core::LogIndex{from_sql(s.column_int(3))};
  entry.refusal = s.column_text(4);
  return entry;
}

std::string message_name(core::Sequence sequence) {
  return "message " + to_string(sequence) + " of the outbox";
}

// The index that the message was acknowledged at, none when it was not. Errors: kNotFound.
Result<std::optional<core::LogIndex>> index_of(Journal& journal, core::Sequence sequence) {
  TRY_ASSIGN(Statement s,
             journal.database().prepare("SELECT log_index FROM outbox WHERE sequence = ?"));
  TRY_ASSIGN(const bool row, s.bind_int(1, to_sql(sequence.value)).step());
  if (!row) return fail(Errc::kNotFound, "there is no " + message_name(sequence));
  if (s.column_is_null(0)) return std::optional<core::LogIndex>{};
  return std::optional{core::LogIndex{from_sql(s.column_int(0))}};
}

}  // namespace

Result<std::vector<OutboxEntry>> Outbox::pending(core::Sequence after, std::size_t messages,
                                                 std::size_t bytes) {
  TRY_ASSIGN(Statement s, journal_->database().prepare(
                              "SELECT sequence, closing, message, log_index, refusal FROM outbox "
                              "WHERE sequence > ? AND log_index IS NULL ORDER BY sequence"));
  s.bind_int(1, to_sql(after.value));
  std::vector<OutboxEntry> out;
  std::size_t size = 0;
  while (out.size() < messages) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) break;
    size += s.column_blob(2).size();
    if (size > bytes && !out.empty()) break;
    out.push_back(read_entry(s));
  }
  return out;
}

Result<std::vector<OutboxEntry>> Outbox::all(core::Sequence after, std::size_t messages) {
  TRY_ASSIGN(Statement s, journal_->database().prepare(
                              "SELECT sequence, closing, message, log_index, refusal FROM outbox "
                              "WHERE sequence > ? ORDER BY sequence LIMIT ?"));
  s.bind_int(1, to_sql(after.value)).bind_int(2, to_sql(messages));
  std::vector<OutboxEntry> out;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    out.push_back(read_entry(s));
  }
}

Result<OutboxCounts> Outbox::counts() {
  TRY_ASSIGN(Statement s,
             journal_->database().prepare(
                 "SELECT count(*), count(log_index), "
                 "coalesce(sum(log_index IS NULL AND refusal IS NOT NULL), 0) FROM outbox"));
  TRY(s.step());
  OutboxCounts counts;
  counts.acknowledged = from_sql(s.column_int(1));
  counts.pending = from_sql(s.column_int(0)) - counts.acknowledged;
  counts.refused = from_sql(s.column_int(2));
  return counts;
}

Result<void> Outbox::acknowledge(core::Sequence sequence, core::LogIndex index) {
  return acknowledge(std::vector<Receipt>{{sequence, index}});
}

Result<void> Outbox::acknowledge(const std::vector<Receipt>& receipts) {
  return journal_->transact([&]() -> Result<void> {
    TRY_ASSIGN(Statement s,
               journal_->database().prepare("UPDATE outbox SET log_index = ?, refusal = NULL "
                                            "WHERE sequence = ?"));
    for (const Receipt& receipt : receipts) {
      TRY_ASSIGN(const auto before, index_of(*journal_, receipt.sequence));
      if (before == receipt.index) continue;
      if (before) {
        return fail(Errc::kState, message_name(receipt.sequence) +
                                      " was acknowledged at log index " + to_string(*before) +
                                      ", now at " + to_string(receipt.index));
      }
      s.bind_int(1, to_sql(receipt.index.value)).bind_int(2, to_sql(receipt.sequence.value));
      TRY(s.run());
    }
    return {};
  });
}

Result<void> Outbox::mark_refused(core::Sequence sequence, std::string_view reason) {
  return journal_->transact([&]() -> Result<void> {
    TRY_ASSIGN(const auto index, index_of(*journal_, sequence));
    if (index) {
      return fail(Errc::kState,
                  message_name(sequence) + " was acknowledged at log index " + to_string(*index));
    }
    TRY_ASSIGN(Statement s,
               journal_->database().prepare("UPDATE outbox SET refusal = ? WHERE sequence = ?"));
    return s.bind_text(1, reason).bind_int(2, to_sql(sequence.value)).run();
  });
}

}  // namespace till
