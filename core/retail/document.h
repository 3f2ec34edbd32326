// Document: what happened at the till, as it is written down, with everything frozen that a later
// change of the catalog could alter.
// Must not know journals, nor how a line gets its price (core/retail/pricing.h).
// Format: docs/formats/journal.md, "Document bodies".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"
#include "core/retail/catalog.h"

namespace core::retail {

// A numbered series of documents. A sale takes a number of each of the first three.
enum class Series : std::uint8_t {
  kOrder = 1,
  kDelivery = 2,
  kInvoice = 3,
  kRefund = 4,
  kVoid = 5,
  kCash = 6,      // floats, paid-ins, paid-outs, pick-ups
  kDrawer = 7,    // openings of the drawer without a sale
  kStock = 8,     // goods that came later, adjustments, transfers, counts
  kHold = 9,      // receipts put aside, and those dropped
  kLayaway = 10,  // layaways, their deposits, and those cancelled
  kCard = 11,     // what card terminals answered
  kCopy = 12,     // receipts printed again
  kTraining = 13,
};
inline constexpr Series kSaleSeries[] = {Series::kOrder, Series::kDelivery, Series::kInvoice};
inline constexpr std::size_t kSeriesCount = 13;

using DocumentNumbers = std::map<Series, std::uint64_t>;

// "invoice". Shape: a value of the enumeration (CORE_CHECK).
std::string_view series_name(Series series);

// "4/1-invoice-000017": store, till, series and the till's own gapless counter.
std::string document_number(TillRef till, Series series, std::uint64_t counter);

enum class ChangeKind : std::uint8_t {
  kOverride = 1,         // another unit price; amount: what the catalog says
  kLineDiscount = 2,     // amount: taken off the line
  kReceiptDiscount = 3,  // amount: the line's share of what was taken off the receipt
  kRetailerCoupon = 4,   // amount: taken off the line
};

// Why a line does not have its shelf price.
struct PriceChange {
  ChangeKind kind = ChangeKind::kLineDiscount;
  Money amount;
  std::string reason;
  bool operator==(const PriceChange&) const = default;
};

// A line as it is keyed in, before it has a price.
struct OrderLine {
  ProductId product;
  Quantity quantity;
  Money discount;                         // all of it
  std::optional<Money> unit_price = {};   // overrides the catalog's
  std::optional<Money> label_price = {};  // of the whole line, as a label says it
  std::vector<PriceChange> changes = {};  // why; the discounts among them add up to `discount`
  bool operator==(const OrderLine&) const = default;
};

enum class LineKind : std::uint8_t {
  kProduct = 1,  // a quantity of a product
  kAmount = 2,   // an amount without a quantity: imported receipts have them; consumes nothing
};

struct SaleLine {
  LineKind kind = LineKind::kProduct;
  ProductId product;
  Quantity quantity;                // zero exactly for kAmount
  std::optional<Money> unit_price;  // informative: the amount counts
  Money amount;                     // extended, after discount, any tax included
  Money discount;                   // given by the retailer; shelf price = amount + discount
  TaxCode tax;
  Money tax_amount;                  // inside `amount`
  Components consumed;               // the explosion, frozen when the line was sold
  std::vector<PriceChange> changes;  // as of the order's line
  bool operator==(const SaleLine&) const = default;
};

enum class TenderKind : std::uint8_t {
  kCash = 1,
  kCard = 2,
  kCoupon = 3,        // a manufacturer's coupon, at its face value
  kCouponExcess = 4,  // what a coupon was worth above the receipt, paid out in cash: negative
  kCashRounding = 5,  // what the cash remainder was rounded down by; negative: up
  kVoucher = 6,       // vouchers redeemed; negative: issued for a refund
  kPoints = 7,        // a member's points
  kDeposit = 8,       // what was paid on a layaway before
};
inline constexpr std::size_t kTenderKinds = 8;

using Tenders = FlatMap<TenderKind, Money>;  // cash is net of change

// A client's name for one thing that it asked for, so that asking again does it once.
using RequestId = FixedBytes<struct RequestIdTag, 16>;
// Keyed hash of what a member is known by, such as a phone number.
using MemberKey = FixedBytes<struct MemberKeyTag, 16>;

// What every document has.
struct Heading {
  BusinessDay day;
  std::int64_t time_ms = 0;     // evidence only
  bool clock_doubtful = false;  // the time cannot be right
  Currency currency;
  DocumentNumbers numbers;
  OperatorId operator_id;  // 0: the till has no operators
  OperatorId approved_by;  // a second person; 0: nobody had to
  CatalogVersion catalog;  // that prices and names come from
  std::optional<RequestId> request;
  bool operator==(const Heading&) const = default;
};

struct Voucher {
  std::string number;
  Money amount;  // above zero
  bool operator==(const Voucher&) const = default;
};
using Vouchers = std::vector<Voucher>;

struct Sale : Heading {
  std::vector<SaleLine> lines;
  Tenders tenders;                   // add up to the lines and the vouchers sold
  Vouchers vouchers_sold;            // a liability, not takings
  Vouchers vouchers_redeemed;        // add up to the tender
  std::vector<std::uint64_t> cards;  // card authorisations, by their numbers; add up to the tender
  std::optional<MemberKey> member;
  std::int64_t points_earned = 0;    // members only
  std::int64_t points_redeemed = 0;  // for the tender
  std::uint64_t hold = 0;            // the receipt put aside that this completes
  std::uint64_t layaway = 0;         // that this hands over
  std::map<TaxCode, Money>
      deposit_taxes;               // of the layaway's deposits, taken back: the lines have it all
  std::uint32_t lines_voided = 0;  // before tender
  bool operator==(const Sale&) const = default;
};

// A part of a line of the sale that is given back, mirrored: everything in it is negative or zero.
struct RefundLine {
  std::uint32_t line = 0;  // of the sale, from 0
  Quantity quantity;       // given back, above zero; of an amount line 1.000
  bool restock = false;    // it goes back on the shelf; otherwise it is scrap, and stays consumed
  SaleLine mirror;
  bool operator==(const RefundLine&) const = default;
};

// A refund against a sale: of this till, or, with `sold_at`, of another one, whose lines are then
// as the customer's receipt has them.
struct Refund : Heading {
  std::uint64_t invoice = 0;
  std::optional<TillRef> sold_at;
  std::vector<RefundLine> lines;
  Tenders tenders;           // paid back: negative
  Vouchers vouchers_issued;  // add up to what the tender paid back
  std::optional<MemberKey> member;
  std::int64_t points_taken_back = 0;
  std::string reason;
  bool operator==(const Refund&) const = default;
};

// Cancels a sale of the same business day.
struct Void : Heading {
  std::uint64_t invoice = 0;
  std::string reason;
  bool operator==(const Void&) const = default;
};

enum class CashKind : std::uint8_t {
  kFloat = 1,    // from the safe into the drawer, to give change from
  kPaidIn = 2,   // into the drawer, not for a sale
  kPaidOut = 3,  // out of the drawer, for example to the window cleaner
  kPickUp = 4,   // from the drawer into the safe
};

struct CashMovement : Heading {
  CashKind kind = CashKind::kFloat;
  Money amount;  // above zero
  std::string reason;
  bool operator==(const CashMovement&) const = default;
};

// The drawer was opened without a sale.
struct NoSale : Heading {
  std::string reason;
  bool operator==(const NoSale&) const = default;
};

enum class StockKind : std::uint8_t {
  kReceived = 1,     // goods that came after the opening was sealed
  kAdjustment = 2,   // found or lost: above or below zero; needs a reason
  kTransferOut = 3,  // to another store
  kTransferIn = 4,   // from another store
  kCount = 5,        // an assertion of what is on hand
};

struct StockMovement : Heading {
  StockKind kind = StockKind::kReceived;
  Components lines;      // above zero, but for adjustments and counts
  std::string transfer;  // transfers only: the name that both stores know it by, 1..40 bytes
  StoreId other_store;   // transfers only
  std::string reason;
  bool operator==(const StockMovement&) const = default;
};

enum class HoldKind : std::uint8_t {
  kPutAside = 1,
  kDropped = 2,
};

// A receipt that waits; a sale completes it.
struct Hold : Heading {
  HoldKind kind = HoldKind::kPutAside;
  std::uint64_t hold = 0;  // that is dropped
  std::string name;
  std::vector<OrderLine> lines;  // priced from the heading's catalog when it is completed
  std::string reason;
  bool operator==(const Hold&) const = default;
};

enum class LayawayKind : std::uint8_t {
  kOpened = 1,
  kDeposit = 2,
  kCancelled = 3,
};

// Goods that a customer pays by and by. A sale hands them over; only then stock and revenue move.
struct Layaway : Heading {
  LayawayKind kind = LayawayKind::kOpened;
  std::uint64_t layaway = 0;       // that is paid on or cancelled
  std::string name;                // of one that is opened
  std::vector<SaleLine> lines;     // of one that is opened
  Tenders tenders;                 // the deposit; of a cancellation what is paid back: negative
  Money forfeited;                 // of a cancellation: what the shop keeps
  std::map<TaxCode, Money> taxes;  // due because of this deposit, where deposits are taxed
  std::string reason;              // of a cancellation
  bool operator==(const Layaway&) const = default;
};

// A sale that counts nowhere.
struct Training : Heading {
  std::vector<SaleLine> lines;
  Tenders tenders;
  bool operator==(const Training&) const = default;
};

// A receipt was printed again.
struct Copy : Heading {
  Series of = Series::kInvoice;
  std::uint64_t number = 0;
  bool operator==(const Copy&) const = default;
};

enum class CardKind : std::uint8_t {
  kAuthorised = 1,
  kReversed = 2,  // takes an authorisation back
  kRefunded = 3,
};

// What a card terminal answered, signed by the processor.
struct CardResult : Heading {
  CardKind kind = CardKind::kAuthorised;
  std::string terminal;     // 1..40 bytes, as the others
  std::uint32_t batch = 0;  // the terminal's own
  std::string authorisation;
  std::string masked_number;   // of the card; never the whole
  Money amount;                // above zero
  Bytes signature;             // at most 512 bytes; not checked here
  std::uint64_t reverses = 0;  // the authorisation's number in the card series
  bool operator==(const CardResult&) const = default;
};

using Document = std::variant<Sale, Refund, Void, CashMovement, NoSale, StockMovement, Hold,
                              Layaway, Training, Copy, CardResult>;

inline const Heading& heading_of(const Document& document) {
  return std::visit([](const auto& d) -> const Heading& { return d; }, document);
}
inline Heading& heading_of(Document& document) {
  return std::visit([](auto& d) -> Heading& { return d; }, document);
}
// The series that names the document: a sale's is the invoice.
Series series_of(const Document& document);
// The name of a document within its till.
struct DocumentName {
  Series series = Series::kInvoice;
  std::uint64_t number = 0;
  auto operator<=>(const DocumentName&) const = default;
};
// The earlier document of this till that a document is about: a refund or a void about its invoice,
// a step of a layaway or its sale about the layaway, a copy about what was printed, and so on.
std::optional<DocumentName> about_of(const Document& document);

inline constexpr std::size_t kReasonBytesMax = 500;
inline constexpr std::size_t kNameBytesMax = 40;
inline constexpr std::size_t kSignatureBytesMax = 512;

// Sum of the lines' amounts. Errors: kOverflow, kCurrency.
Result<Money> net_of(const std::vector<SaleLine>& lines, Currency currency);
inline Result<Money> net_of(const Sale& sale) {
  return net_of(sale.lines, sale.currency);
}
// Errors: kOverflow, kCurrency.
Result<Money> sum_of(const Vouchers& vouchers, Currency currency);
Result<Money> sum_of(const Tenders& tenders, Currency currency);
// Zero when there is none of the kind.
Money tender_of(const Tenders& tenders, TenderKind kind, Currency currency);

// What every document must satisfy before it is written down: one currency, line shapes as said
// above, tenders that add up, a number in each series that it takes and in no other, texts within
// their bounds, a reason where one is needed.
// Errors: kMalformed, kUnbalanced, kCurrency, kOverflow.
Result<void> check_document(const Document& document);

// Deterministic CBOR. decode_document(encode_document(d)) == d. Errors: kMalformed with the byte
// offset.
Bytes encode_document(const Document& document);
Result<Document> decode_document(ByteView body);

}  // namespace core::retail
