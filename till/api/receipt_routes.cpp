// Routes of the receipt in progress: each changes it, and answers with all of it.
#include <utility>

#include "till/api/answers.h"
#include "till/api/service.h"
#include "till/kind_words.h"

namespace till::api {
namespace {

using core::Errc;
using core::fail;
using core::Quantity;
using core::Result;

Result<std::uint32_t> parse_place(const std::string& text, const std::string& what) {
  const auto number = core::parse_unsigned(text);
  if (!number || *number > UINT32_MAX) {
    return fail(Errc::kUsage, "'" + text + "' is no " + what);
  }
  return static_cast<std::uint32_t>(*number);
}

// Amount or percent, and a reason; without any of them: none.
Result<std::optional<Reduction>> read_reduction(const Fields& body, core::Currency currency) {
  if (!body.has("amount") && !body.has("percent") && !body.has("reason")) {
    return std::optional<Reduction>();
  }
  if (body.has("amount") == body.has("percent")) {
    return fail(Errc::kUsage, "a discount has an amount or a percentage");
  }
  Reduction out;
  TRY_ASSIGN(out.reason, body.text("reason"));
  if (body.has("amount")) {
    TRY_ASSIGN(out.size, body.money("amount", currency));
    return std::optional<Reduction>(std::move(out));
  }
  TRY_ASSIGN(const std::string text, body.text("percent"));
  const auto basis_points = core::parse_decimal(text, 2, core::Rounding::kExact);
  if (!basis_points || *basis_points < 1 || *basis_points > 10000) {
    return fail(Errc::kUsage, "'percent': expected 0.01 to 100, such as \"10\"");
  }
  out.size = Percent{static_cast<std::int32_t>(*basis_points)};
  return std::optional<Reduction>(std::move(out));
}

}  // namespace

Result<Service::Receipt*> Service::find_receipt(const Call& call) {
  const std::string& word = call.parameters.front();
  if (!receipt_) {
    return fail(Errc::kNotFound, "no receipt is in progress: begin one");
  }
  if (word == "current") return &*receipt_;
  TRY_ASSIGN(const RequestId id, parse_request_id(word, "the receipt's id"));
  if (id == receipt_->id) return &*receipt_;
  return fail(Errc::kNotFound, "receipt " + word + " is not in progress; the one that is has id " +
                                   to_string(receipt_->id));
}

Result<Service::Answer> Service::answer_receipt(int status) {
  const OpenReceipt& open = receipt_->open;
  TRY_ASSIGN(const OpenFigures figures, open.figures());
  std::vector<core::ProductId> ids;
  for (const OpenLine& line : open.lines()) ids.push_back(line.product);
  TRY_ASSIGN(const ProductNames names, till_.shelf().names(open.version(), ids));
  return Answer{status, dump(receipt_json(to_string(receipt_->id), open, figures, names))};
}

Result<Service::Answer> Service::begin_receipt(const Call& call) {
  TRY_ASSIGN(const std::string word, call.body.text("id"));
  TRY_ASSIGN(const RequestId id, parse_request_id(word, "the receipt's id"));
  if (receipt_ && receipt_->id == id) return answer_receipt();
  if (receipt_) {
    return fail(Errc::kState,
                "receipt " + to_string(receipt_->id) + " is in progress: finish it, or abort it");
  }
  if (remembered_.contains(id)) {
    return fail(Errc::kExists, "a receipt of this id was sold already; make a new id");
  }
  TRY_ASSIGN(const TillStatus status, till_.status());
  if (!status.open_day) return fail(Errc::kState, "no business day is open: open one first");
  const core::CatalogVersion version = till_.shelf().present();
  receipt_.emplace(Receipt{id, OpenReceipt(currency(), version, [this, version](const auto& ids) {
                             return till_.shelf().slice(version, ids);
                           })});
  return answer_receipt(201);
}

Result<Service::Answer> Service::get_receipt(const Call& call) {
  const std::string& word = call.parameters.front();
  if (word != "current") {
    TRY_ASSIGN(const RequestId id, parse_request_id(word, "the receipt's id"));
    const auto sold = remembered_.find(id);
    if (sold != remembered_.end()) return sold->second.answer;
  }
  TRY(find_receipt(call));
  return answer_receipt();
}

Result<Service::Answer> Service::add_line(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const Scanned scanned, read_scanned(call.body, receipt->open.version()));
  TRY(receipt->open.scan(scanned.product, scanned.quantity));
  return answer_receipt(201);
}

Result<Service::Answer> Service::void_line(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::uint32_t line, parse_place(call.parameters[1], "line"));
  TRY(receipt->open.void_line(line));
  return answer_receipt();
}

Result<Service::Answer> Service::set_quantity(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::uint32_t line, parse_place(call.parameters[1], "line"));
  TRY_ASSIGN(const Quantity quantity, call.body.quantity("quantity"));
  TRY(receipt->open.set_quantity(line, quantity));
  return answer_receipt();
}

Result<Service::Answer> Service::discount_line(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::uint32_t line, parse_place(call.parameters[1], "line"));
  TRY_ASSIGN(auto reduction, read_reduction(call.body, currency()));
  TRY(receipt->open.discount_line(line, std::move(reduction)));
  return answer_receipt();
}

Result<Service::Answer> Service::discount_receipt(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(auto reduction, read_reduction(call.body, currency()));
  TRY(receipt->open.discount(std::move(reduction)));
  return answer_receipt();
}

Result<Service::Answer> Service::add_tender(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::string word, call.body.text("kind"));
  TRY_ASSIGN(const core::retail::TenderKind kind, parse_tender_kind(word));
  TRY_ASSIGN(const auto money, call.body.optional_money("amount", currency()));
  TRY(receipt->open.tender(kind, money));
  return answer_receipt(201);
}

Result<Service::Answer> Service::take_tender_back(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::uint32_t tender, parse_place(call.parameters[1], "tender"));
  TRY(receipt->open.take_back(tender));
  return answer_receipt();
}

Result<Service::Answer> Service::abort_receipt(const Call& call) {
  TRY(find_receipt(call));
  const std::string id = to_string(receipt_->id);
  receipt_.reset();
  return Answer{200, dump({{"id", id}, {"state", "aborted"}})};
}

Result<Service::Answer> Service::finish_receipt(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const Basket basket, receipt->open.basket());
  TRY_ASSIGN(const Rung rung, till_.ring(basket, clock_.now_ms()));
  Json out = {{"id", to_string(receipt->id)}, {"state", "sold"}};
  out.update(document_json(till_, core::retail::Series::kInvoice, rung.numbers));
  out["numbers"] = numbers_json(rung.numbers);
  out["total"] = amount(rung.total);
  out["change"] = amount(rung.change);
  out["coupon_excess"] = amount(rung.coupon_excess);
  receipt_.reset();
  return Answer{200, dump(out)};
}

}  // namespace till::api
