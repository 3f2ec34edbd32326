// TillChains: rows of the table chains.
#include "ledger-rebuild/till_chains.h"

#include <algorithm>

#include "core/envelope/cbor.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::Result;
using core::envelope::Hash;
using core::envelope::Kid;
using core::sql::Database;
using core::sql::Statement;

Result<TillChains> TillChains::load(Database& db) {
  TillChains out(db);
  TRY(for_rows(db,
               "SELECT number, kid, store, till, epoch, entry, whole, tip_sequence, tip, last, "
               "rows, figures, verdict FROM chains ORDER BY number",
               [&](const Statement& row) -> Result<void> {
                 TillChain chain;
                 chain.number = row.column_int(0);
                 TRY_ASSIGN(chain.kid, Kid::from(row.column_blob(1)));
                 chain.till = till_at(row, 2);
                 chain.epoch = id_at<core::Epoch>(row, 4);
                 TRY_ASSIGN(chain.entry, Hash::from(row.column_blob(5)));
                 chain.whole = row.column_int(6) != 0;
                 chain.tip_sequence = id_at<core::Sequence>(row, 7);
                 TRY_ASSIGN(chain.tip, Hash::from(row.column_blob(8)));
                 if (!row.column_is_null(9)) chain.last = row.column_int(9);
                 TRY_ASSIGN(chain.rows, Hash::from(row.column_blob(10)));
                 TRY_ASSIGN(chain.figures, Hash::from(row.column_blob(11)));
                 TRY_ASSIGN(chain.verdict, Hash::from(row.column_blob(12)));
                 const auto next = static_cast<std::int64_t>(out.chains_.size() + 1);
                 if (chain.number != next) {
                   return core::sql::damaged(db.name(), "a chain is missing");
                 }
                 out.numbers_.emplace(chain.kid, chain.number);
                 out.chains_.push_back(chain);
                 return {};
               }));
  return out;
}

namespace {

Hash verdict_of(const core::envelope::Enrolment& enrolment) {
  if (!enrolment.revoked && enrolment.stands.empty()) return {};
  core::envelope::CborWriter w;
  w.array(2 + 2 * enrolment.stands.size());
  w.unsigned_integer(enrolment.revoked ? 1 : 0);
  w.unsigned_integer(enrolment.last.value);
  for (const auto& place : enrolment.stands) {
    w.unsigned_integer(place.sequence.value);
    w.bytes(place.id.view());
  }
  return core::envelope::sha256(std::move(w).take());
}

}  // namespace

Result<void> TillChains::enrol(const Kid& kid, const core::envelope::Enrolment& enrolment) {
  TillChain* known = find(kid);
  bool changed = false;
  if (known == nullptr) {
    TillChain chain;
    chain.number = static_cast<std::int64_t>(chains_.size() + 1);
    chain.kid = kid;
    chain.till = enrolment.till;
    chain.epoch = enrolment.epoch;
    chain.entry = chain.tip = enrolment.entry;
    numbers_.emplace(kid, chain.number);
    chains_.push_back(chain);
    known = &chains_.back();
    changed = true;
  }
  if (known->till != enrolment.till || known->epoch != enrolment.epoch ||
      known->entry != enrolment.entry) {
    return {};
  }
  known->enrolment = &enrolment;
  const Hash verdict = verdict_of(enrolment);
  known->has_new_verdict = verdict != known->verdict;
  known->verdict = verdict;
  return changed || known->has_new_verdict ? save(*known) : Result<void>{};
}

Result<std::size_t> TillChains::enrol(const core::envelope::Roster& roster) {
  const std::size_t before = chains_.size();
  for (const auto& [kid, enrolment] : roster.enrolments()) TRY(enrol(kid, enrolment));
  TRY(enrol(core::envelope::derive_kid(roster.origin(), roster.root()), roster.root_as_sender()));
  for (const TillChain& chain : chains_) {
    if (chain.enrolment != nullptr) continue;
    return core::fail(core::Errc::kDamaged,
                      db_->name() + ": till " + to_string(chain.till) + ", epoch " +
                          to_string(chain.epoch) +
                          ": its key is in the books, and the roster does not have it, or for "
                          "another till; the roster lost entries, or the books were changed. "
                          "Nothing was written; with the right roster, replay the log into a new "
                          "file");
  }
  return chains_.size() - before;
}

TillChain* TillChains::find(const Kid& kid) {
  const auto it = numbers_.find(kid);
  return it == numbers_.end() ? nullptr : &at(it->second);
}

std::vector<const TillChain*> TillChains::by_kid() const {
  std::vector<const TillChain*> out;
  out.reserve(chains_.size());
  for (const TillChain& chain : chains_) out.push_back(&chain);
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->kid < b->kid; });
  return out;
}

Result<void> TillChains::save(const TillChain& chain) {
  TRY_ASSIGN(
      auto row,
      db_->prepare(
          "INSERT INTO chains VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(number) "
          "DO UPDATE SET whole = excluded.whole, tip_sequence = excluded.tip_sequence, tip = "
          "excluded.tip, last = excluded.last, rows = excluded.rows, figures = excluded.figures, "
          "verdict = excluded.verdict"));
  chain.last ? row.bind_int(10, *chain.last) : row.bind_null(10);
  return row.bind_int(1, chain.number)
      .bind_blob(2, chain.kid.view())
      .bind_int(3, chain.till.store.value)
      .bind_int(4, chain.till.till.value)
      .bind_int(5, chain.epoch.value)
      .bind_blob(6, chain.entry.view())
      .bind_int(7, chain.whole ? 1 : 0)
      .bind_int(8, static_cast<std::int64_t>(chain.tip_sequence.value))
      .bind_blob(9, chain.tip.view())
      .bind_blob(11, chain.rows.view())
      .bind_blob(12, chain.figures.view())
      .bind_blob(13, chain.verdict.view())
      .run();
}

}  // namespace rebuild
