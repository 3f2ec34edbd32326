// Document: what every one must satisfy before it is written down.
#include <set>

#include "core/base/arithmetic.h"
#include "core/retail/document.h"
#include "core/retail/limits.h"

namespace core::retail {
namespace {

Result<void> check_text(const std::string& text, std::size_t bytes_max, bool needed,
                        std::string_view what) {
  if (text.size() <= bytes_max && !(needed && text.empty())) return {};
  return fail(Errc::kMalformed, std::string(what) + " has " + (needed ? "1" : "0") + " to " +
                                    std::to_string(bytes_max) + " bytes");
}

Result<void> check_reason(const std::string& reason, bool needed) {
  return check_text(reason, kReasonBytesMax, needed, "a reason");
}

Result<void> check_currency(Money money, Currency currency, std::string_view what) {
  if (money.currency == currency) return {};
  return fail(Errc::kCurrency, std::string(what) + " is not in " + std::string(currency.code()));
}

Result<void> check_above_zero(Money money, Currency currency, std::string_view what) {
  TRY(check_currency(money, currency, what));
  if (money.minor <= 0) return fail(Errc::kMalformed, std::string(what) + " is not above zero");
  return check_figure(money.minor, what);
}

// The discounts among the changes, where there are any, are the line's discount.
Result<void> check_changes(const std::vector<PriceChange>& changes, Money discount,
                           ProductId product) {
  Money explained{0, discount.currency};
  bool any = false;
  for (const PriceChange& change : changes) {
    TRY(check_currency(change.amount, discount.currency, "a change of a price"));
    TRY(check_reason(change.reason, true));
    if (change.amount.minor < 0) {
      return fail(Errc::kMalformed, named(product) + ": a change of its price is below zero");
    }
    if (change.kind == ChangeKind::kOverride) continue;
    any = true;
    TRY_ASSIGN(explained, add(explained, change.amount));
  }
  if (!any || explained == discount) return {};
  return fail(Errc::kUnbalanced, named(product) + ": the discount is " + to_string(discount) +
                                     ", its reasons add up to " + to_string(explained));
}

// `sign` 1: sold; -1: given back.
Result<void> check_line(const SaleLine& line, Currency currency, int sign) {
  for (const Money& money : {line.amount, line.discount, line.tax_amount}) {
    TRY(check_currency(money, currency, named(line.product)));
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
  return check_changes(line.changes, line.discount, line.product);
}

Result<void> check_lines(const std::vector<SaleLine>& lines, Currency currency,
                         std::string_view of) {
  if (lines.empty()) return fail(Errc::kMalformed, std::string(of) + " without a line");
  for (const SaleLine& line : lines) TRY(check_line(line, currency, 1));
  return {};
}

Result<void> check_tenders(const Tenders& tenders, Money total) {
  TRY_ASSIGN(const Money sum, sum_of(tenders, total.currency));
  if (sum == total) return {};
  return fail(Errc::kUnbalanced,
              "the tenders add up to " + to_string(sum) + ", the lines to " + to_string(total));
}

// `tender`: what they add up to.
Result<void> check_vouchers(const Vouchers& vouchers, Money tender, std::string_view what) {
  std::set<std::string> seen;
  for (const Voucher& voucher : vouchers) {
    TRY(check_text(voucher.number, kNameBytesMax, true, "a voucher's number"));
    TRY(check_above_zero(voucher.amount, tender.currency, "voucher " + voucher.number));
    if (!seen.insert(voucher.number).second) {
      return fail(Errc::kMalformed, "voucher " + voucher.number + " is there twice");
    }
  }
  TRY_ASSIGN(const Money sum, sum_of(vouchers, tender.currency));
  if (sum == tender) return {};
  return fail(Errc::kUnbalanced, "the vouchers " + std::string(what) + " add up to " +
                                     to_string(sum) + ", their tender is " + to_string(tender));
}

Result<void> check_points(const Sale& sale) {
  const bool has_points = sale.points_earned != 0 || sale.points_redeemed != 0;
  if (has_points && !sale.member) return fail(Errc::kMalformed, "points without a member");
  if (sale.points_earned < 0 || sale.points_redeemed < 0) {
    return fail(Errc::kMalformed, "points are below zero");
  }
  const bool pays = tender_of(sale.tenders, TenderKind::kPoints, sale.currency).minor != 0;
  if (pays != (sale.points_redeemed != 0)) {
    return fail(Errc::kUnbalanced, "points redeemed and their tender do not go together");
  }
  TRY(check_figure(sale.points_earned, "points earned"));
  return check_figure(sale.points_redeemed, "points redeemed");
}

Result<void> check_body(const Sale& sale) {
  if (sale.lines.empty() && sale.vouchers_sold.empty()) {
    return fail(Errc::kMalformed, "a sale without a line");
  }
  for (const SaleLine& line : sale.lines) TRY(check_line(line, sale.currency, 1));
  TRY_ASSIGN(const Money net, net_of(sale));
  TRY_ASSIGN(const Money issued, sum_of(sale.vouchers_sold, sale.currency));
  TRY(check_vouchers(sale.vouchers_sold, issued, "sold"));
  TRY_ASSIGN(const Money due, add(net, issued));
  TRY(check_tenders(sale.tenders, due));
  TRY(check_vouchers(sale.vouchers_redeemed,
                     tender_of(sale.tenders, TenderKind::kVoucher, sale.currency), "redeemed"));
  const bool has_deposit = sale.tenders.contains(TenderKind::kDeposit);
  if (has_deposit && sale.layaway == 0) {
    return fail(Errc::kMalformed, "a deposit pays a layaway, and the sale hands none over");
  }
  for (const auto& [code, tax] : sale.deposit_taxes) {
    TRY(check_currency(tax, sale.currency, "the tax of a deposit"));
  }
  return check_points(sale);
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
  TRY_ASSIGN(const Money issued,
             negate(tender_of(refund.tenders, TenderKind::kVoucher, refund.currency)));
  TRY(check_vouchers(refund.vouchers_issued, issued, "issued"));
  if (refund.points_taken_back < 0 || (refund.points_taken_back != 0 && !refund.member)) {
    return fail(Errc::kMalformed, "points are taken back from a member, and not below zero");
  }
  return check_reason(refund.reason, true);
}

Result<void> check_body(const Void& cancel) {
  if (cancel.invoice == 0) return fail(Errc::kMalformed, "a void without a sale");
  return check_reason(cancel.reason, true);
}

Result<void> check_body(const CashMovement& movement) {
  TRY(check_above_zero(movement.amount, movement.currency, "the amount"));
  const bool explained = movement.kind == CashKind::kPaidIn || movement.kind == CashKind::kPaidOut;
  return check_reason(movement.reason, explained);
}

Result<void> check_body(const NoSale& document) {
  return check_reason(document.reason, true);
}

Result<void> check_body(const StockMovement& movement) {
  if (movement.lines.empty()) return fail(Errc::kMalformed, "a stock movement without a line");
  const StockKind kind = movement.kind;
  for (const auto& [product, quantity] : movement.lines) {
    TRY(check_product_id(product));
    TRY(check_figure(quantity.thousandths, "the quantity of " + named(product)));
    const bool fits = kind == StockKind::kAdjustment ? quantity.thousandths != 0
                      : kind == StockKind::kCount    ? quantity.thousandths >= 0
                                                     : quantity.thousandths > 0;
    if (!fits) {
      return fail(Errc::kMalformed, named(product) + ": no such quantity can be moved or counted");
    }
  }
  const bool transfer = kind == StockKind::kTransferOut || kind == StockKind::kTransferIn;
  if (transfer != !movement.transfer.empty() || transfer != (movement.other_store.value != 0)) {
    return fail(Errc::kMalformed, "a transfer, and nothing else, has a name and another store");
  }
  TRY(check_text(movement.transfer, kNameBytesMax, transfer, "a transfer's name"));
  return check_reason(movement.reason, kind == StockKind::kAdjustment);
}

Result<void> check_body(const Hold& hold) {
  if (hold.kind == HoldKind::kDropped) {
    if (hold.hold == 0 || !hold.lines.empty() || !hold.name.empty()) {
      return fail(Errc::kMalformed, "what drops a held receipt names it, and has no line");
    }
    return check_reason(hold.reason, true);
  }
  if (hold.lines.empty() || hold.hold != 0) {
    return fail(Errc::kMalformed, "a held receipt has one line at least");
  }
  for (const OrderLine& line : hold.lines) {
    TRY(check_product_id(line.product));
    TRY(check_currency(line.discount, hold.currency, named(line.product)));
    TRY(check_changes(line.changes, line.discount, line.product));
    if (line.quantity.thousandths <= 0) {
      return fail(Errc::kMalformed, named(line.product) + ": the quantity is not above zero");
    }
  }
  TRY(check_reason(hold.reason, false));
  return check_text(hold.name, kNameBytesMax, true, "a held receipt's name");
}

Result<void> check_opened(const Layaway& layaway) {
  TRY(check_lines(layaway.lines, layaway.currency, "a layaway"));
  TRY(check_text(layaway.name, kNameBytesMax, true, "a layaway's name"));
  if (layaway.layaway != 0) return fail(Errc::kMalformed, "a new layaway names another one");
  return {};
}

Result<void> check_body(const Layaway& layaway) {
  const bool opened = layaway.kind == LayawayKind::kOpened;
  const bool cancelled = layaway.kind == LayawayKind::kCancelled;
  if (opened) TRY(check_opened(layaway));
  if (!opened && (layaway.layaway == 0 || !layaway.lines.empty() || !layaway.name.empty())) {
    return fail(Errc::kMalformed, "a step of a layaway names it, and has no line");
  }
  for (const auto& [kind, amount] : layaway.tenders) {
    const bool fits = kind != TenderKind::kDeposit && kind != TenderKind::kPoints &&
                      kind != TenderKind::kVoucher && kind != TenderKind::kCoupon &&
                      kind != TenderKind::kCouponExcess;
    if (!fits)
      return fail(Errc::kMalformed, "a deposit is paid, and paid back, in cash or by card");
  }
  TRY_ASSIGN(const Money paid, sum_of(layaway.tenders, layaway.currency));
  if (cancelled ? paid.minor > 0 : paid.minor < 0 || (!opened && paid.minor == 0)) {
    return fail(Errc::kMalformed, "a deposit is above zero, and what is paid back below");
  }
  TRY(check_currency(layaway.forfeited, layaway.currency, "what is forfeited"));
  if (layaway.forfeited.minor < 0 || (!cancelled && layaway.forfeited.minor != 0)) {
    return fail(Errc::kMalformed, "only what is cancelled is forfeited");
  }
  for (const auto& [code, tax] : layaway.taxes) {
    TRY(check_currency(tax, layaway.currency, "the tax of a deposit"));
  }
  return check_reason(layaway.reason, cancelled);
}

Result<void> check_body(const Training& training) {
  TRY(check_lines(training.lines, training.currency, "a training sale"));
  TRY_ASSIGN(const Money net, net_of(training.lines, training.currency));
  return check_tenders(training.tenders, net);
}

Result<void> check_body(const Copy& copy) {
  if (copy.number == 0) return fail(Errc::kMalformed, "a copy of no document");
  return {};
}

Result<void> check_body(const CardResult& result) {
  TRY(check_above_zero(result.amount, result.currency, "the amount"));
  TRY(check_text(result.terminal, kNameBytesMax, true, "a terminal's name"));
  TRY(check_text(result.authorisation, kNameBytesMax, true, "an authorisation"));
  TRY(check_text(result.masked_number, kNameBytesMax, false, "a masked card number"));
  if (result.signature.size() > kSignatureBytesMax) {
    return fail(Errc::kMalformed, "the processor's signature has at most " +
                                      std::to_string(kSignatureBytesMax) + " bytes");
  }
  // A whole card number must never be kept: at most the first six and the last four digits are.
  int digits = 0;
  for (const char c : result.masked_number) digits += c >= '0' && c <= '9' ? 1 : 0;
  if (digits > 10) {
    return fail(Errc::kMalformed, "the card number is not masked: it shows " +
                                      std::to_string(digits) + " digits, and 10 may be shown");
  }
  if ((result.kind == CardKind::kReversed) != (result.reverses != 0)) {
    return fail(Errc::kMalformed, "a reversal, and nothing else, names an authorisation");
  }
  return {};
}

}  // namespace

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
  if (heading.approved_by.value != 0 && heading.approved_by == heading.operator_id) {
    return fail(Errc::kMalformed, "an operator cannot approve what it does itself");
  }
  return std::visit([](const auto& d) { return check_body(d); }, document);
}

}  // namespace core::retail
