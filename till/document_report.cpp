// Reports of one document: text and JSON. Amounts and quantities are decimal text in both.
#include "till/report_text.h"

namespace till {
namespace {

using namespace core::retail;

Json lines_json(const std::vector<SaleLine>& sold) {
  Json lines = Json::array();
  for (const SaleLine& line : sold) {
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
  return lines;
}

std::string line_rows(const std::vector<SaleLine>& lines, const ProductNames& names) {
  std::string out;
  for (const SaleLine& line : lines) {
    out += row(to_string(line.quantity) + " x " + to_string(line.product) + " " +
                   product_name(names, line.product),
               amount(line.amount));
    if (line.discount.minor != 0) out += row("    discount given", amount(line.discount));
  }
  return out;
}

std::vector<SaleLine> mirrors_of(const Refund& refund) {
  std::vector<SaleLine> lines;
  for (const RefundLine& line : refund.lines) lines.push_back(line.mirror);
  return lines;
}

std::string tender_rows(const Tenders& tenders, std::string_view what) {
  std::string out;
  for (const auto& [kind, money] : tenders) {
    out += row(std::string(what) + ", " + std::string(tender_name(kind)), amount(money));
  }
  return out;
}

// What is a kind's own, added to what all have.
struct AddJson {
  Json& out;
  void operator()(const Sale& sale) const {
    out["lines"] = lines_json(sale.lines);
    out["tenders"] = tenders_json(sale.tenders);
  }
  void operator()(const Refund& refund) const {
    out["invoice"] = refund.invoice;
    out["lines"] = lines_json(mirrors_of(refund));
    for (std::size_t i = 0; i < refund.lines.size(); ++i) {
      out["lines"][i]["of_line"] = refund.lines[i].line + 1;
      out["lines"][i]["restock"] = refund.lines[i].restock;
    }
    out["tenders"] = tenders_json(refund.tenders);
    out["reason"] = refund.reason;
  }
  void operator()(const Void& cancel) const {
    out["invoice"] = cancel.invoice;
    out["reason"] = cancel.reason;
  }
  void operator()(const CashMovement& movement) const {
    out["kind"] = cash_kind_name(movement.kind);
    out["amount"] = amount(movement.amount);
    out["reason"] = movement.reason;
  }
  void operator()(const NoSale& document) const { out["reason"] = document.reason; }
};

struct Text {
  const ProductNames& names;
  std::string operator()(const Sale& sale) const {
    return line_rows(sale.lines, names) + tender_rows(sale.tenders, "paid");
  }
  std::string operator()(const Refund& refund) const {
    return "refund of invoice " + std::to_string(refund.invoice) + ": " + refund.reason + "\n" +
           line_rows(mirrors_of(refund), names) + tender_rows(refund.tenders, "paid back");
  }
  std::string operator()(const Void& cancel) const {
    return "void of invoice " + std::to_string(cancel.invoice) + ": " + cancel.reason + "\n";
  }
  std::string operator()(const CashMovement& movement) const {
    return row(std::string(cash_kind_name(movement.kind)), amount(movement.amount)) +
           (movement.reason.empty() ? "" : movement.reason + "\n");
  }
  std::string operator()(const NoSale& document) const {
    return "drawer opened without a sale: " + document.reason + "\n";
  }
};

Json document_json(core::TillRef ref, const StoredDocument& stored) {
  const Heading& heading = heading_of(stored.document);
  Json out = {{"till", to_string(ref)},
              {"day", to_string(heading.day)},
              {"time_ms", heading.time_ms},
              {"currency", heading.currency.code()},
              {"numbers", numbers_json(heading.numbers)}};
  std::visit(AddJson{out}, stored.document);
  if (!std::holds_alternative<Sale>(stored.document)) return out;
  out["voided"] = stored.voided.has_value();
  out["void_reason"] = stored.voided ? stored.voided->reason : "";
  out["refunds"] = Json::array();
  for (const Refund& refund : stored.refunds) {
    out["refunds"].push_back(refund.numbers.at(Series::kRefund));
  }
  return out;
}

}  // namespace

std::vector<core::ProductId> products_of(const StoredDocument& stored) {
  std::vector<SaleLine> lines;
  if (const auto* sale = std::get_if<Sale>(&stored.document)) lines = sale->lines;
  if (const auto* refund = std::get_if<Refund>(&stored.document)) lines = mirrors_of(*refund);
  std::vector<core::ProductId> ids;
  for (const SaleLine& line : lines) ids.push_back(line.product);
  return ids;
}

std::string report_document(core::TillRef ref, const StoredDocument& stored,
                            const ProductNames& names, Form form) {
  if (form == Form::kJson) return dump(document_json(ref, stored));
  const Heading& heading = heading_of(stored.document);
  std::string out;
  for (const auto& [series, number] : heading.numbers) {
    out += document_number(ref, series, number) + "\n";
  }
  out += "business day " + to_string(heading.day) + ", in " + std::string(heading.currency.code()) +
         (stored.voided ? ", VOIDED: " + stored.voided->reason : "") + "\n";
  out += std::visit(Text{names}, stored.document);
  for (const Refund& refund : stored.refunds) {
    out += "refunded by " +
           document_number(ref, Series::kRefund, refund.numbers.at(Series::kRefund)) + "\n";
  }
  return out;
}

std::string report_rung(core::TillRef ref, const Rung& rung) {
  std::string out;
  for (const auto& [series, number] : rung.numbers) {
    out += document_number(ref, series, number) + "\n";
  }
  out += "total " + to_string(rung.total) + "\n";
  if (rung.coupon_excess.minor != 0) {
    out += "coupon excess paid out " + to_string(rung.coupon_excess) + "\n";
  }
  return out + "change " + to_string(rung.change) + "\n";
}

}  // namespace till
