// Places: from a chain's end, or along a broken one.
#include "ledger-rebuild/places.h"

#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/state.h"

namespace rebuild {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Result;
using core::envelope::ChainPlace;
using core::envelope::MessageId;
using core::sql::Database;
using core::sql::Statement;

namespace {

using Found = std::optional<ChainPlace>;

// One step of a chain, from a row of sequence, id, day, kind, state.
struct Step {
  core::Sequence sequence;
  core::envelope::MessageId id;
  BusinessDay day;
  bool proven = false;
};

Result<Step> step_at(const Statement& row) {
  Step out{id_at<core::Sequence>(row, 0), {}, {}, false};
  TRY_ASSIGN(out.id, core::envelope::MessageId::from(row.column_blob(1)));
  out.day.days = static_cast<std::int32_t>(row.column_int(2));
  out.proven = static_cast<State>(row.column_int(3)) == State::kProven;
  return out;
}

// Back from the end: what is behind the period is looked at, and nothing else.
Result<Found> find_in_whole(Database& db, const TillChain& chain, BusinessDay last) {
  TRY_ASSIGN(auto row, db.prepare("SELECT sequence, id, day, state, previous FROM messages "
                                  "WHERE number = ?"));
  for (std::optional<std::int64_t> next = chain.last; next;) {
    TRY_ASSIGN(const bool there, row.bind_int(1, *next).step());
    if (!there) return core::sql::damaged(db.name(), "a message of a chain is missing");
    TRY_ASSIGN(const Step step, step_at(row));
    if (step.day <= last) return Found({step.sequence, step.id});
    next = row.column_is_null(4) ? std::nullopt : std::optional(row.column_int(4));
    row.reset();
  }
  return Found();
}

// Along the chain, as far as every place is proven.
Result<Found> find_in_broken(Database& db, const TillChain& chain, BusinessDay last) {
  TRY_ASSIGN(auto rows, db.prepare(std::string(kLinkSql) +
                                   "SELECT sequence, id, day, state FROM link JOIN messages "
                                   "USING(number) WHERE state <> 4 ORDER BY sequence, id"));
  chain.last ? rows.bind_int(1, *chain.last) : rows.bind_null(1);
  Found found;
  while (true) {
    TRY_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    TRY_ASSIGN(const Step step, step_at(rows));
    const auto state = static_cast<State>(rows.column_int(3));
    if (state == State::kEvidence || state == State::kRevoked) continue;
    if (!step.proven) return found;
    if (step.day <= last) found = ChainPlace{step.sequence, step.id};
  }
}

// The chain of an enrolled key. Errors: kNotFound.
Result<const TillChain*> chain_of(TillChains& chains, const core::envelope::Enrolment& enrolment,
                                  const std::string& origin) {
  const auto* chain = chains.find(core::envelope::derive_kid(origin, enrolment.key));
  if (chain != nullptr) return chain;
  return fail(Errc::kNotFound, "the books have nothing of till " + to_string(enrolment.till) +
                                   ", epoch " + to_string(enrolment.epoch));
}

}  // namespace

Result<std::optional<ChainPlace>> last_proven(Database& db, const TillChain& chain,
                                              BusinessDay last) {
  return chain.whole ? find_in_whole(db, chain, last) : find_in_broken(db, chain, last);
}

Result<ChainPlace> last_proven_place(const Books& books, const core::envelope::Enrolment& enrolment,
                                     std::optional<BusinessDay> last) {
  TRY_ASSIGN(TillChains chains, TillChains::load(books.database()));
  TRY_ASSIGN(const std::string origin, books.origin());
  TRY_ASSIGN(const TillChain* chain, chain_of(chains, enrolment, origin));
  TRY_ASSIGN(const auto place,
             last_proven(books.database(), *chain, last.value_or(BusinessDay{BusinessDay::kMax})));
  if (place) return *place;
  return fail(Errc::kNotFound,
              "nothing of till " + to_string(enrolment.till) + ", epoch " +
                  to_string(enrolment.epoch) +
                  (last ? ", is proven up to " + to_string(*last) : ", is proven") +
                  "; --nothing says that nothing of it holds");
}

Result<ChainPlace> place_of_message(const Books& books, const core::envelope::Enrolment& enrolment,
                                    const MessageId& id) {
  TRY_ASSIGN(auto row, books.database().prepare(
                           "SELECT store, till, epoch, sequence FROM messages WHERE id = ?"));
  TRY_ASSIGN(const bool there, row.bind_blob(1, id.view()).step());
  if (!there) return fail(Errc::kNotFound, "the books have no message " + id.hex());
  const bool is_its =
      till_at(row, 0) == enrolment.till && id_at<core::Epoch>(row, 2) == enrolment.epoch;
  if (is_its) return ChainPlace{id_at<core::Sequence>(row, 3), id};
  return fail(Errc::kNotFound, "message " + id.hex() + " is of till " + to_string(till_at(row, 0)) +
                                   ", epoch " + to_string(id_at<core::Epoch>(row, 2)));
}

}  // namespace rebuild
