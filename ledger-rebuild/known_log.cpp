// KnownLog: the log's end and its gaps, in meta and in the table lost.
#include "ledger-rebuild/known_log.h"

#include <algorithm>
#include <iterator>

#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::Errc;
using core::fail;
using core::Result;
using core::sql::Database;
using core::sql::Statement;

Result<KnownLog> KnownLog::load(Database& db, const LogTree& tree) {
  KnownLog log(db);
  TRY_ASSIGN(const std::int64_t end, db.query_int("SELECT value FROM meta WHERE name = 'log_end'"));
  log.old_end_ = log.end_ = static_cast<std::uint64_t>(end);
  TRY(for_rows(db, "SELECT first, last FROM lost ORDER BY first",
               [&](const Statement& row) -> Result<void> {
                 log.old_lost_.push_back({static_cast<std::uint64_t>(row.column_int(0)),
                                          static_cast<std::uint64_t>(row.column_int(1))});
                 return {};
               }));
  log.start_ = core::LogIndex{tree.size() > 0 ? tree.size() - 1 : 0};
  log.next_ = log.start_.value;
  return log;
}

bool KnownLog::is_known(std::uint64_t index) const {
  if (index >= old_end_) return false;
  const auto behind =
      std::upper_bound(old_lost_.begin(), old_lost_.end(), index,
                       [](std::uint64_t at, const Range& range) { return at < range.first; });
  return behind == old_lost_.begin() || std::prev(behind)->last < index;
}

bool KnownLog::was_fresh(core::LogIndex index) const {
  return index.value < end_ && !is_known(index.value);
}

Result<std::vector<std::size_t>> KnownLog::take(std::span<const SourceEntry> lot,
                                                std::span<const core::envelope::MessageId> ids,
                                                LogTree& tree, unsigned threads,
                                                const std::string& source) {
  std::vector<std::size_t> fresh;
  fresh.reserve(lot.size());
  const std::uint64_t known = tree.size();
  for (std::size_t i = 0; i < lot.size(); ++i) {
    const std::uint64_t index = lot[i].index.value;
    if (index < known) {
      TRY_ASSIGN(const core::envelope::Hash leaf, tree.leaf(index));
      if (leaf != ids[i]) {
        return fail(Errc::kDamaged, source + ": entry " + std::to_string(index) +
                                        " is not the one that the books were made from: the log "
                                        "was rewritten, or is another one");
      }
    } else if (index == tree.size()) {
      std::size_t end = i + 1;
      while (end < lot.size() && lot[end].index.value == index + (end - i)) ++end;
      TRY(tree.append(ids.subspan(i, end - i), threads));
    }
    if (index > next_) lose(next_, index);
    next_ = std::max(next_, index + 1);
    if (!is_known(index)) fresh.push_back(i);
  }
  return fresh;
}

// Of what is not there, what was known once is not lost to the books.
void KnownLog::lose(std::uint64_t first, std::uint64_t end) {
  for (const Range& range : old_lost_) {
    const Range both{std::max(first, range.first), std::min(end - 1, range.last)};
    if (both.first <= both.last) lost_.push_back(both);
  }
  if (end > old_end_) lost_.push_back({std::max(first, old_end_), end - 1});
}

Result<void> KnownLog::finish(core::LogIndex end, const std::string& source) {
  if (end.value < old_end_) {
    return fail(Errc::kDamaged, source + ": it ends at entry " + to_string(end) +
                                    ", and ended at entry " + std::to_string(old_end_) +
                                    " when the books were made: the log shrank, or is another one");
  }
  if (end.value > next_) lose(next_, end.value);
  end_ = end.value;
  const bool same_lost = std::equal(
      lost_.begin(), lost_.end(), old_lost_.begin(), old_lost_.end(),
      [](const Range& a, const Range& b) { return a.first == b.first && a.last == b.last; });
  if (end_ == old_end_ && same_lost) return {};
  TRY(set_meta(*db_, "log_end", static_cast<std::int64_t>(end_)));
  TRY(db_->exec("DELETE FROM lost"));
  for (const Range& range : lost_) {
    TRY_ASSIGN(auto row, db_->prepare("INSERT INTO lost VALUES(?, ?)"));
    TRY(row.bind_int(1, static_cast<std::int64_t>(range.first))
            .bind_int(2, static_cast<std::int64_t>(range.last))
            .run());
  }
  return {};
}

}  // namespace rebuild
