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

Result<Periods> Periods::load(Database& db) {
  Periods out(db);
  TRY(out.refresh());
  return out;
}

// Epochs of head office's key follow one another as sequences do within one.
Result<std::vector<Periods::Close>> Periods::read() const {
  std::vector<Close> out;
  Close growing;
  std::uint32_t parts = 0;
  TRY(for_rows(*db_,
               "SELECT m.number, m.day, m.part, m.parts FROM chains c JOIN messages m "
               "ON m.chain = c.number WHERE c.store = 0 AND c.till = 0 AND m.kind = 3 "
               "AND m.state = 1 ORDER BY m.epoch, m.sequence",
               [&](const Statement& row) -> Result<void> {
                 const BusinessDay last{static_cast<std::int32_t>(row.column_int(1))};
                 const auto part = static_cast<std::uint32_t>(row.column_int(2));
                 const bool begins = part == 1;
                 if (begins) growing = Close{last, {}};
                 if (begins) parts = static_cast<std::uint32_t>(row.column_int(3));
                 const bool goes_on = part == growing.parts.size() + 1 && growing.last == last &&
                                      row.column_int(3) == parts;
                 if (!goes_on) return {};
                 growing.parts.push_back(row.column_int(0));
                 const bool later = out.empty() || out.back().last < last;
                 if (part == parts && later) out.push_back(growing);
                 return {};
               }));
  return out;
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
