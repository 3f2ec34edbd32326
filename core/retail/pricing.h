// Pricing: from what was keyed in to a line of a sale, and from a line of a sale to its mirror.
// Must not know tenders, receipts or journals.
#pragma once

#include "core/base/result.h"
#include "core/retail/catalog.h"
#include "core/retail/document.h"

namespace core::retail {

// Prices a line from the catalog: amount = price * quantity (rounded once) - discount. A price on
// the label is the shelf price of the whole line. The tax is that of the whole receipt:
// core/retail/tax_share.h.
// Errors: kNotFound (product), kMalformed (no price, quantity not above zero or, of what is sold
// whole, not whole, discount below zero or above the shelf price), kInexact (no whole thousandth is
// consumed), kCurrency, kOverflow.
Result<SaleLine> price_line(const Catalog& catalog, const OrderLine& order);

// The refund of `now` of a sold line of which `before` was given back already. Amount, discount,
// tax and components are shares of what was sold, each rounded once for all that was given back so
// far: so refunds of a whole line add up to it exactly, whatever the parts. Errors: kMalformed
// (nothing is given back), kState (more than was sold), kOverflow.
Result<RefundLine> mirror_line(const SaleLine& sold, std::uint32_t line, Quantity before,
                               Quantity now, bool restock);

// What a part takes of a total of which `before` parts of `whole` were taken already, and `now`
// more are: a share of all so far, rounded once, less what was taken before. Parts add up.
// Shape: whole above zero (CORE_CHECK). Errors: kOverflow.
Result<std::int64_t> next_share(std::int64_t total, std::int64_t before, std::int64_t now,
                                std::int64_t whole);

}  // namespace core::retail
