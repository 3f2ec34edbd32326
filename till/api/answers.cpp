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
                 {"product", line.scanned.product.value},
                 {"name", product_name(names, line.scanned.product)},
                 {"quantity", to_string(line.scanned.quantity)},
                 {"voided", line.voided}};
    if (!line.voided) {
      const core::retail::SaleLine& priced = figures.lines.at(next++);
      if (priced.unit_price) item["unit_price"] = amount(*priced.unit_price);
      item["amount"] = amount(priced.amount);
      item["discount"] = amount(priced.discount);
      item["tax_code"] = priced.tax.value;
      item["tax"] = amount(priced.tax_amount);
      item["line_discount"] = reduction_json(line.discount);
      item["price_reason"] = line.price ? Json(line.price->reason) : Json();
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
                       {"kind", name_of(tender.kind)},
                       {"amount", amount(*tender.amount)}});
  }
  Json vouchers = Json::array();
  for (const core::retail::Voucher& voucher : receipt.vouchers_sold()) {
    vouchers.push_back({{"number", voucher.number}, {"amount", amount(voucher.amount)}});
  }
  return {{"id", id},
          {"state", receipt.is_paying() ? "paying" : "scanning"},
          {"currency", receipt.currency().code()},
          {"lines", lines_json(receipt, figures, names)},
          {"receipt_discount", reduction_json(receipt.receipt_discount())},
          {"vouchers_sold", std::move(vouchers)},
          {"member", receipt.member() ? Json(receipt.member()->hex()) : Json()},
          {"hold", receipt.hold() != 0 ? Json(receipt.hold()) : Json()},
          {"catalog", receipt.version().value},
          {"total", amount(figures.total)},
          {"tax", amount(figures.tax)},
          {"tenders", std::move(tenders)},
          {"due", amount(figures.due.exact)},
          {"due_in_cash", amount(figures.due.in_cash)},
          {"change", amount(figures.due.change)},
          {"coupon_excess", amount(figures.due.coupon_excess)}};
}

Json product_json(const core::retail::Product& product) {
  Json out = {{"product", product.id.value},
              {"name", product.name},
              {"tax_code", product.tax.value},
              {"kind", product.kind == core::retail::ProductKind::kKit ? "kit" : "stocked"}};
  out["unit"] = product.unit;
  out["price"] = product.price ? Json(amount(*product.price)) : Json();
  return out;
}

}  // namespace till::api
