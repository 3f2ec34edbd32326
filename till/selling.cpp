// Till: ringing, recording and voiding sales.
#include <utility>

#include "core/base/arithmetic.h"
#include "till/till.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::Sale;
using core::retail::TenderKind;
using core::retail::Tenders;

constexpr std::size_t kReasonBytesMax = 500;

struct Payment {
  Tenders tenders;  // cash net of change
  Money change;
  Money coupon_excess;
};

Money tendered_as(const Tenders& tendered, TenderKind kind, core::Currency currency) {
  const auto it = tendered.find(kind);
  return it == tendered.end() ? Money{0, currency} : it->second;
}

Result<void> check_tendered(const Tenders& tendered, core::Currency currency) {
  for (const auto& [kind, amount] : tendered) {
    if (kind == TenderKind::kCouponExcess) {
      return fail(Errc::kUsage, "a coupon's excess is computed, not tendered");
    }
    if (amount.currency != currency) {
      return fail(Errc::kCurrency, "a tender is not in " + std::string(currency.code()));
    }
    if (amount.minor < 0) return fail(Errc::kUsage, "a tender is below zero");
  }
  return {};
}

// Coupons pay first, then the card, then cash; change is given for cash only, and what coupons are
// worth above the total is paid out.
Result<Payment> settle(Money total, const Tenders& tendered) {
  const core::Currency currency = total.currency;
  TRY(check_tendered(tendered, currency));
  const Money coupon = tendered_as(tendered, TenderKind::kCoupon, currency);
  const Money card = tendered_as(tendered, TenderKind::kCard, currency);
  Money cash = tendered_as(tendered, TenderKind::kCash, currency);
  Payment out{{}, {0, currency}, {0, currency}};
  Money due = total;
  if (coupon > due) {
    TRY_ASSIGN(out.coupon_excess, subtract(coupon, due));
    due = Money{0, currency};
  } else {
    TRY_ASSIGN(due, subtract(due, coupon));
  }
  if (card > due) {
    return fail(Errc::kUnbalanced, "the card's " + to_string(card) + " is above the " +
                                       to_string(due) + " due; change is given for cash only");
  }
  TRY_ASSIGN(due, subtract(due, card));
  if (tendered.empty()) cash = due;
  if (cash < due) {
    return fail(Errc::kUnbalanced, "the tenders are short: " + to_string(due) +
                                       " is due in cash, " + to_string(cash) + " was given");
  }
  TRY_ASSIGN(out.change, subtract(cash, due));
  if (due.minor != 0) out.tenders.emplace(TenderKind::kCash, due);
  if (card.minor != 0) out.tenders.emplace(TenderKind::kCard, card);
  if (coupon.minor != 0) out.tenders.emplace(TenderKind::kCoupon, coupon);
  if (out.coupon_excess.minor != 0) {
    TRY_ASSIGN(const Money paid_out, negate(out.coupon_excess));
    out.tenders.emplace(TenderKind::kCouponExcess, paid_out);
  }
  return out;
}

}  // namespace

Result<Rung> Till::ring(const Basket& basket, std::int64_t time_ms) {
  TRY(need_open_day());
  if (basket.lines.empty()) return fail(Errc::kUsage, "a sale has one line at least");
  Sale sale;
  sale.currency = journal_.identity().currency;
  sale.time_ms = time_ms;
  for (const BasketLine& line : basket.lines) {
    TRY_ASSIGN(core::retail::SaleLine priced,
               price_line(catalog_, line.product, line.quantity, line.discount));
    sale.lines.push_back(std::move(priced));
  }
  TRY_ASSIGN(const Money total, net_of(sale));
  TRY_ASSIGN(Payment payment, settle(total, basket.tendered));
  sale.tenders = std::move(payment.tenders);
  TRY_ASSIGN(DocumentNumbers numbers, record_sale(std::move(sale)));
  return Rung{std::move(numbers), total, payment.change, payment.coupon_excess};
}

Result<DocumentNumbers> Till::record_sale(Sale sale) {
  TRY_ASSIGN(const core::BusinessDay day, need_open_day());
  if (sale.currency != journal_.identity().currency) {
    return fail(Errc::kCurrency, "the sale is in " + std::string(sale.currency.code()) +
                                     ", the till in " +
                                     std::string(journal_.identity().currency.code()));
  }
  sale.day = day;
  sale.numbers.clear();
  Counters next = journal_.counters();
  for (std::size_t i = 0; i < next.size(); ++i) {
    sale.numbers[core::retail::kSaleSeries[i]] = ++next[i];
  }
  TRY(check_sale(sale));
  TRY_ASSIGN(core::retail::DayFold * fold, running_fold());
  auto added = fold->add(sale, false);
  if (added) {
    added = journal_.transact([&] { return journal_.add_document(day, encode_sale(sale), next); });
  }
  if (!added) {
    fold_.reset();  // it may hold a part of a sale that was not recorded
    return fail(added.error());
  }
  return sale.numbers;
}

Result<std::optional<DocumentRow>> Till::find_document(std::uint64_t invoice_number,
                                                       std::uint64_t first_position) {
  std::optional<DocumentRow> found;
  TRY(journal_.documents_from(first_position, [&](DocumentRow&& document) -> Result<void> {
    const auto it = document.sale.numbers.find(core::retail::Series::kInvoice);
    if (it != document.sale.numbers.end() && it->second == invoice_number) {
      found = std::move(document);
    }
    return {};
  }));
  return found;
}

Result<Sale> Till::void_sale(std::uint64_t invoice_number, std::string_view reason,
                             std::int64_t time_ms) {
  TRY_ASSIGN(const core::BusinessDay day, need_open_day());
  if (reason.empty() || reason.size() > kReasonBytesMax) {
    return fail(Errc::kUsage, "a void needs a reason of 1 to 500 bytes");
  }
  const std::uint64_t first = journal_.state().first_position;
  const std::string name = document_number(ref(), core::retail::Series::kInvoice, invoice_number);
  TRY_ASSIGN(std::optional<DocumentRow> document, find_document(invoice_number, first));
  if (!document) {
    if (invoice_number == 0 || invoice_number > journal_.counters().back()) {
      return fail(Errc::kNotFound, "there is no document " + name);
    }
    return fail(Errc::kState, "document " + name + " is of a closed day, not of " + to_string(day) +
                                  "; a void cancels before the close");
  }
  if (document->voided) return fail(Errc::kState, "document " + name + " is voided already");
  std::optional<core::retail::DayFold> without;
  TRY(journal_.transact([&]() -> Result<void> {
    TRY(journal_.add_void(document->position, reason, time_ms));
    TRY_ASSIGN(without, fold_from(day, first));  // the day must still be one that can be closed
    return {};
  }));
  fold_ = std::move(without);
  return std::move(document->sale);
}

Result<StoredDocument> Till::document(std::uint64_t invoice_number) {
  TRY_ASSIGN(std::optional<DocumentRow> row, find_document(invoice_number, 1));
  if (!row) {
    return fail(Errc::kNotFound,
                "there is no document " +
                    document_number(ref(), core::retail::Series::kInvoice, invoice_number));
  }
  return StoredDocument{std::move(row->sale), row->voided, std::move(row->void_reason)};
}

}  // namespace till
