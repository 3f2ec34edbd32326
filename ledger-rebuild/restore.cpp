// Restore: rows first, then what the books say of this till, then where the new life goes on.
#include "ledger-rebuild/restore.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/arithmetic.h"
#include "core/envelope/sealing.h"
#include "core/journal/new_journal.h"
#include "core/journal/schema.h"
#include "core/retail/summary.h"
#include "core/tlog/frontier.h"
#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/state.h"

namespace rebuild {
namespace {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Result;
using core::envelope::Hash;
using core::envelope::MessageId;
using core::envelope::Roster;
using core::journal::from_sql;
using core::journal::NewJournal;
using core::retail::Closing;

constexpr std::uint64_t kSkipMin = 100;

// What the books have of one till.
struct TillInBooks {
  std::map<MessageId, State> states;
  struct BookedClosing {
    MessageId id;
    BusinessDay day;
  };
  std::vector<BookedClosing> closings;  // posted; in the order of epochs and sequences
  std::vector<LostNumbers> numbers;     // of all of them
  std::set<BusinessDay> opened;
  std::optional<BusinessDay> last_day;
  std::int64_t sold_minor = 0;  // grand totals of the last closing
  std::int64_t refunded_minor = 0;
};

Result<void> read_messages(const Books& books, core::TillRef till, TillInBooks& out) {
  TRY_ASSIGN(auto s, books.database().prepare(
                         "SELECT id, state, kind, day, part, ever_sold_minor, ever_refunded_minor "
                         "FROM messages WHERE store = ? AND till = ? ORDER BY epoch, sequence"));
  s.bind_int(1, till.store.value).bind_int(2, till.till.value);
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return {};
    TRY_ASSIGN(const MessageId id, MessageId::from(s.column_blob(0)));
    const auto state = static_cast<State>(s.column_int(1));
    out.states.emplace(id, state);
    if (state != State::kProven && state != State::kUnproven) continue;
    const BusinessDay day{static_cast<std::int32_t>(s.column_int(3))};
    const auto kind = static_cast<Kind>(s.column_int(2));
    if (kind == Kind::kOpening) out.opened.insert(day);
    if (kind != Kind::kClosing || s.column_int(4) != 1) continue;
    out.closings.push_back({id, day});
    if (!out.last_day || *out.last_day < day) out.last_day = day;
    out.sold_minor = std::max(out.sold_minor, s.column_int(5));
    out.refunded_minor = std::max(out.refunded_minor, s.column_int(6));
  }
}

Result<void> read_numbers(const Books& books, core::TillRef till, TillInBooks& out) {
  TRY_ASSIGN(auto s, books.database().prepare(
                         "SELECT m.day, n.series, n.first, n.last FROM messages m "
                         "JOIN numbers n ON n.message = m.number WHERE m.store = ? AND m.till = ? "
                         "ORDER BY m.day, n.series, n.first"));
  s.bind_int(1, till.store.value).bind_int(2, till.till.value);
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return {};
    LostNumbers numbers;
    numbers.day = BusinessDay{static_cast<std::int32_t>(s.column_int(0))};
    numbers.series = static_cast<int>(s.column_int(1));
    numbers.first = static_cast<std::uint64_t>(s.column_int(2));
    numbers.last = static_cast<std::uint64_t>(s.column_int(3));
    out.numbers.push_back(numbers);
  }
}

// A day as the documents of the backup have it.
struct DayInBackup {
  core::tlog::Frontier documents;
  std::map<int, std::uint64_t> by_series;
};

// What the till said, as far as head office can open it.
struct MessageInBackup {
  core::Epoch epoch;
  core::Sequence sequence;
  core::Bytes bytes;
  MessageId id;
  std::optional<Closing> closing;  // part 1 of one
};

struct InBackup {
  std::map<BusinessDay, DayInBackup> days;
  std::vector<MessageInBackup> messages;
  std::map<int, std::uint64_t> numbers;
  std::optional<BusinessDay> last_day;
  std::int64_t sold_minor = 0;
  std::int64_t refunded_minor = 0;
};

Result<void> read_days(core::sqlite::Database& db, InBackup& out) {
  TRY_ASSIGN(auto s, db.prepare("SELECT day, series, body FROM document ORDER BY position"));
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return {};
    DayInBackup& day = out.days[BusinessDay{static_cast<std::int32_t>(s.column_int(0))}];
    day.documents.append(core::envelope::sha256_prefixed(0, s.column_blob(2)));
    ++day.by_series[static_cast<int>(s.column_int(1))];
  }
}

Result<void> read_ends(core::sqlite::Database& db, InBackup& out) {
  {
    TRY_ASSIGN(auto s, db.prepare("SELECT series, last FROM counter"));
    while (true) {
      TRY_ASSIGN(const bool row, s.step());
      if (!row) break;
      out.numbers[static_cast<int>(s.column_int(0))] = from_sql(s.column_int(1));
    }
  }
  TRY_ASSIGN(auto s, db.prepare("SELECT last_day, sold_minor, refunded_minor FROM state"));
  TRY_ASSIGN(const bool row, s.step());
  if (!row) return fail(Errc::kMalformed, "the backup has no state");
  if (!s.column_is_null(0)) {
    out.last_day = BusinessDay{static_cast<std::int32_t>(s.column_int(0))};
  }
  out.sold_minor = s.column_int(1);
  out.refunded_minor = s.column_int(2);
  return {};
}

// The closing of a message whose signature and seal are the till's; nullopt: it is no first part of
// one, or none that head office can read.
std::optional<Closing> closing_in(core::ByteView bytes, core::TillRef till, const Roster& roster) {
  const auto message = core::envelope::parse_message(bytes);
  if (!message) return std::nullopt;
  const auto* enrolment = roster.find(message->header.kid);
  if (enrolment == nullptr || enrolment->till != till ||
      !verify_message(*message, enrolment->key)) {
    return std::nullopt;
  }
  const auto payload = core::envelope::open_payload(
      message->header.content_type, message->protected_header, message->payload,
      enrolment->opener ? &*enrolment->opener : nullptr);
  if (!payload) return std::nullopt;
  auto summary = core::retail::decode_summary(*payload);
  if (!summary) return std::nullopt;
  auto* closing = std::get_if<Closing>(&*summary);
  if (closing == nullptr || closing->part.number != 1) return std::nullopt;
  return std::move(*closing);
}

Result<void> read_outbox(core::sqlite::Database& db, core::Epoch epoch, core::TillRef till,
                         const Roster& roster, InBackup& out) {
  TRY_ASSIGN(auto s, db.prepare("SELECT epoch, sequence, message FROM past_message UNION ALL "
                                "SELECT ?, sequence, message FROM outbox ORDER BY 1, 2"));
  s.bind_int(1, epoch.value);
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return {};
    MessageInBackup message;
    message.epoch = core::Epoch{static_cast<std::uint32_t>(s.column_int(0))};
    message.sequence = core::Sequence{from_sql(s.column_int(1))};
    message.bytes = core::to_bytes(s.column_blob(2));
    message.id = core::envelope::message_id(message.bytes);
    message.closing = closing_in(message.bytes, till, roster);
    out.messages.push_back(std::move(message));
  }
}

DayVerdict verdict_of(const MessageInBackup& message, const std::optional<Hash>& root,
                      const TillInBooks* books) {
  if (message.closing->root != root) return DayVerdict::kContradicted;
  if (books == nullptr) return DayVerdict::kNotCompared;
  const auto state = books->states.find(message.id);
  if (state == books->states.end()) return DayVerdict::kUnsent;
  const bool posted = state->second == State::kProven || state->second == State::kUnproven;
  return posted ? DayVerdict::kProven : DayVerdict::kNotPosted;
}

void judge_days(const InBackup& backup, const TillInBooks* books, Restored& out) {
  std::set<BusinessDay> closed;
  for (const MessageInBackup& message : backup.messages) {
    if (books != nullptr && !books->states.contains(message.id)) {
      out.unsent.push_back({message.epoch, message.sequence, message.bytes});
    }
    if (!message.closing) continue;
    const auto day = backup.days.find(message.closing->day);
    std::optional<Hash> root;
    if (day != backup.days.end()) root = day->second.documents.root();
    out.days.push_back({message.closing->day,
                        day == backup.days.end() ? 0 : day->second.documents.size(),
                        verdict_of(message, root, books)});
    closed.insert(message.closing->day);
  }
  // Documents whose closing head office cannot read prove nothing.
  for (const auto& [day, documents] : backup.days) {
    if (closed.contains(day)) continue;
    out.days.push_back({day, documents.documents.size(), DayVerdict::kNotCompared});
  }
}

void find_lost(const InBackup& backup, const TillInBooks& books, Restored& out) {
  std::set<MessageId> known;
  for (const MessageInBackup& message : backup.messages) known.insert(message.id);
  std::set<BusinessDay> closed;
  for (const auto& closing : books.closings) {
    closed.insert(closing.day);
    if (!known.contains(closing.id)) out.lost_days.push_back(closing.day);
  }
  for (LostNumbers numbers : books.numbers) {
    const auto at = backup.numbers.find(numbers.series);
    const std::uint64_t have = at == backup.numbers.end() ? 0 : at->second;
    if (numbers.last <= have) continue;
    numbers.first = std::max(numbers.first, have + 1);
    out.lost.push_back(numbers);
    std::uint64_t& last = out.numbers[numbers.series];
    last = std::max(last, numbers.last);
  }
  for (const BusinessDay day : books.opened) {
    const bool ended = closed.contains(day) || (backup.last_day && day <= *backup.last_day);
    if (!ended) out.open_in_books = day;
  }
}

std::uint64_t busiest_day(const InBackup& backup) {
  std::uint64_t most = 0;
  for (const auto& [day, documents] : backup.days) {
    for (const auto& [series, count] : documents.by_series) most = std::max(most, count);
  }
  return most;
}

Result<std::map<int, std::uint64_t>> numbers_from_here(const Restored& restored) {
  std::map<int, std::uint64_t> out;
  for (const auto& [series, last] : restored.numbers) {
    constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
    if (last > kMax || restored.skipped > kMax - last) {
      return fail(Errc::kOverflow, "numbers cannot go on so far above the last one");
    }
    out[series] = last + restored.skipped;
  }
  return out;
}

}  // namespace

std::string_view day_verdict_text(DayVerdict verdict) {
  switch (verdict) {
    case DayVerdict::kProven:
      return "proven";
    case DayVerdict::kUnsent:
      return "unsent";
    case DayVerdict::kNotPosted:
      return "not-posted";
    case DayVerdict::kNotCompared:
      return "not-compared";
    case DayVerdict::kContradicted:
      return "contradicted";
  }
  return "unknown";
}

Result<Restored> restore(const BackupChoice& backup, const RestoreOrder& order,
                         const Roster& roster, const Books* books) {
  CORE_CHECK(!backup.parts.empty());
  TRY_ASSIGN(NewJournal journal, NewJournal::begin(order.journal, order.key));
  for (const UsedPart& part : backup.parts) TRY(journal.put(part.content, part.first));

  InBackup have;
  TRY(read_days(journal.database(), have));
  TRY(read_ends(journal.database(), have));
  TRY(read_outbox(journal.database(), backup.epoch, order.till, roster, have));
  std::optional<TillInBooks> booked;
  if (books != nullptr) {
    booked.emplace();
    TRY(read_messages(*books, order.till, *booked));
    TRY(read_numbers(*books, order.till, *booked));
  }

  Restored out;
  out.numbers = have.numbers;
  out.last_day = have.last_day;
  judge_days(have, booked ? &*booked : nullptr, out);
  if (booked) find_lost(have, *booked, out);
  if (booked && booked->last_day) {
    out.last_day = out.last_day ? std::max(*out.last_day, *booked->last_day) : *booked->last_day;
  }
  out.skipped = order.skip ? *order.skip : std::max(kSkipMin, 2 * busiest_day(have));

  core::journal::NewIdentity identity;
  identity.ref = order.till;
  identity.currency = backup.head.currency;
  identity.origin = roster.origin();
  identity.chain_key = backup.head.chain_key;
  core::journal::EndOfLife end;
  end.epoch = backup.epoch;
  end.key = backup.key;
  end.last_day = out.last_day;
  end.sold_minor = std::max(have.sold_minor, booked ? booked->sold_minor : 0);
  end.refunded_minor = std::max(have.refunded_minor, booked ? booked->refunded_minor : 0);
  TRY_ASSIGN(end.numbers, numbers_from_here(out));
  TRY(journal.end_life(identity, end));
  TRY(journal.finish());
  out.request = core::envelope::make_enrol_request(identity.origin, identity.ref, identity.key,
                                                   identity.sealing_key.public_key());
  return out;
}

}  // namespace rebuild
