// Document: pricing, mirroring and checking. Encoding: core/retail/document_codec.cpp.
#include "core/retail/document.h"

#include <set>

#include "core/base/arithmetic.h"
#include "core/retail/limits.h"

namespace core::retail {
namespace {

std::string named(ProductId id) {
  return "product " + to_string(id);
}

// `sign` 1: sold; -1: given back.
Result<void> check_line(const SaleLine& line, Currency currency, int sign) {
  if (line.amount.currency != currency || line.discount.currency != currency ||
      line.tax_amount.currency != currency) {
    return fail(Errc::kCurrency,
                named(line.product) + ": the line is not in " + std::string(currency.code()));
  }
  TRY(check_product_id(line.product));
  const bool is_product = line.kind == LineKind::kProduct;
  if (is_product && (sign > 0 ? line.quantity.thousandths <= 0 : line.quantity.thousandths >= 0)) {
    return fail(Errc::kMalformed, named(line.product) + ": the quantity is not " +
                                      (sign > 0 ? "above" : "below") + " zero");
  }
  if (!is_product && (line.quantity.thousandths != 0 || !line.consumed.empty())) {
    return fail(Errc::kMalformed, named(line.product) + ": an amount line has no quantity");
  }
  return {};
}

Result<void> check_tenders(const Tenders& tenders, Money total) {
  Money sum{0, total.currency};
  for (const auto& [kind, amount] : tenders) {
    TRY_ASSIGN(sum, add(sum, amount));
  }
  if (sum == total) return {};
  return fail(Errc::kUnbalanced,
              "the tenders add up to " + to_string(sum) + ", the lines to " + to_string(total));
}

Result<void> check_reason(const std::string& reason, bool needed) {
  if (reason.size() <= kReasonBytesMax && !(needed && reason.empty())) return {};
  return fail(Errc::kMalformed,
              "a reason of 1 to " + std::to_string(kReasonBytesMax) + " bytes is needed");
}

Result<void> check_body(const Sale& sale) {
  if (sale.lines.empty()) return fail(Errc::kMalformed, "a sale without a line");
  for (const SaleLine& line : sale.lines) TRY(check_line(line, sale.currency, 1));
  TRY_ASSIGN(const Money net, net_of(sale));
  return check_tenders(sale.tenders, net);
}

Result<void> check_body(const Refund& refund) {
  if (refund.lines.empty()) return fail(Errc::kMalformed, "a refund without a line");
  if (refund.invoice == 0) return fail(Errc::kMalformed, "a refund without a sale");
  Money net{0, refund.currency};
  for (const RefundLine& line : refund.lines) {
    if (line.quantity.thousandths <= 0) {
      return fail(Errc::kMalformed, named(line.mirror.product) + ": nothing is given back");
    }
    TRY(check_line(line.mirror, refund.currency, -1));
    TRY_ASSIGN(net, add(net, line.mirror.amount));
  }
  TRY(check_tenders(refund.tenders, net));
  return check_reason(refund.reason, true);
}

Result<void> check_body(const Void& cancel) {
  if (cancel.invoice == 0) return fail(Errc::kMalformed, "a void without a sale");
  return check_reason(cancel.reason, true);
}

Result<void> check_body(const CashMovement& movement) {
  if (movement.amount.currency != movement.currency) {
    return fail(Errc::kCurrency, "the amount is not in " + std::string(movement.currency.code()));
  }
  if (movement.amount.minor <= 0) {
    return fail(Errc::kMalformed, "the amount is not above zero");
  }
  TRY(check_figure(movement.amount.minor, "the amount"));
  const bool explained = movement.kind == CashKind::kPaidIn || movement.kind == CashKind::kPaidOut;
  return check_reason(movement.reason, explained);
}

Result<void> check_body(const NoSale& document) {
  return check_reason(document.reason, true);
}

// total * part / whole, rounded once.
Result<std::int64_t> share(std::int64_t total, Quantity part, Quantity whole) {
  return round_half_away(Int128{total} * part.thousandths, whole.thousandths);
}

// What this refund takes of a total: the share of all that was given back so far, less what was
// taken before.
Result<std::int64_t> taken(std::int64_t total, Quantity before, Quantity after, Quantity whole) {
  TRY_ASSIGN(const std::int64_t until_now, share(total, after, whole));
  TRY_ASSIGN(const std::int64_t until_before, share(total, before, whole));
  TRY_ASSIGN(const std::int64_t now, checked_subtract(until_now, until_before));
  return checked_negate(now);
}

}  // namespace

std::string_view series_name(Series series) {
  static constexpr std::string_view kNames[] = {"order", "delivery", "invoice", "refund",
                                                "void",  "cash",     "drawer"};
  const auto index = static_cast<std::size_t>(series) - 1;
  CORE_CHECK(index < kSeriesCount);
  return kNames[index];
}

std::string document_number(TillRef till, Series series, std::uint64_t counter) {
  std::string digits = std::to_string(counter);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return to_string(till) + "-" + std::string(series_name(series)) + "-" + digits;
}

Series series_of(const Document& document) {
  static constexpr Series kSeries[] = {Series::kInvoice, Series::kRefund, Series::kVoid,
                                       Series::kCash, Series::kDrawer};
  return kSeries[document.index()];
}

std::uint64_t invoice_of(const Document& document) {
  if (const auto* refund = std::get_if<Refund>(&document)) return refund->invoice;
  if (const auto* cancel = std::get_if<Void>(&document)) return cancel->invoice;
  return 0;
}

Result<SaleLine> price_line(const Catalog& catalog, ProductId id, Quantity quantity,
                            Money discount) {
  const Product* product = catalog.find(id);
  if (product == nullptr) return fail(Errc::kNotFound, named(id) + " is not in the catalog");
  if (!product->price) {
    return fail(Errc::kMalformed, named(id) + " has no price; load a catalog that prices it");
  }
  if (quantity.thousandths <= 0) {
    return fail(Errc::kMalformed, named(id) + ": the quantity is not above zero");
  }
  if (product->whole && quantity.thousandths % Quantity::kUnit != 0) {
    return fail(Errc::kMalformed, named(id) + ": " + to_string(quantity) +
                                      " is not a whole number, and it is sold by the " +
                                      (product->unit.empty() ? "piece" : product->unit));
  }
  SaleLine line;
  line.product = id;
  line.quantity = quantity;
  line.unit_price = product->price;
  TRY_ASSIGN(
      const std::int64_t shelf_minor,
      round_half_away(Int128{product->price->minor} * quantity.thousandths, Quantity::kUnit));
  TRY_ASSIGN(line.amount, subtract(Money{shelf_minor, product->price->currency}, discount));
  if (discount.minor < 0 || line.amount.minor < 0) {
    return fail(Errc::kMalformed, named(id) + ": the discount is below zero or above the price");
  }
  line.discount = discount;
  line.tax = product->tax;
  line.tax_amount = Money{0, line.amount.currency};
  TRY_ASSIGN(line.consumed, catalog.explode(id, quantity));
  return line;
}

Result<Money> net_of(const Sale& sale) {
  Money sum{0, sale.currency};
  for (const SaleLine& line : sale.lines) {
    TRY_ASSIGN(sum, add(sum, line.amount));
  }
  return sum;
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
  RefundLine out{line, now, restock, sold};
  SaleLine& mirror = out.mirror;
  if (is_product) mirror.quantity = Quantity{-now.thousandths};
  for (Money* money : {&mirror.amount, &mirror.discount, &mirror.tax_amount}) {
    TRY_ASSIGN(money->minor, taken(money->minor, before, after, whole));
  }
  mirror.consumed.clear();
  if (!restock) return out;
  for (const auto& [component, quantity] : sold.consumed) {
    TRY_ASSIGN(const std::int64_t back, taken(quantity.thousandths, before, after, whole));
    if (back != 0) mirror.consumed.emplace(component, Quantity{back});
  }
  return out;
}

Result<void> check_document(const Document& document) {
  const Heading& heading = heading_of(document);
  std::set<Series> wanted{series_of(document)};
  if (std::holds_alternative<Sale>(document)) wanted.insert(kSaleSeries, std::end(kSaleSeries));
  std::set<Series> found;
  for (const auto& [series, number] : heading.numbers) {
    if (number != 0) found.insert(series);
  }
  if (found != wanted) {
    return fail(Errc::kMalformed, "the document is not numbered in its own series");
  }
  return std::visit([](const auto& d) { return check_body(d); }, document);
}

}  // namespace core::retail
