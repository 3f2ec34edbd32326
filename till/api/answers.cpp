// Answers: JSON of the receipt in progress and of what was written.
#include "till/api/answers.h"

namespace till::api {
namespace {

Json reduction_json(const std::optional<Reduction>& reduction) {
  if (!reduction) return {};
  Json out = Json::object();
  if (const auto* percent = std::get_if<Percent>(&reduction->size)) {
    out["percent"] = core::format_decimal(percent->basis_points, 2);
  } else {
    out["amount"] = amount(std::get<core::Money>(reduction->size));
  }
  out["reason"] = reduction->reason;
  return out;
}

Json lines_json(const OpenReceipt& receipt, const OpenFigures& figures, const ProductNames& names) {
  Json lines = Json::array();
  std::size_t next = 0;  // of the priced ones
  for (const OpenLine& line : receipt.lines()) {
    Json item = {{"line", line.number},
                 {"product", line.product.value},
                 {"name", product_name(names, line.product)},
                 {"quantity", to_string(line.quantity)},
                 {"voided", line.voided}};
    if (!line.voided) {
      const core::retail::SaleLine& priced = figures.lines.at(next++);
      if (priced.unit_price) item["unit_price"] = amount(*priced.unit_price);
      item["amount"] = amount(priced.amount);
      item["discount"] = amount(priced.discount);
      item["tax_code"] = priced.tax.value;
      item["tax"] = amount(priced.tax_amount);
      item["line_discount"] = reduction_json(line.discount);
    }
    lines.push_back(std::move(item));
  }
  return lines;
}

}  // namespace

Json receipt_json(const std::string& id, const OpenReceipt& receipt, const OpenFigures& figures,
                  const ProductNames& names) {
  Json tenders = Json::array();
  for (const OpenTender& tender : receipt.tenders()) {
    tenders.push_back({{"tender", tender.number},
                       {"kind", tender_name(tender.kind)},
                       {"amount", amount(tender.amount)}});
  }
  return {{"id", id},
          {"state", receipt.is_paying() ? "paying" : "scanning"},
          {"currency", receipt.currency().code()},
          {"lines", lines_json(receipt, figures, names)},
          {"receipt_discount", reduction_json(receipt.receipt_discount())},
          {"total", amount(figures.total)},
          {"tax", amount(figures.tax)},
          {"tenders", std::move(tenders)},
          {"due", amount(figures.due.exact)},
          {"due_in_cash", amount(figures.due.in_cash)},
          {"change", amount(figures.due.change)},
          {"coupon_excess", amount(figures.due.coupon_excess)}};
}

Json document_json(const Till& till, core::retail::Series series, const DocumentNumbers& numbers) {
  return {{"document", document_number(till.ref(), series, numbers.at(series))},
          {"series", series_name(series)},
          {"number", numbers.at(series)}};
}

Json product_json(const core::retail::Product& product) {
  Json out = {{"product", product.id.value},
              {"name", product.name},
              {"tax_code", product.tax.value},
              {"kind", product.kind == core::retail::ProductKind::kKit ? "kit" : "stocked"}};
  out["price"] = product.price ? Json(amount(*product.price)) : Json();
  return out;
}

}  // namespace till::api
