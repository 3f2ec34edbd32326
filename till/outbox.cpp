// Outbox: queries and marks on the messages of a journal.
#include "till/outbox.h"

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

std::string message_name(core::Sequence sequence) {
  return "message " + to_string(sequence) + " of the outbox";
}

constexpr std::string_view kColumns =
    "SELECT sequence, closing, message, log_index, refusal, receipt FROM outbox ";

Result<OutboxEntry> read_entry(const Statement& s) {
  OutboxEntry entry;
  entry.sequence = core::Sequence{from_sql(s.column_int(0))};
  entry.kind = s.column_int(1) == 0 ? MessageKind::kOpening : MessageKind::kClosing;
  entry.message = core::to_bytes(s.column_blob(2));
  entry.acknowledged = !s.column_is_null(3);
  entry.index = core::LogIndex{from_sql(s.column_int(3))};
  entry.refusal = s.column_text(4);
  if (s.column_is_null(5)) return entry;
  auto receipt = core::tlog::decode_receipt(s.column_blob(5));
  if (!receipt) {
    return fail(Errc::kDamaged,
                message_name(entry.sequence) + ": its receipt, " + receipt.error().what);
  }
  entry.receipt = std::move(*receipt);
  return entry;
}

struct Stored {
  core::envelope::MessageId id;
  std::optional<core::LogIndex> index;  // none: not acknowledged
};

// Errors: kNotFound.
Result<Stored> stored(Journal& journal, core::Sequence sequence) {
  TRY_ASSIGN(Statement s, journal.database().prepare(
                              "SELECT message, log_index FROM outbox WHERE sequence = ?"));
  TRY_ASSIGN(const bool row, s.bind_int(1, to_sql(sequence.value)).step());
  if (!row) return fail(Errc::kNotFound, "there is no " + message_name(sequence));
  Stored out{core::envelope::message_id(s.column_blob(0)), {}};
  if (!s.column_is_null(1)) out.index = core::LogIndex{from_sql(s.column_int(1))};
  return out;
}

// A larger tree is news; another tree of the same size is a lie, now or before.
Result<void> take_tree_head(JournalState& state, const core::tlog::Checkpoint& checkpoint) {
  const core::envelope::TreeHead head{checkpoint.size, checkpoint.root};
  if (!state.tree_head || state.tree_head->size < head.size) {
    state.tree_head = head;
  } else if (state.tree_head->size == head.size && state.tree_head->root != head.root) {
    return fail(Errc::kProtocol, "the relay has shown two different logs of " +
                                     std::to_string(head.size) + " entries; tell head office");
  }
  return {};
}

}  // namespace

Result<std::vector<OutboxEntry>> Outbox::pending(core::Sequence after, std::size_t messages,
                                                 std::size_t bytes) {
  TRY_ASSIGN(Statement s, journal_->database().prepare(
                              std::string(kColumns) +
                              "WHERE sequence > ? AND log_index IS NULL ORDER BY sequence"));
  s.bind_int(1, to_sql(after.value));
  std::vector<OutboxEntry> out;
  std::size_t size = 0;
  while (out.size() < messages) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) break;
    size += s.column_blob(2).size();
    if (size > bytes && !out.empty()) break;
    TRY_ASSIGN(OutboxEntry entry, read_entry(s));
    out.push_back(std::move(entry));
  }
  return out;
}

Result<std::vector<OutboxEntry>> Outbox::all(core::Sequence after, std::size_t messages) {
  TRY_ASSIGN(Statement s,
             journal_->database().prepare(std::string(kColumns) +
                                          "WHERE sequence > ? ORDER BY sequence LIMIT ?"));
  s.bind_int(1, to_sql(after.value)).bind_int(2, to_sql(messages));
  std::vector<OutboxEntry> out;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return out;
    TRY_ASSIGN(OutboxEntry entry, read_entry(s));
    out.push_back(std::move(entry));
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

Result<void> Outbox::acknowledge(const std::vector<Acknowledgement>& acknowledgements) {
  if (!journal_->state().log_key) {
    return fail(Errc::kState,
                "no receipt can be checked: the roster that this till joined with "
                "names no key of the log");
  }
  const core::tlog::NoteVerifier relay(journal_->identity().origin, *journal_->state().log_key);
  return journal_->transact([&]() -> Result<void> {
    JournalState next = journal_->state();
    TRY_ASSIGN(Statement s,
               journal_->database().prepare("UPDATE outbox SET log_index = ?, receipt = ?, "
                                            "refusal = NULL, changed = (SELECT number FROM backup) "
                                            "WHERE sequence = ?"));
    for (const auto& [sequence, receipt] : acknowledgements) {
      TRY_ASSIGN(const Stored message, stored(*journal_, sequence));
      if (message.index == receipt.index) continue;
      if (message.index) {
        return fail(Errc::kProtocol, message_name(sequence) + " was acknowledged at log index " +
                                         to_string(*message.index) + ", now at " +
                                         to_string(receipt.index));
      }
      TRY_ASSIGN(const auto checkpoint, core::tlog::verify_receipt(receipt, message.id, relay));
      TRY(take_tree_head(next, checkpoint));
      s.bind_int(1, to_sql(receipt.index.value));
      s.bind_blob(2, core::tlog::encode_receipt(receipt));
      s.bind_int(3, to_sql(sequence.value));
      TRY(s.run());
    }
    return next.tree_head == journal_->state().tree_head ? Result<void>{}
                                                         : journal_->put_state(next);
  });
}

Result<void> Outbox::mark_refused(core::Sequence sequence, std::string_view reason) {
  return journal_->transact([&]() -> Result<void> {
    TRY_ASSIGN(const Stored message, stored(*journal_, sequence));
    if (message.index) {
      return fail(Errc::kState, message_name(sequence) + " was acknowledged at log index " +
                                    to_string(*message.index));
    }
    TRY_ASSIGN(Statement s, journal_->database().prepare("UPDATE outbox SET refusal = ?, "
                                                         "changed = (SELECT number FROM backup) "
                                                         "WHERE sequence = ?"));
    return s.bind_text(1, reason).bind_int(2, to_sql(sequence.value)).run();
  });
}

}  // namespace till
