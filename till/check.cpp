// Till: what must hold in every journal, checked without trusting anything that is kept twice.
#include <map>
#include <utility>

#include "core/envelope/message.h"
#include "till/till.h"

namespace till {
namespace {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Result;
using core::retail::Closing;
using core::retail::Components;
using core::retail::DayFold;
using core::retail::Opening;
using core::retail::Summary;

core::Unexpected broken(const Journal& journal, const std::string& what) {
  return fail(Errc::kDamaged, journal.path().string() + ": " + what);
}

// The parts of a day's messages, added up, and the days in the order they appear.
struct Reported {
  std::vector<BusinessDay> opened;
  std::vector<BusinessDay> closed;
  std::map<BusinessDay, std::vector<Opening>> openings;
  std::map<BusinessDay, std::vector<Closing>> closings;
};

Result<void> check_database(Journal& journal) {
  // Looked at in place: gcc 12 warns without a reason about a moved string (maybe-uninitialized).
  const auto answer = journal.database().query_text("PRAGMA integrity_check");
  if (!answer) return fail(answer.error());
  if (*answer != "ok") return broken(journal, "SQLite's integrity check: " + *answer);
  TRY_ASSIGN(const std::int64_t orphans,
             journal.database().query_int("SELECT count(*) FROM void WHERE position NOT IN "
                                          "(SELECT position FROM document)"));
  if (orphans != 0) return broken(journal, "a void of a document that is not there");
  return {};
}

// Documents have no gap, neither in position nor in any series, and nothing is left over.
Result<std::map<BusinessDay, DayFold>> check_documents(Journal& journal) {
  std::map<BusinessDay, DayFold> folds;
  std::uint64_t position = 0;
  Counters counters{};
  TRY(journal.documents_from(0, [&](DocumentRow&& row) -> Result<void> {
    const std::string place = "document at position " + std::to_string(row.position);
    if (row.position != ++position) return broken(journal, place + ": a gap is before it");
    for (std::size_t i = 0; i < counters.size(); ++i) {
      const auto it = row.sale.numbers.find(core::retail::kSaleSeries[i]);
      if (it == row.sale.numbers.end() || it->second != ++counters[i]) {
        return broken(journal, place + ": its number does not follow the one before");
      }
    }
    const auto sound = check_sale(row.sale);
    if (!sound) return broken(journal, place + ": " + sound.error().what);
    DayFold& fold =
        folds.try_emplace(row.sale.day, row.sale.day, journal.identity().currency).first->second;
    return fold.add(row.sale, row.voided);
  }));
  if (position != journal.documents() || counters != journal.counters()) {
    return broken(journal, "the counters are not at the last document");
  }
  return folds;
}

Result<void> take_summary(Reported& reported, Summary&& summary) {
  const auto day = day_of(summary);
  const bool first = part_of(summary).number == 1;
  if (std::holds_alternative<Opening>(summary)) {
    if (first) reported.opened.push_back(day);
    reported.openings[day].push_back(std::get<Opening>(std::move(summary)));
  } else {
    if (first) reported.closed.push_back(day);
    reported.closings[day].push_back(std::get<Closing>(std::move(summary)));
  }
  return {};
}

// What was cleared has a receipt that proves it.
Result<void> check_receipt(Journal& journal, const OutboxEntry& entry, const std::string& place) {
  if (entry.acknowledged != entry.receipt.has_value() ||
      (entry.receipt && entry.receipt->index != entry.index)) {
    return broken(journal, place + ": receipt and log index do not go together");
  }
  if (!entry.receipt || !journal.state().log_key) return {};
  const core::tlog::NoteVerifier relay(journal.identity().origin, *journal.state().log_key);
  const auto good =
      core::tlog::verify_receipt(*entry.receipt, core::envelope::message_id(entry.message), relay);
  // Head office may have named another key since.
  if (good || good.error().code == core::Errc::kUnknownKey) return {};
  return broken(journal, place + ": its receipt, " + good.error().what);
}

// Sequences from 1 without a gap, each naming the one before, each with a valid signature.
Result<Reported> check_chain(Journal& journal, Outbox outbox,
                             const std::optional<core::envelope::SealingKey>& sealing_key) {
  const Identity& self = journal.identity();
  const core::envelope::PublicKey key = self.key.public_key();
  const core::envelope::Kid kid = core::envelope::derive_kid(self.origin, key);
  Reported reported;
  core::Sequence sequence;
  core::envelope::MessageId prev = journal.state().entry;
  while (true) {
    TRY_ASSIGN(const auto entries, outbox.all(sequence, 256));
    if (entries.empty()) break;
    for (const OutboxEntry& entry : entries) {
      const std::string place = "message " + to_string(entry.sequence);
      const auto message = core::envelope::parse_message(entry.message);
      if (!message) return broken(journal, place + ": " + message.error().what);
      ++sequence.value;
      const core::envelope::Header& header = message->header;
      if (entry.sequence != sequence || header.sequence != sequence || header.prev != prev ||
          header.epoch != journal.state().epoch || header.kid != kid) {
        return broken(journal, place + ": it does not follow the one before");
      }
      if (!verify_message(*message, key)) return broken(journal, place + ": bad signature");
      TRY(check_receipt(journal, entry, place));
      const auto payload =
          core::envelope::open_payload(header.content_type, message->protected_header,
                                       message->payload, sealing_key ? &*sealing_key : nullptr);
      if (!payload) return broken(journal, place + ": " + payload.error().what);
      const bool is_sealed = header.content_type == core::envelope::ContentType::kSealedSummary;
      if (is_sealed != sealing_key.has_value()) {
        return broken(journal, place + ": in clear, and this epoch's messages are sealed");
      }
      auto summary = core::retail::decode_summary(*payload);
      if (!summary) return broken(journal, place + ": " + summary.error().what);
      prev = core::envelope::message_id(entry.message);
      TRY(take_summary(reported, std::move(*summary)));
    }
  }
  if (sequence != journal.state().last_sequence || prev != journal.state().last_id) {
    return broken(journal, "the state row is not at the last message");
  }
  return reported;
}

// Every opened day but the open one is closed, and in this order.
Result<void> check_days(const Journal& journal, const Reported& reported) {
  const JournalState& state = journal.state();
  std::vector<BusinessDay> expected = reported.opened;
  for (std::size_t i = 1; i < expected.size(); ++i) {
    if (expected[i] <= expected[i - 1]) return broken(journal, "the days do not ascend");
  }
  if (state.open_day) {
    if (expected.empty() || expected.back() != *state.open_day) {
      return broken(journal, "the open day has no opening message");
    }
    expected.pop_back();
  }
  if (reported.closed != expected) return broken(journal, "a day's opening and closing disagree");
  const bool last_agrees =
      expected.empty() ? !state.last_day : state.last_day && *state.last_day == expected.back();
  if (!last_agrees) return broken(journal, "the last closed day has no closing message");
  return {};
}

Result<Components> receipts_of(Journal& journal, BusinessDay day) {
  TRY_ASSIGN(auto s, journal.database().prepare("SELECT product, thousandths FROM goods_receipt "
                                                "WHERE day = ? ORDER BY position"));
  s.bind_int(1, day.days);
  Components received;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return received;
    const core::ProductId product{static_cast<std::uint64_t>(s.column_int(0))};
    received[product] = core::Quantity{s.column_int(1)};
  }
}

// What was reported is what is written down: parts are complete and add up to the rows.
template <typename S>
bool complete(const std::vector<S>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].part.number != i + 1 || parts[i].part.count != parts.size()) return false;
  }
  return true;
}

Result<void> check_openings(Journal& journal, const Reported& reported) {
  for (const auto& [day, parts] : reported.openings) {
    Components said;
    for (const Opening& part : parts) said.insert(part.received.begin(), part.received.end());
    TRY_ASSIGN(const Components written, receipts_of(journal, day));
    if (!complete(parts) || said != written) {
      return broken(journal, "the opening of " + to_string(day) + " is not its goods receipts");
    }
  }
  return {};
}

Result<void> check_closings(Journal& journal, const Reported& reported,
                            std::map<BusinessDay, DayFold>& folds) {
  for (const auto& [day, parts] : reported.closings) {
    Closing said = parts.front();
    for (const Closing& part : parts)
      said.consumed.insert(part.consumed.begin(), part.consumed.end());
    const auto it = folds.find(day);
    Closing written =
        it == folds.end() ? core::retail::empty_closing(day, said.currency) : it->second.closing();
    written.over_short = said.over_short;  // a count of the drawer, not a sum of documents
    written.part = said.part;
    if (!complete(parts) || core::retail::encode_summary(said) != encode_summary(written)) {
      return broken(journal, "the closing of " + to_string(day) + " is not its documents' sum");
    }
    folds.erase(day);
  }
  if (journal.state().open_day) folds.erase(*journal.state().open_day);
  if (!folds.empty()) {
    return broken(
        journal, "documents of " + to_string(folds.begin()->first) + ", a day that was not opened");
  }
  return {};
}

}  // namespace

Result<void> Till::check() {
  TRY(check_database(journal_));
  TRY_ASSIGN(auto folds, check_documents(journal_));
  TRY_ASSIGN(const auto key, sealing_key());
  TRY_ASSIGN(const Reported reported, check_chain(journal_, outbox(), key));
  TRY(check_days(journal_, reported));
  TRY(check_openings(journal_, reported));
  return check_closings(journal_, reported, folds);
}

}  // namespace till
