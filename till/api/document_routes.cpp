// Routes that write a document at once: voids, refunds, cash, the drawer; and reading one.
#include <utility>

#include "core/base/bytes.h"
#include "core/base/decimal.h"
#include "till/api/answers.h"
#include "till/api/service.h"
#include "till/kind_words.h"
#include "till/reports.h"

namespace till::api {
namespace {

using core::Errc;
using core::fail;
using core::Quantity;
using core::Result;
using core::retail::Sale;
using core::retail::Series;

// What was sold of each line and not given back yet; of an amount line 1.000.
Result<std::vector<Quantity>> left_of(const StoredDocument& stored) {
  std::vector<Quantity> left;
  for (const core::retail::SaleLine& line : std::get<Sale>(stored.document).lines) {
    const bool is_product = line.kind == core::retail::LineKind::kProduct;
    left.push_back(is_product ? line.quantity : Quantity{Quantity::kUnit});
  }
  for (const core::retail::Refund& refund : stored.refunds) {
    for (const core::retail::RefundLine& line : refund.lines) {
      TRY_ASSIGN(left.at(line.line), subtract(left.at(line.line), line.quantity));
    }
  }
  return left;
}

// A line without a quantity is all that is left of it.
Result<ReturnedLine> read_returned(const Fields& item, const std::vector<Quantity>& left) {
  TRY(item.check("line! quantity restock"));
  TRY_ASSIGN(const std::uint64_t line, item.number("line"));
  if (line == 0 || line > left.size()) {
    return fail(Errc::kNotFound, "the sale has lines 1 to " + std::to_string(left.size()) +
                                     ", not " + std::to_string(line));
  }
  ReturnedLine out{static_cast<std::uint32_t>(line - 1), {}, true};
  TRY_ASSIGN(out.quantity, item.quantity_or("quantity", left[line - 1]));
  TRY_ASSIGN(out.restock, item.flag_or("restock", true));
  return out;
}

// Without lines: all that is left of the sale.
Result<std::vector<ReturnedLine>> read_returned_lines(const Fields& body,
                                                      const StoredDocument& stored) {
  TRY_ASSIGN(const auto left, left_of(stored));
  std::vector<ReturnedLine> out;
  if (!body.has("lines")) {
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (left[i].thousandths > 0) out.push_back({static_cast<std::uint32_t>(i), left[i], true});
    }
    if (out.empty()) return fail(Errc::kState, "all of the sale was given back already");
    return out;
  }
  TRY_ASSIGN(const auto items, body.list("lines"));
  for (const Fields& item : items) {
    TRY_ASSIGN(const ReturnedLine line, read_returned(item, left));
    out.push_back(line);
  }
  return out;
}

// What refunds have in common, but for their lines.
Result<void> read_how(const Fields& body, RefundOrder& order) {
  TRY_ASSIGN(order.invoice, body.number("invoice"));
  TRY_ASSIGN(order.reason, body.text("reason"));
  TRY_ASSIGN(const std::string paid_back_by, body.text_or("paid_back_by", "cash"));
  TRY_ASSIGN(order.paid_back_by, parse_tender_kind(paid_back_by));
  TRY_ASSIGN(order.voucher, body.text_or("voucher", ""));
  return {};
}

struct ForeignLine {
  core::retail::SaleLine sold;
  ReturnedLine returned;
};

// A line of another till's receipt, and how much of it comes back; all of it unless said otherwise.
Result<ForeignLine> read_foreign_line(const Fields& item, core::Currency currency) {
  TRY(item.check("product! quantity! amount! tax_code! tax! returned restock"));
  ForeignLine out;
  TRY_ASSIGN(const std::uint64_t product, item.number("product"));
  out.sold.product = core::ProductId{product};
  TRY_ASSIGN(out.sold.quantity, item.quantity("quantity"));
  TRY_ASSIGN(out.sold.amount, item.money("amount", currency));
  TRY_ASSIGN(out.sold.tax_amount, item.money("tax", currency));
  TRY_ASSIGN(const std::uint64_t tax_code, item.number("tax_code"));
  if (tax_code > UINT32_MAX) return fail(Errc::kUsage, "a tax code is a number of 32 bits");
  out.sold.tax = core::TaxCode{static_cast<std::uint32_t>(tax_code)};
  out.sold.discount = core::Money{0, currency};
  TRY_ASSIGN(out.returned.quantity, item.quantity_or("returned", out.sold.quantity));
  TRY_ASSIGN(out.returned.restock, item.flag_or("restock", true));
  return out;
}

Result<std::uint64_t> parse_number(const std::string& text) {
  const auto number = core::parse_unsigned(text);
  if (!number) return fail(Errc::kUsage, "'" + text + "' is no document number");
  return *number;
}

}  // namespace

Result<Service::Answer> Service::get_document(const Call& call) {
  TRY_ASSIGN(const Series series, parse_series(call.parameters[0]));
  TRY_ASSIGN(const std::uint64_t number, parse_number(call.parameters[1]));
  TRY_ASSIGN(const StoredDocument document, till_.document(series, number));
  return Answer{200, report_document(till_.ref(), document, {}, Form::kJson)};
}

Result<Service::Answer> Service::get_signed_receipt(const Call& call) {
  TRY_ASSIGN(const Series series, parse_series(call.parameters[0]));
  TRY_ASSIGN(const std::uint64_t number, parse_number(call.parameters[1]));
  TRY_ASSIGN(std::string text, till_.signed_receipt(series, number));
  return Answer{200, dump({{"text", std::move(text)}})};
}

Result<Service::Answer> Service::print_document(const Call& call) {
  if (printer_ == nullptr) {
    return fail(Errc::kState, "this till has no printer: daybook-till run --printer names one");
  }
  PrintOrder order;
  TRY_ASSIGN(order.series, parse_series(call.parameters[0]));
  TRY_ASSIGN(order.number, parse_number(call.parameters[1]));
  TRY_ASSIGN(const std::string form, call.body.text_or("form", "escpos"));
  if (form != "escpos" && form != "text") {
    return fail(Errc::kUsage, "'form': expected escpos or text");
  }
  order.style = form == "text" ? ReceiptStyle::kText : ReceiptStyle::kEscPos;
  if (call.body.has("columns")) {
    TRY_ASSIGN(order.columns, call.body.number("columns"));
  }
  TRY_ASSIGN(const PrintReport report, till_.print(order, *printer_, clock_.now_ms()));
  const char* printed = report.outcome.printed == Printed::kAll       ? "all"
                        : report.outcome.printed == Printed::kNothing ? "nothing"
                                                                      : "unknown";
  return answer_document(
      200, order.series, order.number,
      {{"printed", printed}, {"copy", report.copy}, {"why", report.outcome.why}});
}

Result<Service::Answer> Service::get_print_queue(const Call&) {
  constexpr std::size_t kShown = 1000;
  TRY_ASSIGN(const auto waiting, till_.print_queue().waiting(0, kShown));
  return Answer{200, report_print_queue(till_.ref(), waiting, Form::kJson)};
}

Result<Service::Answer> Service::void_sale(const Call& call) {
  TRY_ASSIGN(const std::uint64_t invoice, call.body.number("invoice"));
  TRY_ASSIGN(const std::string reason, call.body.text("reason"));
  TRY_ASSIGN(const Sale sale, till_.void_sale(invoice, reason, clock_.now_ms()));
  TRY_ASSIGN(const core::Money net, net_of(sale));
  TRY_ASSIGN(const TillStatus status, till_.status());
  return answer_document(201, Series::kVoid, status.last_numbers.at(Series::kVoid),
                         {{"invoice", invoice}, {"amount", amount(net)}});
}

Result<Service::Answer> Service::refund(const Call& call) {
  RefundOrder order;
  TRY(read_how(call.body, order));
  TRY_ASSIGN(const StoredDocument stored, till_.document(Series::kInvoice, order.invoice));
  TRY_ASSIGN(order.lines, read_returned_lines(call.body, stored));
  TRY_ASSIGN(const Refunded refunded, till_.refund(order, clock_.now_ms()));
  return answer_document(201, Series::kRefund, refunded.number,
                         {{"invoice", order.invoice},
                          {"amount", amount(refunded.amount)},
                          {"paid_back_by", name_of(order.paid_back_by)}});
}

Result<Service::Answer> Service::refund_elsewhere_sold(const Call& call) {
  ForeignRefundOrder order;
  TRY(read_how(call.body, order.how));
  TRY_ASSIGN(const std::uint64_t store, call.body.number("store"));
  TRY_ASSIGN(const std::uint64_t till, call.body.number("till"));
  if (store > UINT32_MAX || till > UINT32_MAX) {
    return fail(Errc::kUsage, "store and till are numbers of 32 bits");
  }
  order.sold_at = {core::StoreId{static_cast<std::uint32_t>(store)},
                   core::TillId{static_cast<std::uint32_t>(till)}};
  TRY_ASSIGN(const auto items, call.body.list("lines"));
  for (const Fields& item : items) {
    TRY_ASSIGN(ForeignLine line, read_foreign_line(item, currency()));
    line.returned.line = static_cast<std::uint32_t>(order.sold.size());
    order.sold.push_back(std::move(line.sold));
    order.how.lines.push_back(line.returned);
  }
  TRY_ASSIGN(const Refunded refunded, till_.refund_elsewhere_sold(order, clock_.now_ms()));
  return answer_document(201, Series::kRefund, refunded.number,
                         {{"invoice", order.how.invoice},
                          {"amount", amount(refunded.amount)},
                          {"paid_back_by", name_of(order.how.paid_back_by)}});
}

Result<Service::Answer> Service::move_cash(const Call& call) {
  TRY_ASSIGN(const std::string word, call.body.text("kind"));
  TRY_ASSIGN(const core::retail::CashKind kind, parse_cash_kind(word));
  TRY_ASSIGN(const core::Money money, call.body.money("amount", currency()));
  TRY_ASSIGN(const std::string reason, call.body.text_or("reason", ""));
  TRY_ASSIGN(const std::uint64_t number, till_.move_cash(kind, money, reason, clock_.now_ms()));
  return answer_document(201, Series::kCash, number, {{"kind", word}, {"amount", amount(money)}});
}

Result<Service::Answer> Service::open_drawer(const Call& call) {
  TRY_ASSIGN(const std::string reason, call.body.text("reason"));
  TRY_ASSIGN(const std::uint64_t number, till_.open_drawer(reason, clock_.now_ms()));
  return answer_document(201, Series::kDrawer, number);
}

Result<Service::Answer> Service::move_stock(const Call& call) {
  core::retail::StockMovement movement;
  movement.currency = currency();
  TRY_ASSIGN(const std::string word, call.body.text("kind"));
  TRY_ASSIGN(movement.kind, parse_stock_kind(word));
  TRY_ASSIGN(movement.lines, call.body.components("lines"));
  TRY_ASSIGN(movement.transfer, call.body.text_or("transfer", ""));
  TRY_ASSIGN(movement.reason, call.body.text_or("reason", ""));
  if (call.body.has("other_store")) {
    TRY_ASSIGN(const std::uint64_t store, call.body.number("other_store"));
    if (store > UINT32_MAX) return fail(Errc::kUsage, "'other_store': expected a store's number");
    movement.other_store = core::StoreId{static_cast<std::uint32_t>(store)};
  }
  TRY_ASSIGN(const std::uint64_t number, till_.move_stock(std::move(movement), clock_.now_ms()));
  return answer_document(201, Series::kStock, number, {{"kind", word}});
}

Result<Service::Answer> Service::record_card(const Call& call) {
  core::retail::CardResult result;
  result.currency = currency();
  TRY_ASSIGN(const std::string word, call.body.text("kind"));
  TRY_ASSIGN(result.kind, parse_card_kind(word));
  TRY_ASSIGN(result.terminal, call.body.text("terminal"));
  TRY_ASSIGN(const std::uint64_t batch, call.body.number("batch"));
  if (batch > UINT32_MAX) return fail(Errc::kUsage, "'batch': expected a number of 32 bits");
  result.batch = static_cast<std::uint32_t>(batch);
  TRY_ASSIGN(result.authorisation, call.body.text("authorisation"));
  TRY_ASSIGN(result.masked_number, call.body.text("masked_number"));
  TRY_ASSIGN(result.amount, call.body.money("amount", currency()));
  TRY_ASSIGN(const std::string signature, call.body.text_or("signature", ""));
  const auto bytes = core::from_hex(signature);
  if (!bytes) return fail(Errc::kUsage, "'signature': expected hexadecimal digits");
  result.signature = *bytes;
  if (call.body.has("reverses")) {
    TRY_ASSIGN(result.reverses, call.body.number("reverses"));
  }
  const core::Money charged = result.amount;
  TRY_ASSIGN(const std::uint64_t number, till_.record_card(std::move(result), clock_.now_ms()));
  return answer_document(201, Series::kCard, number, {{"kind", word}, {"amount", amount(charged)}});
}

}  // namespace till::api
