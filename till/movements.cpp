// Till: documents that are no sale: cash, drawer, stock, receipts put aside, copies, cards.
#include <utility>

#include "core/envelope/keys.h"
#include "till/till.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using namespace core::retail;

// The member key itself is told to nobody.
std::string text_of(const Settings& settings) {
  return "earn " + std::to_string(settings.earn_minor_per_point) + ", worth " +
         std::to_string(settings.value_minor_per_point) + ", tax at " +
         (settings.tax_at_deposit ? "deposit" : "hand-over") + ", member key " +
         (settings.member_key.empty()
              ? "none"
              : core::envelope::sha256(settings.member_key).hex().substr(0, 16)) +
         ", delivery awaited " + std::to_string(settings.delivery_cut_off_minutes) + " minutes" +
         (settings.key_days == 0
              ? std::string()
              : ", another key after " + std::to_string(settings.key_days) + " days");
}

}  // namespace

Result<std::uint64_t> Till::record_in(Document document, std::int64_t time_ms) {
  Heading& heading = heading_of(document);
  heading.time_ms = time_ms;
  heading.currency = journal_.identity().currency;
  const Series series = series_of(document);
  TRY_ASSIGN(const DocumentNumbers numbers, record(std::move(document)));
  return numbers.at(series);
}

Result<std::uint64_t> Till::move_cash(CashKind kind, core::Money amount, std::string_view reason,
                                      std::int64_t time_ms) {
  CashMovement movement;
  movement.kind = kind;
  movement.amount = amount;
  movement.reason = reason;
  return record_in(std::move(movement), time_ms);
}

Result<std::uint64_t> Till::open_drawer(std::string_view reason, std::int64_t time_ms) {
  NoSale document;
  document.reason = reason;
  return record_in(std::move(document), time_ms);
}

Result<std::uint64_t> Till::move_stock(StockMovement movement, std::int64_t time_ms) {
  for (const auto& [id, quantity] : movement.lines) TRY(check_stocked(id));
  return record_in(std::move(movement), time_ms);
}

Result<std::uint64_t> Till::put_aside(std::string_view name, const Basket& receipt,
                                      std::int64_t time_ms) {
  // What cannot be sold now must not wait.
  TRY_ASSIGN(const Priced priced, price(receipt.lines, receipt.catalog));
  Hold hold;
  hold.name = name;
  hold.lines = receipt.lines;
  hold.catalog = priced.version;
  return record_in(std::move(hold), time_ms);
}

Result<std::uint64_t> Till::drop_held(std::uint64_t number, std::string_view reason,
                                      std::int64_t time_ms) {
  Hold drop;
  drop.kind = HoldKind::kDropped;
  drop.hold = number;
  drop.reason = reason;
  return record_in(std::move(drop), time_ms);
}

Result<Hold> Till::held(std::uint64_t number) {
  TRY_ASSIGN(const auto item, journal_.find_open_item({Series::kHold, number}));
  TRY_ASSIGN(StoredDocument stored, document(Series::kHold, number));
  if (!item) {
    return fail(Errc::kState, "document " + document_number(ref(), Series::kHold, number) +
                                  " waits no more: it was completed or dropped");
  }
  return std::get<Hold>(std::move(stored.document));
}

Result<std::uint64_t> Till::record_copy(Series of, std::uint64_t number, std::int64_t time_ms) {
  TRY(document(of, number));
  Copy copy;
  copy.of = of;
  copy.number = number;
  return record_in(std::move(copy), time_ms);
}

Result<std::uint64_t> Till::record_card(CardResult result, std::int64_t time_ms) {
  result.amount.currency = journal_.identity().currency;
  if (result.kind == CardKind::kReversed) {
    TRY_ASSIGN(const core::Money authorised, card_amount(result.reverses));
    if (authorised != result.amount) {
      return fail(Errc::kUnbalanced,
                  "a reversal takes all of the authorisation back, " + to_string(authorised));
    }
  }
  return record_in(std::move(result), time_ms);
}

Result<std::vector<OpenItem>> Till::open_items(std::optional<Series> series) {
  return journal_.open_items(series);
}

Result<void> Till::set_settings(const Settings& settings) {
  TRY(check_settings(settings));
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kSettings}));
  const AuditNote note{AuditEvent::kSettingChanged, "points, members and deposits",
                       text_of(journal_.settings()), text_of(settings), operators().now_ms()};
  return operators().tell_with(actor, note, [&] { return journal_.put_settings(settings); });
}

Result<void> Till::set_points_service(const PointsService& service) {
  TRY_ASSIGN(const Actor actor, operators().permit({Permission::kSettings}));
  TRY_ASSIGN(const PointsService before, points().service());
  if (service == before) return {};
  const auto words = [](const PointsService& one) {
    return one.url.empty() ? "none" : one.url + ", " + std::to_string(one.timeout_ms) + " ms";
  };
  const AuditNote note{AuditEvent::kSettingChanged, "balance service", words(before),
                       words(service), operators().now_ms()};
  return operators().tell_with(actor, note, [&] { return points().put_service(service); });
}

}  // namespace till
