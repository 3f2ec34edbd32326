// Routes of the shelf: what is sold here, by number, code or name; and what a scan is.
#include <limits>
#include <utility>

#include "core/base/decimal.h"
#include "till/api/answers.h"
#include "till/api/service.h"
#include "till/scan.h"

namespace till::api {

using core::Errc;
using core::fail;
using core::Quantity;
using core::Result;

Result<Service::Answer> Service::get_product(const Call& call) {
  const auto id = core::parse_unsigned(call.parameters[0]);
  if (!id) return fail(Errc::kUsage, "'" + call.parameters[0] + "' is no product number");
  Shelf shelf = till_.shelf();
  TRY_ASSIGN(const auto product, shelf.find(shelf.present(), core::ProductId{*id}));
  if (!product) {
    return fail(Errc::kNotFound, "product " + call.parameters[0] + " is not in the catalog");
  }
  return Answer{200, dump(product_json(*product))};
}

Result<Service::Answer> Service::find_products(const Call& call) {
  TRY_ASSIGN(const std::string beginning, call.body.text("name"));
  Shelf shelf = till_.shelf();
  TRY_ASSIGN(const auto found, shelf.find_names(shelf.present(), beginning, kNamesFoundMax));
  Json out = Json::array();
  for (const core::retail::Product& product : found) out.push_back(product_json(product));
  return Answer{200, dump(out)};
}

Result<Service::Answer> Service::find_code(const Call& call) {
  Shelf shelf = till_.shelf();
  TRY_ASSIGN(const FoundProduct found, shelf.find_code(shelf.present(), call.parameters[0]));
  Json out = {{"product", product_json(found.product)}};
  out["weight"] = found.weight ? Json(to_string(*found.weight)) : Json();
  out["label_price"] = found.price ? Json(amount(*found.price)) : Json();
  return Answer{200, dump(out)};
}

Result<Service::Answer> Service::mint(const Call& call) {
  const Fields& body = call.body;
  MintOrder order;
  TRY_ASSIGN(order.name, body.text("name"));
  TRY_ASSIGN(order.price, body.money("price", currency()));
  TRY_ASSIGN(const std::uint64_t tax, body.number("tax"));
  if (tax > std::numeric_limits<core::TaxCode::rep>::max()) {
    return fail(Errc::kUsage, "'tax': expected a tax code of the catalog");
  }
  order.tax = core::TaxCode{static_cast<core::TaxCode::rep>(tax)};
  TRY_ASSIGN(order.gtin, body.text_or("gtin", ""));
  TRY_ASSIGN(order.unit, body.text_or("unit", ""));
  TRY_ASSIGN(order.whole, body.flag_or("whole", false));
  TRY_ASSIGN(const core::retail::Product product, till_.mint(order));
  return Answer{201, dump(product_json(product))};
}

Result<Scanned> Service::read_scanned(const Fields& body, core::CatalogVersion version) {
  if (body.has("product") == body.has("code")) {
    return fail(Errc::kUsage, "a line has a product's number or a code");
  }
  Scanned out;
  TRY_ASSIGN(out.quantity, body.quantity_or("quantity", Quantity{Quantity::kUnit}));
  if (body.has("code")) {
    TRY_ASSIGN(const std::string code, body.text("code"));
    TRY_ASSIGN(const BasketLine line, scan_line(till_.shelf(), version, code, out.quantity));
    out.product = line.product;
    out.quantity = line.quantity;
    out.label_price = line.label_price;
    return out;
  }
  TRY_ASSIGN(const std::uint64_t number, body.number("product"));
  out.product = core::ProductId{number};
  TRY_ASSIGN(const auto product, till_.shelf().find(version, out.product));
  if (product) return out;
  return fail(Errc::kNotFound, "product " + std::to_string(number) + " is not in the catalog");
}

}  // namespace till::api
