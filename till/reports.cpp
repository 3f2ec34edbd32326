// Reports: text and JSON. Amounts and quantities are decimal text in both.
#include "till/reports.h"

#include "core/envelope/message.h"
#include "till/report_text.h"

namespace till {
namespace {

using core::Money;
using core::retail::Closing;
using core::retail::TenderKind;

Json day_json(const Closing& closing) {
  Json taxes = Json::object();
  for (const auto& [code, tax] : closing.taxes) {
    taxes[to_string(code)] = {{"gross", amount(tax.gross)}, {"tax", amount(tax.tax)}};
  }
  Json movements = Json::object();
  for (const auto& [kind, sum] : closing.cash_movements) {
    movements[std::string(cash_kind_name(kind))] = amount(sum);
  }
  Json ranges = Json::object();
  for (const auto& [series, range] : closing.numbers) {
    ranges[std::string(series_name(series))] = {range.first, range.last};
  }
  return {{"day", to_string(closing.day)},
          {"currency", closing.currency.code()},
          {"sales", closing.sales},
          {"voids", closing.voids},
          {"refunds", closing.refunds},
          {"refunded", amount(closing.refunded)},
          {"no_sales", closing.no_sales},
          {"net", amount(closing.net)},
          {"discount", amount(closing.discount)},
          {"cash_movements", movements},
          {"counted", closing.counted ? Json(amount(*closing.counted)) : Json()},
          {"over_short", closing.counted ? Json(amount(closing.over_short)) : Json()},
          {"numbers", ranges},
          {"grand_totals",
           {{"sales", amount(closing.grand_totals.sales)},
            {"refunds", amount(closing.grand_totals.refunds)}}},
          {"tenders", tenders_json(closing.tenders)},
          {"taxes", taxes},
          {"consumed", components_json(closing.consumed)}};
}

std::string state_of(const OutboxEntry& entry) {
  if (entry.acknowledged) return "log index " + to_string(entry.index);
  return entry.refusal.empty() ? "pending" : "refused: " + entry.refusal;
}

}  // namespace

std::string_view tender_name(TenderKind kind) {
  switch (kind) {
    case TenderKind::kCash:
      return "cash";
    case TenderKind::kCard:
      return "card";
    case TenderKind::kCoupon:
      return "coupon";
    case TenderKind::kCouponExcess:
      return "coupon-excess";
    case TenderKind::kCashRounding:
      return "cash-rounding";
  }
  return "unknown";
}

std::string_view cash_kind_name(core::retail::CashKind kind) {
  switch (kind) {
    case core::retail::CashKind::kFloat:
      return "float";
    case core::retail::CashKind::kPaidIn:
      return "paid-in";
    case core::retail::CashKind::kPaidOut:
      return "paid-out";
    case core::retail::CashKind::kPickUp:
      return "pick-up";
  }
  return "unknown";
}

namespace {

// What should be in the drawer, what is, and the difference: nothing is known of an uncounted one.
std::string drawer_rows(const Closing& closing) {
  std::string out;
  for (const auto& [kind, sum] : closing.cash_movements) {
    out += row(std::string(cash_kind_name(kind)), amount(sum));
  }
  const auto expected = expected_cash(closing);
  if (expected) out += row("cash expected", amount(*expected));
  out += row("cash counted", closing.counted ? amount(*closing.counted) : "not counted");
  if (closing.counted) out += row("over / short", amount(closing.over_short));
  return out;
}

std::string evidence_rows(const Closing& closing) {
  std::string out;
  for (const auto& [series, range] : closing.numbers) {
    out += row(std::string(series_name(series)),
               std::to_string(range.first) + " to " + std::to_string(range.last));
  }
  if (closing.grand_totals.sales.minor == 0) return out;
  out += row("ever sold", amount(closing.grand_totals.sales));
  return out + row("ever refunded", amount(closing.grand_totals.refunds));
}

}  // namespace

std::vector<core::ProductId> products_of(const Closing& closing) {
  std::vector<core::ProductId> ids;
  for (const auto& [id, quantity] : closing.consumed) ids.push_back(id);
  return ids;
}

std::string report_day(const Closing& closing, const ProductNames& names, std::string_view title,
                       Form form) {
  if (form == Form::kJson) return dump(day_json(closing));
  std::string out = std::string(title) + ", business day " + to_string(closing.day) + ", in " +
                    std::string(closing.currency.code()) + "\n";
  out += row("sales", std::to_string(closing.sales));
  out += row("voids", std::to_string(closing.voids));
  if (closing.refunds != 0) {
    out += row("refunds", std::to_string(closing.refunds));
    out += row("given back", amount(closing.refunded));
  }
  if (closing.no_sales != 0) out += row("drawer opened, no sale", std::to_string(closing.no_sales));
  out += row("takings", amount(closing.net));
  out += row("discounts given", amount(closing.discount));
  out += "takings by tender\n";
  for (const auto& [kind, money] : closing.tenders) {
    out += row(std::string(tender_name(kind)), amount(money));
  }
  out += "drawer\n" + drawer_rows(closing);
  out += "takings by tax code (tax included)\n";
  for (const auto& [code, tax] : closing.taxes) {
    out += row("code " + to_string(code), amount(tax.gross));
    out += row("  tax in it", amount(tax.tax));
  }
  out += "stock consumed\n";
  for (const auto& [id, quantity] : closing.consumed) {
    out += row(to_string(id) + " " + product_name(names, id), to_string(quantity));
  }
  return out + "numbers and totals\n" + evidence_rows(closing);
}

std::string report_status(const TillStatus& status, Form form) {
  const std::string open_day = status.open_day ? to_string(*status.open_day) : "";
  const std::string last_day = status.last_day ? to_string(*status.last_day) : "";
  if (form == Form::kJson) {
    return dump({{"till", to_string(status.ref)},
                 {"currency", status.currency.code()},
                 {"origin", status.origin},
                 {"key", status.public_key.hex()},
                 {"epoch", status.epoch.value},
                 {"open_day", open_day},
                 {"last_day", last_day},
                 {"encrypted", status.encrypted},
                 {"sealed", status.sealed},
                 {"last_sequence", status.last_sequence.value},
                 {"last_numbers", numbers_json(status.last_numbers)},
                 {"documents", status.documents},
                 {"outbox",
                  {{"pending", status.outbox.pending},
                   {"refused", status.outbox.refused},
                   {"acknowledged", status.outbox.acknowledged}}},
                 {"mailbox", status.mailbox.string()}});
  }
  std::string out = "till " + to_string(status.ref) + " of log '" + status.origin + "', " +
                    std::string(status.currency.code()) + "\n";
  out += "  key " + status.public_key.hex() + "\n";
  out += status.epoch.value == 0
             ? "  not joined: head office's roster is missing\n"
             : "  epoch " + to_string(status.epoch) +
                   (status.sealed ? ", sealing to head office" : ", sending in clear") +
                   ", last message sequence " + to_string(status.last_sequence) + "\n";
  out += open_day.empty() ? "  no business day is open" : "  business day " + open_day + " is open";
  out += last_day.empty() ? "\n" : "; last closed " + last_day + "\n";
  out += status.encrypted ? "  journal encrypted\n" : "  journal not encrypted\n";
  out += "  documents " + std::to_string(status.documents) + "\n";
  out += "  outbox: " + std::to_string(status.outbox.pending) + " pending (" +
         std::to_string(status.outbox.refused) + " refused), " +
         std::to_string(status.outbox.acknowledged) + " acknowledged\n";
  if (!status.mailbox.empty()) out += "  mailbox " + status.mailbox.string() + "\n";
  return out;
}

std::string report_outbox(const std::vector<OutboxEntry>& entries, Form form) {
  Json list = Json::array();
  std::string text;
  for (const OutboxEntry& entry : entries) {
    const char* kind = entry.kind == MessageKind::kOpening ? "opening" : "closing";
    const std::string id = core::envelope::message_id(entry.message).hex();
    list.push_back({{"sequence", entry.sequence.value},
                    {"kind", kind},
                    {"id", id},
                    {"bytes", entry.message.size()},
                    {"state", state_of(entry)}});
    text += "  " + to_string(entry.sequence) + " " + kind + " " + id + " " +
            std::to_string(entry.message.size()) + " bytes, " + state_of(entry) + "\n";
  }
  return form == Form::kJson ? dump(list) : text;
}

}  // namespace till
