// Till: what must hold in every journal, checked without trusting anything that is kept twice.
#include <map>
#include <set>
#include <utility>

#include "core/base/arithmetic.h"
#include "core/envelope/message.h"
#include "core/retail/pricing.h"
#include "core/tlog/tree.h"
#include "till/check_audit.h"
#include "till/check_minted.h"
#include "till/day_evidence.h"
#include "till/next_key.h"
#include "till/till.h"

namespace till {
namespace {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Money;
using core::Quantity;
using core::Result;
using core::retail::Closing;
using core::retail::Components;
using core::retail::DayFold;
using core::retail::Opening;
using core::retail::Sale;
using core::retail::Series;
using core::retail::Summary;
using core::sqlite::damaged;

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
  if (*answer != "ok") return damaged(journal.path(), "SQLite's integrity check: " + *answer);
  if (journal.encrypted()) {
    // It reads the file alone, whose pages may be under the key before a rekey until then.
    TRY(journal.fold_log());
    TRY_ASSIGN(core::sqlite::Statement pages,
               journal.database().prepare("PRAGMA cipher_integrity_check"));
    TRY_ASSIGN(const bool bad, pages.step());
    if (bad)
      return damaged(journal.path(), "SQLCipher's check: " + std::string(pages.column_text(0)));
  }
  return {};
}

// What the documents of a day make.
struct WrittenDay {
  DayFold fold;
  DayEvidence evidence;
  std::map<OpenItemKey, Money> open;  // at its end
};
using WrittenDays = std::map<BusinessDay, WrittenDay>;

// Of this life. What waited at its beginning was left open by the lives before.
struct Walked {
  WrittenDays days;
  std::map<OpenItemKey, Money> carried;
};

// Walks the documents in order, with what is needed of the ones before.
class DocumentCheck {
 public:
  explicit DocumentCheck(Journal& journal) : journal_(journal), chain_(journal.first_chain()) {}

  Result<void> take(DocumentRow&& row) {
    const std::string place = "document at position " + std::to_string(row.position);
    if (row.position != ++position_)
      return damaged(journal_.path(), place + ": a gap is before it");
    TRY(begin_lives(position_));
    chain_ = core::tlog::hash_children(chain_, row.leaf);
    if (row.chain != chain_) {
      return damaged(journal_.path(),
                     place + ": it, or one before it, was changed after it was written");
    }
    const auto sound = core::retail::check_document(row.document);
    if (!sound) return damaged(journal_.path(), place + ": " + sound.error().what);
    for (const auto& [series, number] : heading_of(row.document).numbers) {
      if (number != ++counter_of(counters_, series)) {
        return damaged(journal_.path(), place + ": its number does not follow the one before");
      }
    }
    const auto told = fold(row);
    if (!told) return damaged(journal_.path(), place + ": " + told.error().what);
    return {};
  }

  Result<Walked> finish() && {
    TRY(begin_lives(position_ + 1));
    if (lives_ != journal_.past().size()) {
      return damaged(journal_.path(), "documents of an earlier life are gone");
    }
    if (position_ != journal_.documents() || counters_ != journal_.counters()) {
      return damaged(journal_.path(), "the counters are not at the last document");
    }
    TRY_ASSIGN(const auto kept, journal_.open_items());
    std::map<OpenItemKey, Money> listed;
    for (const OpenItem& item : kept) listed.emplace(item.key, item.amount);
    if (listed != open_) {
      return damaged(journal_.path(), "the open items are not those that the documents left open");
    }
    return Walked{std::move(days_), std::move(carried_)};
  }

 private:
  // Behind the last document of a life that ended numbers go on after those that it may have given
  // out besides, and its days are closed.
  Result<void> begin_lives(std::uint64_t position) {
    const auto& past = journal_.past();
    while (lives_ < past.size() && past[lives_].documents + 1 == position) {
      const PastLife& life = past[lives_++];
      for (std::size_t i = 0; i < counters_.size(); ++i) {
        if (life.counters.at(i) < counters_.at(i)) {
          return damaged(journal_.path(), "numbers go on after a lower one than was given out");
        }
      }
      counters_ = life.counters;
      days_.clear();
      carried_ = open_;
    }
    return {};
  }

  Result<void> fold(const DocumentRow& row) {
    const BusinessDay day = heading_of(row.document).day;
    WrittenDay& written =
        days_.try_emplace(day, WrittenDay{DayFold(day, journal_.identity().currency), {}, {}})
            .first->second;
    written.evidence.take(row.document, row.leaf);
    TRY_ASSIGN(const auto sale, sale_before(row));
    const bool is_void = std::holds_alternative<core::retail::Void>(row.document);
    if (is_void && sale->day != day) {
      return fail(Errc::kDamaged, "it voids a sale of another day");
    }
    if (is_void) voided_.insert(about_of(row.document)->number);
    const Sale* cancelled = is_void ? &*sale : nullptr;
    TRY_ASSIGN(const auto changes,
               open_item_changes(row.document, cancelled,
                                 [this](std::uint64_t number) { return card_amount(number); }));
    TRY(change_open(changes));
    written.open = open_;
    if (const auto* refund = std::get_if<core::retail::Refund>(&row.document); refund && sale) {
      TRY(check_mirrors(*refund, *sale));
    }
    return written.fold.add(row.document, cancelled);
  }

  // Of a refund or a void of this till's receipt: the sale, which was not voided. Of every other
  // document: nullopt.
  Result<std::optional<Sale>> sale_before(const DocumentRow& row) {
    std::optional<Sale> sale;
    const auto about = about_of(row.document);
    const bool is_copy = std::holds_alternative<core::retail::Copy>(row.document);
    if (!about || about->series != Series::kInvoice || is_copy) return sale;
    TRY_ASSIGN(auto found, journal_.find_document(Series::kInvoice, about->number));
    Sale* before = found ? std::get_if<Sale>(&found->document) : nullptr;
    if (before == nullptr || found->position >= row.position) {
      return fail(Errc::kDamaged, "the sale that it is about is not before it");
    }
    if (voided_.contains(about->number)) {
      return fail(Errc::kDamaged, "the sale that it is about was voided before");
    }
    sale = std::move(*before);
    return sale;
  }

  Result<Money> card_amount(std::uint64_t number) {
    TRY_ASSIGN(const auto row, journal_.find_document(Series::kCard, number));
    const auto* card = row ? std::get_if<core::retail::CardResult>(&row->document) : nullptr;
    if (card == nullptr) return fail(Errc::kDamaged, "its card authorisation is not there");
    return card->amount;
  }

  Result<void> change_open(const std::vector<OpenItemChange>& changes) {
    for (const OpenItemChange& change : changes) {
      const auto at = open_.find(change.item.key);
      const bool opens = change.what == OpenItemChange::What::kOpens;
      if (opens != (at == open_.end())) {
        return fail(Errc::kDamaged, "what it finishes is not open, or what it opens is");
      }
      if (opens) {
        open_.emplace(change.item.key, change.item.amount);
      } else if (change.what == OpenItemChange::What::kCloses) {
        open_.erase(at);
      } else {
        TRY_ASSIGN(at->second, add(at->second, change.item.amount));
      }
    }
    return {};
  }

  // Every line is what is left of the sale's, and never more.
  Result<void> check_mirrors(const core::retail::Refund& refund, const Sale& sale) {
    for (const core::retail::RefundLine& line : refund.lines) {
      if (line.line >= sale.lines.size()) return fail(Errc::kDamaged, "it has no such line");
      Quantity& before = given_back_[{refund.invoice, line.line}];
      TRY_ASSIGN(const auto mirror, core::retail::mirror_line(sale.lines[line.line], line.line,
                                                              before, line.quantity, line.restock));
      if (mirror != line) return fail(Errc::kDamaged, "a line does not mirror the sale's");
      TRY_ASSIGN(before, add(before, line.quantity));
    }
    return {};
  }

  Journal& journal_;
  core::envelope::Hash chain_;
  std::uint64_t position_ = 0;
  Counters counters_{};
  std::size_t lives_ = 0;  // of journal_.past(), whose documents are behind
  WrittenDays days_;
  std::map<OpenItemKey, Money> carried_;
  std::set<std::uint64_t> voided_;  // invoices
  std::map<OpenItemKey, Money> open_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, Quantity> given_back_;
};

Result<Walked> check_documents(Journal& journal) {
  DocumentCheck check(journal);
  TRY(journal.documents_from(0, [&](DocumentRow&& row) { return check.take(std::move(row)); }));
  return std::move(check).finish();
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
    return damaged(journal.path(), place + ": receipt and log index do not go together");
  }
  if (!entry.receipt || !journal.state().log_key) return {};
  const core::tlog::NoteVerifier relay(journal.identity().origin, *journal.state().log_key);
  const auto good =
      core::tlog::verify_receipt(*entry.receipt, core::envelope::message_id(entry.message), relay);
  // Head office may have named another key since.
  if (good || good.error().code == core::Errc::kUnknownKey) return {};
  return damaged(journal.path(), place + ": its receipt, " + good.error().what);
}

// Sequences from 1 without a gap, each naming the one before, each with a valid signature.
Result<Reported> check_chain(Journal& journal, Outbox outbox, core::CatalogVersion present,
                             const std::optional<core::envelope::SealingKey>& sealing_key) {
  const Identity& self = journal.identity();
  const core::envelope::PublicKey key = self.key.public_key();
  const core::envelope::Kid kid = core::envelope::derive_kid(self.origin, key);
  Reported reported;
  MintedCheck minted(journal);
  core::Sequence sequence;
  core::envelope::MessageId prev = journal.state().entry;
  while (true) {
    TRY_ASSIGN(const auto entries, outbox.all(sequence, 256));
    if (entries.empty()) break;
    for (const OutboxEntry& entry : entries) {
      const std::string place = "message " + to_string(entry.sequence);
      const auto message = core::envelope::parse_message(entry.message);
      if (!message) return damaged(journal.path(), place + ": " + message.error().what);
      ++sequence.value;
      const core::envelope::Header& header = message->header;
      if (entry.sequence != sequence || header.sequence != sequence || header.prev != prev ||
          header.epoch != journal.state().epoch || header.kid != kid) {
        return damaged(journal.path(), place + ": it does not follow the one before");
      }
      if (!verify_message(*message, key)) return damaged(journal.path(), place + ": bad signature");
      TRY(check_receipt(journal, entry, place));
      const auto payload =
          core::envelope::open_payload(header.content_type, message->protected_header,
                                       message->payload, sealing_key ? &*sealing_key : nullptr);
      if (!payload) return damaged(journal.path(), place + ": " + payload.error().what);
      const bool is_sealed = header.content_type == core::envelope::ContentType::kSealedSummary;
      if (is_sealed != sealing_key.has_value()) {
        return damaged(journal.path(), place + ": in clear, and this epoch's messages are sealed");
      }
      auto summary = core::retail::decode_summary(*payload);
      if (!summary) return damaged(journal.path(), place + ": " + summary.error().what);
      prev = core::envelope::message_id(entry.message);
      TRY(minted.take(sequence, *summary));
      TRY(take_summary(reported, std::move(*summary)));
    }
  }
  if (sequence != journal.state().last_sequence || prev != journal.state().last_id) {
    return damaged(journal.path(), "the state row is not at the last message");
  }
  TRY(minted.finish(present));
  return reported;
}

// Every opened day but the open one is closed, and in this order.
Result<void> check_days(const Journal& journal, const Reported& reported) {
  const JournalState& state = journal.state();
  const auto before = journal.past().empty() ? std::nullopt : journal.past().back().last_day;
  std::vector<BusinessDay> expected = reported.opened;
  for (std::size_t i = 1; i < expected.size(); ++i) {
    if (expected[i] <= expected[i - 1]) return damaged(journal.path(), "the days do not ascend");
  }
  if (state.delivery_awaited_since_ms) {
    if (!state.open_day || (!expected.empty() && expected.back() >= *state.open_day)) {
      return damaged(journal.path(), "an opening is awaited that was sent");
    }
  } else if (state.open_day) {
    if (expected.empty() || expected.back() != *state.open_day) {
      return damaged(journal.path(), "the open day has no opening message");
    }
    expected.pop_back();
  }
  if (reported.closed != expected)
    return damaged(journal.path(), "a day's opening and closing disagree");
  const bool last_agrees =
      state.last_day == (expected.empty() ? before : std::optional(expected.back()));
  if (!last_agrees) return damaged(journal.path(), "the last closed day has no closing message");
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
      return damaged(journal.path(),
                     "the opening of " + to_string(day) + " is not its goods receipts");
    }
  }
  return {};
}

// Takes what is no sum of the day's documents from what was said, after checking it.
Result<Closing> expected_closing(WrittenDay& written, const Closing& said, JournalState& totals) {
  if (said.counted) TRY(written.fold.count_cash(*said.counted));
  Closing out = written.fold.closing();
  out.part = said.part;
  out.definitions = said.definitions;  // check_chain() looked at them
  written.evidence.put_into(out);
  for (const auto& [key, amount] : written.open) {
    if (key.series != Series::kCard) continue;
    ++out.open_cards;
    TRY_ASSIGN(out.open_cards_amount, add(out.open_cards_amount, amount));
  }
  TRY_ASSIGN(const core::Money sold, add(out.net, out.refunded));
  TRY_ASSIGN(totals.sold_minor, core::checked_add(totals.sold_minor, sold.minor));
  TRY_ASSIGN(totals.refunded_minor, core::checked_add(totals.refunded_minor, out.refunded.minor));
  out.grand_totals.sales.minor = totals.sold_minor;
  out.grand_totals.refunds.minor = totals.refunded_minor;
  return out;
}

Result<void> check_closings(Journal& journal, const Reported& reported, Walked& walked) {
  WrittenDays& days = walked.days;
  JournalState totals;
  if (!journal.past().empty()) {
    totals.sold_minor = journal.past().back().sold_minor;
    totals.refunded_minor = journal.past().back().refunded_minor;
  }
  std::map<OpenItemKey, Money> open = std::move(walked.carried);  // from day to day
  for (const auto& [day, parts] : reported.closings) {
    Closing said = parts.front();
    for (const Closing& part : parts) join_rows(said, part);
    const auto blank = WrittenDay{DayFold(day, journal.identity().currency), {}, open};
    WrittenDay& written = days.try_emplace(day, blank).first->second;
    TRY_ASSIGN(const Closing expected, expected_closing(written, said, totals));
    open = std::move(written.open);
    if (!complete(parts) || core::retail::encode_summary(said) != encode_summary(expected)) {
      return damaged(journal.path(),
                     "the closing of " + to_string(day) + " is not its documents' sum");
    }
    days.erase(day);
  }
  const JournalState& state = journal.state();
  if (totals.sold_minor != state.sold_minor || totals.refunded_minor != state.refunded_minor) {
    return damaged(journal.path(), "the grand totals are not the closings' sum");
  }
  if (state.open_day) days.erase(*state.open_day);
  if (days.empty()) return {};
  return damaged(journal.path(),
                 "documents of " + to_string(days.begin()->first) + ", a day that was not opened");
}

// The messages of the lives before are signed and chained, like this one's; what they say is sealed
// to head office, with keys that ended with them.
Result<void> check_past(Journal& journal) {
  TRY_ASSIGN(auto s, journal.database().prepare(
                         "SELECT epoch, sequence, message FROM past_message ORDER BY position"));
  std::map<core::Epoch, core::envelope::PublicKey> keys;
  for (const PastLife& life : journal.past()) keys.emplace(life.epoch, life.key);
  core::envelope::Header before;
  core::envelope::MessageId last;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return {};
    const core::Epoch epoch{static_cast<std::uint32_t>(s.column_int(0))};
    const std::string place =
        "message " + std::to_string(s.column_int(1)) + " of epoch " + to_string(epoch);
    const auto message = core::envelope::parse_message(s.column_blob(2));
    if (!message) return damaged(journal.path(), place + ": " + message.error().what);
    const core::envelope::Header& header = message->header;
    const bool first = header.epoch != before.epoch;
    const auto key = keys.find(epoch);
    if (key == keys.end() || header.epoch != epoch ||
        header.sequence.value != (first ? 1 : before.sequence.value + 1) ||
        (!first && header.prev != last) || !verify_message(*message, key->second)) {
      return damaged(journal.path(), place + ": it does not follow the one before");
    }
    before = header;
    last = core::envelope::message_id(s.column_blob(2));
  }
}

}  // namespace

Result<void> Till::check() {
  TRY(check_database(journal_));
  TRY(shelf().check());
  TRY_ASSIGN(auto walked, check_documents(journal_));
  TRY(print_queue().check());
  TRY_ASSIGN(const auto key, sealing_key());
  TRY_ASSIGN(const Reported reported, check_chain(journal_, outbox(), shelf_.present, key));
  TRY(check_days(journal_, reported));
  TRY(check_openings(journal_, reported));
  TRY(check_closings(journal_, reported, walked));
  TRY(check_past(journal_));
  TRY(backup().check());
  TRY(check_next_key(journal_));
  TRY(check_audit(journal_));
  return check_guards(journal_);
}

}  // namespace till
