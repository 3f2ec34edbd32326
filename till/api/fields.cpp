// Fields: strict reading of JSON; nlohmann's exceptions do not get beyond it, because nothing here
// asks a value for a type that it does not have.
#include "till/api/fields.h"

#include <set>

#include "core/base/bytes.h"
#include "core/base/decimal.h"

namespace till::api {
namespace {

using core::Errc;
using core::fail;
using core::Result;

core::Unexpected wrong(const std::string& where, const std::string& expected) {
  return fail(Errc::kUsage, "'" + where + "': expected " + expected);
}

// RFC 3986, section 2.1; and '+' for a blank, as forms have it.
Result<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto byte = core::from_hex(text.substr(std::min(i + 1, text.size()), 2));
    if (!byte || byte->size() != 1) {
      return fail(Errc::kUsage, "'" + std::string(text) + "': no percent-encoding");
    }
    out += static_cast<char>(byte->front());
    i += 2;
  }
  return out;
}

// The words of a list that is apart by spaces.
std::vector<std::string> words_of(std::string_view list) {
  std::vector<std::string> out;
  std::size_t at = 0;
  while (at < list.size()) {
    const std::size_t end = std::min(list.find(' ', at), list.size());
    if (end > at) out.emplace_back(list.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

Result<Fields> Fields::parse(std::string_view body) {
  Fields out;
  if (body.empty()) return out;
  std::vector<std::set<std::string>> open;  // names of the objects that are being read
  std::string twice;
  using Event = Json::parse_event_t;
  const auto note = [&](int, Event event, Json& value) {
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event == Event::key && !open.back().insert(value.get<std::string>()).second) {
      twice = value.get<std::string>();
    }
    return true;
  };
  out.object_ = Json::parse(body, note, /*allow_exceptions=*/false);
  if (out.object_.is_discarded()) return fail(Errc::kUsage, "the request's body is no JSON");
  if (!out.object_.is_object()) return fail(Errc::kUsage, "the request's body is no JSON object");
  if (!twice.empty()) return wrong(twice, "each field once");
  return out;
}

Result<Fields> Fields::parse_query(std::string_view query) {
  Fields out;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    TRY_ASSIGN(const std::string name, percent_decoded(pair.substr(0, equals)));
    TRY_ASSIGN(const std::string value,
               percent_decoded(pair.substr(std::min(equals + 1, pair.size()))));
    if (out.has(name)) return wrong(name, "each field once");
    out.object_[name] = value;
  }
  return out;
}

Result<Fields> Fields::of(const Json& object, const std::string& what) {
  if (!object.is_object()) return wrong(what, "an object");
  Fields out;
  out.prefix_ = what + ".";
  out.object_ = object;
  return out;
}

Result<void> Fields::check(std::string_view known) const {
  std::set<std::string> names;
  std::string all;
  for (std::string word : words_of(known)) {
    const bool required = word.back() == '!';
    if (required) word.pop_back();
    if (required && !has(word)) {
      return fail(Errc::kUsage, "the field '" + prefix_ + word + "' is missing");
    }
    all += (all.empty() ? "" : ", ") + word;
    names.insert(std::move(word));
  }
  for (const auto& [name, value] : object_.items()) {
    if (names.contains(name)) continue;
    return fail(Errc::kUsage, "there is no field '" + prefix_ + name + "' here; " +
                                  (all.empty() ? "this request has none" : "there are: " + all));
  }
  return {};
}

std::vector<std::string> Fields::names() const {
  std::vector<std::string> out;
  for (const auto& [name, value] : object_.items()) out.push_back(name);
  return out;
}

Result<const Json*> Fields::find(const std::string& name) const {
  const auto found = object_.find(name);
  if (found == object_.end()) {
    return fail(Errc::kUsage, "the field '" + prefix_ + name + "' is missing");
  }
  return &*found;
}

Result<std::string> Fields::text(const std::string& name) const {
  TRY_ASSIGN(const Json* value, find(name));
  if (!value->is_string()) return wrong(prefix_ + name, "text");
  return value->get<std::string>();
}

Result<std::string> Fields::text_or(const std::string& name, const std::string& otherwise) const {
  return has(name) ? text(name) : Result<std::string>(otherwise);
}

Result<bool> Fields::flag_or(const std::string& name, bool otherwise) const {
  if (!has(name)) return otherwise;
  TRY_ASSIGN(const Json* value, find(name));
  if (!value->is_boolean()) return wrong(prefix_ + name, "true or false");
  return value->get<bool>();
}

Result<std::uint64_t> Fields::number(const std::string& name) const {
  TRY_ASSIGN(const Json* value, find(name));
  if (!value->is_number_integer()) return wrong(prefix_ + name, "a whole number");
  const auto number = value->get<std::int64_t>();
  const bool in_range = number >= 0 && (!value->is_number_unsigned() ||
                                        value->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (!in_range) return wrong(prefix_ + name, "a number from 0 to 2^63 - 1");
  return static_cast<std::uint64_t>(number);
}

Result<core::Money> Fields::money(const std::string& name, core::Currency currency) const {
  TRY_ASSIGN(const Json* value, find(name));
  if (!value->is_string()) return wrong(prefix_ + name, "an amount as text, such as \"12.50\"");
  const auto money = core::parse_money(value->get<std::string>(), currency);
  if (!money) return fail(Errc::kUsage, "'" + prefix_ + name + "': " + money.error().what);
  return *money;
}

Result<std::optional<core::Money>> Fields::optional_money(const std::string& name,
                                                          core::Currency currency) const {
  if (!has(name)) return std::optional<core::Money>();
  TRY_ASSIGN(const core::Money value, money(name, currency));
  return std::optional<core::Money>(value);
}

Result<core::Quantity> Fields::quantity(const std::string& name) const {
  TRY_ASSIGN(const Json* value, find(name));
  if (!value->is_string()) return wrong(prefix_ + name, "a quantity as text, such as \"0.5\"");
  const auto quantity = core::parse_quantity(value->get<std::string>());
  if (!quantity) return fail(Errc::kUsage, "'" + prefix_ + name + "': " + quantity.error().what);
  return *quantity;
}

Result<core::Quantity> Fields::quantity_or(const std::string& name,
                                           core::Quantity otherwise) const {
  return has(name) ? quantity(name) : Result<core::Quantity>(otherwise);
}

Result<core::BusinessDay> Fields::day(const std::string& name) const {
  TRY_ASSIGN(const std::string word, text(name));
  const auto day = core::parse_business_day(word);
  if (!day) return fail(Errc::kUsage, "'" + prefix_ + name + "': " + day.error().what);
  return *day;
}

Result<std::vector<Fields>> Fields::list(const std::string& name) const {
  TRY_ASSIGN(const Json* value, find(name));
  if (!value->is_array()) return wrong(prefix_ + name, "a list");
  std::vector<Fields> out;
  for (std::size_t i = 0; i < value->size(); ++i) {
    TRY_ASSIGN(Fields each,
               Fields::of((*value)[i], prefix_ + name + "[" + std::to_string(i) + "]"));
    out.push_back(std::move(each));
  }
  return out;
}

Result<core::retail::Components> Fields::components(const std::string& name) const {
  TRY_ASSIGN(const Fields products, object(name));
  core::retail::Components out;
  for (const std::string& word : products.names()) {
    const auto id = core::parse_unsigned(word);
    if (!id) return wrong(products.prefix_ + word, "a product's number as the name");
    TRY_ASSIGN(const core::Quantity quantity, products.quantity(word));
    if (!out.emplace(core::ProductId{*id}, quantity).second) {
      return wrong(products.prefix_ + word, "each product once");
    }
  }
  return out;
}

Result<Fields> Fields::object(const std::string& name) const {
  if (!has(name)) return Fields();
  TRY_ASSIGN(const Json* value, find(name));
  return Fields::of(*value, prefix_ + name);
}

}  // namespace till::api
