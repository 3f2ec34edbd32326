// Till: a shop's till as operations; the only way to change a journal. Every operation either
// happened, durably, or changed nothing.
// Must not know relays or the network (till/sender.h), nor tables (till/journal.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"
#include "core/envelope/enrol_request.h"
#include "core/envelope/keys.h"
#include "core/envelope/roster.h"
#include "core/envelope/sealing.h"
#include "core/retail/catalog.h"
#include "core/retail/day_fold.h"
#include "core/retail/document.h"
#include "core/retail/summary.h"
#include "till/journal.h"
#include "till/outbox.h"
#include "till/shelf.h"

namespace till {

struct TillSetup {
  core::TillRef ref;
  core::Currency currency;
  std::string origin;  // of the log that this till reports to. Shape: 1..255 bytes
  core::retail::Catalog catalog;
  core::envelope::PrivateKey key;
  std::filesystem::path mailbox;  // empty: closings are not copied
  core::envelope::SealingPrivateKey sealing_key = core::envelope::SealingPrivateKey::generate();
};

struct BasketLine {
  core::ProductId product;
  core::Quantity quantity;
  core::Money discount;
};

// What the operator keys in. Without tenders: the exact amount in cash.
struct Basket {
  std::vector<BasketLine> lines;
  core::retail::Tenders tendered;  // as handed over; change is given in cash
  // That the receipt began with, and that all its lines are priced from; 0: the present one.
  core::CatalogVersion catalog{};
};

using core::retail::DocumentNumbers;

struct Rung {
  DocumentNumbers numbers;
  core::Money total;
  core::Money change;         // of the cash handed over
  core::Money coupon_excess;  // what coupons were worth above the total; paid out in cash
};

struct TillStatus {
  core::TillRef ref;
  core::Currency currency;
  std::string origin;
  core::envelope::PublicKey public_key;
  core::Epoch epoch;  // 0: not joined yet
  std::optional<core::BusinessDay> open_day;
  std::optional<core::BusinessDay> last_day;  // the last closed one
  core::Sequence last_sequence;
  bool encrypted = false;  // the journal, at rest
  bool sealed = false;     // payloads go sealed to head office; false before it joined
  std::string log_key;     // that the log's checkpoints verify with; empty: the roster named none
  std::optional<core::envelope::TreeHead> tree_head;  // of the latest receipt
  DocumentNumbers last_numbers;
  std::uint64_t documents = 0;
  OutboxCounts outbox;
  std::filesystem::path mailbox;
};

struct StoredDocument {
  core::retail::Document document;
  // What was done to a sale afterwards.
  std::optional<core::retail::Void> voided;
  std::vector<core::retail::Refund> refunds;
};

// A line of a sale that a customer brings back.
struct ReturnedLine {
  std::uint32_t line = 0;   // of the sale, from 0
  core::Quantity quantity;  // of an amount line 1.000
  bool restock = true;      // otherwise it is scrap
};

struct RefundOrder {
  std::uint64_t invoice = 0;
  std::vector<ReturnedLine> lines;
  core::retail::TenderKind paid_back_by = core::retail::TenderKind::kCash;
  std::string reason;
};

struct Refunded {
  std::uint64_t number = 0;  // in the refund series
  core::Money amount;        // paid back: above zero
};

// Errors of every operation, besides those named: those of core::sqlite::Database, after which
// nothing was changed. After kSyncFailed the till refuses everything until it is opened again.
// Thread: one at a time. Process: one at a time; a second one gets kBusy.
class Till {
 public:
  // Makes a new journal. Errors: kExists (a journal is there), kCurrency (the catalog's is
  // another), kUsage (no store or till number, origin of another size, directory missing).
  // With a key everything in the journal's files is encrypted under it.
  static core::Result<Till> create(const std::filesystem::path& path, const TillSetup& setup,
                                   Durability durability, const JournalKey& key = {});
  // Errors: kNotFound, kMalformed (no journal of ours, or of another version), kBusy, kDamaged,
  // kUnknownKey (encrypted, and no key or another one was given), kState (a key, and it is plain).
  static core::Result<Till> open(const std::filesystem::path& path, Durability durability,
                                 const JournalKey& key = {});

  // From now on another key opens the journal, and the one before nothing. Errors: kState (the
  // journal is not encrypted). After any error, as after a kill, it has one of both keys, whole.
  core::Result<void> rekey(const JournalKey& key) { return journal_.rekey(key); }

  // Takes epoch and roster entry of this till's key from the roster. Again with the same roster: no
  // change. Errors: kUnknownKey (not enrolled), kState (joined under another entry), kMalformed
  // (the roster is another log's, or gives the key to another till).
  core::Result<void> join(const core::envelope::Roster& roster);

  // Prices and products from now on, as a new version, unless nothing differs; documents keep what
  // was frozen in them, and a receipt that began before its version. Returns the version that
  // holds. Errors: kCurrency.
  core::Result<core::CatalogVersion> replace_catalog(const core::retail::Catalog& catalog);
  // Other prices, likewise. Errors: kNotFound (a product), kCurrency, kMalformed (below zero).
  core::Result<core::CatalogVersion> change_prices(
      const std::map<core::ProductId, core::Money>& prices);
  // Where closings are copied from now on, the ones not copied yet included; empty: nowhere.
  core::Result<void> set_mailbox(const std::filesystem::path& directory);

  // Errors: kState (not joined, a day is open, not later than the last day), kMalformed (received a
  // product that is no stocked one, or not above zero).
  core::Result<void> open_day(core::BusinessDay day, const core::retail::Components& received);

  // Prices a basket from the catalog and records it. `time_ms` is evidence only.
  // Errors: kState (no day open), kUsage (no lines), kNotFound (no such version), kUnbalanced
  // (tender below the total, a card above it), and those of core::retail::price_line and
  // record_sale.
  core::Result<Rung> ring(const Basket& basket, std::int64_t time_ms);
  // Numbers a priced sale and writes it down; day and numbers of the argument are replaced.
  // Errors: kState (no day open), kCurrency, kOverflow (of the day's sums, so that a day that was
  // sold can be closed), and those of core::retail::check_sale.
  core::Result<DocumentNumbers> record_sale(core::retail::Sale sale);
  // Cancels a sale of the open day, before its close. Returns the cancelled sale.
  // Errors: kState (no day open, of an earlier day, voided or refunded already), kNotFound, kUsage
  // (no reason).
  core::Result<core::retail::Sale> void_sale(std::uint64_t invoice_number, std::string_view reason,
                                             std::int64_t time_ms);
  // Gives back what a sale of this till took, of any day; never more than was sold.
  // Errors: kState (no day open, voided, more than is left), kNotFound (sale or line), kUsage (no
  // line, one line twice, no reason, a tender that pays nothing back), kMalformed, kOverflow.
  core::Result<Refunded> refund(const RefundOrder& order, std::int64_t time_ms);
  // Cash that goes into the drawer or out of it, not for a sale. Returns its number in the cash
  // series. Errors: kState (no day open), kMalformed (not above zero, no reason), kCurrency,
  // kOverflow.
  core::Result<std::uint64_t> move_cash(core::retail::CashKind kind, core::Money amount,
                                        std::string_view reason, std::int64_t time_ms);
  // The drawer opened without a sale. Returns its number in the drawer series. Errors: kState (no
  // day open), kMalformed (no reason).
  core::Result<std::uint64_t> open_drawer(std::string_view reason, std::int64_t time_ms);

  // Adds up the day's documents, writes the closing message and ends the day.
  // Errors: kState (no day open), kCurrency, kOverflow.
  core::Result<core::retail::Closing> close_day(std::optional<core::Money> counted_cash = {});

  // The X report: the closing as it would be now; of the last closed day when none is open.
  // Errors: kState (no day yet).
  core::Result<core::retail::Closing> day_so_far();
  // Errors: kNotFound.
  core::Result<StoredDocument> document(core::retail::Series series, std::uint64_t number);
  core::Result<TillStatus> status();

  // Copies closings that are due to the mailbox, if there is one; returns how many. May be
  // repeated: a crash at any point leaves them due. Errors: kIo, kDiskFull, kSyncFailed.
  core::Result<std::uint64_t> copy_closings();

  // Everything that must hold in a journal, checked from its first row; the oracle of crash tests.
  // Errors: kDamaged, naming the first thing that does not hold.
  core::Result<void> check();

  // The catalog: look-ups, names, versions.
  Shelf shelf() { return Shelf(journal_, shelf_); }
  core::Currency currency() const { return journal_.identity().currency; }
  const core::TillRef& ref() const { return journal_.identity().ref; }
  core::envelope::PublicKey public_key() const { return journal_.identity().key.public_key(); }
  // What this till asks head office for.
  core::envelope::EnrolRequest enrol_request() const;
  Outbox outbox() { return Outbox(journal_); }

 private:
  Till(Journal journal, ShelfMemory shelf)
      : journal_(std::move(journal)), shelf_(std::move(shelf)) {}
  static core::Result<Till> on(Journal journal);

  core::Result<core::BusinessDay> need_open_day() const;
  // What this epoch's payloads are sealed with; nullopt: they go in clear.
  core::Result<std::optional<core::envelope::SealingKey>> sealing_key() const;
  // Inside a transaction: signs the summary's parts and writes them to the outbox with `next`.
  core::Result<void> put_messages(const core::retail::Summary& summary, JournalState next);
  // Numbers a document of the open day and writes it down.
  core::Result<DocumentNumbers> record(core::retail::Document document);
  // The running sum of the open day, built from its documents when it is not there.
  core::Result<core::retail::DayFold*> running_fold();
  core::Result<core::retail::DayFold> fold_from(core::BusinessDay day, std::uint64_t position);
  core::Result<void> add_to(core::retail::DayFold& fold, const core::retail::Document& document);
  // The closing as the documents from `position` on make it.
  core::Result<core::retail::Closing> closing_from(core::BusinessDay day, std::uint64_t position,
                                                   std::optional<core::Money> counted_cash);
  // A sale that was not voided. Errors: kNotFound, kState.
  core::Result<core::retail::Sale> find_sale(std::uint64_t invoice);

  Journal journal_;
  ShelfMemory shelf_;
  // Of the open day; none: to be built. Keeps every sum of the day in range while it is sold.
  std::optional<core::retail::DayFold> fold_;
};

}  // namespace till
