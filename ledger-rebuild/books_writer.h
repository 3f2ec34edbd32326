// BooksWriter: writes messages with what they post, and takes one from its verdict before to the
// one now. Must not know how verdicts or entries come about. Tables: docs/formats/books.md.
#pragma once

#include "core/base/result.h"
#include "core/sql/database.h"
#include "ledger-rebuild/facts.h"
#include "ledger-rebuild/month_sums.h"
#include "ledger-rebuild/periods.h"
#include "ledger-rebuild/till_chains.h"

namespace rebuild {

// Inside a transaction that the caller began, and commits after the writer is gone.
// Errors of all: kDatabase, kDiskFull, kIo, kSyncFailed.
class BooksWriter {
 public:
  // Owner: both must outlive it.
  static core::Result<BooksWriter> open(core::sql::Database& db, const Periods& periods);

  // A message that the books do not have. `chain`: its key's, nullptr when it is not on the roster;
  // its `last` moves when the message is in the chain.
  core::Result<void> add(TillChain* chain, const Item& item, const Verdict& verdict);
  // One that they have.
  core::Result<void> change(TillChain* chain, const Item& item, const Verdict& verdict);
  core::Result<void> add(const NoMessage& entry);
  // Takes back what add() wrote of the chain since it was as `before`, and makes it that again.
  core::Result<void> take_back(TillChain& chain, const TillChain& before);
  // Names the message that stands before this one in its chain.
  core::Result<void> link(std::int64_t number, std::optional<std::int64_t> previous);
  // Books a message's entry on another day.
  core::Result<void> rebook(std::int64_t number, core::BusinessDay booked);
  // The sums of the months, once all else is written.
  core::Result<void> write_months() { return months_.flush(*db_); }
  // The signature was looked at after its message was written, and is valid.
  core::Result<void> mark_valid(std::int64_t number);

 private:
  using Statement = core::sql::Statement;
  BooksWriter(core::sql::Database& db, const Periods& periods, Statement insert, Statement update,
              Statement posting, Statement move, Statement range, Statement refunded,
              Statement sold, Statement counted, Statement operators, Statement members,
              Statement covered, Statement definition, Statement decided, Statement delivery,
              Statement key_request, Statement hold, Statement release);

  core::Result<void> insert(TillChain& chain, const Item& item, const Verdict& verdict,
                            core::BusinessDay booked);
  core::Result<void> update(const Item& item, const Verdict& verdict, core::BusinessDay booked);
  core::Result<void> delete_entry(std::int64_t number);
  core::Result<void> insert_entry(const Item& item, core::BusinessDay booked);
  core::Result<void> insert_told(const Item& item);
  core::Result<void> reverse_entry(std::int64_t number);
  core::Result<void> drop_reversal(std::int64_t number);
  core::Result<void> hold(const Item& item, const Verdict& verdict);
  // Statements of one parameter, in their order.
  core::Result<void> run_for(std::initializer_list<const char*> statements, std::int64_t number);

  core::sql::Database* db_;
  const Periods* periods_;
  MonthSums months_;
  Statement insert_, update_, posting_, move_, range_, refunded_, sold_, counted_, operators_,
      members_, covered_, definition_, decided_, delivery_, key_request_, hold_, release_;
};

}  // namespace rebuild
