// Tax share: the tax of a receipt, rounded once per tax code, and what part of it each line bears.
// Must not know products, prices or tenders.
// Method of the largest remainder (Hamilton); what a share is stands at share_tax below.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/retail/catalog.h"
#include "core/retail/document.h"

namespace core::retail {

// Units: minor units of the receipt's one currency, discounts deducted; below zero for what the
// customer brings back. Of an exclusive code: without the tax.
struct TaxedLine {
  TaxCode code;
  std::int64_t amount_minor = 0;
};

// Of one code on one receipt: gross_minor == tax_minor + net_minor, and gross is what is paid.
struct TaxSum {
  TaxCode code;
  std::int64_t gross_minor = 0;
  std::int64_t tax_minor = 0;
  std::int64_t net_minor = 0;
  bool operator==(const TaxSum&) const = default;
};

struct ReceiptTax {
  std::vector<std::int64_t> line_tax_minor;  // in the order of the lines
  std::vector<TaxSum> rows;                  // of the codes on the receipt, ascending
  bool operator==(const ReceiptTax&) const = default;
};

// The tax of a code is that of the sum of its lines, rounded half away from zero, once:
// sum * rate / (1 + rate) inclusive, sum * rate exclusive. A line's share is the same of its own
// amount, not rounded. Every line gets its share cut off toward zero. What is then missing from the
// code's tax goes, one minor unit a line, to the lines that lost most by the cut; what is too much
// is taken, likewise, from the lines below zero, whose cut gained most. Ties: the earlier line.
// Hence line taxes add up to the code's tax exactly, each is less than one minor unit off its share
// and never of the other sign, and a receipt with every sign turned has every tax turned.
// Errors: kNotFound (a line's code has no rate), kMalformed (a rate beyond its shape, a rate under
// another code), kOverflow.
Result<ReceiptTax> share_tax(const TaxRates& rates, const std::vector<TaxedLine>& lines);

// Taxes the priced lines of one sale: sets each line's tax, and adds it to the amount where it is
// not in the price. Errors: as above.
Result<void> tax_lines(const TaxRates& rates, std::vector<SaleLine>& lines);

}  // namespace core::retail
