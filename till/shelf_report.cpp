// Report of products that were found: text and JSON. Amounts and quantities are decimal text in
// both.
#include "till/report_text.h"

namespace till {
namespace {

Json found_json(const FoundProduct& found) {
  const core::retail::Product& product = found.product;
  Json out = {{"id", product.id.value},
              {"name", product.name},
              {"price", product.price ? Json(amount(*product.price)) : Json()},
              {"unit", product.unit},
              {"whole", product.whole},
              {"tax", product.tax.value}};
  if (found.weight) out["weight"] = to_string(*found.weight);
  if (found.price) out["label_price"] = amount(*found.price);
  return out;
}

std::string found_row(const FoundProduct& found) {
  const core::retail::Product& product = found.product;
  const std::string unit = product.unit.empty() ? "" : " / " + product.unit;
  std::string out = row(to_string(product.id) + " " + product.name,
                        product.price ? amount(*product.price) + unit : "no price");
  if (found.weight) out += row("  weight of the package", to_string(*found.weight));
  if (found.price) out += row("  price of the package", amount(*found.price));
  return out;
}

}  // namespace

std::string report_found(const std::vector<FoundProduct>& found, Form form) {
  Json list = Json::array();
  std::string text;
  for (const FoundProduct& one : found) {
    list.push_back(found_json(one));
    text += found_row(one);
  }
  return form == Form::kJson ? dump(list) : text;
}

}  // namespace till
