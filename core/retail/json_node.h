// JSON node: a value of a JSON text with its place in it, read strictly. Private to the readers of
// files in this room.
// Must not know what the values mean.
#pragma once

#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace core::retail {

using Json = nlohmann::json;

// A JSON value and where it stands, so that every error can say so.
struct Node {
  const Json* json;
  std::string place;

  Unexpected refuse(std::string_view reason) const {
    return fail(Errc::kMalformed, place + ": " + std::string(reason));
  }
  Unexpected refuse(const Error& error) const {
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

  Result<bool> boolean() const {
    if (!json->is_boolean()) return refuse("expected true or false");
    return json->get<bool>();
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

}  // namespace core::retail
