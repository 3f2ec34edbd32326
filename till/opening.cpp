// Till: a business day begins, and its opening message says what was delivered.
#include <utility>

#include "core/retail/limits.h"
#include "till/till.h"

namespace till {
namespace {

using core::BusinessDay;
using core::Errc;
using core::fail;
using core::Result;
using core::retail::Components;
using core::retail::Opening;

constexpr std::int64_t kMinute_ms = 60'000;

std::string text_of(const Components& received) {
  return std::to_string(received.size()) + " products";
}

}  // namespace

Result<void> Till::check_delivery(const Components& received) {
  for (const auto& [id, quantity] : received) {
    TRY(check_stocked(id));
    TRY(core::retail::check_figure(quantity.thousandths, "received product " + to_string(id)));
    if (quantity.thousandths <= 0) {
      return fail(Errc::kMalformed,
                  "received product " + to_string(id) + ": the quantity is not above zero");
    }
  }
  return {};
}

// The state of a till on which the day has begun.
Result<JournalState> Till::opened(BusinessDay day) const {
  JournalState next = journal_.state();
  if (next.epoch.value == 0) {
    return fail(Errc::kState, "the till has not joined: it needs head office's roster first");
  }
  if (next.open_day) {
    return fail(Errc::kState, "business day " + to_string(*next.open_day) + " is open already");
  }
  if (next.last_day && day <= *next.last_day) {
    return fail(Errc::kState, "business day " + to_string(day) + " is not after " +
                                  to_string(*next.last_day) + ", the last one closed");
  }
  next.open_day = day;
  next.first_position = journal_.documents() + 1;
  return next;
}

Result<void> Till::open_day(BusinessDay day, const Components& received) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kOpen}));
  TRY_ASSIGN(const JournalState next, opened(day));
  TRY(check_delivery(received));
  const AuditNote note{AuditEvent::kDayOpened, to_string(day), "", "", operators().now_ms()};
  TRY(operators().tell_with(actor, note, [&] { return put_opening(day, received, next); }));
  fold_.reset();
  return {};
}

Result<void> Till::open_day_early(BusinessDay day) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kOpen}));
  TRY_ASSIGN(JournalState next, opened(day));
  const std::int64_t now = operators().now_ms();
  next.delivery_awaited_since_ms = now;
  const AuditNote note{AuditEvent::kDayOpened, to_string(day), "", "before its delivery", now};
  TRY(operators().tell_with(actor, note, [&] { return journal_.put_state(next); }));
  fold_.reset();
  return {};
}

// Inside a transaction.
Result<void> Till::put_opening(BusinessDay day, const Components& received, JournalState next) {
  for (const auto& [id, quantity] : received) TRY(journal_.add_receipt(day, id, quantity));
  return put_messages(Opening{day, received, {}}, std::move(next));
}

Result<void> Till::seal_opening(Actor actor, std::string_view why, const Components& received) {
  JournalState next = journal_.state();
  const BusinessDay day = *next.open_day;
  next.delivery_awaited_since_ms.reset();
  const AuditNote note{AuditEvent::kOpeningSealed, to_string(day), std::string(why),
                       text_of(received), operators().now_ms()};
  return operators().tell_with(actor, note, [&] { return put_opening(day, received, next); });
}

Result<void> Till::confirm_delivery(const Components& received) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kOpen}));
  TRY_ASSIGN(const BusinessDay day, need_open_day());
  if (!journal_.state().delivery_awaited_since_ms) {
    return fail(Errc::kState, "the opening of " + to_string(day) +
                                  " is sealed: book what came later as goods received");
  }
  TRY(check_delivery(received));
  return seal_opening(actor, "delivery confirmed", received);
}

// Nobody's doing: approvals that wait for what comes next stay.
Result<bool> Till::seal_overdue_opening() {
  const auto since = journal_.state().delivery_awaited_since_ms;
  const std::int64_t limit = settings().delivery_cut_off_minutes * kMinute_ms;
  if (!since || operators().now_ms() - *since < limit) return false;
  if (staff_.actor.approved_by.value != 0 || !staff_.approvals.empty()) return false;
  TRY(seal_opening({}, "cut-off", {}));
  return true;
}

}  // namespace till
