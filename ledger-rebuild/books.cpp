// Books: opening books.db and its few small facts.
#include "ledger-rebuild/books.h"

#include "core/sql/database.h"
#include "ledger-rebuild/books_database.h"
#include "ledger-rebuild/books_schema.h"
#include "ledger-rebuild/digest.h"
#include "ledger-rebuild/log_tree.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::Errc;
using core::fail;
using core::Result;
using core::sql::Database;

namespace {

Result<Hash> stored_hash(Database& db, std::string_view name) {
  TRY_ASSIGN(auto row, db.prepare("SELECT value FROM meta WHERE name = ?"));
  row.bind_text(1, name);
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return fail(Errc::kDamaged, db.name() + ": no " + std::string(name));
  return Hash::from(row.column_blob(0));
}

}  // namespace

Result<void> check_books_version(Database& db) {
  const auto refuse = [&](const std::string& what) {
    return fail(Errc::kMalformed, db.name() + ": " + what);
  };
  TRY_ASSIGN(const core::sql::Marks marks, db.marks());
  if (marks.application != kBooksApplication) {
    return refuse("no books; make them with 'daybook-rebuild replay'");
  }
  if (marks.version != kBooksVersion) {
    return refuse("books of version " + std::to_string(marks.version) + ", this program writes " +
                  std::to_string(kBooksVersion) + "; replay the log into a new file");
  }
  return {};
}

Books::Books(std::unique_ptr<Database> database) : database_(std::move(database)) {}
Books::Books(Books&&) noexcept = default;
Books::~Books() = default;

Result<Books> Books::open(const std::filesystem::path& file) {
  TRY_ASSIGN(Database db, open_to_read(file));
  TRY(check_books_version(db));
  return Books(std::make_unique<Database>(std::move(db)));
}

Result<Books> Books::open_one_moment(const std::filesystem::path& file) {
  TRY_ASSIGN(Database db, rebuild::open_one_moment(file));
  TRY(check_books_version(db));
  return Books(std::make_unique<Database>(std::move(db)));
}

Result<StateCounts> Books::state_counts() const {
  return count_states(*database_);
}

Result<std::string> Books::origin() const {
  return database_->query_text("SELECT value FROM meta WHERE name = 'origin'");
}

Result<std::optional<core::envelope::TreeHead>> Books::tree_head() const {
  return read_tree_head(*database_);
}

Result<BooksDigest> Books::digest() const {
  return compute_digest(*database_);
}

Result<BooksDigest> Books::stored_digest() const {
  return read_stored_digest(*database_);
}

Result<StateCounts> count_states(Database& db) {
  StateCounts counts;
  // A whole chain is as long as its last sequence; only the others are looked into.
  TRY_ASSIGN(const std::int64_t whole,
             db.query_int("SELECT COALESCE(SUM(tip_sequence), 0) FROM chains WHERE whole = 1"));
  counts.proven = static_cast<std::uint64_t>(whole);
  TRY(for_rows(db, "SELECT state, COUNT(*) FROM broken GROUP BY state",
               [&](const core::sql::Statement& row) -> Result<void> {
                 const auto count = static_cast<std::uint64_t>(row.column_int(1));
                 switch (static_cast<State>(row.column_int(0))) {
                   case State::kProven:
                     counts.proven += count;
                     break;
                   case State::kUnproven:
                     counts.unproven = count;
                     break;
                   case State::kContradicted:
                     counts.contradicted = count;
                     break;
                   case State::kCopy:
                     counts.copies = count;
                     break;
                   case State::kEvidence:
                     counts.evidence = count;
                     break;
                   case State::kRevoked:
                     counts.revoked = count;
                     break;
                   case State::kQuarantined:
                     break;  // counted below, with what is in no chain
                 }
                 return {};
               }));
  TRY_ASSIGN(const std::int64_t quarantined, db.query_int("SELECT COUNT(*) FROM quarantine"));
  counts.quarantined = static_cast<std::uint64_t>(quarantined);
  return counts;
}

Result<BooksDigest> read_stored_digest(Database& db) {
  BooksDigest digest;
  TRY_ASSIGN(digest.books, stored_hash(db, "books_digest"));
  TRY_ASSIGN(digest.figures, stored_hash(db, "figures_digest"));
  return digest;
}

}  // namespace rebuild
