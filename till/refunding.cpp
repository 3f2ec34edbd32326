// Till: taking sales back: voids on the same day, refunds on any.
#include <set>
#include <utility>

#include "core/base/arithmetic.h"
#include "core/retail/pricing.h"
#include "till/payment.h"
#include "till/till.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Quantity;
using core::Result;
using namespace core::retail;

// What earlier refunds of a sale gave back.
struct GivenBack {
  std::map<std::uint32_t, Quantity> lines;
  Money amount;  // above zero
};

Result<void> add_refund(GivenBack& sum, const Refund& refund) {
  for (const RefundLine& line : refund.lines) {
    TRY_ASSIGN(sum.lines[line.line], add(sum.lines[line.line], line.quantity));
    TRY_ASSIGN(sum.amount, subtract(sum.amount, line.mirror.amount));
  }
  return {};
}

Result<void> check_order(const RefundOrder& order) {
  if (order.lines.empty()) return fail(Errc::kUsage, "a refund has one line at least");
  if (order.reason.empty()) return fail(Errc::kUsage, "a refund needs a reason of 1 to 500 bytes");
  const TenderKind by = order.paid_back_by;
  if (by != TenderKind::kCash && by != TenderKind::kCard && by != TenderKind::kVoucher) {
    return fail(Errc::kUsage, "a refund is paid back in cash, to the card, or by a voucher");
  }
  if ((by == TenderKind::kVoucher) == order.voucher.empty()) {
    return fail(Errc::kUsage, "a refund by voucher, and no other, has the voucher's number");
  }
  return {};
}

// The lines of the sale that come back, mirrored; returns their sum, below zero.
Result<Money> mirror_lines(const RefundOrder& order, const Sale& sale, GivenBack& before,
                           Refund& refund) {
  std::set<std::uint32_t> seen;
  Money net{0, sale.currency};
  for (const ReturnedLine& returned : order.lines) {
    if (returned.line >= sale.lines.size()) {
      return fail(Errc::kNotFound, "the sale has lines 1 to " + std::to_string(sale.lines.size()) +
                                       ", not " + std::to_string(returned.line + 1));
    }
    if (!seen.insert(returned.line).second) {
      return fail(Errc::kUsage, "line " + std::to_string(returned.line + 1) + " is named twice");
    }
    TRY_ASSIGN(RefundLine line,
               mirror_line(sale.lines[returned.line], returned.line, before.lines[returned.line],
                           returned.quantity, returned.restock));
    TRY_ASSIGN(net, add(net, line.mirror.amount));
    refund.lines.push_back(std::move(line));
  }
  return net;
}

// Points that the sale earned go back with their share of the money.
Result<void> take_points_back(const Sale& sale, const GivenBack& before, Money now,
                              Refund& refund) {
  if (!sale.member || sale.points_earned == 0) return {};
  TRY_ASSIGN(const Money net, net_of(sale));
  if (net.minor <= 0) return {};
  refund.member = sale.member;
  TRY_ASSIGN(refund.points_taken_back,
             next_share(sale.points_earned, before.amount.minor, now.minor, net.minor));
  return {};
}

}  // namespace

Result<Sale> Till::void_sale(std::uint64_t invoice_number, std::string_view reason,
                             std::int64_t time_ms) {
  TRY_ASSIGN(const core::BusinessDay day, need_open_day());
  if (reason.empty() || reason.size() > kReasonBytesMax) {
    return fail(Errc::kUsage, "a void needs a reason of 1 to 500 bytes");
  }
  const std::string name = document_number(ref(), Series::kInvoice, invoice_number);
  TRY_ASSIGN(const StoredDocument stored, document(Series::kInvoice, invoice_number));
  const Sale& sale = std::get<Sale>(stored.document);
  if (sale.day != day) {
    return fail(Errc::kState, "document " + name + " is of " + to_string(sale.day) + ", not of " +
                                  to_string(day) +
                                  "; a void cancels before the close, a refund after it");
  }
  if (stored.voided) return fail(Errc::kState, "document " + name + " is voided already");
  if (!stored.refunds.empty()) {
    return fail(Errc::kState, "document " + name + " is refunded already, at least in part");
  }
  Void cancel;
  cancel.time_ms = time_ms;
  cancel.currency = sale.currency;
  cancel.invoice = invoice_number;
  cancel.reason = reason;
  TRY(record(std::move(cancel)));
  return sale;
}

Result<Refunded> Till::refund(const RefundOrder& order, std::int64_t time_ms) {
  TRY(need_open_day());
  TRY(check_order(order));
  TRY_ASSIGN(const Sale sale, find_sale(order.invoice));
  GivenBack before{{}, Money{0, sale.currency}};
  TRY(journal_.documents_about(
      {Series::kInvoice, order.invoice}, [&](DocumentRow&& row) -> Result<void> {
        const auto* earlier = std::get_if<Refund>(&row.document);
        return earlier == nullptr ? Result<void>{} : add_refund(before, *earlier);
      }));
  Refund refund;
  refund.time_ms = time_ms;
  refund.currency = sale.currency;
  refund.invoice = order.invoice;
  refund.reason = order.reason;
  TRY_ASSIGN(const Money net, mirror_lines(order, sale, before, refund));
  TRY_ASSIGN(const Money now, negate(net));
  TRY(take_points_back(sale, before, now, refund));
  TRY_ASSIGN(const std::int64_t step, cash_step_minor());
  TRY_ASSIGN(const Money paid_back, pay_back(net, order.paid_back_by, step, refund.tenders));
  if (!order.voucher.empty()) refund.vouchers_issued.push_back({order.voucher, paid_back});
  TRY_ASSIGN(const DocumentNumbers numbers, record(std::move(refund)));
  return Refunded{numbers.at(Series::kRefund), paid_back};
}

Result<Refunded> Till::refund_elsewhere_sold(const ForeignRefundOrder& order,
                                             std::int64_t time_ms) {
  TRY(need_open_day());
  TRY(check_order(order.how));
  if (order.sold_at == ref()) {
    return fail(Errc::kUsage, "the receipt is of this till; refund its lines");
  }
  Refund refund;
  refund.time_ms = time_ms;
  refund.currency = journal_.identity().currency;
  refund.invoice = order.how.invoice;
  refund.sold_at = order.sold_at;
  refund.reason = order.how.reason;
  Sale sold;  // as the customer's receipt says it
  sold.currency = refund.currency;
  sold.lines = order.sold;
  for (const SaleLine& line : sold.lines) {
    if (line.kind != LineKind::kProduct || line.amount.currency != refund.currency) {
      return fail(Errc::kMalformed, "a line of another till's receipt is of a product, in " +
                                        std::string(refund.currency.code()));
    }
  }
  GivenBack before{{}, Money{0, sold.currency}};
  TRY_ASSIGN(const Money net, mirror_lines(order.how, sold, before, refund));
  TRY_ASSIGN(const std::int64_t step, cash_step_minor());
  TRY_ASSIGN(const Money paid_back, pay_back(net, order.how.paid_back_by, step, refund.tenders));
  if (!order.how.voucher.empty()) refund.vouchers_issued.push_back({order.how.voucher, paid_back});
  TRY_ASSIGN(const DocumentNumbers numbers, record(std::move(refund)));
  return Refunded{numbers.at(Series::kRefund), paid_back};
}

}  // namespace till
