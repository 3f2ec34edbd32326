// Replay: the log's new entries march; what cannot is judged; the books are sealed by their digest.
// All in one transaction.
#include "ledger-rebuild/replay.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <set>

#include "core/sql/database.h"
#include "core/tlog/note.h"
#include "ledger-rebuild/books_database.h"
#include "ledger-rebuild/books_schema.h"
#include "ledger-rebuild/digest.h"
#include "ledger-rebuild/judge.h"
#include "ledger-rebuild/known_log.h"
#include "ledger-rebuild/march.h"
#include "ledger-rebuild/parallel.h"
#include "ledger-rebuild/rebook.h"
#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/stopwatch.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::LogIndex;
using core::Result;
using core::envelope::Roster;
using core::sql::Database;
using core::sql::Transaction;

// Makes the tables, or checks that they are those of the roster's log and, as far as `verify` asks
// for it, what their digest says. Returns whether the books are new.
Result<bool> open_books(Database& db, const Roster& roster, Verify verify) {
  TRY_ASSIGN(const core::sql::Marks marks, db.marks());
  if (marks.is_empty) {
    TRY(db.create_tables(kBooksSchema, {false, kBooksApplication, kBooksVersion}));
    TRY_ASSIGN(auto row, db.prepare("INSERT INTO meta VALUES('origin', ?)"));
    TRY(row.bind_text(1, roster.origin()).run());
    TRY(set_meta(db, "log_end", std::int64_t{0}));
    return true;
  }
  TRY(check_books_version(db));
  TRY_ASSIGN(const std::string origin,
             db.query_text("SELECT value FROM meta WHERE name = 'origin'"));
  if (origin != roster.origin()) {
    return fail(Errc::kMalformed, db.name() + ": books of '" + origin +
                                      "', and the roster is of '" + roster.origin() + "'");
  }
  TRY_ASSIGN(const BooksDigest stored, read_stored_digest(db));
  BooksDigest now;
  if (verify == Verify::kEvery) {
    TRY_ASSIGN(now, compute_digest(db));
  } else {
    TRY_ASSIGN(const TillChains chains, TillChains::load(db));
    TRY_ASSIGN(now, digest_books(db, chains));
  }
  if (stored == now) return false;
  return core::sql::damaged(db.name(),
                            "the tables do not match their digest; replay the log into a new file");
}

// Ends the reading of a source, and nothing else.
constexpr const char* kEnough = "the stage has enough";

// Everything inside the transaction of a stage but its commit.
class Run {
 public:
  Run(const Update& update, const Roster& roster, Source& source, const ReplayOptions& options,
      KnownLog& log, ReplayOutcome& outcome)
      : update_(update),
        roster_(roster),
        source_(source),
        options_(options),
        log_(log),
        outcome_(outcome),
        closed_before_(update.periods.lasts()) {}

  // Whether the log has more than this stage took. Shape: after bring_up_to_date().
  bool has_more() const { return has_more_; }

  Result<void> bring_up_to_date(bool is_new, std::size_t enrolled) {
    TRY_ASSIGN(March march, make_march(enrolled));
    TRY_ASSIGN(const SourceState state, read_all(march));
    watch_.lap(outcome_.read_seconds);
    outcome_.damages = state.damages;
    outcome_.remarks = state.remarks;
    TRY(log_.finish(state.end, source_.name()));
    TRY(march.finish());
    watch_.lap(outcome_.check_seconds);
    outcome_.messages_new += march.posted();
    outcome_.signatures_checked += march.signatures_checked();
    const bool any_posted = march.posted() > 0;
    TRY(take_closes());
    if (closes_changed_) set_broken_aside(march);
    if (march.has_aside() || march.met_held()) TRY(judge_aside(march));
    TRY_ASSIGN(const bool closes_again, take_closes());
    if (closes_again) TRY(judge_broken());
    TRY(refuse_reopening());
    watch_.lap(outcome_.judge_seconds);
    TRY(update_.writer.write_months());
    TRY(check_log(state));
    if (any_posted || is_new || march.has_aside()) TRY(store_digest());
    TRY_ASSIGN(outcome_.digest, read_stored_digest(update_.db));
    TRY_ASSIGN(outcome_.states, count_states(update_.db));
    watch_.lap(outcome_.seal_seconds);
    return {};
  }

 private:
  // A key that was enrolled after its first message came has that message in quarantine.
  Result<March> make_march(std::size_t enrolled) {
    TRY_ASSIGN(const std::vector<Held> held, read_held(update_.db));
    std::set<core::envelope::Signature> signatures;
    for (const Held& one : held) signatures.insert(one.signature);
    March march(update_, std::move(signatures));
    for (std::size_t i = 1; i <= update_.chains.size(); ++i) {
      const auto number = static_cast<std::int64_t>(i);
      if (update_.chains.at(number).has_new_verdict) march.set_aside(number);
    }
    const std::size_t old_chains = update_.chains.size() - enrolled;
    for (const Held& one : held) {
      const TillChain* chain = update_.chains.find(one.kid);
      const bool is_newly_known =
          chain != nullptr && chain->number > static_cast<std::int64_t>(old_chains);
      if (is_newly_known) march.set_aside(chain->number);
    }
    return march;
  }

  // The log's new entries, in order, to the march, as many as one stage takes.
  Result<SourceState> read_all(March& march) {
    const bool audits = options_.verify == Verify::kEvery;
    std::uint64_t taken = 0;
    LogIndex last;
    const auto take = [&](std::span<const SourceEntry> lot) -> Result<void> {
      while (!lot.empty()) {
        const std::uint64_t room =
            audits || taken >= options_.stage ? lot.size() : options_.stage - taken;
        const auto part = lot.first(std::min<std::uint64_t>(room, lot.size()));
        last = part.back().index;
        TRY_ASSIGN(const std::size_t fresh, take_lot(march, part));
        taken += fresh;
        lot = lot.subspan(part.size());
        has_more_ = !audits && taken >= options_.stage && log_.is_behind_known(last);
        if (has_more_) return fail(Errc::kState, kEnough);
      }
      return {};
    };
    auto state = source_.read(audits ? LogIndex{0} : log_.start(), take);
    if (!state && has_more_) return SourceState{{}, {}, LogIndex{last.value + 1}};
    return state;
  }

  // Returns how many entries were new.
  Result<std::size_t> take_lot(March& march, std::span<const SourceEntry> lot) {
    watch_.lap(outcome_.read_seconds);
    hash(lot, ids_);
    TRY_ASSIGN(const std::vector<std::size_t> fresh,
               log_.take(lot, ids_, update_.tree, update_.threads, source_.name()));
    items_.resize(fresh.size());  // parse() makes each new, on all threads
    parse_all(lot, ids_, fresh, items_);
    outcome_.entries_read += fresh.size();
    TRY_ASSIGN(const auto steps, march.prepare(items_));
    watch_.lap(outcome_.check_seconds);
    TRY(march.post(items_, steps));
    if (posts_of_head_office(items_, steps)) TRY(take_closes());
    watch_.lap(outcome_.rows_seconds);
    if (options_.progress) options_.progress(lot.back().index.value + 1, 0);
    return fresh.size();
  }

  static bool posts_of_head_office(std::span<const Item> lot, std::span<const std::size_t> steps) {
    return std::any_of(steps.begin(), steps.end(), [&](std::size_t i) {
      return lot[i].enrolment->till == core::envelope::kHeadOffice;
    });
  }

  // Whether periods were closed by what was posted since the last look; entries are booked by them.
  Result<bool> take_closes() {
    TRY_ASSIGN(const auto change, update_.periods.refresh());
    if (!change) return false;
    closes_changed_ = true;
    TRY(rebook(update_, *change));
    return true;
  }

  // A period that is closed settles what contradicts itself in a chain.
  void set_broken_aside(March& march) const {
    for (const std::int64_t number : broken_chains()) march.set_aside(number);
  }
  std::set<std::int64_t> broken_chains() const {
    std::set<std::int64_t> out;
    for (std::size_t i = 1; i <= update_.chains.size(); ++i) {
      const auto number = static_cast<std::int64_t>(i);
      if (!update_.chains.at(number).whole) out.insert(number);
    }
    return out;
  }
  Result<void> judge_broken() {
    TRY(judge(update_, broken_chains(), Intake{}, false));
    return {};
  }

  // The bytes of what a close made evidence are in the log alone: it cannot be posted from the
  // books.
  Result<void> refuse_reopening() const {
    const auto still = update_.periods.lasts();
    if (std::includes(still.begin(), still.end(), closed_before_.begin(), closed_before_.end())) {
      return {};
    }
    return fail(Errc::kState,
                update_.db.name() +
                    ": a period was closed by a bulletin of head office that is contradicted now; "
                    "nothing was written. Replay the log into a new file");
  }

  void hash(std::span<const SourceEntry> lot, std::vector<MessageId>& ids) const {
    ids.resize(lot.size());
    for_chunks(lot.size(), update_.threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        ids[i] = core::envelope::message_id(lot[i].bytes);
      }
    });
  }

  void parse_all(std::span<const SourceEntry> lot, const std::vector<MessageId>& ids,
                 const std::vector<std::size_t>& fresh, std::vector<Item>& items) const {
    for_chunks(fresh.size(), update_.threads, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k) {
        Item& item = items[k];
        parse(lot[fresh[k]], ids[fresh[k]], item);
        if (!item.protected_header.empty()) find_chain(update_.chains, item);
      }
    });
  }

  // Reads the log once more, for what the march set aside.
  Result<void> judge_aside(const March& march) {
    std::deque<core::Bytes> storage;
    Intake fresh;
    bool behind = false;
    const auto take = [&](std::span<const SourceEntry> lot) -> Result<void> {
      behind = lot.front().index >= log_.end();
      if (behind) return fail(Errc::kState, kEnough);
      std::vector<SourceEntry> wanted;
      for (const SourceEntry& entry : lot) {
        if (!log_.was_fresh(entry.index)) continue;
        Item item;
        parse(entry, MessageId{}, item);
        if (!item.protected_header.empty()) find_chain(update_.chains, item);
        if (!march.is_aside(item)) continue;
        wanted.push_back({entry.index, storage.emplace_back(core::to_bytes(entry.bytes))});
      }
      take_up(wanted, update_.threads, fresh);
      return {};
    };
    const auto read = source_.read(log_.start(), take);
    if (!read && !behind) return fail(read.error());
    TRY_ASSIGN(const Judged judged,
               judge(update_, march.aside(), std::move(fresh), march.met_held()));
    outcome_.messages_new += judged.messages_new;
    outcome_.signatures_checked += judged.signatures_checked;
    return {};
  }

  // Whether everybody was shown this log. A lie is reported, and posts and un-posts nothing: what
  // the tills signed is true wherever it is found.
  Result<void> check_log(const SourceState& state) {
    const bool complete = !has_more_ && log_.is_complete(update_.tree);
    if (!complete && !has_more_) {
      outcome_.remarks.push_back("the log's tree was checked up to entry " +
                                 std::to_string(update_.tree.size()) +
                                 ": what is behind it is lost");
    }
    std::int64_t teller = 0;  // below every chain's number
    for (const LogHead& shown : options_.shown) {
      TRY(update_.shown.add(update_.tree, --teller, shown));
    }
    if (state.kept_head) {
      TRY(update_.shown.add(update_.tree, --teller, {*state.kept_head, "the log's own directory"}));
    }
    if (!state.checkpoint.empty()) TRY(add_signed(state.checkpoint, --teller));
    TRY_ASSIGN(const auto lies, update_.shown.faults(update_.tree, complete));
    if (!has_more_) {  // else the last stage finds them again
      outcome_.log_faults.insert(outcome_.log_faults.end(), lies.begin(), lies.end());
    }
    if (!lies.empty() || !outcome_.log_faults.empty()) return {};  // doubtful: not remembered
    return update_.tree.save();
  }

  Result<void> add_signed(const std::string& checkpoint, std::int64_t teller) {
    if (!roster_.log_key()) {
      outcome_.remarks.push_back(
          "the relay's checkpoint was not checked: the roster names no key "
          "of the log (daybook-rebuild log-key)");
      return {};
    }
    const auto opened = core::tlog::open_checkpoint(
        checkpoint, core::tlog::NoteVerifier(roster_.origin(), *roster_.log_key()));
    if (!opened) {
      outcome_.log_faults.push_back(opened.error().what);
      return {};
    }
    return update_.shown.add(
        update_.tree, teller,
        {{opened->size, opened->root}, "everybody, by the signed checkpoint,"});
  }

  Result<void> store_digest() {
    TRY_ASSIGN(const BooksDigest digest, digest_books(update_.db, update_.chains));
    TRY(set_meta(update_.db, "books_digest", digest.books.view()));
    return set_meta(update_.db, "figures_digest", digest.figures.view());
  }

  Update update_;
  const Roster& roster_;
  Source& source_;
  const ReplayOptions& options_;
  KnownLog& log_;
  bool has_more_ = false;
  ReplayOutcome& outcome_;
  std::vector<core::BusinessDay> closed_before_;
  bool closes_changed_ = false;
  std::vector<MessageId> ids_;  // of the lot at hand, as its items
  std::vector<Item> items_;
  Stopwatch watch_;
};

// One transaction. Returns whether the log has more.
Result<bool> replay_stage(Database& db, ShownHeads& shown, Source& source, const Roster& roster,
                          const ReplayOptions& options, ReplayOutcome& outcome) {
  Stopwatch watch;
  TRY_ASSIGN(Transaction transaction, Transaction::begin(db));
  bool has_more = false;
  {
    TRY_ASSIGN(const bool is_new, open_books(db, roster, options.verify));
    TRY_ASSIGN(TillChains chains, TillChains::load(db));
    TRY_ASSIGN(const std::size_t enrolled, chains.enrol(roster));
    TRY_ASSIGN(LogTree tree, LogTree::load(db));
    TRY_ASSIGN(KnownLog log, KnownLog::load(db, tree));
    TRY_ASSIGN(Periods periods, Periods::load(db, chains));
    TRY_ASSIGN(BooksWriter writer, BooksWriter::open(db, periods));
    const Update update{db,   chains, periods,        writer,
                        tree, shown,  options.verify, thread_count(options.threads)};
    watch.lap(outcome.open_seconds);
    Run run(update, roster, source, options, log, outcome);
    TRY(run.bring_up_to_date(is_new, enrolled));
    has_more = run.has_more();
    watch = Stopwatch();
  }
  TRY(transaction.commit());
  watch.lap(outcome.seal_seconds);
  return has_more;
}

}  // namespace

Result<ReplayOutcome> replay(Source& source, const Roster& roster,
                             const std::filesystem::path& books, const ReplayOptions& options) {
  ReplayOutcome outcome;
  Stopwatch watch;
  std::error_code ignored;  // no log, no books
  if (!std::filesystem::exists(books, ignored)) TRY(source.reach());
  TRY_ASSIGN(Database db, open_to_write(books));
  watch.lap(outcome.open_seconds);
  ShownHeads shown;  // of all stages: what is longer than a stage is compared by a later one
  for (bool has_more = true; has_more;) {
    TRY_ASSIGN(has_more, replay_stage(db, shown, source, roster, options, outcome));
  }
  return outcome;
}

}  // namespace rebuild
