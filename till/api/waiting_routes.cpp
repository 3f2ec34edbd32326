// Routes of what waits for a later document: receipts put aside, layaways, card authorisations.
#include <utility>

#include "core/base/decimal.h"
#include "till/api/answers.h"
#include "till/api/service.h"
#include "till/kind_words.h"

namespace till::api {
namespace {

using core::Errc;
using core::fail;
using core::Money;
using core::Result;
using core::retail::Series;

Result<std::uint64_t> parse_number(const std::string& text) {
  const auto number = core::parse_unsigned(text);
  if (!number) return fail(Errc::kUsage, "'" + text + "' is no document number");
  return *number;
}

}  // namespace

Result<core::retail::Tenders> Service::read_tenders(const Fields& body) {
  TRY_ASSIGN(const Fields object, body.object("tenders"));
  core::retail::Tenders out;
  for (const std::string& word : object.names()) {
    TRY_ASSIGN(const core::retail::TenderKind kind, parse_tender_kind(word));
    TRY_ASSIGN(const Money money, object.money(word, currency()));
    out.emplace(kind, money);
  }
  return out;
}

Result<Service::Answer> Service::get_open_items(const Call&) {
  TRY_ASSIGN(const auto items, till_.open_items());
  Json out = Json::array();
  for (const OpenItem& item : items) {
    TRY_ASSIGN(const StoredDocument stored, till_.document(item.key.series, item.key.number));
    std::string name;
    if (const auto* hold = std::get_if<core::retail::Hold>(&stored.document)) name = hold->name;
    if (const auto* layaway = std::get_if<core::retail::Layaway>(&stored.document)) {
      name = layaway->name;
    }
    out.push_back({{"series", core::retail::series_name(item.key.series)},
                   {"number", item.key.number},
                   {"name", name},
                   {"day", core::to_string(heading_of(stored.document).day)},
                   {"amount", amount(item.amount)}});
  }
  return Answer{200, dump(out)};
}

Result<Service::Answer> Service::hold_receipt(const Call& call) {
  TRY_ASSIGN(const Receipt* receipt, find_receipt(call));
  if (receipt->open.is_paying()) {
    return fail(Errc::kState, "the customer is paying: take the tenders back before it is held");
  }
  if (!receipt->open.vouchers_sold().empty()) {
    return fail(Errc::kState, "a voucher is sold at once: it cannot wait on a receipt");
  }
  TRY_ASSIGN(const std::string name, call.body.text("name"));
  TRY_ASSIGN(const Basket basket, receipt->open.unpaid());
  TRY_ASSIGN(const std::uint64_t number, till_.put_aside(name, basket, clock_.now_ms()));
  receipt_.reset();
  return answer_document(201, Series::kHold, number, {{"name", name}});
}

Result<Service::Answer> Service::recall(const Call& call) {
  TRY_ASSIGN(const std::uint64_t number, parse_number(call.parameters[0]));
  TRY_ASSIGN(const std::string word, call.body.text("id"));
  TRY_ASSIGN(const RequestId id, parse_request_id(word, "the receipt's id"));
  if (receipt_ && receipt_->id == id) return answer_receipt();
  TRY(check_begin(id));
  TRY_ASSIGN(const core::retail::Hold hold, till_.held(number));
  TRY_ASSIGN(OpenReceipt open, OpenReceipt::recall(hold, source_of(hold.catalog)));
  receipt_.emplace(Receipt{id, std::move(open)});
  return answer_receipt(201);
}

Result<Service::Answer> Service::drop_held(const Call& call) {
  TRY_ASSIGN(const std::uint64_t hold, parse_number(call.parameters[0]));
  TRY_ASSIGN(const std::string reason, call.body.text("reason"));
  TRY_ASSIGN(const std::uint64_t number, till_.drop_held(hold, reason, clock_.now_ms()));
  return answer_document(201, Series::kHold, number);
}

Result<Service::Answer> Service::lay_away(const Call& call) {
  TRY_ASSIGN(const Receipt* receipt, find_receipt(call));
  if (receipt->open.is_paying()) {
    return fail(Errc::kState, "take the tenders back: a layaway's deposit is named in the request");
  }
  if (!receipt->open.vouchers_sold().empty()) {
    return fail(Errc::kState, "a voucher is sold at once: it cannot be put aside");
  }
  LayawayOrder order;
  TRY_ASSIGN(order.name, call.body.text("name"));
  TRY_ASSIGN(Basket basket, receipt->open.unpaid());
  order.lines = std::move(basket.lines);
  TRY_ASSIGN(const auto deposit, call.body.optional_money("deposit", currency()));
  order.deposit = deposit ? *deposit : Money{0, currency()};
  TRY_ASSIGN(order.tendered, read_tenders(call.body));
  TRY_ASSIGN(const LaidAway laid, till_.open_layaway(order, clock_.now_ms()));
  receipt_.reset();
  return answer_document(201, Series::kLayaway, laid.number,
                         {{"total", amount(laid.total)},
                          {"left", amount(laid.left)},
                          {"change", amount(laid.change)}});
}

Result<Service::Answer> Service::pay_layaway(const Call& call) {
  TRY_ASSIGN(const std::uint64_t layaway, parse_number(call.parameters[0]));
  TRY_ASSIGN(const Money deposit, call.body.money("amount", currency()));
  TRY_ASSIGN(const auto tendered, read_tenders(call.body));
  TRY_ASSIGN(const LaidAway laid, till_.pay_layaway(layaway, deposit, tendered, clock_.now_ms()));
  TRY_ASSIGN(const TillStatus status, till_.status());
  return answer_document(201, Series::kLayaway, status.last_numbers.at(Series::kLayaway),
                         {{"total", amount(laid.total)},
                          {"left", amount(laid.left)},
                          {"change", amount(laid.change)}});
}

Result<Service::Answer> Service::hand_over(const Call& call) {
  TRY_ASSIGN(const std::uint64_t layaway, parse_number(call.parameters[0]));
  TRY_ASSIGN(const auto tendered, read_tenders(call.body));
  TRY_ASSIGN(const Rung rung, till_.hand_over(layaway, tendered, clock_.now_ms()));
  return answer_document(201, Series::kInvoice, rung.numbers.at(Series::kInvoice),
                         {{"numbers", numbers_json(rung.numbers)},
                          {"total", amount(rung.total)},
                          {"change", amount(rung.change)},
                          {"coupon_excess", amount(rung.coupon_excess)}});
}

Result<Service::Answer> Service::cancel_layaway(const Call& call) {
  LayawayCancellation order;
  TRY_ASSIGN(order.layaway, parse_number(call.parameters[0]));
  TRY_ASSIGN(order.reason, call.body.text("reason"));
  TRY_ASSIGN(const auto forfeited, call.body.optional_money("forfeited", currency()));
  order.forfeited = forfeited ? *forfeited : Money{0, currency()};
  TRY_ASSIGN(const std::string paid_back_by, call.body.text_or("paid_back_by", "cash"));
  TRY_ASSIGN(order.paid_back_by, parse_tender_kind(paid_back_by));
  TRY_ASSIGN(const Money paid_back, till_.cancel_layaway(order, clock_.now_ms()));
  TRY_ASSIGN(const TillStatus status, till_.status());
  return answer_document(201, Series::kLayaway, status.last_numbers.at(Series::kLayaway),
                         {{"amount", amount(paid_back)}, {"paid_back_by", paid_back_by}});
}

}  // namespace till::api
