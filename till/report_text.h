// Shared pieces of the reports: rows of text, and small JSON objects. Private to till/*report*.cpp.
// Must not know which report they stand in.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/base/decimal.h"
#include "core/retail/names.h"
#include "till/reports.h"

namespace till {

using Json = nlohmann::ordered_json;

inline constexpr std::size_t kLabelWidth = 32;
inline constexpr std::size_t kFigureWidth = 16;

inline std::string amount(core::Money money) {
  return core::format_decimal(money.minor, money.currency.minor_digits());
}

inline std::string row(std::string label, const std::string& figure) {
  if (label.size() < kLabelWidth) label.append(kLabelWidth - label.size(), ' ');
  if (figure.size() < kFigureWidth) label.append(kFigureWidth - figure.size(), ' ');
  return "  " + label + " " + figure + "\n";
}

inline std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

inline std::string product_name(const ProductNames& names, core::ProductId id) {
  const auto it = names.find(id);
  return it == names.end() ? std::string{} : it->second;
}

inline Json components_json(const core::retail::Components& components) {
  Json out = Json::object();
  for (const auto& [id, quantity] : components) out[to_string(id)] = to_string(quantity);
  return out;
}

inline Json tenders_json(const core::retail::Tenders& tenders) {
  Json out = Json::object();
  for (const auto& [kind, money] : tenders) out[std::string(name_of(kind))] = amount(money);
  return out;
}

inline Json numbers_json(const DocumentNumbers& numbers) {
  Json out = Json::object();
  for (const auto& [series, number] : numbers) out[std::string(series_name(series))] = number;
  return out;
}

}  // namespace till
