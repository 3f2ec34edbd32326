// Journal: one SQLite file a till, and the rows in it. Only Till and Outbox use it.
// Must not know the rules of selling. Format: docs/formats/journal.md.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/message.h"
#include "core/envelope/sealing.h"
#include "core/journal/end_life.h"
#include "core/journal/key.h"
#include "core/retail/catalog.h"
#include "core/retail/document.h"
#include "core/retail/settings.h"
#include "core/sqlite/database.h"
#include "till/audit.h"
#include "till/open_items.h"
#include "till/operator.h"

namespace till {

using core::journal::JournalKey;
using core::journal::KeyFrom;

enum class Durability {
  kFull,       // every commit is on the disk before it is reported: synchronous=FULL
  kSimulated,  // nothing is synced: for simulations, whose tills all share one disk
};

// Whether the journal or its disk failed, and not what was to be written in it.
inline bool is_journals(core::Errc code) {
  using core::Errc;
  return code == Errc::kSyncFailed || code == Errc::kIo || code == Errc::kDiskFull ||
         code == Errc::kBusy || code == Errc::kDatabase || code == Errc::kDamaged;
}

// What never changes after init, but for the keys, which change with the epoch.
struct Identity {
  core::TillRef ref;
  core::Currency currency;
  std::string origin;
  core::envelope::PrivateKey key;
  core::envelope::SealingPrivateKey sealing_key;
  // That the chains of documents and audit log begin with: the key of its first life.
  core::envelope::PublicKey chain_key;
};

// What changes: the one row that every operation but a sale rewrites.
struct JournalState {
  core::Epoch epoch;                  // 0: not joined
  core::envelope::MessageId last_id;  // `prev` of the next message: at first the roster entry's id
  core::envelope::MessageId entry;    // roster entry of this epoch
  core::Sequence last_sequence;
  std::optional<core::BusinessDay> open_day;
  // The open day's opening message is not sealed yet; of the clock when the day was opened.
  std::optional<std::int64_t> delivery_awaited_since_ms;
  std::optional<core::BusinessDay> last_day;  // the last closed one
  std::uint64_t first_position = 1;  // of the open day's documents, else of the last closed day's
  // Of all closed days, in minor units.
  std::int64_t sold_minor = 0;
  std::int64_t refunded_minor = 0;
  // Signs the log's checkpoints, as head office's roster says; none: no receipt can be checked.
  std::optional<core::envelope::PublicKey> log_key;
  // Of the latest receipt: what this till was last shown of the log.
  std::optional<core::envelope::TreeHead> tree_head;
  // Head office's key that this epoch seals to, as the roster says; none: payloads go in clear.
  std::optional<core::envelope::SealingPublicKey> seals_to;
  std::optional<core::BusinessDay> epoch_day;  // the first that was opened in this epoch
};

// Last number given out in each series, the first one's first.
using Counters = std::array<std::uint64_t, core::retail::kSeriesCount>;

inline std::uint64_t& counter_of(Counters& counters, core::retail::Series series) {
  return counters.at(static_cast<std::size_t>(series) - 1);
}

// A life under another key, which ended in a fire, or when that key was changed.
struct PastLife {
  core::Epoch epoch;
  core::envelope::PublicKey key;
  std::uint64_t documents = 0;  // how many there are of it and of the lives before
  std::optional<core::BusinessDay> last_day;
  std::int64_t sold_minor = 0;
  std::int64_t refunded_minor = 0;
  Counters counters{};  // what numbers go on after; beyond its documents where some were lost
};

struct DocumentRow {
  std::uint64_t position = 0;  // from 1, without gaps, in the order of recording
  core::retail::Document document;
  core::envelope::Hash leaf;   // of the body, as RFC 6962 section 2.1 has it
  core::envelope::Hash chain;  // over this leaf and every one before
};

// What a new journal has besides who it is.
struct FirstRows {
  const core::retail::Catalog& catalog;
  const std::vector<std::string>& backup_to;
};

// Errors of every operation: those of core::sqlite::Database; kDamaged when a row cannot be read.
class Journal {
 public:
  // Makes the file, the tables and the first rows in one transaction. A file without tables, left
  // by a creation that was cut off, is completed. Errors: kExists; of the key, as open().
  static core::Result<Journal> create(const std::filesystem::path& path, const Identity& identity,
                                      const FirstRows& first, Durability durability,
                                      const JournalKey& key = {});
  // Errors: kNotFound, kBusy, kMalformed (not a journal, unfinished, or of an unknown version),
  // kUnknownKey (encrypted, and no key or another one was given), kState (a key was given, and it
  // is not encrypted).
  static core::Result<Journal> open(const std::filesystem::path& path, Durability durability,
                                    const JournalKey& key = {});

  // The lives that ended before this one, oldest first.
  const std::vector<PastLife>& past() const { return past_; }
  const Identity& identity() const { return identity_; }
  const JournalState& state() const { return state_; }
  const Counters& counters() const { return counters_; }
  std::uint64_t documents() const { return documents_; }
  const AuditHead& audit_head() const { return audit_head_; }
  const core::envelope::Hash& chain() const { return chain_; }  // of the last document
  core::envelope::Hash first_chain() const;                     // before the first document
  Durability durability() const { return durability_; }
  bool encrypted() const { return encrypted_; }
  const std::filesystem::path& path() const { return database_.path(); }

  // Encrypts everything under another key; nothing is left under the one before. After an error, as
  // after a kill, the journal has one of both keys, whole. Errors: kState (not encrypted).
  core::Result<void> rekey(const JournalKey& key);
  core::Result<void> check_can_rekey();  // kState
  // Moves what the write-ahead log holds into the file, and empties the log.
  core::Result<void> fold_log();

  // Runs `rows` in a transaction. When it fails, or the commit does, nothing is changed, here or on
  // the disk. Errors: kState after an earlier kSyncFailed; kDiskFull, also as long as the disk is
  // as full as it was when the journal was opened.
  core::Result<void> transact(const std::function<core::Result<void>()>& rows);

  // Each inside transact().
  core::Result<void> put_state(const JournalState& next);
  core::Result<void> add_document(const core::retail::Document& document);
  core::Result<void> add_receipt(core::BusinessDay day, core::ProductId product,
                                 core::Quantity quantity);
  core::Result<void> add_message(core::Sequence sequence, bool closing, core::ByteView message);
  // From here on `next` speaks in `joined`, and what was said before becomes a life that ended. In
  // the journal nothing is left of the private keys before once fold_log() was called. Shape: no
  // day is open, all messages are acknowledged.
  core::Result<void> start_life(const Identity& next, const JournalState& joined);
  // Makes or changes the row of this id.
  core::Result<void> put_operator(const Operator& who);
  // Position and chain of the argument are replaced. Shape: check_note() accepts the note.
  core::Result<void> add_audit(AuditRow row);

  core::Result<std::vector<Operator>> read_operators();
  using TakeAudit = std::function<core::Result<void>(AuditRow&&)>;
  // Rows from position `first` on, in order, until `take` fails.
  core::Result<void> audit_from(std::uint64_t first, const TakeAudit& take);

  using TakeDocument = std::function<core::Result<void>(DocumentRow&&)>;
  // Documents from `first` on, in order, until `take` fails.
  core::Result<void> documents_from(std::uint64_t first, const TakeDocument& take);
  // What was recorded about a document later, in order: of an invoice its refunds and its void.
  core::Result<void> documents_about(core::retail::DocumentName name, const TakeDocument& take);
  // nullopt: there is none.
  core::Result<std::optional<DocumentRow>> find_document(core::retail::Series series,
                                                         std::uint64_t number);

  // What is open, ascending. `series`: only of this one.
  core::Result<std::vector<OpenItem>> open_items(
      std::optional<core::retail::Series> series = std::nullopt);
  // nullopt: there is none.
  core::Result<std::optional<OpenItem>> find_open_item(OpenItemKey key);
  // Errors: kState (what is closed or added to is not open).
  core::Result<void> change_open_items(const std::vector<OpenItemChange>& changes);

  const core::retail::Settings& settings() const { return settings_; }
  core::Result<void> put_settings(const core::retail::Settings& settings);

  core::sqlite::Database& database() { return database_; }

 private:
  Journal(core::sqlite::Database database, Identity identity, Durability durability, bool encrypted)
      : database_(std::move(database)),
        identity_(std::move(identity)),
        durability_(durability),
        encrypted_(encrypted) {}

  // Errors: kState and kDiskFull, as transact() has them.
  core::Result<void> be_ready_to_write();
  core::Result<void> create_tables();
  core::Result<void> put_identity();
  core::Result<void> load_identity();
  core::Result<void> load_state();
  core::Result<void> load_log_state(const core::sqlite::Statement& row);
  core::Result<void> load_counters();
  core::Result<void> load_last_document();
  core::Result<void> load_settings();
  core::Result<void> load_audit_head();
  core::Result<void> load_past();
  core::Result<void> load_past_numbers(PastLife& life);
  core::Result<void> put_audit_head(const AuditHead& head);
  core::Result<AuditRow> read_audit_row(const core::sqlite::Statement& row);
  core::Result<DocumentRow> read_document(const core::sqlite::Statement& row);
  core::Result<void> each_document(core::sqlite::Statement& rows, const TakeDocument& take);

  core::sqlite::Database database_;
  Identity identity_;
  Durability durability_;
  bool encrypted_;
  JournalState state_;
  std::vector<PastLife> past_;
  Counters counters_{};
  core::retail::Settings settings_;
  std::uint64_t documents_ = 0;
  core::envelope::Hash chain_;
  AuditHead audit_head_;
  // Of the transaction that is under way, where that starts a life: what holds if it fails.
  struct LifeBefore {
    Identity identity;
    std::vector<PastLife> past;
  };
  std::optional<LifeBefore> life_before_;
  bool broken_ = false;      // a commit failed in a way that only reopening can clear
  bool log_is_old_ = false;  // it could not be begun anew: nothing may be written before it is
};

}  // namespace till
