// Till: a business day begins, and its opening message says what was delivered.
#include <algorithm>
#include <set>
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
  if (!next.epoch_day) next.epoch_day = day;
  next.first_position = journal_.documents() + 1;
  return next;
}

Result<Components> Till::sent_with(const std::vector<std::uint64_t>& notes) {
  Components sent;
  std::set<std::uint64_t> seen;
  for (const std::uint64_t number : notes) {
    TRY_ASSIGN(const auto found, notices().find_dispatch(number));
    const std::string name = "dispatch note " + std::to_string(number);
    if (!found) return fail(Errc::kNotFound, "head office has told of no " + name);
    if (found->received || !seen.insert(number).second) {
      return fail(Errc::kExists, name + " was received already");
    }
    for (const auto& [id, quantity] : found->note.goods) {
      TRY_ASSIGN(sent[id], core::add(sent[id], quantity));
    }
  }
  return sent;
}

Result<Till::Delivery> Till::delivery_of(const Components& received,
                                         const std::vector<std::uint64_t>& notes) {
  Delivery out;
  out.notes = notes;
  std::sort(out.notes.begin(), out.notes.end());
  TRY_ASSIGN(const Components sent, sent_with(notes));
  out.received = sent;
  for (const auto& [id, quantity] : received) {
    out.received[id] = quantity;
    if (notes.empty()) continue;
    const auto there = sent.find(id);
    TRY_ASSIGN(const core::Quantity difference,
               core::subtract(quantity, there == sent.end() ? core::Quantity{} : there->second));
    if (difference.thousandths != 0) out.differences[id] = difference;
    // Nothing of it came.
    if (quantity.thousandths == 0 && there != sent.end()) out.received.erase(id);
  }
  TRY(check_delivery(out.received));
  return out;
}

Result<std::uint64_t> Till::take_notices() {
  const JournalState& state = journal_.state();
  const auto day = state.open_day ? state.open_day : state.last_day;
  // Before the first day only what holds from the beginning, such as keys.
  return notices().take_effect(day.value_or(BusinessDay{}));
}

Result<void> Till::open_day(BusinessDay day, const Components& received,
                            const std::vector<std::uint64_t>& notes) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kOpen}));
  TRY_ASSIGN(const JournalState next, opened(day));
  TRY(notices().take_effect(day));
  TRY_ASSIGN(const Delivery delivery, delivery_of(received, notes));
  const AuditNote note{AuditEvent::kDayOpened, to_string(day), "", "", operators().now_ms()};
  TRY(operators().tell_with(actor, note, [&]() -> Result<void> {
    TRY(ask_for_key_if_due(actor, day));
    return put_opening(day, delivery, next);
  }));
  fold_.reset();
  return {};
}

Result<void> Till::open_day_early(BusinessDay day) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kOpen}));
  TRY_ASSIGN(JournalState next, opened(day));
  TRY(notices().take_effect(day));
  const std::int64_t now = operators().now_ms();
  next.delivery_awaited_since_ms = now;
  const AuditNote note{AuditEvent::kDayOpened, to_string(day), "", "before its delivery", now};
  TRY(operators().tell_with(actor, note, [&]() -> Result<void> {
    TRY(ask_for_key_if_due(actor, day));
    return journal_.put_state(next);
  }));
  fold_.reset();
  return {};
}

// Inside a transaction.
Result<void> Till::put_opening(BusinessDay day, const Delivery& delivery, JournalState next) {
  for (const auto& [id, quantity] : delivery.received) {
    TRY(journal_.add_receipt(day, id, quantity));
  }
  for (const std::uint64_t number : delivery.notes) TRY(notices().set_received(number, day));
  // Once a day: a relay that lied about how far the till has read is found out then.
  TRY(notices().forget_reached());
  Opening opening{day, delivery.received, {}};
  opening.notes = delivery.notes;
  opening.differences = delivery.differences;
  return put_messages(std::move(opening), std::move(next));
}

Result<void> Till::seal_opening(Actor actor, std::string_view why, const Delivery& delivery) {
  JournalState next = journal_.state();
  const BusinessDay day = *next.open_day;
  next.delivery_awaited_since_ms.reset();
  const AuditNote note{AuditEvent::kOpeningSealed, to_string(day), std::string(why),
                       text_of(delivery.received), operators().now_ms()};
  return operators().tell_with(actor, note, [&] { return put_opening(day, delivery, next); });
}

Result<void> Till::confirm_delivery(const Components& received,
                                    const std::vector<std::uint64_t>& notes) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kOpen}));
  TRY_ASSIGN(const BusinessDay day, need_open_day());
  if (!journal_.state().delivery_awaited_since_ms) {
    return fail(Errc::kState, "the opening of " + to_string(day) +
                                  " is sealed: book what came later as goods received");
  }
  TRY_ASSIGN(const Delivery delivery, delivery_of(received, notes));
  return seal_opening(actor, "delivery confirmed", delivery);
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
