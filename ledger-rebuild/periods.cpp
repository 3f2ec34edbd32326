// Periods: from the tables messages and covered.
#include "ledger-rebuild/periods.h"

#include <algorithm>

#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::BusinessDay;
using core::Result;
using core::Sequence;
using core::envelope::MessageId;
using core::sql::Database;
using core::sql::Statement;

Result<Periods> Periods::load(Database& db, const TillChains& chains) {
  Periods out(db, chains);
  TRY(out.refresh());
  return out;
}

std::vector<std::int64_t> Periods::own_chains() const {
  std::vector<std::pair<core::Epoch, std::int64_t>> found;
  for (std::size_t i = 1; i <= chains_->size(); ++i) {
    const TillChain& chain = chains_->at(static_cast<std::int64_t>(i));
    if (chain.till == core::envelope::kHeadOffice && chain.last) {
      found.push_back({chain.epoch, *chain.last});
    }
  }
  std::sort(found.begin(), found.end());
  std::vector<std::int64_t> out;
  out.reserve(found.size());
  for (const auto& [epoch, last] : found) out.push_back(last);
  return out;
}

// Takes the parts of closes one by one, in their order.
class Periods::Parts {
 public:
  void take(const Statement& row) {
    const BusinessDay last{static_cast<std::int32_t>(row.column_int(1))};
    const auto part = static_cast<std::size_t>(row.column_int(2));
    const auto parts = static_cast<std::size_t>(row.column_int(3));
    if (part == 1) growing_ = Close{last, {}};
    if (part == 1) parts_ = parts;
    const bool goes_on =
        part == growing_.parts.size() + 1 && growing_.last == last && parts == parts_;
    if (!goes_on) return;
    growing_.parts.push_back(row.column_int(0));
    const bool later = whole_.empty() || whole_.back().last < last;
    if (part == parts && later) whole_.push_back(growing_);
  }
  std::vector<Close> whole() && { return std::move(whole_); }

 private:
  std::vector<Close> whole_;
  Close growing_;
  std::size_t parts_ = 0;
};

// Epochs of head office's key follow one another as sequences do within one.
Result<std::vector<Periods::Close>> Periods::read() const {
  Parts parts;
  for (const std::int64_t last : own_chains()) {
    TRY_ASSIGN(auto rows, db_->prepare(std::string(kLinkSql) +
                                       "SELECT m.number, m.day, m.part, m.parts FROM link "
                                       "JOIN messages m USING(number) WHERE m.kind = 3 "
                                       "AND m.state = 1 ORDER BY m.sequence"));
    rows.bind_int(1, last);
    while (true) {
      TRY_ASSIGN(const bool more, rows.step());
      if (!more) break;
      parts.take(rows);
    }
  }
  return std::move(parts).whole();
}

Result<std::optional<Periods::Change>> Periods::refresh() {
  TRY_ASSIGN(std::vector<Close> now, read());
  const auto [mine, theirs] = std::mismatch(closes_.begin(), closes_.end(), now.begin(), now.end());
  const Change change{static_cast<std::size_t>(mine - closes_.begin()), mine != closes_.end()};
  const bool changed = change.removed || theirs != now.end();
  closes_ = std::move(now);
  return changed ? std::optional(change) : std::nullopt;
}

Result<std::optional<CoveredChain>> Periods::find(const Close& close,
                                                  const TillChain& chain) const {
  TRY_ASSIGN(auto row, db_->prepare("SELECT sequence, id FROM covered WHERE message = ? "
                                    "AND store = ? AND till = ? AND epoch = ?"));
  for (const std::int64_t part : close.parts) {
    row.bind_int(1, part).bind_int(2, chain.till.store.value).bind_int(3, chain.till.till.value);
    TRY_ASSIGN(const bool there, row.bind_int(4, chain.epoch.value).step());
    if (!there) {
      row.reset();
      continue;
    }
    CoveredChain out{chain.till, chain.epoch, id_at<Sequence>(row, 0), {}};
    TRY_ASSIGN(out.id, MessageId::from(row.column_blob(1)));
    return std::optional(out);
  }
  return std::optional<CoveredChain>();
}

Result<Sequence> Periods::through(std::size_t close, const TillChain& chain) const {
  TRY_ASSIGN(const auto found, find(closes_.at(close), chain));
  return found ? found->sequence : Sequence{0};
}

Result<BusinessDay> Periods::booked(const TillChain& chain, Sequence sequence,
                                    BusinessDay day) const {
  if (core::envelope::is_head_office(chain.till)) return day;  // it posts nothing
  const auto own = std::lower_bound(closes_.begin(), closes_.end(), day,
                                    [](const Close& c, BusinessDay d) { return c.last < d; });
  if (own == closes_.end()) return day;
  auto has_it = own;
  for (; has_it != closes_.end(); ++has_it) {
    TRY_ASSIGN(const auto found, find(*has_it, chain));
    if (found && sequence <= found->sequence) break;
  }
  if (has_it == own) return day;
  return BusinessDay{std::prev(has_it)->last.days + 1};
}

Result<std::vector<MessageId>> Periods::named(const TillChain& chain) const {
  std::vector<MessageId> out;
  for (const Close& close : closes_) {
    TRY_ASSIGN(const auto found, find(close, chain));
    if (found) out.push_back(found->id);
  }
  return out;
}

std::vector<BusinessDay> Periods::lasts() const {
  std::vector<BusinessDay> out;
  for (const Close& close : closes_) out.push_back(close.last);
  return out;
}

std::optional<BusinessDay> Periods::closed_through() const {
  if (closes_.empty()) return std::nullopt;
  return closes_.back().last;
}

}  // namespace rebuild
