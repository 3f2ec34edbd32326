// Summary: the two messages a day. The opening says what came in, the closing what the day took.
// Must not know envelopes or journals. Format: docs/message.cddl, docs/formats/message.md.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/flat_map.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/sealing.h"
#include "core/retail/catalog.h"
#include "core/retail/document.h"
#include "core/retail/minted.h"

namespace core::retail {

// A long summary travels as parts 1..count, one message each; they add up to the whole.
struct Part {
  std::uint32_t number = 1;
  std::uint32_t count = 1;
  auto operator<=>(const Part&) const = default;
};

// What a till minted and moved for the first time in this epoch. Of a long summary each stands in
// the first part that has a row of its product.
using Definitions = FlatMap<ProductId, Definition>;

// The keys that a till wants to have next: the content of an enrolment request. Which till, and in
// which log, is said by the message, which the key before these signs.
struct KeyRequest {
  envelope::PublicKey key;
  envelope::SealingPublicKey sealing_key;
  envelope::Signature proof;  // of the key itself, as of any enrolment
  bool operator==(const KeyRequest&) const = default;
};

// The morning's goods receipt.
struct Opening {
  BusinessDay day;
  Components received;
  Part part;
  // Head office's dispatch notes that the delivery was checked against, ascending, and in what it
  // differed from them: received less sent. The notes are in the first part.
  std::vector<std::uint64_t> notes{};
  Components differences{};
  Definitions definitions{};
  Currency currency{};                    // of the definitions' prices; without definitions none
  std::optional<KeyRequest> next_keys{};  // in the first part
  bool operator==(const Opening&) const = default;
};

// Takings under one tax code.
struct TaxRow {
  Money gross;  // tax included
  Money tax;    // inside `gross`
  bool operator==(const TaxRow&) const = default;
};

// The numbers that a series gave out in a day.
struct NumberRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const NumberRange&) const = default;
};

// What a till ever sold and gave back, voids taken out: two sums that never fall.
struct GrandTotals {
  Money sales;
  Money refunds;
  bool operator==(const GrandTotals&) const = default;
};

// What was sold of a product, less what was given back.
struct SoldRow {
  Quantity quantity;
  Money net;
  bool operator==(const SoldRow&) const = default;
};

enum class TransferWay : std::uint8_t { kOut = 1, kIn = 2 };

// Goods between two stores; each of them tells its own side under the same name.
struct TransferKey {
  std::string name;
  TransferWay way = TransferWay::kOut;
  StoreId other_store;
  auto operator<=>(const TransferKey&) const = default;
};

// Points of one member.
struct PointsRow {
  std::int64_t earned = 0;  // less what refunds took back
  std::int64_t redeemed = 0;
  bool operator==(const PointsRow&) const = default;
};

struct BatchKey {
  std::string terminal;
  std::uint32_t batch = 0;
  auto operator<=>(const BatchKey&) const = default;
};

// What a terminal answered in one of its batches, for comparing with the processor's settlement.
struct BatchRow {
  std::uint64_t count = 0;  // authorisations, reversals and refunds
  Money amount;             // authorised, less reversed and refunded
  envelope::Hash root;      // RFC 6962 root over these documents
  bool operator==(const BatchRow&) const = default;
};

// A receipt that was given money back for.
struct ReceiptKey {
  TillRef sold_at;
  std::uint64_t invoice = 0;
  auto operator<=>(const ReceiptKey&) const = default;
};

// Things that are counted, and make no money.
struct Counts {
  std::uint64_t no_sales = 0;
  std::uint64_t drawer_openings = 0;  // with a sale or without
  std::uint64_t copies = 0;           // receipts printed again
  std::uint64_t trainings = 0;
  std::uint64_t lines_voided = 0;  // before tender
  std::uint64_t clock_doubts = 0;  // documents whose time cannot be right
  bool operator==(const Counts&) const = default;
};

// What one operator did in a day, each document with whom its heading names: a sale with who rang
// it, also when another one voids it, a refund with who made it.
struct OperatorRow {
  std::uint64_t sales = 0;  // receipts that were not voided
  Money net;                // takings after voids, refunds and discounts
  Money discount;
  std::uint64_t lines_voided = 0;  // before tender
  std::uint64_t refunds = 0;
  Money refunded;  // net + refunded was sold
  bool operator==(const OperatorRow&) const = default;
};

// Money that came in for no sale yet.
struct Liabilities {
  Money vouchers_sold;
  Money deposits;   // on layaways, less those paid back or forfeited
  Money forfeited;  // deposits that the shop kept
  bool operator==(const Liabilities&) const = default;
};

// The day's takings and the stock consumed. All amounts in one currency. Rows of nothing are not
// there.
struct Closing {
  BusinessDay day;
  Currency currency;
  std::uint64_t sales = 0;  // receipts that were not voided
  std::uint64_t voids = 0;
  // Takings after voids, refunds and discounts, tax included, before any coupon tender.
  Money net;
  Money discount;                  // given by the retailer; takings at shelf price = net + discount
  FlatMap<TaxCode, TaxRow> taxes;  // add up to net
  Tenders tenders;                 // add up to net and liabilities
  Money over_short;                // cash counted less cash expected; zero when uncounted
  Components consumed;             // less what came back on the shelf
  Part part;
  FlatMap<Series, NumberRange> numbers;
  GrandTotals grand_totals;            // after this day
  std::optional<envelope::Hash> root;  // RFC 6962 root over the day's documents; none: no document
  std::uint64_t refunds = 0;
  Money refunded;                           // what the refunds gave back; net + refunded was sold
  FlatMap<CashKind, Money> cash_movements;  // above zero
  Counts counts;
  std::optional<Money> counted;  // cash in the drawer; none: nobody counted
  Liabilities liabilities;
  FlatMap<TaxCode, Money> deposit_taxes;  // due before the sale, less what the sale then takes over
  FlatMap<ProductId, SoldRow> sold;       // add up to net
  Components received;                    // after the opening was sealed
  Components adjusted;
  FlatMap<TransferKey, Components> transfers;
  Components on_hand;  // what counts came to, carried on to the end of the day
  FlatMap<MemberKey, PointsRow> members;
  FlatMap<BatchKey, BatchRow> batches;
  std::uint64_t open_cards = 0;  // authorisations that no receipt took up, at the end of the day
  Money open_cards_amount;
  FlatMap<ReceiptKey, Money> refunded_receipts;  // above zero
  FlatMap<OperatorId, OperatorRow> operators;    // by number, without operator 0
  Definitions definitions;
  bool operator==(const Closing&) const = default;
};

using Summary = std::variant<Opening, Closing>;

BusinessDay day_of(const Summary& summary);
// The minted products that it has a row of, ascending.
std::vector<ProductId> minted_in(const Summary& summary);
const Definitions& definitions_of(const Summary& summary);
Part part_of(const Summary& summary);

// An empty closing whose amounts carry the currency.
Closing empty_closing(BusinessDay day, Currency currency);
// Make it empty again, with the room that its rows have.
void clear(Opening& opening);
void clear(Closing& closing);
// Makes the closing's amounts carry the currency. Shape: a closing without rows.
void set_currency(Closing& closing, Currency currency);

// Deterministic CBOR; zero rows and zero optional fields are left out.
Bytes encode_summary(const Summary& summary);

// Accepts exactly what encode_summary writes, and only summaries that balance.
// Errors: kMalformed with the byte offset, kUnbalanced.
Result<Summary> decode_summary(ByteView payload);

// Decodes one summary after the other, each in the room of those before it.
class SummaryDecoder {
 public:
  // Errors: as decode_summary(); then there is neither an opening nor a closing.
  Result<void> decode(ByteView payload);

  // What was decoded last, and nullptr where it is the other. Owner: good until the next one.
  const Opening* opening() const { return kind_ == Kind::kOpening ? &opening_ : nullptr; }
  const Closing* closing() const { return kind_ == Kind::kClosing ? &closing_ : nullptr; }

 private:
  enum class Kind { kNone, kOpening, kClosing };
  friend Result<Summary> decode_summary(ByteView payload);

  Kind kind_ = Kind::kNone;
  Opening opening_;
  Closing closing_;
};

// Whether tax rows, and what was sold of each product, add up to net, tenders to net and
// liabilities, a count of the drawer agrees with what was expected in it, the invoices of the day
// are its sales and voids, and no operators did more than the day has, nor, when all of it is
// theirs, less. Errors: kUnbalanced, kCurrency, kOverflow.
Result<void> check_balanced(const Closing& closing);

// Cash that should be in the drawer: floats, cash taken less cash given back, paid-ins less
// paid-outs and pick-ups. Errors: kOverflow, kCurrency.
Result<Money> expected_cash(const Closing& closing);

// Splits into parts whose encoding is at most `payload_bytes_max` each: money and counts travel in
// the first; operators, products, transfers, members, card batches and refunded receipts are
// spread. One part when it fits.
// Shape: payload_bytes_max >= 1024, and what is not spread fits (CORE_CHECK).
std::vector<Summary> split(const Summary& summary, std::size_t payload_bytes_max);

// Puts the rows that split() spread into another part of the same summary; what is money or a count
// stays as `whole` has it.
void join_rows(Closing& whole, const Closing& part);

}  // namespace core::retail
