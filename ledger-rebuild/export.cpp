// Export: walks the books' entries in the order of their days.
#include "ledger-rebuild/export.h"

#include <set>

#include "core/base/arithmetic.h"
#include "ledger-rebuild/products.h"
#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/valued_entries.h"

namespace rebuild {
namespace {

using core::BusinessDay;
using core::Currency;
using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::sql::Statement;

// Text is handed on in pieces of about so much.
constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr BusinessDay kAfterAll{BusinessDay::kMax + 1};

// Of takings, and of what the settings value.
Result<std::vector<Currency>> currencies_of(core::sql::Database& db, const Settings& settings) {
  std::set<Currency> out;
  for (const auto& [id, product] : settings.products) {
    if (!product.cost.empty()) out.insert(product.currency);
  }
  TRY(for_rows(db,
               "SELECT DISTINCT currency FROM messages WHERE kind = 2 AND state IN (1, 2, 3, 7) "
               "ORDER BY currency",
               [&](const Statement& row) -> Result<void> {
                 TRY_ASSIGN(const Currency currency, Currency::parse(row.column_text(0)));
                 out.insert(currency);
                 return {};
               }));
  return std::vector<Currency>(out.begin(), out.end());
}

std::string where(const ExportEntry& entry) {
  if (!is_of_message(entry)) return to_string(entry.day) + ", store " + to_string(entry.till.store);
  return "till " + to_string(entry.till) + ", epoch " + to_string(entry.epoch) + ", sequence " +
         to_string(entry.sequence);
}

class Walk {
 public:
  Walk(core::sql::Database& db, const Settings& settings, ValuedEntries valued,
       const ExportRange& range, ExportFormat& format, const ExportFormat::Sink& sink)
      : db_(db),
        settings_(settings),
        valued_(std::move(valued)),
        range_(range),
        format_(format),
        sink_(sink) {}

  Result<void> say(const std::string& text) {
    piece_ += text;
    return piece_.size() < kPieceBytes ? Result<void>{} : flush();
  }
  Result<void> flush() {
    TRY(sink_(piece_));
    piece_.clear();
    return {};
  }

  Result<void> all() {
    TRY_ASSIGN(Statement messages,
               db_.scan("SELECT number, booked, store, till, epoch, sequence, id, state, day "
                        "FROM messages WHERE kind = 2 AND state IN (1, 2, 3, 7) "
                        "ORDER BY booked, store, till, epoch, sequence, id"));
    while (true) {
      TRY_ASSIGN(const bool row, messages.step());
      if (!row) break;
      ExportEntry entry;
      entry.day = BusinessDay{static_cast<std::int32_t>(messages.column_int(1))};
      entry.of = BusinessDay{static_cast<std::int32_t>(messages.column_int(8))};
      if (range_.to && entry.day > *range_.to) break;
      entry.till = till_at(messages, 2);
      entry.epoch = id_at<core::Epoch>(messages, 4);
      entry.sequence = id_at<core::Sequence>(messages, 5);
      const auto id = core::envelope::MessageId::from(messages.column_blob(6));
      if (!id) return fail(Errc::kDamaged, where(entry) + ": its id is not 32 bytes");
      entry.message = *id;
      entry.state = static_cast<State>(messages.column_int(7));
      TRY(reach(entry.day));
      TRY(postings_of(messages.column_int(0), entry));
    }
    TRY(values_before(range_.to ? BusinessDay{range_.to->days + 1} : kAfterAll));
    return finish_day();
  }

  std::uint64_t entries() const { return entries_; }

 private:
  bool is_before(BusinessDay day) const { return range_.from && day < *range_.from; }

  // The valued entries of the days before this one, each behind the messages of its day.
  Result<void> values_before(BusinessDay day) {
    for (auto next = valued_.next(); next && *next < day; next = valued_.next()) {
      TRY(enter(*next));
      TRY_ASSIGN(auto entries, valued_.take());
      for (ExportEntry& entry : entries) TRY(put(entry));
    }
    return {};
  }

  // A message of this day comes next.
  Result<void> reach(BusinessDay day) {
    if (day_ == day) return {};
    TRY(values_before(day));
    return enter(day);
  }

  Result<void> enter(BusinessDay day) {
    if (day_ == day) return {};
    TRY(finish_day());
    const bool first = !is_before(day) && (!day_ || is_before(*day_));
    if (first && !balances_.empty()) TRY(say(format_.carried_forward(day, balances_)));
    day_ = day;
    return {};
  }

  Result<void> finish_day() {
    if (!day_ || is_before(*day_) || !posted_) return {};
    posted_ = false;
    return say(format_.assertion(*day_, balances_));
  }

  // The entry of a message, and the reversing one if there is one.
  Result<void> postings_of(std::int64_t number, ExportEntry& entry) {
    TRY_ASSIGN(Statement rows,
               db_.prepare("SELECT reversal, account, code, currency, amount_minor FROM postings "
                           "WHERE message = ? ORDER BY reversal, account, code"));
    rows.bind_int(1, number);
    while (true) {
      TRY_ASSIGN(const bool row, rows.step());
      if (!row) break;
      const bool reversal = rows.column_int(0) != 0;
      const EntryOf of = reversal ? EntryOf::kReversal : EntryOf::kClosing;
      if (of != entry.what) TRY(put(entry));
      entry.what = of;
      ExportPosting posting;
      posting.code = rows.column_int(2);
      TRY_ASSIGN(posting.account,
                 settings_.chart.account(static_cast<int>(rows.column_int(1)), posting.code));
      TRY_ASSIGN(posting.amount.currency, Currency::parse(rows.column_text(3)));
      posting.amount.minor = rows.column_int(4);
      entry.postings.push_back(posting);
    }
    return put(entry);
  }

  Result<void> put(ExportEntry& entry) {
    if (entry.postings.empty()) return {};
    Money sum{0, entry.postings.front().amount.currency};
    for (const ExportPosting& posting : entry.postings) {
      TRY_ASSIGN(sum, add(sum, posting.amount));
      const auto key = std::pair(posting.account, posting.amount.currency);
      Money& balance = balances_.try_emplace(key, Money{0, posting.amount.currency}).first->second;
      TRY_ASSIGN(balance, add(balance, posting.amount));
    }
    if (sum.minor != 0) {
      return fail(Errc::kDamaged, where(entry) + ": its postings do not add up to zero");
    }
    if (!is_before(entry.day)) {
      ++entries_;
      posted_ = true;
      TRY(say(format_.entry(entry)));
    }
    entry.postings.clear();
    return {};
  }

  core::sql::Database& db_;
  const Settings& settings_;
  ValuedEntries valued_;
  const ExportRange& range_;
  ExportFormat& format_;
  const ExportFormat::Sink& sink_;
  std::string piece_;
  std::optional<BusinessDay> day_;
  bool posted_ = false;  // the day has an entry
  Balances balances_;
  std::uint64_t entries_ = 0;
};

}  // namespace

Result<std::uint64_t> export_books(const Books& books, const Settings& given,
                                   const ExportRange& range, ExportFormat& format,
                                   const ExportFormat::Sink& sink) {
  TRY_ASSIGN(const Products products, read_products(books));
  const Settings settings = settings_for(products, given);
  TRY_ASSIGN(const std::string origin, books.origin());
  TRY_ASSIGN(const BooksDigest digest, books.stored_digest());
  TRY_ASSIGN(const auto currencies, currencies_of(books.database(), settings));
  TRY_ASSIGN(ValuedEntries valued, ValuedEntries::open(books, settings));
  Walk walk(books.database(), settings, std::move(valued), range, format, sink);
  TRY(walk.say(format.begin(origin, digest, currencies, settings.chart)));
  TRY(walk.all());
  TRY(walk.say(format.end(walk.entries())));
  TRY(walk.flush());
  return walk.entries();
}

}  // namespace rebuild
