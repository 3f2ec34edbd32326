// Document: what happened at the till, as it is written down, with everything frozen that a later
// change of the catalog could alter.
// Must not know journals. Format: docs/formats/journal.md, "Document bodies".
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
  kCash = 6,    // floats, paid-ins, paid-outs, pick-ups
  kDrawer = 7,  // openings of the drawer without a sale
};
inline constexpr Series kSaleSeries[] = {Series::kOrder, Series::kDelivery, Series::kInvoice};
inline constexpr std::size_t kSeriesCount = 7;

using DocumentNumbers = std::map<Series, std::uint64_t>;

// "invoice". Shape: a value of the enumeration (CORE_CHECK).
std::string_view series_name(Series series);

// "4/1-invoice-000017": store, till, series and the till's own gapless counter.
std::string document_number(TillRef till, Series series, std::uint64_t counter);

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
  Money tax_amount;     // inside `amount`
  Components consumed;  // the explosion, frozen when the line was sold
  bool operator==(const SaleLine&) const = default;
};

enum class TenderKind : std::uint8_t {
  kCash = 1,
  kCard = 2,
  kCoupon = 3,        // a manufacturer's coupon, at its face value
  kCouponExcess = 4,  // what a coupon was worth above the receipt, paid out in cash: negative
  kCashRounding = 5,  // what the cash remainder was rounded down by; negative: up
};

using Tenders = std::map<TenderKind, Money>;  // cash is net of change

// What every document has.
struct Heading {
  BusinessDay day;
  std::int64_t time_ms = 0;  // evidence only
  Currency currency;
  DocumentNumbers numbers;
  bool operator==(const Heading&) const = default;
};

struct Sale : Heading {
  std::vector<SaleLine> lines;
  Tenders tenders;
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

// A refund against a sale of the same till.
struct Refund : Heading {
  std::uint64_t invoice = 0;
  std::vector<RefundLine> lines;
  Tenders tenders;  // paid back: negative
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

using Document = std::variant<Sale, Refund, Void, CashMovement, NoSale>;

inline const Heading& heading_of(const Document& document) {
  return std::visit([](const auto& d) -> const Heading& { return d; }, document);
}
inline Heading& heading_of(Document& document) {
  return std::visit([](auto& d) -> Heading& { return d; }, document);
}
// The series that names the document: a sale's is the invoice.
Series series_of(const Document& document);
// The number of the invoice that a refund or a void is about; 0 of other documents.
std::uint64_t invoice_of(const Document& document);

inline constexpr std::size_t kReasonBytesMax = 500;

// Prices a line from the catalog: amount = price * quantity (rounded once) - discount. Its tax is
// that of the whole receipt: core/retail/tax_share.h.
// Errors: kNotFound (product), kMalformed (no price, quantity not above zero or, of what is sold
// whole, not whole, discount below zero or above the shelf price), kInexact (no whole thousandth is consumed), kCurrency, kOverflow.
Result<SaleLine> price_line(const Catalog& catalog, ProductId product, Quantity quantity,
                            Money discount);

// Sum of the lines' amounts. Errors: kOverflow, kCurrency.
Result<Money> net_of(const Sale& sale);

// The refund of `now` of a sold line of which `before` was given back already. Amount, discount,
// tax and components are shares of what was sold, each rounded once for all that was given back so
// far: so refunds of a whole line add up to it exactly, whatever the parts. Errors: kMalformed
// (nothing is given back), kState (more than was sold), kOverflow.
Result<RefundLine> mirror_line(const SaleLine& sold, std::uint32_t line, Quantity before,
                               Quantity now, bool restock);

// What every document must satisfy before it is written down: one currency, line shapes as said
// above, tenders that add up to the lines, a number in each series that it takes and in no other,
// a reason of at most kReasonBytesMax bytes.
// Errors: kMalformed, kUnbalanced, kCurrency, kOverflow.
Result<void> check_document(const Document& document);

// Deterministic CBOR. decode_document(encode_document(d)) == d. Errors: kMalformed with the byte
// offset.
Bytes encode_document(const Document& document);
Result<Document> decode_document(ByteView body);

}  // namespace core::retail
