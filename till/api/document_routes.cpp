// Routes that write a document at once: voids, refunds, cash, the drawer; and reading one.
#include <utility>

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

}  // namespace

Result<Service::Answer> Service::get_document(const Call& call) {
  TRY_ASSIGN(const Series series, parse_series(call.parameters[0]));
  const auto number = core::parse_unsigned(call.parameters[1]);
  if (!number) {
    return fail(Errc::kUsage, "'" + call.parameters[1] + "' is no document number");
  }
  TRY_ASSIGN(const StoredDocument document, till_.document(series, *number));
  return Answer{200, report_document(till_.ref(), document, {}, Form::kJson)};
}

Result<Service::Answer> Service::void_sale(const Call& call) {
  TRY_ASSIGN(const std::uint64_t invoice, call.body.number("invoice"));
  TRY_ASSIGN(const std::string reason, call.body.text("reason"));
  TRY_ASSIGN(const Sale sale, till_.void_sale(invoice, reason, clock_.now_ms()));
  TRY_ASSIGN(const core::Money net, net_of(sale));
  return Answer{201, dump({{"invoice", invoice}, {"state", "voided"}, {"amount", amount(net)}})};
}

Result<Service::Answer> Service::refund(const Call& call) {
  RefundOrder order;
  TRY_ASSIGN(order.invoice, call.body.number("invoice"));
  TRY_ASSIGN(order.reason, call.body.text("reason"));
  TRY_ASSIGN(const std::string paid_back_by, call.body.text_or("paid_back_by", "cash"));
  TRY_ASSIGN(order.paid_back_by, parse_tender_kind(paid_back_by));
  TRY_ASSIGN(const StoredDocument stored, till_.document(Series::kInvoice, order.invoice));
  TRY_ASSIGN(order.lines, read_returned_lines(call.body, stored));
  TRY_ASSIGN(const Refunded refunded, till_.refund(order, clock_.now_ms()));
  Json out = document_json(till_, Series::kRefund, {{Series::kRefund, refunded.number}});
  out["invoice"] = order.invoice;
  out["amount"] = amount(refunded.amount);
  out["paid_back_by"] = paid_back_by;
  return Answer{201, dump(out)};
}

Result<Service::Answer> Service::move_cash(const Call& call) {
  TRY_ASSIGN(const std::string word, call.body.text("kind"));
  TRY_ASSIGN(const core::retail::CashKind kind, parse_cash_kind(word));
  TRY_ASSIGN(const core::Money money, call.body.money("amount", currency()));
  TRY_ASSIGN(const std::string reason, call.body.text_or("reason", ""));
  TRY_ASSIGN(const std::uint64_t number, till_.move_cash(kind, money, reason, clock_.now_ms()));
  Json out = document_json(till_, Series::kCash, {{Series::kCash, number}});
  out["kind"] = word;
  out["amount"] = amount(money);
  return Answer{201, dump(out)};
}

Result<Service::Answer> Service::open_drawer(const Call& call) {
  TRY_ASSIGN(const std::string reason, call.body.text("reason"));
  TRY_ASSIGN(const std::uint64_t number, till_.open_drawer(reason, clock_.now_ms()));
  return Answer{201, dump(document_json(till_, Series::kDrawer, {{Series::kDrawer, number}}))};
}

}  // namespace till::api
