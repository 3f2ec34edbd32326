// Document: one sale as the till writes it down, with everything frozen that a later change of the
// catalog could alter. Must not know journals. Format: docs/formats/journal.md, "Document bodies".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"
#include "core/retail/catalog.h"

namespace core::retail {

// A numbered series of documents. One sale is one document of each.
enum class Series : std::uint8_t { kOrder = 1, kDelivery = 2, kInvoice = 3 };
inline constexpr Series kSaleSeries[] = {Series::kOrder, Series::kDelivery, Series::kInvoice};

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
  Money amount;                     // extended, after discount, tax included
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
};

using Tenders = std::map<TenderKind, Money>;  // cash is net of change

struct Sale {
  BusinessDay day;
  std::int64_t time_ms = 0;  // evidence only
  Currency currency;
  std::map<Series, std::uint64_t> numbers;
  std::vector<SaleLine> lines;
  Tenders tenders;
  bool operator==(const Sale&) const = default;
};

// Prices a line from the catalog: amount = price * quantity (rounded once) - discount.
// Errors: kNotFound (product), kMalformed (no price, quantity not above zero, discount below zero
// or above the shelf price), kInexact (no whole thousandth is consumed), kCurrency, kOverflow.
Result<SaleLine> price_line(const Catalog& catalog, ProductId product, Quantity quantity,
                            Money discount);

// Sum of the lines' amounts. Errors: kOverflow, kCurrency.
Result<Money> net_of(const Sale& sale);

// What every sale must satisfy before it is written down: at least one line, one currency, line
// shapes as said above, tenders that add up to the lines.
// Errors: kMalformed, kUnbalanced, kCurrency, kOverflow.
Result<void> check_sale(const Sale& sale);

// Deterministic CBOR. decode_sale(encode_sale(s)) == s. Errors: kMalformed with the byte offset.
Bytes encode_sale(const Sale& sale);
Result<Sale> decode_sale(ByteView body);

}  // namespace core::retail
