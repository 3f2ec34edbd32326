// Service: from a request to its route, and to what was answered before. Handlers: *_routes.cpp.
#include "till/api/service.h"

#include <utility>

#include "core/base/decimal.h"
#include "till/api/problem.h"
#include "till/report_text.h"

namespace till::api {
namespace {

using core::Errc;
using core::fail;
using core::Result;

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  std::size_t at = 1;
  while (at <= path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    out.emplace_back(path.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

// The values of the pattern's names, or nullopt: another path.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  const auto expected = split_path(pattern);
  const auto parts = split_path(path);
  if (parts.size() != expected.size()) return std::nullopt;
  std::vector<std::string> out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (expected[i].starts_with('{') && !parts[i].empty()) {
      out.push_back(parts[i]);
    } else if (parts[i] != expected[i]) {
      return std::nullopt;
    }
  }
  return out;
}

// What is read has its fields in the query, what is written in the body.
Result<Fields> read_fields(const HttpRequest& request) {
  const std::size_t question = request.target.find('?');
  const bool has_query = question != std::string::npos;
  if (request.method != "GET") {
    if (has_query) return fail(Errc::kUsage, "this path takes no query");
    return Fields::parse(request.body);
  }
  if (!request.body.empty()) return fail(Errc::kUsage, "a GET has no body");
  return Fields::parse_query(has_query ? request.target.substr(question + 1) : "");
}

core::envelope::Hash fingerprint(const HttpRequest& request) {
  const std::string whole = request.method + " " + request.target + "\n" + request.body;
  return core::envelope::sha256(core::as_bytes(whole));
}

}  // namespace

Result<RequestId> parse_request_id(std::string_view text, const std::string& what) {
  std::string digits;
  for (const char c : text) {
    if (c != '-') digits += c;
  }
  const auto bytes = core::from_hex(digits);
  if (text.size() > 36 || !bytes || bytes->size() != RequestId::kSize) {
    return fail(Errc::kUsage, what + " is a UUID, made anew for each thing that is asked for");
  }
  return RequestId::from(*bytes);
}

std::string to_string(const RequestId& id) {
  std::string text = id.hex();
  for (const std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, "-");
  return text;
}

std::span<const Service::Entry> Service::table() {
  using S = Service;
  static constexpr Effect kReads = Effect::kReads;
  static constexpr Effect kChanges = Effect::kChanges;
  static constexpr Effect kWrites = Effect::kWrites;
  static constexpr Effect kFinishes = Effect::kFinishes;
  static const Entry kTable[] = {
      {{"GET", "/v1/status", kReads, ""}, &S::get_status},
      {{"GET", "/v1/day", kReads, ""}, &S::get_day},
      {{"POST", "/v1/day/open", kWrites, "day! received await_delivery"}, &S::open_day},
      {{"POST", "/v1/day/delivery", kWrites, "day! received"}, &S::confirm_delivery},
      {{"POST", "/v1/day/close", kWrites, "day! counted"}, &S::close_day},
      {{"GET", "/v1/outbox", kReads, ""}, &S::get_outbox},
      {{"GET", "/v1/outbox/{sequence}/receipt", kReads, ""}, &S::get_log_receipt},
      {{"POST", "/v1/prices", kChanges, "prices!"}, &S::change_prices},
      {{"GET", "/v1/products", kReads, "name!"}, &S::find_products},
      {{"GET", "/v1/products/{product}", kReads, ""}, &S::get_product},
      {{"POST", "/v1/products", kChanges, "name! price! tax! gtin unit whole"}, &S::mint},
      {{"GET", "/v1/codes/{code}", kReads, ""}, &S::find_code},
      {{"GET", "/v1/operators", kReads, ""}, &S::get_operators},
      {{"POST", "/v1/operators", kChanges, "operator! name! role! pin!"}, &S::add_operator},
      {{"POST", "/v1/operators/{operator}", kChanges, "name role active pin"}, &S::change_operator},
      {{"POST", "/v1/operators/{operator}/unlock", kChanges, ""}, &S::unlock_operator},
      {{"GET", "/v1/settings", kReads, ""}, &S::get_settings},
      {{"POST", "/v1/settings", kChanges,
        "sale_per_point point_worth tax_at member_key delivery_cut_off key_days backup_to"},
       &S::change_settings},
      {{"GET", "/v1/points-service", kReads, ""}, &S::get_points_service},
      {{"POST", "/v1/points-service", kChanges, "url timeout_ms"}, &S::change_points_service},
      {{"GET", "/v1/receipt-heading", kReads, ""}, &S::get_receipt_heading},
      {{"POST", "/v1/receipt-heading", kChanges, "text"}, &S::set_receipt_heading},
      {{"GET", "/v1/audit", kReads, "from!"}, &S::get_audit},
      {{"POST", "/v1/catalog", kChanges, "file!"}, &S::replace_catalog},
      {{"POST", "/v1/join", kChanges, "roster! head_office!"}, &S::join},
      {{"GET", "/v1/shifts", kReads, ""}, &S::get_shifts},
      {{"POST", "/v1/sign-on", kChanges, "operator! pin!"}, &S::sign_on},
      {{"POST", "/v1/sign-off", kChanges, ""}, &S::sign_off},
      {{"POST", "/v1/approve", kChanges, "operator! pin!"}, &S::approve},
      {{"POST", "/v1/clock-in", kChanges, ""}, &S::clock_in},
      {{"POST", "/v1/clock-out", kChanges, ""}, &S::clock_out},
      {{"POST", "/v1/receipts", kChanges, "id!"}, &S::begin_receipt},
      {{"GET", "/v1/receipts/{receipt}", kReads, ""}, &S::get_receipt},
      {{"POST", "/v1/receipts/{receipt}/lines", kChanges, "product code quantity"}, &S::add_line},
      {{"POST", "/v1/receipts/{receipt}/lines/{line}/void", kChanges, ""}, &S::void_line},
      {{"POST", "/v1/receipts/{receipt}/lines/{line}/quantity", kChanges, "quantity!"},
       &S::set_quantity},
      {{"POST", "/v1/receipts/{receipt}/lines/{line}/price", kChanges, "price reason"},
       &S::override_price},
      {{"POST", "/v1/receipts/{receipt}/lines/{line}/discount", kChanges, "amount percent reason"},
       &S::discount_line},
      {{"POST", "/v1/receipts/{receipt}/discount", kChanges, "amount percent reason"},
       &S::discount_receipt},
      {{"POST", "/v1/receipts/{receipt}/member", kChanges, "phone"}, &S::set_member},
      {{"POST", "/v1/receipts/{receipt}/vouchers", kChanges, "number! amount!"}, &S::sell_voucher},
      {{"POST", "/v1/receipts/{receipt}/tenders", kChanges, "kind! amount voucher points card"},
       &S::add_tender},
      {{"POST", "/v1/receipts/{receipt}/tenders/{tender}/take-back", kChanges, ""},
       &S::take_tender_back},
      {{"POST", "/v1/receipts/{receipt}/abort", kChanges, ""}, &S::abort_receipt},
      {{"POST", "/v1/receipts/{receipt}/finish", kFinishes, ""}, &S::finish_receipt},
      {{"POST", "/v1/receipts/{receipt}/train", kWrites, ""}, &S::train},
      {{"POST", "/v1/receipts/{receipt}/hold", kWrites, "name!"}, &S::hold_receipt},
      {{"POST", "/v1/receipts/{receipt}/lay-away", kWrites, "name! deposit tenders"}, &S::lay_away},
      {{"GET", "/v1/open-items", kReads, ""}, &S::get_open_items},
      {{"POST", "/v1/holds/{hold}/recall", kChanges, "id!"}, &S::recall},
      {{"POST", "/v1/holds/{hold}/drop", kWrites, "reason!"}, &S::drop_held},
      {{"POST", "/v1/layaways/{layaway}/deposits", kWrites, "amount! tenders"}, &S::pay_layaway},
      {{"POST", "/v1/layaways/{layaway}/hand-over", kWrites, "tenders"}, &S::hand_over},
      {{"POST", "/v1/layaways/{layaway}/cancel", kWrites, "reason! forfeited paid_back_by"},
       &S::cancel_layaway},
      {{"GET", "/v1/documents/{series}/{number}", kReads, ""}, &S::get_document},
      {{"GET", "/v1/documents/{series}/{number}/signed-receipt", kReads, ""},
       &S::get_signed_receipt},
      {{"POST", "/v1/documents/{series}/{number}/print", kWrites, "form columns"},
       &S::print_document},
      {{"GET", "/v1/print-queue", kReads, ""}, &S::get_print_queue},
      {{"POST", "/v1/voids", kWrites, "invoice! reason!"}, &S::void_sale},
      {{"POST", "/v1/refunds", kWrites, "invoice! lines paid_back_by voucher reason!"}, &S::refund},
      {{"POST", "/v1/foreign-refunds", kWrites,
        "store! till! invoice! lines! paid_back_by voucher reason!"},
       &S::refund_elsewhere_sold},
      {{"POST", "/v1/cash", kWrites, "kind! amount! reason"}, &S::move_cash},
      {{"POST", "/v1/no-sales", kWrites, "reason!"}, &S::open_drawer},
      {{"POST", "/v1/stock", kWrites, "kind! lines! transfer other_store reason"}, &S::move_stock},
      {{"POST", "/v1/cards", kWrites,
        "kind! terminal! batch! authorisation! masked_number! amount! signature reverses"},
       &S::record_card},
  };
  return kTable;
}

std::vector<Route> Service::routes() {
  std::vector<Route> out;
  for (const Entry& entry : table()) out.push_back(entry.route);
  return out;
}

HttpResponse Service::handle(const HttpRequest& request) {
  if (auto refusal = refuse(request, guard_)) return std::move(*refusal);
  auto preflight = answer_preflight(request, guard_);
  HttpResponse response = preflight ? std::move(*preflight) : dispatch(request);
  for (auto& field : fields_for_origin(request, guard_)) {
    response.fields.push_back(std::move(field));
  }
  return response;
}

HttpResponse Service::dispatch(const HttpRequest& request) {
  const std::string path = request.target.substr(0, request.target.find('?'));
  for (const Entry& entry : table()) {
    if (entry.route.method != request.method) continue;
    auto parameters = match(entry.route.path, path);
    if (!parameters) continue;
    auto answer = call(entry, std::move(*parameters), request);
    if (answer) return {answer->status, std::move(answer->body)};
    if (answer.error().code == Errc::kSyncFailed) fatal_ = answer.error();
    return problem(answer.error());
  }
  return no_route(path);
}

HttpResponse Service::no_route(const std::string& path) const {
  std::string methods;
  for (const Entry& entry : table()) {
    if (!match(entry.route.path, path)) continue;
    methods += (methods.empty() ? "" : ", ") + std::string(entry.route.method);
  }
  if (methods.empty()) return problem(404, "not-found", "there is nothing at " + path);
  HttpResponse out = problem(405, "usage", path + " takes " + methods);
  out.fields.emplace_back("Allow", methods);
  return out;
}

Result<Service::Answer> Service::call(const Entry& entry, std::vector<std::string> parameters,
                                      const HttpRequest& request) {
  Call made{std::move(parameters), {}, {}};
  TRY_ASSIGN(made.body, read_fields(request));
  TRY(made.body.check(entry.route.fields));
  const Effect effect = entry.route.effect;
  if (effect == Effect::kFinishes) {
    TRY_ASSIGN(made.key, parse_request_id(made.parameters.front(), "the receipt's id"));
  } else if (effect != Effect::kReads && !request.idempotency_key.empty()) {
    TRY_ASSIGN(made.key, parse_request_id(request.idempotency_key, "an Idempotency-Key"));
  }
  if (effect == Effect::kWrites && !made.key) {
    return fail(Errc::kUsage,
                "a request that writes needs an Idempotency-Key, a new UUID each: with the same "
                "one it may be asked again when the answer was lost");
  }
  constexpr std::string_view kBearer = "Bearer ";
  if (request.authorization.starts_with(kBearer)) {
    made.session = request.authorization.substr(kBearer.size());
  }
  if (!made.key) return act(entry, made);
  const auto asked = fingerprint(request);
  if (const auto before = remembered_.find(*made.key); before != remembered_.end()) {
    if (before->second.request == asked) return before->second.answer;
    return fail(Errc::kExists, "this id was used for another request; make a new one");
  }
  if (effect != Effect::kChanges) {
    TRY_ASSIGN(auto recorded, recorded_before(*made.key));
    if (recorded) return std::move(*recorded);
  }
  TRY_ASSIGN(Answer answer, act(entry, made));
  remember(*made.key, asked, answer);
  return answer;
}

Result<Service::Answer> Service::act(const Entry& entry, const Call& made) {
  const auto session = sessions_.find(made.session);
  const bool known = session != sessions_.end();
  till_.act_as(known ? Actor{session->second.operator_id, session->second.approved_by} : Actor{});
  const Effect effect = entry.route.effect;
  const bool writes = effect == Effect::kWrites || effect == Effect::kFinishes;
  till_.answer_request(writes ? made.key : std::nullopt);
  auto answer = (this->*entry.handler)(made);
  till_.answer_request(std::nullopt);
  // What was approved is for one thing that was done.
  const auto after = sessions_.find(made.session);
  if (answer && writes && after != sessions_.end()) after->second.approved_by = {};
  return answer;
}

Result<std::optional<Service::Answer>> Service::recorded_before(const RequestId& id) {
  TRY_ASSIGN(const TillStatus status, till_.status());
  if (!status.open_day) return std::optional<Answer>();
  TRY_ASSIGN(const auto recorded, till_.recorded_for(id));
  if (!recorded) return std::optional<Answer>();
  Answer out = answer_document(200, recorded->series, recorded->number);
  return std::optional<Answer>(std::move(out));
}

Service::Answer Service::answer_document(int status, core::retail::Series series,
                                         std::uint64_t number, const Json& more) const {
  Json out = {{"document", core::retail::document_number(till_.ref(), series, number)},
              {"series", core::retail::series_name(series)},
              {"number", number}};
  out.update(more);
  return {status, dump(out)};
}

void Service::remember(const RequestId& id, const core::envelope::Hash& request,
                       const Answer& answer) {
  remembered_[id] = {request, answer};
  oldest_first_.push_back(id);
  if (oldest_first_.size() <= kRememberedMax) return;
  remembered_.erase(oldest_first_.front());
  oldest_first_.pop_front();
}

}  // namespace till::api
