// Periods: what head office closed, and so the day that each entry is booked on: its own business
// day, or, when it came after its period was closed, the first day of the period that first has it.
// Decided by the lists in head office's bulletins, never by a position in the log.
// Must not know how an entry comes about. Rules: docs/formats/books.md, "Periods".
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/result.h"
#include "core/sql/database.h"
#include "ledger-rebuild/period_close.h"
#include "ledger-rebuild/till_chains.h"

namespace rebuild {

// The closes that are in effect: proven bulletins of head office's chain, all their parts there,
// each with a later last day than the one before. Lists are read when they are asked for, and of
// the messages only head office's own: the cost does not grow with the tills' past.
// Owner: database and chains must outlive it. Errors of all: kDatabase, kDamaged.
class Periods {
 public:
  static core::Result<Periods> load(core::sql::Database& db, const TillChains& chains);

  // What became of the closes.
  struct Change {
    std::size_t same = 0;  // so many, from the first, are what they were
    bool removed = false;  // some that were are no more
  };
  // Reads the closes again. None: nothing has changed.
  core::Result<std::optional<Change>> refresh();

  // Where an entry of a till's message is booked.
  core::Result<core::BusinessDay> booked(const TillChain& chain, core::Sequence sequence,
                                         core::BusinessDay day) const;
  // The last message of the chain that close number `close` has; 0: none.
  core::Result<core::Sequence> through(std::size_t close, const TillChain& chain) const;
  // The messages of the chain that closes name.
  core::Result<std::vector<core::envelope::MessageId>> named(const TillChain& chain) const;

  // The last days of all closes, ascending.
  std::vector<core::BusinessDay> lasts() const;
  // The last day that is closed; none: no period is.
  std::optional<core::BusinessDay> closed_through() const;

 private:
  class Parts;
  struct Close {
    core::BusinessDay last;
    std::vector<std::int64_t> parts;  // numbers of their messages
    bool operator==(const Close&) const = default;
  };

  Periods(core::sql::Database& db, const TillChains& chains) : db_(&db), chains_(&chains) {}
  core::Result<std::vector<Close>> read() const;
  // The last messages of head office's keys, in the order of their epochs.
  std::vector<std::int64_t> own_chains() const;
  core::Result<std::optional<CoveredChain>> find(const Close& close, const TillChain& chain) const;

  core::sql::Database* db_;
  const TillChains* chains_;
  std::vector<Close> closes_;  // in the order of head office's sequence; last days ascend
};

}  // namespace rebuild
