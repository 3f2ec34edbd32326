// Tax share: the tax of a receipt, rounded once per tax code, and what part of it each line bears.
// Must not know products, tenders or currencies: minor units are all that it sees.
// Method of the largest remainder (Hamilton); what a share is stands at share_tax below.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/base/ids.h"
#include "core/base/quantity.h"
#include "core/base/result.h"

namespace core::retail {

// Shape: basis_points 0..10000 (100 %); 0 is exempt, and then `inclusive` means nothing.
struct TaxRule {
  TaxCode code;
  std::int32_t basis_points = 0;
  bool inclusive = true;  // inside the price; else added on top of it
  bool operator==(const TaxRule&) const = default;
};

using TaxRules = std::map<TaxCode, TaxRule>;  // each under its own code

// Units: minor units of the receipt's one currency, discounts deducted; below zero for what the
// customer brings back. Of an exclusive code: without the tax.
struct TaxedLine {
  TaxCode code;
  std::int64_t amount_minor = 0;
};

// Of one code on one receipt: gross_minor == tax_minor + net_minor, and gross is what is paid.
struct TaxRow {
  TaxCode code;
  std::int64_t gross_minor = 0;
  std::int64_t tax_minor = 0;
  std::int64_t net_minor = 0;
  bool operator==(const TaxRow&) const = default;
};

struct ReceiptTax {
  std::vector<std::int64_t> line_tax_minor;  // in the order of the lines
  std::vector<TaxRow> rows;                  // of the codes on the receipt, ascending
  bool operator==(const ReceiptTax&) const = default;
};

// The tax of a code is that of the sum of its lines, rounded half away from zero, once:
// sum * rate / (1 + rate) inclusive, sum * rate exclusive. A line's share is the same of its own
// amount, not rounded. Every line gets its share cut off toward zero. What is then missing from the
// code's tax goes, one minor unit a line, to the lines that lost most by the cut; what is too much
// is taken, likewise, from the lines below zero, whose cut gained most. Ties: the earlier line.
// Hence line taxes add up to the code's tax exactly, each is less than one minor unit off its share
// and never of the other sign, and a receipt with every sign turned has every tax turned.
// Errors: kNotFound (a line's code has no rule), kMalformed (a rate beyond its shape, a rule under
// another code), kOverflow.
Result<ReceiptTax> share_tax(const TaxRules& rules, const std::vector<TaxedLine>& lines);

// A line as it was sold, or some of it as it was refunded.
struct LineShare {
  Quantity quantity;
  std::int64_t amount_minor = 0;
  std::int64_t tax_minor = 0;
  bool operator==(const LineShare&) const = default;
};

// Shape: sold.quantity above zero, amount and tax of any sign; `refunded` is the sum of all refunds
// so far in the signs of `sold`, {} for none.
struct LineHistory {
  LineShare sold;
  LineShare refunded;
};

// What refunding `quantity` of a sold line gives back: its amount and its tax by quantity, each
// rounded half away from zero, but never more than is left of it; the refund that reaches the sold
// quantity takes all that is left. Hence all refunds of a line add up to the line.
// In the signs of the sold line: the caller writes down the negatives.
// Errors: kMalformed (sold or refunded quantity not above zero, `refunded` not between zero and
// `sold`), kState (more would be refunded than was sold).
Result<LineShare> refund_share(const LineHistory& line, Quantity quantity);

}  // namespace core::retail
