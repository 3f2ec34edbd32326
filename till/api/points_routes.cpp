// Routes of the balance service, and what the receipt in progress holds there.
#include <utility>

#include "core/base/decimal.h"
#include "core/wire/endpoint.h"
#include "till/api/answers.h"
#include "till/api/service.h"

namespace till::api {

namespace {

using core::Errc;
using core::fail;
using core::Result;

Json allowance_json(const std::optional<core::retail::PointsAllowance>& allowance) {
  if (!allowance) return {};
  return {{"through", to_string(allowance->through)},
          {"member_points", allowance->member_points},
          {"total_points", allowance->total_points}};
}

}  // namespace

Result<Service::Answer> Service::get_points_service(const Call&) {
  TRY_ASSIGN(const PointsStatus status, till_.points().status());
  return Answer{200, dump({{"url", status.service.url},
                           {"timeout_ms", status.service.timeout_ms},
                           {"knows_head_office", status.knows_office},
                           {"allowance", allowance_json(status.allowance)},
                           {"offline_points", status.offline_points},
                           {"to_release", status.to_release}})};
}

Result<Service::Answer> Service::change_points_service(const Call& call) {
  TRY_ASSIGN(PointsService service, till_.points().service());
  if (call.body.has("url")) {
    TRY_ASSIGN(service.url, call.body.text_or("url", ""));
  }
  if (!service.url.empty()) TRY(core::wire::parse_endpoint(service.url));
  if (call.body.has("timeout_ms")) {
    TRY_ASSIGN(const std::uint64_t timeout_ms, call.body.number("timeout_ms"));
    service.timeout_ms = static_cast<std::int64_t>(timeout_ms);
  }
  TRY(till_.set_points_service(service));
  return get_points_service(call);
}

Result<void> Service::hold_points(OpenTender& tender) {
  TRY_ASSIGN(const PointsService service, till_.points().service());
  if (service.url.empty()) return {};
  // What cannot be tendered need not be held.
  OpenReceipt trial = receipt_->open;
  TRY(trial.tender(tender));
  const AskPoints away = [](const PointsService&, core::ByteView) {
    return Result<core::Bytes>(fail(Errc::kNetwork, "this till asks no balance service"));
  };
  TRY_ASSIGN(tender.held, till_.points().reserve(*receipt_->open.member(), tender.points,
                                                 ask_points_ ? ask_points_ : away));
  return {};
}

Result<void> Service::give_up_points() {
  for (const OpenTender& one : receipt_->open.tenders()) {
    if (one.held) TRY(till_.points().give_up(one.held->id));
  }
  return {};
}

}  // namespace till::api
