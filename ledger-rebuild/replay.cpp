// Replay: the log's new entries march; what cannot is judged; the books are sealed by their digest.
// All in one transaction.
#include "ledger-rebuild/replay.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "core/sqlite/database.h"
#include "core/tlog/note.h"
#include "ledger-rebuild/books_schema.h"
#include "ledger-rebuild/digest.h"
#include "ledger-rebuild/judge.h"
#include "ledger-rebuild/known_log.h"
#include "ledger-rebuild/march.h"
#include "ledger-rebuild/parallel.h"
#include "ledger-rebuild/rows.h"
#include "ledger-rebuild/stopwatch.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::LogIndex;
using core::Result;
using core::envelope::Roster;
using core::sqlite::Database;
using core::sqlite::Transaction;

Result<Database> open_for_writing(const std::filesystem::path& books) {
  TRY_ASSIGN(Database db, Database::open(books, {.create = true, .busy_timeout_ms = 1000}));
  // The rollback journal keeps the old books until the new ones are synced; a large cache keeps
  // half-made pages out of the file until then.
  TRY(
      db.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; "
              "PRAGMA cache_size = -262144"));
  return db;
}

// Makes the tables, or checks that they are those of the roster's log and, as far as `verify` asks
// for it, what their digest says. Returns whether the books are new.
Result<bool> open_books(Database& db, const Roster& roster, Verify verify) {
  TRY_ASSIGN(const std::int64_t tables, db.query_int("SELECT COUNT(*) FROM sqlite_master"));
  if (tables == 0) {
    TRY(db.exec(kBooksSchema));
    TRY_ASSIGN(auto row, db.prepare("INSERT INTO meta VALUES('origin', ?)"));
    TRY(row.bind_text(1, roster.origin()).run());
    TRY(set_meta(db, "log_end", std::int64_t{0}));
    return true;
  }
  TRY(check_books_version(db));
  TRY_ASSIGN(const std::string origin,
             db.query_text("SELECT value FROM meta WHERE name = 'origin'"));
  if (origin != roster.origin()) {
    return fail(Errc::kMalformed, db.path().string() + ": books of '" + origin +
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
  return core::sqlite::damaged(
      db.path(), "the tables do not match their digest; replay the log into a new file");
}

// Everything inside the transaction but its commit.
class Run {
 public:
  Run(const Update& update, const Roster& roster, Source& source, const ReplayOptions& options,
      KnownLog& log, ReplayOutcome& outcome)
      : update_(update),
        roster_(roster),
        source_(source),
        options_(options),
        log_(log),
        outcome_(outcome) {}

  Result<void> bring_up_to_date(bool is_new, std::size_t enrolled) {
    TRY_ASSIGN(March march, make_march(enrolled));
    TRY_ASSIGN(const SourceState state, read_all(march));
    watch_.lap(outcome_.read_seconds);
    outcome_.damages = state.damages;
    outcome_.remarks = state.remarks;
    TRY(log_.finish(state.end, source_.name()));
    TRY(march.finish());
    watch_.lap(outcome_.check_seconds);
    outcome_.messages_new = march.posted();
    outcome_.signatures_checked = march.signatures_checked();
    if (march.has_aside() || march.met_held()) TRY(judge_aside(march));
    watch_.lap(outcome_.judge_seconds);
    TRY(update_.writer.write_months());
    TRY(check_log(state));
    if (outcome_.messages_new > 0 || is_new || march.has_aside()) TRY(store_digest());
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
    const std::size_t old_chains = update_.chains.size() - enrolled;
    for (const Held& one : held) {
      const TillChain* chain = update_.chains.find(one.kid);
      const bool is_newly_known =
          chain != nullptr && chain->number > static_cast<std::int64_t>(old_chains);
      if (is_newly_known) march.set_aside(chain->number);
    }
    return march;
  }

  // The log's new entries, in order, to the march.
  Result<SourceState> read_all(March& march) {
    const LogIndex from = options_.verify == Verify::kEvery ? LogIndex{0} : log_.start();
    std::vector<MessageId> ids;
    std::vector<Item> items;
    const auto take = [&](std::span<const SourceEntry> lot) -> Result<void> {
      watch_.lap(outcome_.read_seconds);
      hash(lot, ids);
      TRY_ASSIGN(const std::vector<std::size_t> fresh,
                 log_.take(lot, ids, update_.tree, source_.name()));
      items.resize(fresh.size());  // parse() makes each new, on all threads
      parse_all(lot, ids, fresh, items);
      outcome_.entries_read += fresh.size();
      TRY_ASSIGN(const auto steps, march.prepare(items));
      watch_.lap(outcome_.check_seconds);
      TRY(march.post(items, steps));
      watch_.lap(outcome_.rows_seconds);
      if (options_.progress) options_.progress(lot.back().index.value + 1, 0);
      return {};
    };
    return source_.read(from, take);
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
    const auto take = [&](std::span<const SourceEntry> lot) -> Result<void> {
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
    TRY(source_.read(log_.start(), take));
    TRY_ASSIGN(const Judged judged,
               judge(update_, march.aside(), std::move(fresh), march.met_held()));
    outcome_.messages_new += judged.messages_new;
    outcome_.signatures_checked += judged.signatures_checked;
    return {};
  }

  // Whether everybody was shown this log. A lie is reported, and posts and un-posts nothing: what
  // the tills signed is true wherever it is found.
  Result<void> check_log(const SourceState& state) {
    const bool complete = log_.is_complete(update_.tree);
    if (!complete) {
      outcome_.remarks.push_back("the log's tree was checked up to entry " +
                                 std::to_string(update_.tree.size()) +
                                 ": what is behind it is lost");
    }
    std::int64_t teller = 0;  // below every chain's number
    for (const LogHead& shown : options_.shown)
      TRY(update_.shown.add(update_.tree, --teller, shown));
    if (state.kept_head) {
      TRY(update_.shown.add(update_.tree, --teller, {*state.kept_head, "the log's own directory"}));
    }
    if (!state.checkpoint.empty()) TRY(add_signed(state.checkpoint, --teller));
    TRY_ASSIGN(const auto lies, update_.shown.faults(update_.tree, complete));
    outcome_.log_faults.insert(outcome_.log_faults.end(), lies.begin(), lies.end());
    if (!outcome_.log_faults.empty()) return {};  // what is doubtful is not remembered
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
  ReplayOutcome& outcome_;
  Stopwatch watch_;
};

}  // namespace

Result<ReplayOutcome> replay(Source& source, const Roster& roster,
                             const std::filesystem::path& books, const ReplayOptions& options) {
  ReplayOutcome outcome;
  Stopwatch watch;
  std::error_code ignored;  // no log, no books
  if (!std::filesystem::exists(books, ignored)) TRY(source.reach());
  TRY_ASSIGN(Database db, open_for_writing(books));
  TRY_ASSIGN(Transaction transaction, Transaction::begin(db));
  {
    TRY_ASSIGN(const bool is_new, open_books(db, roster, options.verify));
    TRY_ASSIGN(TillChains chains, TillChains::load(db));
    TRY_ASSIGN(const std::size_t enrolled, chains.enrol(roster));
    TRY_ASSIGN(LogTree tree, LogTree::load(db));
    TRY_ASSIGN(KnownLog log, KnownLog::load(db, tree));
    TRY_ASSIGN(BooksWriter writer, BooksWriter::open(db));
    ShownHeads shown;
    const Update update{
        db, chains, writer, tree, shown, options.verify, thread_count(options.threads)};
    watch.lap(outcome.open_seconds);
    TRY(Run(update, roster, source, options, log, outcome).bring_up_to_date(is_new, enrolled));
    watch = Stopwatch();
  }
  TRY(transaction.commit());
  watch.lap(outcome.seal_seconds);
  return outcome;
}

}  // namespace rebuild
