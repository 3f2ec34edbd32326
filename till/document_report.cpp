// Reports of one document: text and JSON. Amounts and quantities are decimal text in both.
#include "till/report_text.h"

namespace till {
namespace {

using namespace core::retail;

Json changes_json(const std::vector<PriceChange>& changes) {
  Json out = Json::array();
  for (const PriceChange& change : changes) {
    out.push_back({{"kind", name_of(change.kind)},
                   {"amount", amount(change.amount)},
                   {"reason", change.reason}});
  }
  return out;
}

Json vouchers_json(const Vouchers& vouchers) {
  Json out = Json::array();
  for (const Voucher& voucher : vouchers) {
    out.push_back({{"number", voucher.number}, {"amount", amount(voucher.amount)}});
  }
  return out;
}

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
    if (!line.changes.empty()) item["changes"] = changes_json(line.changes);
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
    out += row(std::string(what) + ", " + std::string(name_of(kind)), amount(money));
  }
  return out;
}

// What is a kind's own, added to what all have.
struct AddJson {
  Json& out;
  void operator()(const Sale& sale) const {
    out["lines"] = lines_json(sale.lines);
    out["tenders"] = tenders_json(sale.tenders);
    out["vouchers_sold"] = vouchers_json(sale.vouchers_sold);
    out["vouchers_redeemed"] = vouchers_json(sale.vouchers_redeemed);
    out["cards"] = sale.cards;
    out["lines_voided"] = sale.lines_voided;
    if (sale.hold != 0) out["hold"] = sale.hold;
    if (sale.layaway != 0) out["layaway"] = sale.layaway;
    if (!sale.member) return;
    out["member"] = sale.member->hex();
    out["points_earned"] = sale.points_earned;
    out["points_redeemed"] = sale.points_redeemed;
  }
  void operator()(const Refund& refund) const {
    out["invoice"] = refund.invoice;
    if (refund.sold_at) out["sold_at"] = to_string(*refund.sold_at);
    out["vouchers_issued"] = vouchers_json(refund.vouchers_issued);
    out["points_taken_back"] = refund.points_taken_back;
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
    out["kind"] = name_of(movement.kind);
    out["amount"] = amount(movement.amount);
    out["reason"] = movement.reason;
  }
  void operator()(const NoSale& document) const { out["reason"] = document.reason; }
  void operator()(const StockMovement& movement) const {
    out["kind"] = name_of(movement.kind);
    out["products"] = components_json(movement.lines);
    if (!movement.transfer.empty()) {
      out["transfer"] = movement.transfer;
      out["other_store"] = movement.other_store.value;
    }
    out["reason"] = movement.reason;
  }
  void operator()(const Hold& hold) const {
    out["kind"] = name_of(hold.kind);
    out["name"] = hold.name;
    if (hold.hold != 0) out["hold"] = hold.hold;
    out["products"] = Json::array();
    for (const OrderLine& line : hold.lines) {
      out["products"].push_back(
          {{"product", line.product.value}, {"quantity", to_string(line.quantity)}});
    }
    out["reason"] = hold.reason;
  }
  void operator()(const Layaway& layaway) const {
    out["kind"] = name_of(layaway.kind);
    out["name"] = layaway.name;
    if (layaway.layaway != 0) out["layaway"] = layaway.layaway;
    out["lines"] = lines_json(layaway.lines);
    out["tenders"] = tenders_json(layaway.tenders);
    out["forfeited"] = amount(layaway.forfeited);
    out["reason"] = layaway.reason;
  }
  void operator()(const Training& training) const {
    out["lines"] = lines_json(training.lines);
    out["tenders"] = tenders_json(training.tenders);
  }
  void operator()(const Copy& copy) const {
    out["of"] = series_name(copy.of);
    out["number"] = copy.number;
  }
  void operator()(const CardResult& result) const {
    out["kind"] = name_of(result.kind);
    out["terminal"] = result.terminal;
    out["batch"] = result.batch;
    out["authorisation"] = result.authorisation;
    out["masked_number"] = result.masked_number;
    out["amount"] = amount(result.amount);
    out["signature"] = core::to_hex(result.signature);
    if (result.reverses != 0) out["reverses"] = result.reverses;
  }
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
    return row(std::string(name_of(movement.kind)), amount(movement.amount)) +
           (movement.reason.empty() ? "" : movement.reason + "\n");
  }
  std::string operator()(const NoSale& document) const {
    return "drawer opened without a sale: " + document.reason + "\n";
  }
  std::string operator()(const StockMovement& movement) const {
    std::string out = "stock " + std::string(name_of(movement.kind));
    if (!movement.transfer.empty()) {
      out += " " + movement.transfer + ", store " + to_string(movement.other_store);
    }
    out += (movement.reason.empty() ? "" : ": " + movement.reason) + "\n";
    for (const auto& [id, quantity] : movement.lines) {
      out += row(to_string(id) + " " + product_name(names, id), to_string(quantity));
    }
    return out;
  }
  std::string operator()(const Hold& hold) const {
    if (hold.kind == HoldKind::kDropped) {
      return "dropped the held receipt " + std::to_string(hold.hold) + ": " + hold.reason + "\n";
    }
    std::string out = "receipt put aside for " + hold.name + "\n";
    for (const OrderLine& line : hold.lines) {
      out += row(to_string(line.product) + " " + product_name(names, line.product),
                 to_string(line.quantity));
    }
    return out;
  }
  std::string operator()(const Layaway& layaway) const {
    std::string out = "layaway " + std::string(name_of(layaway.kind));
    out += layaway.name.empty() ? " " + std::to_string(layaway.layaway) : " for " + layaway.name;
    out += (layaway.reason.empty() ? "" : ": " + layaway.reason) + "\n";
    return out + line_rows(layaway.lines, names) + tender_rows(layaway.tenders, "paid");
  }
  std::string operator()(const Training& training) const {
    return "TRAINING: counts nowhere\n" + line_rows(training.lines, names) +
           tender_rows(training.tenders, "paid");
  }
  std::string operator()(const Copy& copy) const {
    return "copy of " + std::string(series_name(copy.of)) + " " + std::to_string(copy.number) +
           "\n";
  }
  std::string operator()(const CardResult& result) const {
    return row("card " + std::string(name_of(result.kind)) + ", " + result.terminal + " batch " +
                   std::to_string(result.batch),
               amount(result.amount)) +
           "authorisation " + result.authorisation + " " + result.masked_number + "\n";
  }
};

Json document_json(core::TillRef ref, const StoredDocument& stored) {
  const Heading& heading = heading_of(stored.document);
  Json out = {{"till", to_string(ref)},
              {"day", to_string(heading.day)},
              {"time_ms", heading.time_ms},
              {"currency", heading.currency.code()},
              {"numbers", numbers_json(heading.numbers)},
              {"operator", heading.operator_id.value},
              {"approved_by", heading.approved_by.value},
              {"clock_doubtful", heading.clock_doubtful}};
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
