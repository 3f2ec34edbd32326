// Posting rules: what a summary does to the books. Pure: no files, no order, no clock.
// Must not know messages, signatures or SQLite. Rules with examples: docs/formats/books.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/retail/summary.h"
#include "ledger-rebuild/accounts.h"
#include "ledger-rebuild/period_close.h"
#include "ledger-rebuild/product_bulletin.h"
#include "ledger-rebuild/state.h"

namespace rebuild {

// Tells apart the postings of one entry to one account: the tender of a cash-like account, the tax
// code of revenue and tax payable, kNoCode for the rest. Cash that goes in or out of a drawer
// without a sale has kMovementCode less its kind.
inline constexpr std::int64_t kNoCode = -1;
inline constexpr std::int64_t kMovementCode = -10;
// Tax payable for deposits: this less the tax code.
inline constexpr std::int64_t kDepositCode = -1000;

struct Posting {
  Account account = Account::kCash;
  std::int64_t code = kNoCode;
  std::int64_t amount_minor = 0;  // debit positive, credit negative; never zero
  bool operator==(const Posting&) const = default;
};

// Where stock is. Numbers are stored in books.db.
enum class Place : std::uint8_t {
  kSupplier = 0,
  kStore = 1,
  kSold = 2,
  kAdjusted = 3,  // lost, and, coming back, found
  kTransit = 4,   // between two stores
};

// Stock leaves one place and arrives at another, so that a move balances by construction.
struct StockMove {
  core::ProductId product;
  Place from = Place::kSupplier;
  Place to = Place::kStore;
  std::int64_t thousandths = 0;  // never zero
  bool operator==(const StockMove&) const = default;
};

// What a closing says of one product and no account has: what was taken for it, before coupons.
struct SoldLine {
  core::ProductId product;
  std::int64_t thousandths = 0;  // less what came back
  std::int64_t net_minor = 0;
  bool operator==(const SoldLine&) const = default;
};

// What a count of one product came to, as of the day's end.
struct CountedLine {
  core::ProductId product;
  std::int64_t thousandths = 0;
  bool operator==(const CountedLine&) const = default;
};

// What one operator did, as the closing says it: shares of its figures, with voids and refunds
// taken out.
struct OperatorLine {
  core::OperatorId operator_id;
  std::uint64_t sales = 0;
  std::int64_t net_minor = 0;
  std::int64_t discount_minor = 0;
  std::uint64_t lines_voided = 0;
  std::uint64_t refunds = 0;
  std::int64_t refunded_minor = 0;
  bool operator==(const OperatorLine&) const = default;
};

// Points of one member: earned, less what refunds took back, and redeemed.
struct MemberLine {
  core::retail::MemberKey member;
  std::int64_t earned = 0;
  std::int64_t redeemed = 0;
  bool operator==(const MemberLine&) const = default;
};

// What the till says a product is that it minted.
struct DefinitionLine {
  core::ProductId product;
  core::retail::Definition definition;
  bool operator==(const DefinitionLine&) const = default;
};

// A product that head office merges or splits.
struct DecidedLine {
  core::ProductId product;
  core::ProductId into;  // of a split the product itself
  bool operator==(const DecidedLine&) const = default;
};

// What an opening says of head office's dispatch notes. Numbers are stored in the books.
enum class DeliveryKind : std::uint8_t {
  kNote = 1,        // `item` is one that was received
  kDifference = 2,  // of product `item` so much more came than was sent, or, below zero, less
};
struct DeliveryLine {
  DeliveryKind kind = DeliveryKind::kNote;
  std::uint64_t item = 0;
  std::int64_t thousandths = 0;
  bool operator==(const DeliveryLine&) const = default;
};

// The figures of an entry that are one each. Amounts in `currency`; an opening has none.
struct EntryFigures {
  Kind kind = Kind::kNone;
  core::BusinessDay day;
  core::retail::Part part;
  core::Currency currency;
  std::uint64_t sales = 0;
  std::uint64_t voids = 0;
  std::int64_t net_minor = 0;
  std::int64_t discount_minor = 0;
  std::int64_t over_short_minor = 0;
  std::uint64_t refunds = 0;
  std::int64_t refunded_minor = 0;
  // The till's grand totals after this day.
  std::int64_t ever_sold_minor = 0;
  std::int64_t ever_refunded_minor = 0;
  std::uint64_t clock_doubts = 0;  // documents whose time cannot be right
  // Members' points of the day: earned, less what refunds took back, and redeemed.
  std::int64_t points_earned = 0;
  std::int64_t points_redeemed = 0;
  bool operator==(const EntryFigures&) const = default;
};

// What one message posts, or closes.
struct Entry : EntryFigures {
  std::vector<std::pair<core::retail::Series, core::retail::NumberRange>> numbers;  // ascending
  // Amounts above zero; a store and till of 0 are the closing's own.
  std::map<core::retail::ReceiptKey, std::int64_t> refunded_receipts;
  std::vector<Posting> postings;        // ascending account and code
  std::vector<StockMove> moves;         // ascending product, from, to; one for each of these
  std::vector<SoldLine> sold;           // ascending product
  std::vector<CountedLine> counted;     // likewise
  std::vector<OperatorLine> operators;  // ascending operator
  std::vector<MemberLine> members;      // ascending member
  std::vector<CoveredChain> covered;    // of a period close: ascending till and epoch; of an undo
                                        // the bulletin of head office that it takes back
  std::vector<DefinitionLine> definitions;            // ascending product
  std::vector<DecidedLine> decided;                   // likewise; of a bulletin on products
  std::vector<DeliveryLine> deliveries;               // ascending kind and item
  std::optional<core::retail::KeyRequest> next_keys;  // that an opening asks for

  // Makes it empty again, with the room that it has.
  void clear();
  bool operator==(const Entry&) const = default;
};

// Errors: kUnbalanced (debits and credits differ), kOverflow (a figure or a product number beyond
// core/retail/limits.h, which an honest till refuses at the sale).
core::Result<Entry> make_entry(const core::retail::Summary& summary);
// The same in the place of `entry`, with the room that it has; an error leaves it empty.
core::Result<void> make_entry(const core::retail::Summary& summary, Entry& entry);
core::Result<void> make_entry(const core::retail::Opening& opening, Entry& entry);
core::Result<void> make_entry(const core::retail::Closing& closing, Entry& entry);
// Posts nothing; its day is the last that it closes.
void make_entry(PeriodClose close, Entry& entry);
// Posts nothing.
void make_entry(const ProductBulletin& bulletin, Entry& entry);
// Of an entry of the roster, or a notice to tills: head office's word that posts nothing.
void make_roster_entry(Entry& entry);

// Whether debits equal credits. Errors: kUnbalanced, kOverflow.
core::Result<void> check_balanced(const std::vector<Posting>& postings);

}  // namespace rebuild
