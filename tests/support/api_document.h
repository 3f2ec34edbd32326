// ApiDocument: docs/till-api.json, and whether an answer is what it says. Of JSON Schema it
// knows what that document uses, and refuses what it does not know.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace test {

using Json = nlohmann::json;

class ApiDocument {
 public:
  ApiDocument() {
    std::ifstream in(std::string(DAYBOOK_SOURCE_DIR) + "/docs/till-api.json");
    document_ = Json::parse(in);
  }

  const Json& paths() const { return document_.at("paths"); }
  const Json& resolve(const Json& node) const {
    if (!node.contains("$ref")) return node;
    return document_.at(Json::json_pointer(node.at("$ref").get<std::string>().substr(1)));
  }

  // The path of the document that leads to `target`.
  std::optional<std::string> path_of(const std::string& target) const {
    for (const auto& [path, operations] : paths().items()) {
      const std::string pattern = std::regex_replace(path, std::regex("\\{[a-z]+\\}"), "[^/]+");
      if (std::regex_match(target, std::regex(pattern))) return path;
    }
    return std::nullopt;
  }

  // What is wrong with an answer; empty: it is as documented.
  std::string check_answer(const std::string& method, const std::string& target, int status,
                           const std::string& body) const {
    const Json answer = Json::parse(body, nullptr, false);
    if (answer.is_discarded()) return "the answer is no JSON: " + body;
    if (status >= 400) return check(answer, document_.at("components").at("schemas").at("Error"));
    const auto path = path_of(target.substr(0, target.find('?')));
    if (!path) return target + " is not documented";
    std::string name = method;
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const Json& responses = paths().at(*path).at(name).at("responses");
    const auto found = responses.find(std::to_string(status));
    if (found == responses.end()) return "status " + std::to_string(status) + " is not documented";
    return check(answer, found->at("content").at("application/json").at("schema"));
  }

  std::string check(const Json& value, const Json& schema, const std::string& at = "$") const {
    if (schema.contains("$ref")) return check(value, resolve(schema), at);
    for (const auto& [key, rule] : schema.items()) {
      const std::string wrong = check_rule(value, schema, key, rule, at);
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

 private:
  static bool is_of_type(const Json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "integer") return value.is_number_integer();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    return false;
  }

  std::string check_rule(const Json& value, const Json& schema, const std::string& key,
                         const Json& rule, const std::string& at) const {
    if (key == "type") {
      if (is_of_type(value, rule.get<std::string>())) return {};
      return at + " is no " + rule.get<std::string>() + ": " + value.dump();
    }
    if (key == "properties") {
      for (const auto& [name, each] : rule.items()) {
        if (!value.contains(name)) continue;
        const std::string wrong = check(value.at(name), each, at + "." + name);
        if (!wrong.empty()) return wrong;
      }
      return {};
    }
    if (key == "required") {
      for (const Json& name : rule) {
        if (!value.contains(name.get<std::string>())) return at + " has no " + name.dump();
      }
      return {};
    }
    if (key == "additionalProperties") return check_more(value, schema, rule, at);
    if (key == "items") {
      for (std::size_t i = 0; i < value.size(); ++i) {
        const std::string wrong = check(value[i], rule, at + "[" + std::to_string(i) + "]");
        if (!wrong.empty()) return wrong;
      }
      return {};
    }
    if (key == "enum") {
      return std::find(rule.begin(), rule.end(), value) != rule.end()
                 ? std::string()
                 : at + " is none of " + rule.dump() + ": " + value.dump();
    }
    if (key == "pattern") {
      if (!value.is_string()) return {};  // its type says so
      const bool good =
          std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>()));
      return good ? std::string() : at + " is not of " + rule.dump() + ": " + value.dump();
    }
    if (key == "anyOf") return check_any(value, rule, at);
    if (key == "description" || key == "examples") return {};
    return "the document uses '" + key + "', which this check does not know";
  }

  std::string check_more(const Json& value, const Json& schema, const Json& rule,
                         const std::string& at) const {
    const Json known = schema.value("properties", Json::object());
    for (const auto& [name, each] : value.items()) {
      if (known.contains(name)) continue;
      if (rule.is_boolean()) {
        if (!rule.get<bool>()) return at + "." + name + " is not documented";
        continue;
      }
      const std::string wrong = check(each, rule, at + "." + name);
      if (!wrong.empty()) return wrong;
    }
    return {};
  }

  std::string check_any(const Json& value, const Json& schemas, const std::string& at) const {
    std::string all;
    for (const Json& schema : schemas) {
      const std::string wrong = check(value, schema, at);
      if (wrong.empty()) return {};
      all += wrong + "; ";
    }
    return all;
  }

  Json document_;
};

}  // namespace test
