// Routes of the receipt in progress: each changes it, and answers with all of it.
#include <utility>

#include "core/base/decimal.h"
#include "core/retail/settings.h"
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
  for (const OpenLine& line : open.lines()) ids.push_back(line.scanned.product);
  TRY_ASSIGN(const ProductNames names, till_.shelf().names(open.version(), ids));
  return Answer{status, dump(receipt_json(to_string(receipt_->id), open, figures, names))};
}

CatalogSource Service::source_of(core::CatalogVersion version) {
  return [this, version](const std::vector<core::ProductId>& ids) {
    return till_.shelf().slice(version, ids);
  };
}

Result<void> Service::check_begin(const RequestId& id) {
  if (receipt_) {
    return fail(Errc::kState, "receipt " + to_string(receipt_->id) +
                                  " is in progress: finish it, hold it, or abort it");
  }
  TRY_ASSIGN(const TillStatus status, till_.status());
  if (!status.open_day) return fail(Errc::kState, "no business day is open: open one first");
  TRY_ASSIGN(const auto recorded, till_.recorded_for(id));
  if (recorded || remembered_.contains(id)) {
    return fail(Errc::kExists, "a receipt of this id was sold already; make a new id");
  }
  return {};
}

Result<Service::Answer> Service::begin_receipt(const Call& call) {
  TRY_ASSIGN(const std::string word, call.body.text("id"));
  TRY_ASSIGN(const RequestId id, parse_request_id(word, "the receipt's id"));
  if (receipt_ && receipt_->id == id) return answer_receipt();
  TRY(check_begin(id));
  const core::CatalogVersion version = till_.shelf().present();
  receipt_.emplace(Receipt{id, OpenReceipt(currency(), version, source_of(version))});
  return answer_receipt(201);
}

Result<Service::Answer> Service::get_receipt(const Call& call) {
  const std::string& word = call.parameters.front();
  if (word != "current") {
    TRY_ASSIGN(const RequestId id, parse_request_id(word, "the receipt's id"));
    const auto sold = remembered_.find(id);
    if (sold != remembered_.end()) return sold->second.answer;
    TRY_ASSIGN(auto recorded, recorded_before(id));
    if (recorded) return std::move(*recorded);
  }
  TRY(find_receipt(call));
  return answer_receipt();
}

Result<Service::Answer> Service::add_line(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const Scanned scanned, read_scanned(call.body, receipt->open.version()));
  TRY(receipt->open.scan(scanned));
  return answer_receipt(201);
}

Result<Service::Answer> Service::void_line(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::uint32_t number, parse_place(call.parameters[1], "line"));
  TRY_ASSIGN(const OpenLine* line, receipt->open.line(number));
  const Scanned scanned = line->scanned;
  TRY(receipt->open.void_line(number));
  TRY(till_.audit_with_next(
      {AuditEvent::kLineVoided, "receipt " + to_string(receipt->id),
       core::to_string(scanned.quantity) + " x product " + core::to_string(scanned.product), "",
       clock_.now_ms()}));
  return answer_receipt();
}

Result<Service::Answer> Service::set_quantity(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::uint32_t line, parse_place(call.parameters[1], "line"));
  TRY_ASSIGN(const Quantity quantity, call.body.quantity("quantity"));
  TRY(receipt->open.set_quantity(line, quantity));
  return answer_receipt();
}

// Without a price: the catalog's again.
Result<Service::Answer> Service::override_price(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::uint32_t line, parse_place(call.parameters[1], "line"));
  TRY_ASSIGN(const auto price, call.body.optional_money("price", currency()));
  std::optional<Override> with;
  if (price) {
    TRY_ASSIGN(std::string reason, call.body.text("reason"));
    with = Override{*price, std::move(reason)};
  } else if (call.body.has("reason")) {
    return fail(Errc::kUsage, "the field 'price' is missing");
  }
  TRY(till_.operators().permit({Permission::kOverride}));
  TRY(receipt->open.override_price(line, std::move(with)));
  return answer_receipt();
}

Result<Service::Answer> Service::discount_line(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::uint32_t line, parse_place(call.parameters[1], "line"));
  TRY_ASSIGN(auto reduction, read_reduction(call.body, currency()));
  TRY(till_.operators().permit({Permission::kDiscount}));
  TRY(receipt->open.discount_line(line, std::move(reduction)));
  return answer_receipt();
}

Result<Service::Answer> Service::discount_receipt(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(auto reduction, read_reduction(call.body, currency()));
  TRY(till_.operators().permit({Permission::kDiscount}));
  TRY(receipt->open.discount(std::move(reduction)));
  return answer_receipt();
}

// The phone number makes the key and is forgotten.
Result<Service::Answer> Service::set_member(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  std::optional<core::retail::MemberKey> member;
  if (call.body.has("phone")) {
    TRY_ASSIGN(const std::string phone, call.body.text("phone"));
    TRY_ASSIGN(member, core::retail::member_of(till_.settings(), phone));
  }
  TRY(receipt->open.set_member(member));
  return answer_receipt();
}

Result<Service::Answer> Service::sell_voucher(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  core::retail::Voucher voucher;
  TRY_ASSIGN(voucher.number, call.body.text("number"));
  TRY_ASSIGN(voucher.amount, call.body.money("amount", currency()));
  TRY(receipt->open.sell_voucher(std::move(voucher)));
  return answer_receipt(201);
}

Result<OpenTender> Service::read_tender(const Fields& body) {
  using core::retail::TenderKind;
  OpenTender out;
  TRY_ASSIGN(const std::string word, body.text("kind"));
  TRY_ASSIGN(out.kind, parse_tender_kind(word));
  const bool handed_over = out.kind == TenderKind::kCash || out.kind == TenderKind::kCard ||
                           out.kind == TenderKind::kCoupon || out.kind == TenderKind::kVoucher ||
                           out.kind == TenderKind::kPoints;
  if (!handed_over) {
    return fail(Errc::kUsage, "'" + word + "' is computed, not tendered");
  }
  for (const auto& [name, kind] :
       {std::pair{"voucher", TenderKind::kVoucher}, std::pair{"points", TenderKind::kPoints},
        std::pair{"card", TenderKind::kCard}}) {
    if (body.has(name) && out.kind != kind) {
      return fail(Errc::kUsage,
                  "the field '" + std::string(name) + "' is of another kind of tender");
    }
  }
  TRY_ASSIGN(out.amount, body.optional_money("amount", currency()));
  if (out.kind == TenderKind::kVoucher) {
    TRY_ASSIGN(out.voucher, body.text("voucher"));
    if (!out.amount) return fail(Errc::kUsage, "the field 'amount' is missing: what it is worth");
  }
  if (out.kind == TenderKind::kPoints) {
    TRY_ASSIGN(const std::uint64_t points, body.number("points"));
    if (out.amount) return fail(Errc::kUsage, "what points are worth is computed, not named");
    out.points = static_cast<std::int64_t>(points);
    TRY_ASSIGN(out.amount, worth_of_points(till_.settings(), out.points, currency()));
  }
  if (body.has("card")) {
    TRY_ASSIGN(out.card, body.number("card"));
    TRY_ASSIGN(const StoredDocument stored, till_.document(core::retail::Series::kCard, out.card));
    const auto& result = std::get<core::retail::CardResult>(stored.document);
    if (result.kind != core::retail::CardKind::kAuthorised) {
      return fail(Errc::kState,
                  "card document " + std::to_string(out.card) + " is no authorisation");
    }
    if (out.amount && *out.amount != result.amount) {
      return fail(Errc::kUnbalanced, "the card was charged " + core::to_string(result.amount));
    }
    out.amount = result.amount;
  }
  return out;
}

Result<Service::Answer> Service::add_tender(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(OpenTender tender, read_tender(call.body));
  if (tender.kind == core::retail::TenderKind::kPoints) TRY(hold_points(tender));
  TRY(receipt->open.tender(std::move(tender)));
  return answer_receipt(201);
}

Result<Service::Answer> Service::take_tender_back(const Call& call) {
  TRY_ASSIGN(Receipt * receipt, find_receipt(call));
  TRY_ASSIGN(const std::uint32_t tender, parse_place(call.parameters[1], "tender"));
  std::optional<core::retail::HoldId> held;
  for (const OpenTender& one : receipt->open.tenders()) {
    if (one.number == tender && one.held) held = one.held->id;
  }
  TRY(receipt->open.take_back(tender));
  if (held) TRY(till_.points().give_up(*held));
  return answer_receipt();
}

Result<Service::Answer> Service::abort_receipt(const Call& call) {
  TRY_ASSIGN(const Receipt* receipt, find_receipt(call));
  TRY_ASSIGN(const OpenFigures figures, receipt->open.figures());
  const std::string id = to_string(receipt->id);
  TRY(till_.audit(
      {AuditEvent::kReceiptAborted, "receipt " + id,
       std::to_string(figures.lines.size()) + " lines, " + core::to_string(figures.total), "",
       clock_.now_ms()}));
  TRY(give_up_points());
  receipt_.reset();
  return Answer{200, dump({{"id", id}, {"state", "aborted"}})};
}

Result<Service::Answer> Service::finish_receipt(const Call& call) {
  using core::retail::Series;
  TRY_ASSIGN(const Receipt* receipt, find_receipt(call));
  TRY_ASSIGN(const Basket basket, receipt->open.basket());
  TRY_ASSIGN(const Rung rung, till_.ring(basket, clock_.now_ms()));
  const Json more = {
      {"id", to_string(receipt->id)},          {"state", "sold"},
      {"numbers", numbers_json(rung.numbers)}, {"total", amount(rung.total)},
      {"change", amount(rung.change)},         {"coupon_excess", amount(rung.coupon_excess)}};
  receipt_.reset();
  return answer_document(200, Series::kInvoice, rung.numbers.at(Series::kInvoice), more);
}

Result<Service::Answer> Service::train(const Call& call) {
  TRY_ASSIGN(const Receipt* receipt, find_receipt(call));
  TRY_ASSIGN(const Basket basket, receipt->open.basket());
  TRY_ASSIGN(const std::uint64_t number, till_.train(basket, clock_.now_ms()));
  TRY(give_up_points());
  receipt_.reset();
  return answer_document(201, core::retail::Series::kTraining, number);
}

}  // namespace till::api
