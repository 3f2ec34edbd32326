// Scan: what the codes with a weight or a price inside make of a line.
#include "till/scan.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/arithmetic.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Quantity;
using core::Result;

Result<std::int64_t> packages_of(Quantity count, std::string_view code) {
  if (count.thousandths > 0 && count.thousandths % Quantity::kUnit == 0) {
    return count.thousandths / Quantity::kUnit;
  }
  return fail(Errc::kMalformed, "the code " + std::string(code) +
                                    " is of a whole package; how many of them is a whole number");
}

// What a price buys of a product that is priced by a unit; a thousandth at least.
Result<Quantity> bought_for(const core::retail::Product& product, Money price, Quantity count) {
  if (product.whole || !product.price || product.price->minor == 0) return count;
  TRY_ASSIGN(
      const std::int64_t thousandths,
      core::round_half_away(core::Int128{price.minor} * Quantity::kUnit, product.price->minor));
  return Quantity{std::max<std::int64_t>(thousandths, 1)};
}

}  // namespace

Result<BasketLine> scan_line(Shelf shelf, core::CatalogVersion version, std::string_view code,
                             Quantity count) {
  TRY_ASSIGN(const FoundProduct found, shelf.find_code(version, code));
  BasketLine line;
  line.product = found.product.id;
  line.quantity = count;
  line.discount = Money{0, shelf.currency()};
  if (found.weight) {
    TRY_ASSIGN(const std::int64_t packages, packages_of(count, code));
    TRY_ASSIGN(line.quantity.thousandths,
               core::divide_exact(core::Int128{found.weight->thousandths} * packages, 1));
  }
  if (found.price) {
    TRY_ASSIGN(const std::int64_t packages, packages_of(count, code));
    Money price = *found.price;
    TRY_ASSIGN(price.minor, core::divide_exact(core::Int128{price.minor} * packages, 1));
    TRY_ASSIGN(line.quantity, bought_for(found.product, price, count));
    line.label_price = price;
  }
  return line;
}

}  // namespace till
