// Pricing: lines of a sale, and their mirrors.
#include "core/retail/pricing.h"

#include "core/base/arithmetic.h"

namespace core::retail {
namespace {

// total * part / whole, rounded once.
Result<std::int64_t> share(std::int64_t total, std::int64_t part, std::int64_t whole) {
  return round_half_away(Int128{total} * part, whole);
}

// Shape: a label's price or a unit's.
Result<Money> shelf_price(const OrderLine& order, const std::optional<Money>& unit_price) {
  if (order.label_price) return *order.label_price;
  Money price = *unit_price;
  TRY_ASSIGN(price.minor,
             round_half_away(Int128{price.minor} * order.quantity.thousandths, Quantity::kUnit));
  return price;
}

Result<void> check_order(const OrderLine& order, Currency currency) {
  if (order.quantity.thousandths <= 0) {
    return fail(Errc::kMalformed, named(order.product) + ": the quantity is not above zero");
  }
  for (const auto& price : {order.unit_price, order.label_price}) {
    if (price && price->currency != currency) {
      return fail(Errc::kCurrency,
                  named(order.product) + ": the price is not in " + std::string(currency.code()));
    }
    if (price && price->minor < 0) {
      return fail(Errc::kMalformed, named(order.product) + ": the price is below zero");
    }
  }
  return {};
}

}  // namespace

Result<SaleLine> price_line(const Catalog& catalog, const OrderLine& order) {
  const Product* product = catalog.find(order.product);
  if (product == nullptr) {
    return fail(Errc::kNotFound, named(order.product) + " is not in the catalog");
  }
  const std::optional<Money> unit_price = order.unit_price ? order.unit_price : product->price;
  if (!unit_price && !order.label_price) {
    return fail(Errc::kMalformed,
                named(order.product) + " has no price; load a catalog that prices it");
  }
  TRY(check_order(order, catalog.currency()));
  if (product->whole && order.quantity.thousandths % Quantity::kUnit != 0) {
    return fail(Errc::kMalformed, named(order.product) + ": " + to_string(order.quantity) +
                                      " is not a whole number, and it is sold by the " +
                                      (product->unit.empty() ? "piece" : product->unit));
  }
  SaleLine line;
  line.product = order.product;
  line.quantity = order.quantity;
  line.unit_price = unit_price;
  TRY_ASSIGN(const Money shelf, shelf_price(order, unit_price));
  TRY_ASSIGN(line.amount, subtract(shelf, order.discount));
  if (order.discount.minor < 0 || line.amount.minor < 0) {
    return fail(Errc::kMalformed,
                named(order.product) + ": the discount is below zero or above the price");
  }
  line.discount = order.discount;
  line.changes = order.changes;
  line.tax = product->tax;
  line.tax_amount = Money{0, line.amount.currency};
  TRY_ASSIGN(line.consumed, catalog.explode(order.product, order.quantity));
  return line;
}

Result<std::int64_t> next_share(std::int64_t total, std::int64_t before, std::int64_t now,
                                std::int64_t whole) {
  CORE_CHECK(whole > 0);
  TRY_ASSIGN(const std::int64_t after, checked_add(before, now));
  TRY_ASSIGN(const std::int64_t until_now, share(total, after, whole));
  TRY_ASSIGN(const std::int64_t until_before, share(total, before, whole));
  return checked_subtract(until_now, until_before);
}

Result<RefundLine> mirror_line(const SaleLine& sold, std::uint32_t line, Quantity before,
                               Quantity now, bool restock) {
  const bool is_product = sold.kind == LineKind::kProduct;
  const Quantity whole = is_product ? sold.quantity : Quantity{Quantity::kUnit};
  TRY_ASSIGN(const Quantity after, add(before, now));
  if (now.thousandths <= 0) {
    return fail(Errc::kMalformed, named(sold.product) + ": nothing is given back");
  }
  if (after > whole) {
    TRY_ASSIGN(const Quantity left, subtract(whole, before));
    return fail(Errc::kState, named(sold.product) + ": " + to_string(now) + " is more than the " +
                                  to_string(left) + " that was sold and not given back yet");
  }
  if (!is_product && after < whole) {
    return fail(Errc::kMalformed, named(sold.product) + ": an amount is given back as a whole");
  }
  const auto taken = [&](std::int64_t total) -> Result<std::int64_t> {
    TRY_ASSIGN(const std::int64_t part,
               next_share(total, before.thousandths, now.thousandths, whole.thousandths));
    return checked_negate(part);
  };
  RefundLine out{line, now, restock, sold};
  SaleLine& mirror = out.mirror;
  mirror.changes.clear();  // the sale says why
  if (is_product) mirror.quantity = Quantity{-now.thousandths};
  for (Money* money : {&mirror.amount, &mirror.discount, &mirror.tax_amount}) {
    TRY_ASSIGN(money->minor, taken(money->minor));
  }
  mirror.consumed.clear();
  if (!restock) return out;
  for (const auto& [component, quantity] : sold.consumed) {
    TRY_ASSIGN(const std::int64_t back, taken(quantity.thousandths));
    if (back != 0) mirror.consumed.emplace(component, Quantity{back});
  }
  return out;
}

}  // namespace core::retail
