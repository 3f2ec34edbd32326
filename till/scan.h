// Scan: from what a scanner reads, or a cashier keys in its place, to a line of a basket.
// Must not know who scans. Codes: core/retail/barcode.h.
#pragma once

#include <string_view>

#include "core/base/quantity.h"
#include "core/base/result.h"
#include "till/shelf.h"
#include "till/till.h"

namespace till {

// A code without a weight or a price in it: `count` is the quantity. With one: `count` packages
// that say the same, a whole number of them. A price is that of the line; its quantity is then what
// the catalog's price makes of it, or the count, of what is sold whole or has no price. Errors:
// those of Shelf::find_code; kMalformed (not a whole number of packages), kOverflow.
core::Result<BasketLine> scan_line(Shelf shelf, core::CatalogVersion version, std::string_view code,
                                   core::Quantity count = {core::Quantity::kUnit});

}  // namespace till
