// Journal: opening, identity, state and transactions. Rows: till/journal_rows.cpp and
// till/journal_operators.cpp.
#include "till/journal.h"

#include <array>
#include <fstream>
#include <utility>

#include "core/journal/schema.h"
#include "till/backup.h"
#include "till/shelf_writer.h"

namespace till {

using core::journal::from_sql;
using core::journal::kApplicationId;
using core::journal::kBackupSchema;
using core::journal::kGuards;
using core::journal::kNextKeySchema;
using core::journal::kNoticesSchema;
using core::journal::kOperatorsSchema;
using core::journal::kPageSize;
using core::journal::kPointsSchema;
using core::journal::kSchema;
using core::journal::kSchemaVersion;
using core::journal::to_sql;
namespace {

using core::Bytes;
using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::sqlite::damaged;
using core::sqlite::Database;
using core::sqlite::Statement;
using core::sqlite::Transaction;

// Whether the key, or its absence, fits the file's first bytes: a plain SQLite file says what it
// is, an encrypted one says nothing. A file that is missing or empty fits both.
Result<void> check_key_fits(const std::filesystem::path& path, const JournalKey& key) {
  static constexpr std::string_view kPlain{"SQLite format 3\0", 16};
  std::array<char, kPlain.size()> head{};
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), head.size());
  if (in.gcount() == 0) return {};
  const bool plain = std::string_view(head.data(), head.size()) == kPlain;
  if (plain && !key.empty()) {
    return fail(Errc::kState,
                path.string() + ": this journal is not encrypted; use it without a key");
  }
  if (!plain && key.empty()) {
    return fail(Errc::kUnknownKey,
                path.string() +
                    ": encrypted, or no journal at all; give the key file that it "
                    "was made with");
  }
  return {};
}

// The lock is taken at once and held until the process ends, whichever way it ends.
Result<Database> open_locked(const std::filesystem::path& path, bool create,
                             const JournalKey& key) {
  TRY(check_key_fits(path, key));
  core::sqlite::OpenOptions options;
  options.create = create;
  options.page_size = kPageSize;  // counts for an empty file only, and before its first lock
  options.key = key.view();
  options.page_checks = true;
  TRY_ASSIGN(Database db, Database::open(path, options));
  const auto locked = db.exec("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
  if (!locked && locked.error().code == Errc::kDamaged && !key.empty()) {
    return fail(Errc::kUnknownKey,
                path.string() +
                    ": this key does not open it: it is another journal's, or one "
                    "from before a rekey, or the file's first page is damaged");
  }
  TRY(locked);
  return db;
}

Result<void> set_durability(Database& db, Durability durability) {
  // Without syncs a write-ahead log and a rollback file would only cost time.
  return db.exec(durability == Durability::kFull
                     ? "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON"
                     : "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; "
                       "PRAGMA foreign_keys=ON");
}

Result<bool> is_empty(Database& db) {
  TRY_ASSIGN(const std::int64_t objects, db.query_int("SELECT count(*) FROM sqlite_schema"));
  TRY_ASSIGN(const std::int64_t version, db.query_int("PRAGMA user_version"));
  return objects == 0 && version == 0;
}

Result<void> check_version(Database& db, bool encrypted) {
  const std::string file = db.path().string();
  TRY_ASSIGN(const bool empty, is_empty(db));
  if (empty) {
    return fail(Errc::kMalformed, file + ": an unfinished journal; run init again to complete it");
  }
  TRY_ASSIGN(const std::int64_t application, db.query_int("PRAGMA application_id"));
  if (application != kApplicationId) {
    return fail(Errc::kMalformed, file + ": an SQLite file, but no till journal");
  }
  TRY_ASSIGN(const std::int64_t version, db.query_int("PRAGMA user_version"));
  if (version != kSchemaVersion) {
    return fail(Errc::kMalformed, file + ": journal version " + std::to_string(version) +
                                      "; this program knows version " +
                                      std::to_string(kSchemaVersion));
  }
  if (!encrypted && !db.has_page_checks()) {
    return fail(Errc::kDamaged, file + ": its header does not say that its pages have checksums");
  }
  return {};
}

void bind_day(Statement& s, int position, const std::optional<core::BusinessDay>& day) {
  if (day) {
    s.bind_int(position, day->days);
  } else {
    s.bind_null(position);
  }
}

std::optional<core::BusinessDay> read_day(const Statement& s, int column) {
  if (s.column_is_null(column)) return std::nullopt;
  return core::BusinessDay{static_cast<std::int32_t>(s.column_int(column))};
}

}  // namespace

Result<Journal> Journal::create(const std::filesystem::path& path, const Identity& identity,
                                const FirstRows& first, Durability durability,
                                const JournalKey& key) {
  TRY_ASSIGN(Database db, open_locked(path, true, key));
  TRY_ASSIGN(const bool empty, is_empty(db));
  if (!empty) return fail(Errc::kExists, path.string() + ": there is a journal already");
  TRY(set_durability(db, durability));
  Journal journal(std::move(db), identity, durability, !key.empty());
  journal.chain_ = journal.first_chain();
  TRY(journal.transact([&]() -> Result<void> {
    TRY(journal.create_tables());
    TRY(journal.put_identity());
    TRY(journal.put_state({}));
    TRY(journal.put_audit_head({0, first_audit_chain(identity.chain_key)}));
    TRY(ShelfWriter(journal.database_, identity.currency, {}).write(first.catalog));
    TRY(Backup(journal).set_places(first.backup_to));
    return {};
  }));
  return journal;
}

Result<Journal> Journal::open(const std::filesystem::path& path, Durability durability,
                              const JournalKey& key) {
  TRY_ASSIGN(Database db, open_locked(path, false, key));
  TRY(check_version(db, !key.empty()));
  TRY(set_durability(db, durability));
  const Identity to_be_read{{},
                            {},
                            {},
                            core::envelope::PrivateKey::generate(),
                            core::envelope::SealingPrivateKey::generate(),
                            {}};
  Journal journal(std::move(db), to_be_read, durability, !key.empty());
  // After a power cut the log may hold, behind a hole, the rest of a commit that was never
  // reported. The next commit could fill the hole with the same bytes, be cut off as well, and
  // bring that rest back in its place. A log that is begun anew has another salt, which no old
  // frame fits. On a full disk that waits for the first write: till then everything can be read.
  if (durability == Durability::kFull) {
    const auto folded = journal.fold_log();
    if (!folded && folded.error().code != Errc::kDiskFull) return fail(folded.error());
    journal.log_is_old_ = !folded.has_value();
  }
  TRY(journal.load_identity());
  TRY(journal.load_state());
  TRY(journal.load_counters());
  TRY(journal.load_last_document());
  TRY(journal.load_settings());
  TRY(journal.load_audit_head());
  TRY(journal.load_past());
  return journal;
}

Result<void> Journal::be_ready_to_write() {
  if (broken_) {
    return fail(Errc::kState, path().string() + ": a write failed before; open the journal again");
  }
  if (log_is_old_) TRY(fold_log());
  log_is_old_ = false;
  return {};
}

Result<void> Journal::transact(const std::function<Result<void>()>& rows) {
  TRY(be_ready_to_write());
  const JournalState state = state_;
  const Counters counters = counters_;
  const std::uint64_t documents = documents_;
  const core::envelope::Hash chain = chain_;
  const core::retail::Settings settings = settings_;
  const AuditHead audit_head = audit_head_;
  const auto undo = [&](const core::Error& error) {
    state_ = state;
    counters_ = counters;
    documents_ = documents;
    chain_ = chain;
    settings_ = settings;
    audit_head_ = audit_head;
    if (life_before_) {
      identity_ = life_before_->identity;
      past_ = std::move(life_before_->past);
      life_before_.reset();
    }
    return fail(error);
  };
  auto transaction = Transaction::begin(database_);
  if (!transaction) return fail(transaction.error());
  const auto done = rows();
  if (!done) return undo(done.error());
  const auto committed = transaction->commit();
  if (!committed) {
    const Errc code = committed.error().code;
    broken_ = code == Errc::kSyncFailed || code == Errc::kIo;
    return undo(committed.error());
  }
  life_before_.reset();
  return {};
}

Result<void> Journal::check_can_rekey() {
  if (!encrypted_) {
    return fail(Errc::kState, path().string() +
                                  ": this journal is not encrypted, so it has no key to replace; a "
                                  "new one can be made with a key");
  }
  return be_ready_to_write();
}

Result<void> Journal::rekey(const JournalKey& key) {
  CORE_CHECK(!key.empty());
  TRY(check_can_rekey());
  const auto done = database_.rekey(key.view());
  broken_ = !done.has_value();
  TRY(done);
  return fold_log();
}

Result<void> Journal::fold_log() {
  return database_.exec("PRAGMA wal_checkpoint(TRUNCATE)");
}

Result<void> Journal::create_tables() {
  for (const char* part : {kSchema, kOperatorsSchema, kBackupSchema, kNoticesSchema, kPointsSchema,
                           kNextKeySchema, kGuards}) {
    TRY(database_.exec(part));
  }
  return database_.exec("PRAGMA application_id=" + std::to_string(kApplicationId) +
                        "; PRAGMA user_version=" + std::to_string(kSchemaVersion));
}

Result<void> Journal::put_identity() {
  TRY_ASSIGN(Statement s,
             database_.prepare("INSERT INTO identity VALUES (1, ?, ?, ?, ?, ?, ?, ?)"));
  s.bind_int(1, identity_.ref.store.value).bind_int(2, identity_.ref.till.value);
  s.bind_text(3, identity_.currency.code()).bind_text(4, identity_.origin);
  s.bind_blob(5, identity_.key.seed()).bind_blob(6, identity_.sealing_key.view());
  return s.bind_blob(7, identity_.chain_key.view()).run();
}

Result<void> Journal::load_identity() {
  TRY_ASSIGN(Statement s,
             database_.prepare("SELECT store, till, currency, origin, seed, sealing_key, chain_key "
                               "FROM identity"));
  TRY_ASSIGN(const bool row, s.step());
  if (!row) return damaged(database_.path(), "the identity row is missing");
  identity_.ref = core::TillRef{core::StoreId{static_cast<std::uint32_t>(s.column_int(0))},
                                core::TillId{static_cast<std::uint32_t>(s.column_int(1))}};
  const auto currency = core::Currency::parse(s.column_text(2));
  if (!currency) return damaged(database_.path(), "identity: " + currency.error().what);
  identity_.currency = *currency;
  identity_.origin = s.column_text(3);
  if (identity_.origin.empty()) return damaged(database_.path(), "identity: no origin");
  auto key = core::envelope::PrivateKey::from_seed(s.column_blob(4));
  if (!key) return damaged(database_.path(), "identity: " + key.error().what);
  identity_.key = *key;
  auto sealing_key = core::envelope::SealingPrivateKey::from(s.column_blob(5));
  if (!sealing_key) return damaged(database_.path(), "identity: " + sealing_key.error().what);
  identity_.sealing_key = *sealing_key;
  const auto chain_key = core::envelope::PublicKey::from(s.column_blob(6));
  if (!chain_key) return damaged(database_.path(), "identity: " + chain_key.error().what);
  identity_.chain_key = *chain_key;
  return {};
}

Result<void> Journal::put_state(const JournalState& next) {
  TRY_ASSIGN(Statement s,
             database_.prepare(
                 "REPLACE INTO state VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  s.bind_int(1, next.epoch.value).bind_blob(2, next.entry.view());
  s.bind_int(3, to_sql(next.last_sequence.value)).bind_blob(4, next.last_id.view());
  bind_day(s, 5, next.open_day);
  bind_day(s, 6, next.last_day);
  s.bind_int(7, to_sql(next.first_position));
  s.bind_int(8, next.sold_minor).bind_int(9, next.refunded_minor);
  if (next.log_key) s.bind_blob(10, next.log_key->view());
  if (next.tree_head) {
    s.bind_int(11, to_sql(next.tree_head->size)).bind_blob(12, next.tree_head->root.view());
  }
  if (next.seals_to) s.bind_blob(13, next.seals_to->view());
  if (next.delivery_awaited_since_ms) s.bind_int(14, *next.delivery_awaited_since_ms);
  bind_day(s, 15, next.epoch_day);
  TRY(s.run());
  state_ = next;
  return {};
}

Result<void> Journal::load_state() {
  TRY_ASSIGN(Statement s,
             database_.prepare("SELECT epoch, entry, last_sequence, last_id, open_day, last_day, "
                               "first_position, log_key, tree_size, tree_root, "
                               "seals_to, sold_minor, refunded_minor, "
                               "delivery_awaited_since, epoch_day FROM state"));
  TRY_ASSIGN(const bool row, s.step());
  if (!row) return damaged(database_.path(), "the state row is missing");
  const auto entry = core::envelope::MessageId::from(s.column_blob(1));
  const auto last_id = core::envelope::MessageId::from(s.column_blob(3));
  if (!entry || !last_id) return damaged(database_.path(), "state: an id is not 32 bytes");
  state_.epoch = core::Epoch{static_cast<std::uint32_t>(s.column_int(0))};
  state_.entry = *entry;
  state_.last_sequence = core::Sequence{from_sql(s.column_int(2))};
  state_.last_id = *last_id;
  state_.open_day = read_day(s, 4);
  state_.last_day = read_day(s, 5);
  state_.first_position = from_sql(s.column_int(6));
  state_.sold_minor = s.column_int(11);
  state_.refunded_minor = s.column_int(12);
  if (!s.column_is_null(13)) state_.delivery_awaited_since_ms = s.column_int(13);
  state_.epoch_day = read_day(s, 14);
  return load_log_state(s);
}

Result<void> Journal::load_log_state(const Statement& row) {
  if (!row.column_is_null(7)) {
    const auto key = core::envelope::PublicKey::from(row.column_blob(7));
    if (!key) return damaged(database_.path(), "state: the log's key is not 32 bytes");
    state_.log_key = *key;
  }
  if (!row.column_is_null(10)) {
    const auto key = core::envelope::SealingPublicKey::from(row.column_blob(10));
    if (!key) return damaged(database_.path(), "state: head office's sealing key is not 32 bytes");
    state_.seals_to = *key;
  }
  if (row.column_is_null(8)) return {};
  const auto root = core::envelope::Hash::from(row.column_blob(9));
  if (!root) return damaged(database_.path(), "state: the tree's root is not 32 bytes");
  state_.tree_head = core::envelope::TreeHead{from_sql(row.column_int(8)), *root};
  return {};
}

Result<void> Journal::start_life(const Identity& next, const JournalState& joined) {
  CORE_CHECK(!life_before_);
  const PastLife ended{state_.epoch,      identity_.key.public_key(), documents_, state_.last_day,
                       state_.sold_minor, state_.refunded_minor,      counters_};
  core::journal::NewIdentity identity{next.ref,       next.currency, next.origin,
                                      next.chain_key, next.key,      next.sealing_key};
  core::journal::EndOfLife end{ended.epoch,          ended.key, ended.last_day, ended.sold_minor,
                               ended.refunded_minor, {}};
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    end.numbers[static_cast<int>(i + 1)] = counters_.at(i);
  }
  TRY(core::journal::end_life(database_, identity, end));
  life_before_ = LifeBefore{identity_, past_};
  identity_ = next;
  past_.push_back(ended);
  return put_state(joined);
}

Result<void> Journal::load_counters() {
  TRY_ASSIGN(Statement s, database_.prepare("SELECT series, last FROM counter ORDER BY series"));
  std::size_t found = 0;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) break;
    if (found == counters_.size() || s.column_int(0) != static_cast<std::int64_t>(found + 1)) {
      return damaged(database_.path(), "the counters are not those of the known series");
    }
    counters_[found++] = from_sql(s.column_int(1));
  }
  if (found != counters_.size()) return damaged(database_.path(), "a counter is missing");
  return {};
}

core::envelope::Hash Journal::first_chain() const {
  Bytes named = core::to_bytes(core::as_bytes("daybook documents v1"));
  named.push_back(0);
  core::append(named, identity_.chain_key.view());
  return core::envelope::sha256(named);
}

Result<void> Journal::load_past() {
  TRY_ASSIGN(Statement s, database_.prepare("SELECT epoch, key, documents, last_day, sold_minor, "
                                            "refunded_minor FROM past ORDER BY epoch"));
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return {};
    PastLife life;
    life.epoch = core::Epoch{static_cast<std::uint32_t>(s.column_int(0))};
    const auto key = core::envelope::PublicKey::from(s.column_blob(1));
    if (!key) return damaged(database_.path(), "past: " + key.error().what);
    life.key = *key;
    life.documents = from_sql(s.column_int(2));
    life.last_day = read_day(s, 3);
    life.sold_minor = s.column_int(4);
    life.refunded_minor = s.column_int(5);
    TRY(load_past_numbers(life));
    past_.push_back(life);
  }
}

Result<void> Journal::load_past_numbers(PastLife& life) {
  TRY_ASSIGN(Statement s, database_.prepare("SELECT series, last FROM past_number "
                                            "WHERE epoch = ?"));
  s.bind_int(1, life.epoch.value);
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return {};
    const std::int64_t series = s.column_int(0);
    if (series < 1 || series > static_cast<std::int64_t>(life.counters.size())) {
      return damaged(database_.path(), "past: series " + std::to_string(series) + " is not known");
    }
    life.counters.at(static_cast<std::size_t>(series - 1)) = from_sql(s.column_int(1));
  }
}

Result<void> Journal::load_last_document() {
  chain_ = first_chain();
  TRY_ASSIGN(Statement s, database_.prepare("SELECT position, chain FROM document "
                                            "ORDER BY position DESC LIMIT 1"));
  TRY_ASSIGN(const bool row, s.step());
  if (!row) return {};
  documents_ = from_sql(s.column_int(0));
  const auto chain = core::envelope::Hash::from(s.column_blob(1));
  if (!chain) return damaged(database_.path(), "the last document: its chain is not 32 bytes");
  chain_ = *chain;
  return {};
}

}  // namespace till
