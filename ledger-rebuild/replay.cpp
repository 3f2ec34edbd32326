// Replay: source, intake, resolve, books, in that order and in one transaction.
#include "ledger-rebuild/replay.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>

#include "core/sqlite/database.h"
#include "core/tlog/note.h"
#include "ledger-rebuild/books_writer.h"
#include "ledger-rebuild/digest.h"
#include "ledger-rebuild/known.h"
#include "ledger-rebuild/parallel.h"
#include "ledger-rebuild/resolve.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::LogIndex;
using core::Result;
using core::envelope::Roster;
using core::sqlite::Database;
using core::sqlite::Transaction;

class Stopwatch {
 public:
  // Seconds since the last call.
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const std::chrono::duration<double> passed = now - start_;
    start_ = now;
    return passed.count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Result<bool> has_tables(Database& db) {
  TRY_ASSIGN(const std::int64_t tables, db.query_int("SELECT COUNT(*) FROM sqlite_master"));
  return tables > 0;
}

// Books that do not match their own digest are not added to: the error would be sealed in.
Result<void> check_books(Database& db, const Roster& roster) {
  TRY(check_books_version(db));
  TRY_ASSIGN(const std::string origin,
             db.query_text("SELECT value FROM meta WHERE name = 'origin'"));
  if (origin != roster.origin()) {
    return fail(Errc::kMalformed, db.path().string() + ": books of '" + origin +
                                      "', and the roster is of '" + roster.origin() + "'");
  }
  TRY_ASSIGN(const BooksDigest stored, read_stored_digest(db));
  TRY_ASSIGN(const BooksDigest now, compute_digest(db));
  if (stored == now) return {};
  return fail(Errc::kDamaged, db.path().string() +
                                  ": the tables do not match their digest; replay the log into a "
                                  "new file");
}

// Where a source may start: at the last entry that the books know, which shows that it is the same
// log. Only a hint: the entries are compared under the lock.
Result<LogIndex> start_hint(const std::filesystem::path& books) {
  std::error_code ignored;
  if (!std::filesystem::exists(books, ignored)) return LogIndex{0};
  TRY_ASSIGN(Database db, Database::open(books, {.busy_timeout_ms = 5000}));
  TRY_ASSIGN(const bool made, has_tables(db));
  if (!made) return LogIndex{0};
  TRY(check_books_version(db));
  TRY_ASSIGN(const std::int64_t end, db.query_int("SELECT value FROM meta WHERE name = 'log_end'"));
  return LogIndex{end > 0 ? static_cast<std::uint64_t>(end - 1) : 0};
}

Result<Database> open_for_writing(const std::filesystem::path& books) {
  TRY_ASSIGN(Database db, Database::open(books, {.create = true, .busy_timeout_ms = 1000}));
  // The rollback journal keeps the old books until the new ones are synced; a large cache keeps
  // half-made pages out of the file until then.
  TRY(
      db.exec("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; "
              "PRAGMA cache_size = -262144"));
  return db;
}

// Everything inside the transaction but its commit.
class Run {
 public:
  Run(Database& db, const Roster& roster, const ReplayOptions& options, ReplayOutcome& outcome)
      : db_(db),
        roster_(roster),
        options_(options),
        threads_(thread_count(options.threads)),
        outcome_(outcome) {}

  Result<void> bring_up_to(const SourceContent& content, const std::string& source_name) {
    BooksWriter writer(db_);
    TRY_ASSIGN(const bool made, has_tables(db_));
    if (made) TRY(check_books(db_, roster_));
    if (!made) TRY(writer.create_tables(roster_.origin()));
    TRY_ASSIGN(Known known, read_known(db_));
    TRY_ASSIGN(const auto fresh, new_entries(content, known, source_name, threads_));
    outcome_.resolve_seconds += watch_.lap();
    TRY(check(fresh, known.intake));
    outcome_.check_seconds = watch_.lap();
    const std::vector<Verdict> verdicts = resolve(known.intake.items);
    outcome_.resolve_seconds += watch_.lap();
    TRY(refuse_losses(known.intake.items, verdicts));
    TRY(check_log(writer, content, fresh, known, verdicts));
    return write(writer, content, known, verdicts, !made);
  }

 private:
  // Sets only grow, so what was posted once can be contradicted and never becomes unauthentic: if
  // it does, the roster lost entries or the books were changed.
  Result<void> refuse_losses(std::span<const Item> items, std::span<const Verdict> verdicts) const {
    for (std::size_t i = 0; i < items.size(); ++i) {
      const State before = items[i].before.state;
      const bool was_posted = items[i].row != 0 && before != State::kQuarantined;
      if (!was_posted || verdicts[i].state != State::kQuarantined) continue;
      return fail(Errc::kDamaged,
                  db_.path().string() + ": message " + items[i].facts.id.hex() +
                      " was posted and would be quarantined now (" + verdicts[i].detail +
                      "); the roster lost entries, or the books were changed. Nothing was written; "
                      "with the right roster, replay the log into a new file");
    }
    return {};
  }

  // Whether everybody was shown this log. A lie is reported, and posts and un-posts nothing: what
  // the tills signed is true wherever it is found.
  Result<void> check_log(BooksWriter& writer, const SourceContent& content,
                         std::span<const SourceEntry> fresh, const Known& known,
                         std::span<const Verdict> verdicts) {
    std::vector<LogHead> heads = options_.shown;
    if (known.tree_head) heads.push_back({*known.tree_head, "head office, at the replay before,"});
    if (content.kept_head) heads.push_back({*content.kept_head, "the log's own directory"});
    if (!content.checkpoint.empty()) TRY(add_signed(content, heads));
    add_tills(known.intake.items, verdicts, heads);
    const auto leaves = leaves_of(content, fresh, known);
    if (!leaves) {
      outcome_.remarks.push_back("the log's tree was not checked: entries are lost");
      return {};
    }
    outcome_.log_faults = check_heads(*leaves, std::move(heads));
    const core::envelope::TreeHead now = head_of(*leaves);
    if (!outcome_.log_faults.empty() || known.tree_head == now) return {};
    return writer.set_tree_head(now);
  }

  Result<void> add_signed(const SourceContent& content, std::vector<LogHead>& heads) {
    if (!roster_.log_key()) {
      outcome_.remarks.push_back(
          "the relay's checkpoint was not checked: the roster names no key "
          "of the log (daybook-rebuild log-key)");
      return {};
    }
    const auto checkpoint = core::tlog::open_checkpoint(
        content.checkpoint, core::tlog::NoteVerifier(roster_.origin(), *roster_.log_key()));
    if (!checkpoint) {
      outcome_.log_faults.push_back(checkpoint.error().what);
      return {};
    }
    heads.push_back({{checkpoint->size, checkpoint->root}, "everybody, by the signed checkpoint,"});
    return {};
  }

  // What the tills were shown, as their own signed messages say.
  static void add_tills(std::span<const Item> items, std::span<const Verdict> verdicts,
                        std::vector<LogHead>& heads) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!items[i].tree_head || verdicts[i].state == State::kQuarantined) continue;
      heads.push_back({*items[i].tree_head, "till " + to_string(items[i].enrolment->till) +
                                                ", by its message at log index " +
                                                to_string(items[i].index) + ","});
    }
  }

  // The ids of all entries; nothing when one is not known.
  static std::optional<std::vector<MessageId>> leaves_of(const SourceContent& content,
                                                         std::span<const SourceEntry> fresh,
                                                         const Known& known) {
    std::vector<MessageId> leaves(content.end.value);
    std::vector<bool> has(leaves.size(), false);
    const auto put = [&](LogIndex index, const MessageId& id) {
      leaves[index.value] = id;
      has[index.value] = true;
    };
    for (const SeenEntry& seen : known.seen) put(seen.index, seen.id);
    for (const Item& item : known.intake.items) put(item.index, item.facts.id);
    for (const NoMessage& entry : known.intake.no_messages) put(entry.index, entry.id);
    for (const SourceEntry& entry : fresh) {  // one that is in the log twice
      if (!has[entry.index.value]) put(entry.index, core::envelope::message_id(entry.bytes));
    }
    if (std::find(has.begin(), has.end(), false) != has.end()) return std::nullopt;
    return leaves;
  }

  Result<void> check(std::span<const SourceEntry> fresh, Intake& intake) {
    const std::size_t before = intake.items.size() + intake.no_messages.size();
    take_up(fresh, threads_, intake);
    outcome_.entries_read = fresh.size();
    outcome_.messages_new = intake.items.size() + intake.no_messages.size() - before;
    find_enrolments(intake.items, roster_, threads_);
    TRY(check_openers(intake.items));
    outcome_.signatures_checked =
        check_signatures(intake.items, options_.verify, threads_, options_.progress);
    decode_payloads(intake.items, threads_);
    return {};
  }

  Result<void> write(BooksWriter& writer, const SourceContent& content, const Known& known,
                     const std::vector<Verdict>& verdicts, bool is_new) {
    if (known.enrolments != roster_.enrolments().size()) TRY(writer.write_roster(roster_));
    TRY_ASSIGN(const bool items, writer.write_items(known.intake.items, verdicts));
    TRY_ASSIGN(const bool others, writer.write_no_messages(known.intake.no_messages));
    if (content.end != known.log_end) TRY(writer.set_log_end(content.end));
    if (items || others || is_new) TRY(writer.store_digest());
    TRY_ASSIGN(outcome_.digest, read_stored_digest(db_));
    TRY_ASSIGN(outcome_.states, count_states(db_));
    return {};
  }

  Database& db_;
  const Roster& roster_;
  const ReplayOptions& options_;
  unsigned threads_;
  ReplayOutcome& outcome_;
  Stopwatch watch_;
};

}  // namespace

Result<ReplayOutcome> replay(Source& source, const Roster& roster,
                             const std::filesystem::path& books, const ReplayOptions& options) {
  ReplayOutcome outcome;
  Stopwatch watch;
  TRY_ASSIGN(const LogIndex from, start_hint(books));
  TRY_ASSIGN(SourceContent content, source.read(from));
  outcome.read_seconds = watch.lap();
  outcome.damages = std::move(content.damages);
  outcome.remarks = std::move(content.remarks);

  TRY_ASSIGN(Database db, open_for_writing(books));
  TRY_ASSIGN(Transaction transaction, Transaction::begin(db));
  TRY(Run(db, roster, options, outcome).bring_up_to(content, source.name()));
  TRY(transaction.commit());
  outcome.write_seconds = watch.lap() - outcome.check_seconds - outcome.resolve_seconds;
  return outcome;
}

}  // namespace rebuild
