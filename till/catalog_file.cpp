// Catalog file: JSON by nlohmann, whose exceptions end here. No number of it is ever a double:
// amounts are decimal text, identifiers are whole numbers.
#include "till/catalog_file.h"

#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "core/base/decimal.h"
#include "core/base/whole_file.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::retail::Catalog;
using Json = nlohmann::json;

constexpr std::uintmax_t kFileBytesMax = 64u << 20;

// A JSON value and where it stands, so that every error can say so.
struct Node {
  const Json* json;
  std::string place;

  core::Unexpected refuse(std::string_view reason) const {
    return fail(Errc::kMalformed, place + ": " + std::string(reason));
  }
  core::Unexpected refuse(const core::Error& error) const {
    return fail(error.code, place + ": " + error.what);
  }

  // Refuses keys that are not in `known`: a misspelt one would be a price that is not there.
  Result<void> check_object(std::initializer_list<std::string_view> known) const {
    if (!json->is_object()) return refuse("an object is expected");
    for (const auto& [key, value] : json->items()) {
      bool found = false;
      for (const std::string_view name : known) found = found || name == key;
      if (!found) return refuse("unknown key '" + key + "'");
    }
    return {};
  }

  bool has(const std::string& key) const { return json->contains(key); }

  Result<Node> at(const std::string& key) const {
    const auto it = json->find(key);
    if (it == json->end()) return refuse("'" + key + "' is missing");
    return Node{&*it, place + "." + key};
  }

  Result<std::string> text() const {
    if (!json->is_string()) return refuse("text in quotes is expected");
    return json->get<std::string>();
  }

  template <typename Id>
  Result<Id> id() const {
    if (!json->is_number_unsigned()) return refuse("a whole number is expected");
    const auto value = json->get<std::uint64_t>();
    if (value > std::numeric_limits<typename Id::rep>::max() ||
        value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return refuse("the number is too large");
    }
    return Id{static_cast<typename Id::rep>(value)};
  }

  Result<std::vector<Node>> items() const {
    if (!json->is_array()) return refuse("a list is expected");
    std::vector<Node> out;
    for (std::size_t i = 0; i < json->size(); ++i) {
      out.push_back(Node{&(*json)[i], place + "[" + std::to_string(i) + "]"});
    }
    return out;
  }
};

template <typename T>
Result<T> at_place(const Node& node, Result<T> result) {
  if (!result) return node.refuse(result.error());
  return result;
}

Result<core::retail::TaxRate> read_tax(const Node& node) {
  TRY(node.check_object({"code", "name", "percent", "in_price"}));
  TRY_ASSIGN(const Node code, node.at("code"));
  TRY_ASSIGN(const Node percent, node.at("percent"));
  core::retail::TaxRate tax;
  TRY_ASSIGN(tax.code, code.id<core::TaxCode>());
  TRY_ASSIGN(const std::string text, percent.text());
  TRY_ASSIGN(const std::int64_t basis_points,
             at_place(percent, core::parse_decimal(text, 2, core::Rounding::kExact)));
  if (basis_points < 0 || basis_points > 10000) return percent.refuse("a tax is 0 to 100 percent");
  tax.basis_points = static_cast<std::int32_t>(basis_points);
  if (!node.has("in_price")) return tax;
  TRY_ASSIGN(const Node in_price, node.at("in_price"));
  if (!in_price.json->is_boolean()) return in_price.refuse("expected true or false");
  tax.inclusive = in_price.json->get<bool>();
  return tax;
}

Result<core::retail::Product> read_product(const Node& node, core::Currency currency) {
  TRY(node.check_object({"id", "name", "price", "tax", "kind"}));
  TRY_ASSIGN(const Node id, node.at("id"));
  TRY_ASSIGN(const Node name, node.at("name"));
  TRY_ASSIGN(const Node tax, node.at("tax"));
  TRY_ASSIGN(const Node kind, node.at("kind"));
  core::retail::Product product;
  TRY_ASSIGN(product.id, id.id<core::ProductId>());
  TRY_ASSIGN(product.name, name.text());
  TRY_ASSIGN(product.tax, tax.id<core::TaxCode>());
  TRY_ASSIGN(const std::string kind_text, kind.text());
  if (kind_text != "stocked" && kind_text != "kit") {
    return kind.refuse("'" + kind_text + "' is neither 'stocked' nor 'kit'");
  }
  product.kind =
      kind_text == "kit" ? core::retail::ProductKind::kKit : core::retail::ProductKind::kStocked;
  if (node.has("price")) {
    TRY_ASSIGN(const Node price, node.at("price"));
    TRY_ASSIGN(const std::string text, price.text());
    TRY_ASSIGN(product.price, at_place(price, core::parse_money(text, currency)));
  }
  return product;
}

Result<core::retail::BomLine> read_bom_line(const Node& node) {
  TRY(node.check_object({"parent", "component", "quantity"}));
  TRY_ASSIGN(const Node parent, node.at("parent"));
  TRY_ASSIGN(const Node component, node.at("component"));
  TRY_ASSIGN(const Node quantity, node.at("quantity"));
  core::retail::BomLine line;
  TRY_ASSIGN(line.parent, parent.id<core::ProductId>());
  TRY_ASSIGN(line.component, component.id<core::ProductId>());
  TRY_ASSIGN(const std::string text, quantity.text());
  TRY_ASSIGN(line.quantity, at_place(quantity, core::parse_quantity(text)));
  return line;
}

template <typename Row, typename Read>
Result<std::vector<Row>> read_list(const Node& root, const std::string& key, const Read& read) {
  TRY_ASSIGN(const Node list, root.at(key));
  TRY_ASSIGN(const std::vector<Node> items, list.items());
  std::vector<Row> rows;
  for (const Node& item : items) {
    TRY_ASSIGN(Row row, read(item));
    rows.push_back(std::move(row));
  }
  return rows;
}

// JSON keeps the last of two equal keys; here the second is refused, with its name.
class DuplicateKeys {
 public:
  bool operator()(int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key) {
      const std::string key = parsed.get<std::string>();
      if (!keys_.back().insert(key).second && duplicate_.empty()) duplicate_ = key;
    }
    return true;
  }
  const std::string& duplicate() const { return duplicate_; }

 private:
  std::vector<std::set<std::string>> keys_;
  std::string duplicate_;
};

Result<Json> parse_json(std::string_view text, std::string_view name) {
  DuplicateKeys keys;
  try {
    Json json = Json::parse(text, std::ref(keys));
    if (!keys.duplicate().empty()) {
      return fail(Errc::kMalformed,
                  std::string(name) + ": the key '" + keys.duplicate() + "' is there twice");
    }
    return json;
  } catch (const Json::parse_error& error) {
    return fail(Errc::kMalformed,
                std::string(name) + ": byte " + std::to_string(error.byte) + ": this is no JSON");
  } catch (const Json::exception& error) {
    return fail(Errc::kMalformed, std::string(name) + ": " + error.what());
  }
}

}  // namespace

Result<Catalog> parse_catalog(std::string_view json, std::string_view name) {
  TRY_ASSIGN(const Json parsed, parse_json(json, name));
  const Node root{&parsed, std::string(name)};
  TRY(root.check_object({"about", "currency", "taxes", "products", "bom", "cash_rounding"}));
  TRY_ASSIGN(const Node code, root.at("currency"));
  TRY_ASSIGN(const std::string text, code.text());
  TRY_ASSIGN(const core::Currency currency, at_place(code, core::Currency::parse(text)));
  TRY_ASSIGN(auto taxes, read_list<core::retail::TaxRate>(root, "taxes", read_tax));
  TRY_ASSIGN(auto products,
             read_list<core::retail::Product>(
                 root, "products", [&](const Node& node) { return read_product(node, currency); }));
  TRY_ASSIGN(auto bom, read_list<core::retail::BomLine>(root, "bom", read_bom_line));
  std::int64_t cash_step_minor = 1;
  if (root.has("cash_rounding")) {
    TRY_ASSIGN(const Node step, root.at("cash_rounding"));
    TRY_ASSIGN(const std::string amount, step.text());
    TRY_ASSIGN(const core::Money money, at_place(step, core::parse_money(amount, currency)));
    cash_step_minor = money.minor;
  }
  return at_place(root, Catalog::build(currency, std::move(taxes), std::move(products),
                                       std::move(bom), cash_step_minor));
}

Result<Catalog> read_catalog_file(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::string text, core::read_whole_file(path, kFileBytesMax));
  return parse_catalog(text, path.string());
}

}  // namespace till
