// Fields: the members of a request's JSON object, read strictly: what is missing, of another type
// or not known is an error that says which and what is expected.
// Must not know routes. Amounts and quantities are decimal text, never JSON numbers.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/money.h"
#include "core/base/quantity.h"
#include "core/base/result.h"
#include "core/retail/catalog.h"

namespace till::api {

using Json = nlohmann::ordered_json;

// Errors of all: kUsage, naming the field.
class Fields {
 public:
  Fields() = default;
  // An object, each of its names once at any depth; "" is an object without members. Errors: kUsage
  // (no JSON, no object, a name twice).
  static core::Result<Fields> parse(std::string_view body);
  // Of a query, such as "name=te%20a": every value is text. Errors: kUsage (a name twice, no
  // percent-encoding).
  static core::Result<Fields> parse_query(std::string_view query);
  // Of an element of an array.
  static core::Result<Fields> of(const Json& object, const std::string& what);

  // `known` lists names, apart by spaces; one that ends with '!' is required.
  core::Result<void> check(std::string_view known) const;

  bool has(const std::string& name) const { return object_.contains(name); }
  core::Result<std::string> text(const std::string& name) const;
  core::Result<std::string> text_or(const std::string& name, const std::string& otherwise) const;
  core::Result<bool> flag_or(const std::string& name, bool otherwise) const;
  // Shape: 0..2^63 - 1.
  core::Result<std::uint64_t> number(const std::string& name) const;
  core::Result<core::Money> money(const std::string& name, core::Currency currency) const;
  core::Result<std::optional<core::Money>> optional_money(const std::string& name,
                                                          core::Currency currency) const;
  core::Result<core::Quantity> quantity(const std::string& name) const;
  core::Result<core::Quantity> quantity_or(const std::string& name, core::Quantity otherwise) const;
  core::Result<core::BusinessDay> day(const std::string& name) const;
  // Each element an object.
  core::Result<std::vector<Fields>> list(const std::string& name) const;
  // An object's members; an empty one when it is missing.
  core::Result<Fields> object(const std::string& name) const;
  // {"133": "16"}: a quantity of each product; none when it is missing.
  core::Result<core::retail::Components> components(const std::string& name) const;
  std::vector<std::string> names() const;

 private:
  core::Result<const Json*> find(const std::string& name) const;

  std::string prefix_;  // where in the request this object stands
  Json object_ = Json::object();
};

}  // namespace till::api
