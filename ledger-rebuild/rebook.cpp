// Rebook: from each chain's last message back to what the close has.
#include "ledger-rebuild/rebook.h"

#include <algorithm>

#include "ledger-rebuild/rows.h"

namespace rebuild {
namespace {

using core::BusinessDay;
using core::Result;
using core::Sequence;

// Up to here the changed closes have everything; a close may name less than the one before it.
Result<Sequence> settled_before(const Update& update, const TillChain& chain,
                                const Periods::Change& change) {
  const std::size_t closes = update.periods.lasts().size();
  if (change.removed || change.same == closes) return Sequence{0};
  TRY_ASSIGN(Sequence floor, update.periods.through(change.same, chain));
  for (std::size_t close = change.same + 1; close < closes; ++close) {
    TRY_ASSIGN(const Sequence through, update.periods.through(close, chain));
    floor = std::min(floor, through);
  }
  return floor;
}

Result<void> rebook_chain(const Update& update, const TillChain& chain, Sequence floor,
                          core::sql::Statement& row) {
  std::optional<std::int64_t> next = chain.last;
  while (next) {
    const std::int64_t number = *next;
    row.bind_int(1, number);
    TRY_ASSIGN(const bool there, row.step());
    if (!there) {
      return core::sql::damaged(update.db.name(), "a message of a chain is missing");
    }
    const auto sequence = id_at<Sequence>(row, 1);
    const BusinessDay day{static_cast<std::int32_t>(row.column_int(2))};
    const BusinessDay before{static_cast<std::int32_t>(row.column_int(3))};
    next = row.column_is_null(0) ? std::nullopt : std::optional(row.column_int(0));
    const bool says_something = static_cast<Kind>(row.column_int(4)) != Kind::kNone;
    row.reset();
    if (sequence <= floor) break;
    TRY_ASSIGN(const BusinessDay booked, update.periods.booked(chain, sequence, day));
    if (booked != before && says_something) TRY(update.writer.rebook(number, booked));
  }
  return {};
}

}  // namespace

Result<void> rebook(const Update& update, const Periods::Change& change) {
  TRY_ASSIGN(auto row,
             update.db.prepare("SELECT previous, sequence, day, booked, kind FROM messages "
                               "WHERE number = ?"));
  for (std::size_t i = 1; i <= update.chains.size(); ++i) {
    const TillChain& chain = update.chains.at(static_cast<std::int64_t>(i));
    if (core::envelope::is_head_office(chain.till) || !chain.last) continue;
    TRY_ASSIGN(const Sequence floor, settled_before(update, chain, change));
    TRY(rebook_chain(update, chain, floor, row));
  }
  return {};
}

}  // namespace rebuild
