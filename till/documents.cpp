// Till: writing documents down, each numbered in its series, and finding them again.
#include <set>
#include <utility>

#include "core/retail/cash_rounding.h"
#include "till/till.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Quantity;
using core::Result;
using namespace core::retail;

void number_in(DocumentNumbers& numbers, Counters& counters, Series series) {
  numbers[series] = ++counter_of(counters, series);
}

}  // namespace

Result<DocumentNumbers> Till::record(Document document) {
  TRY_ASSIGN(const core::BusinessDay day, need_open_day());
  Heading& heading = heading_of(document);
  const core::Currency currency = journal_.identity().currency;
  if (heading.currency != currency) {
    return fail(Errc::kCurrency, "the document is in " + std::string(heading.currency.code()) +
                                     ", the till in " + std::string(currency.code()));
  }
  heading.day = day;
  heading.numbers.clear();
  Counters next = journal_.counters();
  if (std::holds_alternative<Sale>(document)) {
    for (const Series series : kSaleSeries) number_in(heading.numbers, next, series);
  } else {
    number_in(heading.numbers, next, series_of(document));
  }
  TRY(check_document(document));
  TRY_ASSIGN(DayFold * fold, running_fold());
  auto added = add_to(*fold, document);
  if (added) added = journal_.transact([&] { return journal_.add_document(document); });
  if (!added) {
    fold_.reset();  // it may hold a part of a document that was not recorded
    return fail(added.error());
  }
  return heading.numbers;
}

Result<DocumentNumbers> Till::record_sale(Sale sale) {
  return record(std::move(sale));
}

Result<void> Till::add_to(DayFold& fold, const Document& document) {
  if (!std::holds_alternative<Void>(document)) return fold.add(document);
  TRY_ASSIGN(const auto row, journal_.find_document(Series::kInvoice, invoice_of(document)));
  const Sale* sale = row ? std::get_if<Sale>(&row->document) : nullptr;
  if (sale == nullptr) {
    return fail(Errc::kDamaged, journal_.path().string() + ": a void of a sale that is not there");
  }
  return fold.add(document, sale);
}

Result<Sale> Till::find_sale(std::uint64_t invoice) {
  const std::string name = document_number(ref(), Series::kInvoice, invoice);
  TRY_ASSIGN(const StoredDocument stored, document(Series::kInvoice, invoice));
  if (stored.voided) return fail(Errc::kState, "document " + name + " is voided already");
  return std::get<Sale>(stored.document);
}

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
  if (order.lines.empty()) return fail(Errc::kUsage, "a refund has one line at least");
  if (order.reason.empty()) return fail(Errc::kUsage, "a refund needs a reason of 1 to 500 bytes");
  if (order.paid_back_by != TenderKind::kCash && order.paid_back_by != TenderKind::kCard) {
    return fail(Errc::kUsage, "a refund is paid back in cash or to the card");
  }
  TRY_ASSIGN(const Sale sale, find_sale(order.invoice));
  std::map<std::uint32_t, Quantity> given_back;
  TRY(journal_.documents_about(order.invoice, [&](DocumentRow&& row) -> Result<void> {
    const auto* earlier = std::get_if<Refund>(&row.document);
    if (earlier == nullptr) return {};
    for (const RefundLine& line : earlier->lines) {
      TRY_ASSIGN(given_back[line.line], add(given_back[line.line], line.quantity));
    }
    return {};
  }));
  Refund refund;
  refund.time_ms = time_ms;
  refund.currency = sale.currency;
  refund.invoice = order.invoice;
  refund.reason = order.reason;
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
               mirror_line(sale.lines[returned.line], returned.line, given_back[returned.line],
                           returned.quantity, returned.restock));
    TRY_ASSIGN(net, add(net, line.mirror.amount));
    refund.lines.push_back(std::move(line));
  }
  const bool in_cash = order.paid_back_by == TenderKind::kCash;
  TRY_ASSIGN(const Terms* terms, shelf().terms(shelf_.present));
  TRY_ASSIGN(const CashRounding rounded, round_cash(net, in_cash ? terms->cash_step_minor : 1));
  if (rounded.due.minor != 0) refund.tenders.emplace(order.paid_back_by, rounded.due);
  if (rounded.difference.minor != 0) {
    TRY_ASSIGN(const Money given_up, negate(rounded.difference));
    refund.tenders.emplace(TenderKind::kCashRounding, given_up);
  }
  TRY_ASSIGN(const Money paid_back, negate(rounded.due));
  TRY_ASSIGN(const DocumentNumbers numbers, record(std::move(refund)));
  return Refunded{numbers.at(Series::kRefund), paid_back};
}

Result<std::uint64_t> Till::move_cash(CashKind kind, Money amount, std::string_view reason,
                                      std::int64_t time_ms) {
  CashMovement movement;
  movement.time_ms = time_ms;
  movement.currency = amount.currency;
  movement.kind = kind;
  movement.amount = amount;
  movement.reason = reason;
  TRY_ASSIGN(const DocumentNumbers numbers, record(std::move(movement)));
  return numbers.at(Series::kCash);
}

Result<std::uint64_t> Till::open_drawer(std::string_view reason, std::int64_t time_ms) {
  NoSale document;
  document.time_ms = time_ms;
  document.currency = journal_.identity().currency;
  document.reason = reason;
  TRY_ASSIGN(const DocumentNumbers numbers, record(std::move(document)));
  return numbers.at(Series::kDrawer);
}

Result<StoredDocument> Till::document(Series series, std::uint64_t number) {
  // A sale is found by its invoice; its order and its delivery have the same number.
  const bool is_sale = series == Series::kOrder || series == Series::kDelivery;
  TRY_ASSIGN(auto row, journal_.find_document(is_sale ? Series::kInvoice : series, number));
  if (!row) {
    return fail(Errc::kNotFound, "there is no document " + document_number(ref(), series, number));
  }
  StoredDocument out{std::move(row->document), std::nullopt, {}};
  if (!std::holds_alternative<Sale>(out.document)) return out;
  TRY(journal_.documents_about(number, [&](DocumentRow&& about) -> Result<void> {
    if (auto* cancel = std::get_if<Void>(&about.document)) out.voided = std::move(*cancel);
    if (auto* refund = std::get_if<Refund>(&about.document)) {
      out.refunds.push_back(std::move(*refund));
    }
    return {};
  }));
  return out;
}

}  // namespace till
