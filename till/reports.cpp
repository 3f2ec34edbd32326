// Reports: text and JSON. Amounts and quantities are decimal text in both.
#include "till/reports.h"

#include <nlohmann/json.hpp>

#include "core/base/decimal.h"
#include "core/envelope/message.h"

namespace till {
namespace {

using core::Money;
using core::retail::Closing;
using core::retail::Series;
using core::retail::TenderKind;
using Json = nlohmann::ordered_json;

constexpr std::size_t kLabelWidth = 32;
constexpr std::size_t kFigureWidth = 16;

std::string amount(Money money) {
  return core::format_decimal(money.minor, money.currency.minor_digits());
}

std::string row(std::string label, const std::string& figure) {
  if (label.size() < kLabelWidth) label.append(kLabelWidth - label.size(), ' ');
  if (figure.size() < kFigureWidth) label.append(kFigureWidth - figure.size(), ' ');
  return "  " + label + " " + figure + "\n";
}

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string product_name(const core::retail::Catalog& catalog, core::ProductId id) {
  const core::retail::Product* product = catalog.find(id);
  return product == nullptr ? std::string{} : product->name;
}

Json components_json(const core::retail::Components& components) {
  Json out = Json::object();
  for (const auto& [id, quantity] : components) out[to_string(id)] = to_string(quantity);
  return out;
}

Json tenders_json(const core::retail::Tenders& tenders) {
  Json out = Json::object();
  for (const auto& [kind, money] : tenders) out[std::string(tender_name(kind))] = amount(money);
  return out;
}

Json day_json(const Closing& closing) {
  Json taxes = Json::object();
  for (const auto& [code, tax] : closing.taxes) {
    taxes[to_string(code)] = {{"gross", amount(tax.gross)}, {"tax", amount(tax.tax)}};
  }
  return {{"day", to_string(closing.day)},
          {"currency", closing.currency.code()},
          {"sales", closing.sales},
          {"voids", closing.voids},
          {"net", amount(closing.net)},
          {"discount", amount(closing.discount)},
          {"over_short", amount(closing.over_short)},
          {"tenders", tenders_json(closing.tenders)},
          {"taxes", taxes},
          {"consumed", components_json(closing.consumed)}};
}

Json numbers_json(const DocumentNumbers& numbers) {
  static constexpr const char* kNames[] = {"", "order", "delivery", "invoice"};
  Json out = Json::object();
  for (const auto& [series, number] : numbers) {
    out[kNames[static_cast<std::size_t>(series)]] = number;
  }
  return out;
}

std::string state_of(const OutboxEntry& entry) {
  if (entry.acknowledged) return "log index " + to_string(entry.index);
  return entry.refusal.empty() ? "pending" : "refused: " + entry.refusal;
}

Json document_json(core::TillRef ref, const StoredDocument& document) {
  const core::retail::Sale& sale = document.sale;
  Json lines = Json::array();
  for (const core::retail::SaleLine& line : sale.lines) {
    Json item = {{"product", line.product.value},
                 {"quantity", to_string(line.quantity)},
                 {"amount", amount(line.amount)},
                 {"discount", amount(line.discount)},
                 {"tax_code", line.tax.value},
                 {"tax", amount(line.tax_amount)},
                 {"consumed", components_json(line.consumed)}};
    if (line.unit_price) item["unit_price"] = amount(*line.unit_price);
    lines.push_back(std::move(item));
  }
  return {{"till", to_string(ref)},
          {"day", to_string(sale.day)},
          {"time_ms", sale.time_ms},
          {"currency", sale.currency.code()},
          {"numbers", numbers_json(sale.numbers)},
          {"lines", lines},
          {"tenders", tenders_json(sale.tenders)},
          {"voided", document.voided},
          {"void_reason", document.void_reason}};
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
  }
  return "unknown";
}

std::string report_day(const Closing& closing, const core::retail::Catalog& catalog,
                       std::string_view title, Form form) {
  if (form == Form::kJson) return dump(day_json(closing));
  std::string out = std::string(title) + ", business day " + to_string(closing.day) + ", in " +
                    std::string(closing.currency.code()) + "\n";
  out += row("sales", std::to_string(closing.sales));
  out += row("voids", std::to_string(closing.voids));
  out += row("takings", amount(closing.net));
  out += row("discounts given", amount(closing.discount));
  out += "takings by tender\n";
  for (const auto& [kind, money] : closing.tenders) {
    out += row(std::string(tender_name(kind)), amount(money));
  }
  out += row("over / short", amount(closing.over_short));
  out += "takings by tax code (tax included)\n";
  for (const auto& [code, tax] : closing.taxes) {
    out += row("code " + to_string(code), amount(tax.gross));
    out += row("  tax in it", amount(tax.tax));
  }
  out += "stock consumed\n";
  for (const auto& [id, quantity] : closing.consumed) {
    out += row(to_string(id) + " " + product_name(catalog, id), to_string(quantity));
  }
  return out;
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

std::string report_document(core::TillRef ref, const StoredDocument& document,
                            const core::retail::Catalog& catalog, Form form) {
  if (form == Form::kJson) return dump(document_json(ref, document));
  const core::retail::Sale& sale = document.sale;
  std::string out;
  for (const auto& [series, number] : sale.numbers) {
    out += core::retail::document_number(ref, series, number) + "\n";
  }
  out += "business day " + to_string(sale.day) + ", in " + std::string(sale.currency.code()) +
         (document.voided ? ", VOIDED: " + document.void_reason : "") + "\n";
  for (const core::retail::SaleLine& line : sale.lines) {
    out += row(to_string(line.quantity) + " x " + to_string(line.product) + " " +
                   product_name(catalog, line.product),
               amount(line.amount));
    if (line.discount.minor != 0) out += row("    discount given", amount(line.discount));
  }
  for (const auto& [kind, money] : sale.tenders) {
    out += row("paid, " + std::string(tender_name(kind)), amount(money));
  }
  return out;
}

std::string report_rung(core::TillRef ref, const Rung& rung) {
  std::string out;
  for (const auto& [series, number] : rung.numbers) {
    out += core::retail::document_number(ref, series, number) + "\n";
  }
  out += "total " + to_string(rung.total) + "\n";
  if (rung.coupon_excess.minor != 0) {
    out += "coupon excess paid out " + to_string(rung.coupon_excess) + "\n";
  }
  return out + "change " + to_string(rung.change) + "\n";
}

}  // namespace till
