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
#include "core/retail/settings.h"
#include "core/retail/summary.h"
#include "till/backup.h"
#include "till/journal.h"
#include "till/notices.h"
#include "till/open_items.h"
#include "till/operators.h"
#include "till/outbox.h"
#include "till/points.h"
#include "till/print_queue.h"
#include "till/printing.h"
#include "till/shelf.h"

namespace core::wire {
struct ReadCredential;
}

namespace till {

struct TillSetup {
  core::TillRef ref;
  core::Currency currency;
  std::string origin;  // of the log that this till reports to. Shape: 1..255 bytes
  core::retail::Catalog catalog;
  core::envelope::PrivateKey key;
  std::vector<std::string> backup_to;  // places of backup targets
  core::envelope::SealingPrivateKey sealing_key = core::envelope::SealingPrivateKey::generate();
};

using BasketLine = core::retail::OrderLine;

// What the operator keys in. Without tenders: the exact amount in cash.
struct Basket {
  std::vector<BasketLine> lines;
  core::retail::Tenders tendered;  // as handed over; change is given in cash
  core::retail::Vouchers vouchers_sold = {};
  core::retail::Vouchers vouchers_redeemed = {};  // their tender is computed
  std::vector<std::uint64_t> cards = {};          // authorisations that the card tender is made of
  std::optional<core::retail::MemberKey> member = {};
  std::int64_t points_redeemed = 0;      // their tender is computed
  std::vector<HoldId> points_held = {};  // that cover them, where a balance service is set
  std::uint64_t hold = 0;                // the receipt put aside that this completes
  std::uint32_t lines_voided = 0;        // before tender
  // That the receipt began with, and that all its lines are priced from; 0: the present one.
  core::CatalogVersion catalog = {};
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
  bool delivery_awaited = false;              // the open day's opening is not sealed yet
  std::optional<core::BusinessDay> last_day;  // the last closed one
  core::Sequence last_sequence;
  bool encrypted = false;  // the journal, at rest
  bool sealed = false;     // payloads go sealed to head office; false before it joined
  std::string log_key;     // that the log's checkpoints verify with; empty: the roster named none
  std::optional<core::envelope::TreeHead> tree_head;  // of the latest receipt
  DocumentNumbers last_numbers;
  std::uint64_t documents = 0;
  std::uint64_t audit_rows = 0;
  OutboxCounts outbox;
  BackupStatus backup;
  struct NextKeyStatus {
    core::envelope::PublicKey key;
    core::Epoch epoch;  // 0: head office has not enrolled it, as far as the till knows
  };
  std::optional<NextKeyStatus> next_key;  // that was asked for
};

struct StoredDocument {
  core::retail::Document document;
  // What was done to a sale afterwards.
  std::optional<core::retail::Void> voided;
  std::vector<core::retail::Refund> refunds;
};

// The products that it names, one perhaps several times.
std::vector<core::ProductId> products_of(const StoredDocument& document);

// What is minted: see Till::mint().
struct MintOrder {
  std::string name;
  core::Money price;  // of one unit, an inclusive tax inside it
  core::TaxCode tax;
  std::string gtin;  // the digits of its barcode; empty: it has none
  std::string unit;
  bool whole = false;
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
  std::string voucher = {};  // the number of the one that is issued, when paid back by voucher
};

// A refund of what another till sold, as the customer's receipt says it.
struct ForeignRefundOrder {
  core::TillRef sold_at;
  std::vector<core::retail::SaleLine> sold;  // of that receipt; products only
  RefundOrder how;                           // its invoice is that till's
};

struct LayawayOrder {
  std::string name;
  std::vector<BasketLine> lines;  // priced from the present catalog
  core::Money deposit;            // the first one; zero: none yet
  core::retail::Tenders tendered;
};

struct LayawayCancellation {
  std::uint64_t layaway = 0;
  core::Money forfeited;  // of what was paid; the rest is paid back
  core::retail::TenderKind paid_back_by = core::retail::TenderKind::kCash;
  std::string reason;
};

struct LaidAway {
  std::uint64_t number = 0;  // in the layaway series
  core::Money total;
  core::Money left;  // to pay
  core::Money change;
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
  core::Result<void> rekey(const JournalKey& key);

  // Who acts, and what the audit log tells. Every operation below that changes something, and the X
  // report, may also fail with kNotPermitted. Owner: the till must outlive the view.
  Operators operators() { return Operators(journal_, staff_); }
  // Who acts from now on; in a journal with operators only who has signed on before.
  void act_as(Actor actor) { operators().act_as(actor); }
  // Which screen this is, and its clocks. Before anything else is done.
  void stand_at(Surroundings surroundings) { staff_.surroundings = std::move(surroundings); }
  // Tells the audit log something that changes no other row, durably. Errors: kMalformed.
  core::Result<void> audit(const AuditNote& note);
  // The same, in the transaction of the next document: no write of its own, and gone with a power
  // cut before that.
  core::Result<void> audit_with_next(const AuditNote& note);
  // Rows from position `first` on, in order.
  core::Result<void> audit_log(std::uint64_t first, const Journal::TakeAudit& take) {
    return journal_.audit_from(first, take);
  }

  // Takes epoch and roster entry of this till's key from the roster, and finds its next key there.
  // Again with the same roster: no change. Errors: kUnknownKey (not enrolled), kState (joined under
  // another entry), kMalformed (the roster is another log's, or gives the key to another till).
  core::Result<void> join(const core::envelope::Roster& roster);

  // Makes the keys that this till is to have next, unless it did before; its openings ask for them
  // from now on. Returns the public one. Errors: kState (not joined).
  core::Result<core::envelope::PublicKey> ask_for_key();
  // What the relay knows the next key by once head office enrolled it; nullopt: none was asked for,
  // or it was found.
  core::Result<std::optional<core::wire::ReadCredential>> next_key_credential();
  // Whether the roster has the next key; kept if it has. Errors: kMalformed (the roster gives it to
  // somebody else, or with another sealing key).
  core::Result<void> find_next_key(const core::envelope::Roster& roster);
  // Changes to the next key if it was found, no day is open and no message waits, in one
  // transaction; true: it was changed. To be called now and then. Errors: those of the journal.
  core::Result<bool> take_next_key();

  // Prices and products from now on, as a new version, unless nothing differs; documents keep what
  // was frozen in them, and a receipt that began before its version. Returns the version that
  // holds. Errors: kCurrency.
  core::Result<core::CatalogVersion> replace_catalog(const core::retail::Catalog& catalog);
  // Other prices, likewise. Errors: kNotFound (a product), kCurrency, kMalformed (below zero).
  core::Result<core::CatalogVersion> change_prices(
      const std::map<core::ProductId, core::Money>& prices);
  // A product that the catalog does not know, under this till's own identity: sold, received and
  // counted like any other, kept when the catalog is replaced, and told to head office with its
  // first movement. Errors: kState (not joined), kMalformed (of check_definition(); a kind of
  // barcode that leads to an item code), kNotFound (no such tax code), kExists (the barcode is a
  // product's, or this till minted one of that name), kOverflow (store, till or epoch has no room
  // in a number, or all numbers were given).
  core::Result<core::retail::Product> mint(const MintOrder& order);
  // Where backups go from now on. A place that is new gets an increment that holds everything: now,
  // or when a day is open, by the next closing. Errors: those of check_backup_place().
  core::Result<void> set_backup_to(const std::vector<std::string>& places);

  // Begins a day with what was delivered; the opening message is sealed at once. Errors: kState
  // (not joined, a day is open, not later than the last day), kMalformed (received a product that
  // is no stocked one, or not above zero).
  // Notices of head office that hold on this day come into force first. `notes`: head office's
  // dispatch notes that this delivery is: what `received` does not name came as they say, and the
  // opening says what differs. Errors: also kNotFound (a note), kExists (it was received before).
  core::Result<void> open_day(core::BusinessDay day, const core::retail::Components& received,
                              const std::vector<std::uint64_t>& notes = {});
  // Selling begins, and the opening waits for confirm_delivery(), the cut-off or the close,
  // whichever is first. Errors: kState, as above.
  core::Result<void> open_day_early(core::BusinessDay day);
  // Seals the opening that waits. Errors: kState (no day open, or it is sealed), kMalformed.
  core::Result<void> confirm_delivery(const core::retail::Components& received,
                                      const std::vector<std::uint64_t>& notes = {});
  // Seals an opening, with nothing received, that has waited longer than the settings' cut-off.
  // To be called now and then; true: it was sealed. Errors: those of the journal.
  core::Result<bool> seal_overdue_opening();

  // The client's request that the documents from now on answer; they are refused, kExists, when one
  // of the open day answered it before.
  void answer_request(std::optional<core::retail::RequestId> request) { request_ = request; }
  // What was recorded in the open day for a client's request before; nullopt: nothing.
  // Errors: kState (no day open).
  core::Result<std::optional<core::retail::DocumentName>> recorded_for(
      const core::retail::RequestId& request);

  // Prices a basket from the catalog and records it. `time_ms` is evidence only.
  // Errors: kState (no day open), kUsage (no lines), kNotFound (no such version), kUnbalanced
  // (tender below the total, a card above it), and those of core::retail::price_line,
  // record_sale and Points::use.
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
  // The same for another till's receipt; head office hears of both, and names what was given back
  // twice. Errors: as refund(), and kUsage (the receipt is of this till).
  core::Result<Refunded> refund_elsewhere_sold(const ForeignRefundOrder& order,
                                               std::int64_t time_ms);

  // The documents below return their number in their series. Errors of all: kState (no day open),
  // kMalformed, kOverflow.
  // Cash that goes into the drawer or out of it, not for a sale. Also: kCurrency.
  core::Result<std::uint64_t> move_cash(core::retail::CashKind kind, core::Money amount,
                                        std::string_view reason, std::int64_t time_ms);
  // The drawer opened without a sale.
  core::Result<std::uint64_t> open_drawer(std::string_view reason, std::int64_t time_ms);
  // Goods that came later, adjustments, transfers, counts: of stocked products.
  core::Result<std::uint64_t> move_stock(core::retail::StockMovement movement,
                                         std::int64_t time_ms);
  // The lines of a receipt, which wait, on whatever day, until a sale names them or they are
  // dropped; they keep the catalog that they began with. Also: those of core::retail::price_line.
  core::Result<std::uint64_t> put_aside(std::string_view name, const Basket& receipt,
                                        std::int64_t time_ms);
  // Also: kState (it waits no more).
  core::Result<std::uint64_t> drop_held(std::uint64_t number, std::string_view reason,
                                        std::int64_t time_ms);
  // A receipt that waits. Errors: kNotFound, kState (it waits no more).
  core::Result<core::retail::Hold> held(std::uint64_t number);
  // A receipt was printed again. Also: kNotFound.
  core::Result<std::uint64_t> record_copy(core::retail::Series of, std::uint64_t number,
                                          std::int64_t time_ms);
  // What a card terminal answered: an authorisation waits for its sale or its reversal. Also:
  // kNotFound, kState (reversed, or taken up by a sale), kUnbalanced (another amount).
  core::Result<std::uint64_t> record_card(core::retail::CardResult result, std::int64_t time_ms);
  // A sale that counts nowhere. Also: those of ring().
  core::Result<std::uint64_t> train(const Basket& basket, std::int64_t time_ms);

  // Goods put aside for a customer. Errors: those of ring(); kUnbalanced (a deposit above what is
  // left to pay), kState (not open).
  core::Result<LaidAway> open_layaway(const LayawayOrder& order, std::int64_t time_ms);
  core::Result<LaidAway> pay_layaway(std::uint64_t number, core::Money deposit,
                                     const core::retail::Tenders& tendered, std::int64_t time_ms);
  // Returns what is paid back.
  core::Result<core::Money> cancel_layaway(const LayawayCancellation& order, std::int64_t time_ms);
  // The sale of it: what was paid pays, and the rest is tendered.
  core::Result<Rung> hand_over(std::uint64_t layaway, const core::retail::Tenders& tendered,
                               std::int64_t time_ms);

  // What waits for a later document. `series`: of this one only.
  core::Result<std::vector<OpenItem>> open_items(
      std::optional<core::retail::Series> series = std::nullopt);

  // Where the balance service is, from now on; without an URL: nowhere. Errors: kUsage.
  core::Result<void> set_points_service(const PointsService& service);

  const core::retail::Settings& settings() const { return journal_.settings(); }
  // Errors: those of core::retail::check_settings.
  core::Result<void> set_settings(const core::retail::Settings& settings);

  // Adds up the day's documents, writes the closing message and ends the day.
  // Errors: kState (no day open), kCurrency, kOverflow.
  core::Result<core::retail::Closing> close_day(std::optional<core::Money> counted_cash = {});

  // The X report: the closing as it would be now; of the last closed day when none is open.
  // Errors: kState (no day yet).
  core::Result<core::retail::Closing> day_so_far();
  // Errors: kNotFound.
  core::Result<StoredDocument> document(core::retail::Series series, std::uint64_t number);
  core::Result<TillStatus> status();

  // Prints a document: its original the first time, later copies, marked and numbered. What becomes
  // of the job is written down before and after it; how it ended is in the report. A copy is a
  // document of its own. Errors: kNotFound, kUsage (columns), those of QrMatrix::of, of a copy
  // those of record_copy(); after an error behind the job's beginning the document is doubtful.
  core::Result<PrintReport> print(const PrintOrder& order, Printer& printer, std::int64_t time_ms);
  // Whether the document is on paper, and how often. Errors: kNotFound.
  core::Result<PrintMark> print_mark(core::retail::Series series, std::uint64_t number);
  // What a customer's QR code says, in one line. Errors: kNotFound, kUsage (no sale, refund or
  // layaway).
  core::Result<std::string> signed_receipt(core::retail::Series series, std::uint64_t number);

  // Copies to the backup targets what they do not have; returns how many increments. May be
  // repeated: a crash at any point leaves them waiting. Errors: those of Backup::copy_due().
  core::Result<std::uint64_t> copy_backups(Backup::Reach reach = Backup::Reach::kAll);
  // Writes an increment that holds everything, to this place and for the targets. Returns its
  // number. Errors: kState (a day is open, or the till cannot seal yet), those of BackupTarget.
  core::Result<std::uint64_t> back_up_to(std::string_view place);

  // Everything that must hold in a journal, checked from its first row; the oracle of crash tests.
  // Errors: kDamaged, naming the first thing that does not hold.
  core::Result<void> check();

  // The catalog: look-ups, names, versions.
  Shelf shelf() { return Shelf(journal_, shelf_); }
  core::Currency currency() const { return journal_.identity().currency; }
  const core::TillRef& ref() const { return journal_.identity().ref; }
  core::envelope::PublicKey public_key() const { return journal_.identity().key.public_key(); }
  // What the relay knows this till by when it asks for the roster.
  core::wire::ReadCredential read_credential() const;
  // What this till asks head office for.
  core::envelope::EnrolRequest enrol_request() const;
  Outbox outbox() { return Outbox(journal_); }
  PrintQueue print_queue() { return PrintQueue(journal_); }
  Backup backup() { return Backup(journal_); }
  Notices notices() { return Notices(journal_, shelf_, staff_); }
  // Puts into force what head office told and holds now: on the open day, or on the last one.
  // Returns how many notices.
  core::Result<std::uint64_t> take_notices();
  Points points() { return Points(journal_, points_); }

 private:
  Till(Journal journal, ShelfMemory shelf)
      : journal_(std::move(journal)), shelf_(std::move(shelf)) {}
  static core::Result<Till> on(Journal journal);

  core::Result<core::CatalogVersion> change_shelf(
      std::string_view what,
      const std::function<core::Result<core::CatalogVersion>(const ShelfTold&)>& change);
  core::Result<core::ProductId> next_minted_id();
  // Errors of both, beside those of a shelf: kExists.
  core::Result<std::optional<std::uint64_t>> free_gtin(std::string_view digits);
  core::Result<void> need_new_name(const std::string& name);
  // Inside a transaction: what the summary moves for the first time in this epoch, as it is now.
  core::Result<void> define_minted(core::retail::Summary& summary);
  core::Result<void> note_told(const core::retail::Summary& part, core::Sequence sequence);
  core::Result<core::BusinessDay> need_open_day() const;
  // What this epoch's payloads are sealed with; nullopt: they go in clear.
  core::Result<std::optional<core::envelope::SealingKey>> sealing_key() const;
  core::Result<JournalState> opened(core::BusinessDay day) const;
  core::Result<void> check_delivery(const core::retail::Components& received);
  // What came in, and against which notes.
  struct Delivery {
    core::retail::Components received;
    std::vector<std::uint64_t> notes;
    core::retail::Components differences;  // received less sent
  };
  core::Result<core::retail::Components> sent_with(const std::vector<std::uint64_t>& notes);
  core::Result<Delivery> delivery_of(const core::retail::Components& received,
                                     const std::vector<std::uint64_t>& notes);
  core::Result<void> put_opening(core::BusinessDay day, const Delivery& delivery,
                                 JournalState next);
  core::Result<core::envelope::PublicKey> make_next_key(Actor actor);
  core::Result<void> ask_for_key_if_due(Actor actor, core::BusinessDay day);
  // What the opening asks for, if anything.
  core::Result<void> put_key_request(core::retail::Opening& opening);
  core::Result<void> seal_opening(Actor actor, std::string_view why, const Delivery& delivery);
  // Inside a transaction: signs the summary's parts and writes them to the outbox with `next`.
  core::Result<void> put_messages(core::retail::Summary summary, JournalState next);
  // Numbers a document of the open day and writes it down, with `more` in its transaction.
  core::Result<DocumentNumbers> record(core::retail::Document document,
                                       const std::function<core::Result<void>()>& more = {});
  // The same for a document that takes one number, which it returns.
  core::Result<std::uint64_t> record_in(core::retail::Document document, std::int64_t time_ms);
  // A document is in the running sum now.
  void remember(const core::retail::Document& document);
  struct Priced {
    std::vector<core::retail::SaleLine> lines;  // with their taxes
    core::CatalogVersion version;
    std::int64_t cash_step_minor = 1;
  };
  // `version` 0: the present one.
  core::Result<Priced> price(const std::vector<BasketLine>& lines, core::CatalogVersion version);
  core::Result<std::int64_t> cash_step_minor();
  core::Result<core::retail::Tenders> tenders_of(const Basket& basket);
  // Errors: kMalformed (no stocked product of the catalog).
  core::Result<void> check_stocked(core::ProductId product);
  struct OpenLayaway {
    core::retail::Layaway opened;
    core::Money total;
    core::Money paid;
  };
  core::Result<OpenLayaway> find_layaway(std::uint64_t number);
  // Taxes of the deposits, taken back: below zero.
  core::Result<std::map<core::TaxCode, core::Money>> declared_taxes(
      std::uint64_t number, const core::retail::Layaway& opened);
  // The running sum of the open day, built from its documents when it is not there.
  core::Result<core::retail::DayFold*> running_fold();
  core::Result<void> add_to(core::retail::DayFold& fold, const core::retail::Document& document);
  // The sale that a void is about; nullopt of every other document.
  core::Result<std::optional<core::retail::Sale>> cancelled_by(
      const core::retail::Document& document);
  core::Result<core::Money> card_amount(std::uint64_t number);
  bool is_doubtful(const core::retail::Heading& heading) const;
  // Inside a document's transaction: what waits for the audit log, and a clock that jumped.
  core::Result<void> tell_of_clock(Actor actor, const core::retail::Heading& heading);
  // The closing as the documents from `position` on make it.
  core::Result<core::retail::Closing> closing_from(core::BusinessDay day, std::uint64_t position,
                                                   std::optional<core::Money> counted_cash);
  // A sale that was not voided. Errors: kNotFound, kState.
  core::Result<core::retail::Sale> find_sale(std::uint64_t invoice);

  // Empty: the document has none.
  core::Result<std::string> signed_receipt(const core::retail::Document& document);
  // Where a document stands in the journal. Errors: kNotFound.
  core::Result<std::uint64_t> position_of(core::retail::Series series, std::uint64_t number);
  core::Result<ReceiptLayout> layout_of(const StoredDocument& stored, std::uint64_t copy,
                                        const std::optional<core::Money>& change);

  Journal journal_;
  PointsMemory points_;
  ShelfMemory shelf_;
  Staff staff_;
  // Of the open day; none: to be built. Keeps every sum of the day in range while it is sold.
  std::optional<core::retail::DayFold> fold_;
  // Of the documents in the fold.
  std::map<core::retail::RequestId, core::retail::DocumentName> requests_;
  std::optional<core::retail::RequestId> request_;
  std::optional<std::int64_t> latest_time_ms_;  // of a document whose time was not in doubt
  bool clock_was_doubtful_ = false;             // at the last document since the journal was opened
};

}  // namespace till
