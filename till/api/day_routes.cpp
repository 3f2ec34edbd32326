// Routes of the day, and of what is looked at.
#include <utility>

#include "core/base/decimal.h"
#include "core/envelope/message.h"
#include "till/api/answers.h"
#include "till/api/service.h"
#include "till/reports.h"

namespace till::api {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::size_t kOutboxShown = 1000;

Result<std::uint64_t> parse_number(const std::string& text, const std::string& what) {
  const auto number = core::parse_unsigned(text);
  if (!number) return fail(Errc::kUsage, "'" + text + "' is no " + what);
  return *number;
}

}  // namespace

Result<Service::Answer> Service::get_status(const Call&) {
  TRY_ASSIGN(const TillStatus status, till_.status());
  return Answer{200, report_status(status, Form::kJson)};
}

Result<Service::Answer> Service::get_day(const Call&) {
  TRY_ASSIGN(const core::retail::Closing closing, till_.day_so_far());
  return Answer{200, report_day(closing, {}, "X report", Form::kJson)};
}

Result<Service::Answer> Service::open_day(const Call& call) {
  TRY_ASSIGN(const core::BusinessDay day, call.body.day("day"));
  TRY_ASSIGN(const auto received, call.body.components("received"));
  TRY_ASSIGN(const bool awaited, call.body.flag_or("await_delivery", false));
  if (awaited && !received.empty()) {
    return fail(Errc::kUsage, "received: a delivery that is awaited has brought nothing yet");
  }
  TRY(awaited ? till_.open_day_early(day) : till_.open_day(day, received));
  return Answer{
      201, dump({{"day", core::to_string(day)}, {"state", "open"}, {"delivery_awaited", awaited}})};
}

Result<void> Service::need_day(core::BusinessDay day) {
  TRY_ASSIGN(const TillStatus status, till_.status());
  if (status.open_day && *status.open_day == day) return {};
  return fail(Errc::kState, status.open_day ? "business day " + core::to_string(*status.open_day) +
                                                  " is open, not " + core::to_string(day)
                                            : std::string("no business day is open"));
}

Result<Service::Answer> Service::confirm_delivery(const Call& call) {
  TRY_ASSIGN(const core::BusinessDay day, call.body.day("day"));
  TRY_ASSIGN(const auto received, call.body.components("received"));
  TRY(need_day(day));
  TRY(till_.confirm_delivery(received));
  return Answer{200, dump({{"day", core::to_string(day)}, {"delivery_awaited", false}})};
}

Result<Service::Answer> Service::close_day(const Call& call) {
  TRY_ASSIGN(const core::BusinessDay day, call.body.day("day"));
  TRY_ASSIGN(const auto counted, call.body.optional_money("counted", currency()));
  TRY(need_day(day));
  if (receipt_) {
    return fail(Errc::kState, "receipt " + to_string(receipt_->id) +
                                  " is in progress: finish it, or abort it, before the day is "
                                  "closed");
  }
  TRY_ASSIGN(const core::retail::Closing closing, till_.close_day(counted));
  return Answer{200, report_day(closing, {}, "Z report", Form::kJson)};
}

Result<Service::Answer> Service::get_outbox(const Call&) {
  TRY_ASSIGN(const OutboxCounts counts, till_.outbox().counts());
  const std::uint64_t all = counts.pending + counts.acknowledged;
  const std::uint64_t before = all > kOutboxShown ? all - kOutboxShown : 0;
  TRY_ASSIGN(const auto entries, till_.outbox().all(core::Sequence{before}, kOutboxShown));
  return Answer{200, report_outbox(entries, Form::kJson)};
}

Result<Service::Answer> Service::get_log_receipt(const Call& call) {
  TRY_ASSIGN(const std::uint64_t sequence, parse_number(call.parameters[0], "sequence"));
  const core::Sequence wanted{sequence};
  if (sequence == 0) return fail(Errc::kNotFound, "messages are counted from 1");
  TRY_ASSIGN(const auto entries, till_.outbox().all(core::Sequence{sequence - 1}, 1));
  if (entries.empty() || entries.front().sequence != wanted) {
    return fail(Errc::kNotFound, "there is no message " + core::to_string(wanted));
  }
  const OutboxEntry& entry = entries.front();
  if (!entry.receipt) {
    return fail(Errc::kState,
                "message " + core::to_string(wanted) + " was not acknowledged by the relay yet");
  }
  Json proof = Json::array();
  for (const auto& hash : entry.receipt->proof) proof.push_back(hash.hex());
  return Answer{200, dump({{"sequence", sequence},
                           {"id", core::envelope::message_id(entry.message).hex()},
                           {"log_index", entry.index.value},
                           {"proof", std::move(proof)},
                           {"checkpoint", entry.receipt->checkpoint}})};
}

// Prices from now on; a receipt in progress keeps those that it began with.
Result<Service::Answer> Service::change_prices(const Call& call) {
  TRY_ASSIGN(const Fields object, call.body.object("prices"));
  std::map<core::ProductId, core::Money> prices;
  for (const std::string& word : object.names()) {
    TRY_ASSIGN(const std::uint64_t id, parse_number(word, "product number"));
    TRY_ASSIGN(const core::Money price, object.money(word, currency()));
    if (!prices.emplace(core::ProductId{id}, price).second) {
      return fail(Errc::kUsage, "product " + word + " is named twice");
    }
  }
  if (prices.empty()) return fail(Errc::kUsage, "'prices' names no product");
  TRY_ASSIGN(const core::CatalogVersion version, till_.change_prices(prices));
  return Answer{200, dump({{"catalog", version.value}})};
}

}  // namespace till::api
