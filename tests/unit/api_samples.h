// A shop whose till answers the API without a socket; every answer is compared with the document.
#pragma once

#include <set>

#include "core/base/clock.h"
#include "tests/support/api_document.h"
#include "till/api/service.h"
#include "till/printer.h"
#include "till_samples.h"

namespace till_test {

using test::Json;

struct ApiAnswer {
  int status = 0;
  Json body;
};

class ApiShop {
 public:
  explicit ApiShop(core::retail::Catalog catalog = garden()) : shop_(std::move(catalog)) {
    test::write_file(shop_.dir() / "paper", {});
    reopen();
  }

  // The process ends and starts again.
  void reopen() {
    service_.reset();
    till_.reset();
    till_.emplace(shop_.open());
    service_.emplace(*till_, clock_, till::api::Guard{8700, {"http://localhost:3000"}}, &printer_);
  }

  till::api::HttpResponse raw(const till::api::HttpRequest& request) {
    return service_->handle(request);
  }

  ApiAnswer ask(const std::string& method, const std::string& path, const Json& body = {},
                const std::string& key = {}) {
    till::api::HttpRequest request{method, path, body.is_null() ? "" : body.dump(), true};
    if (method != "GET") request.content_type = "application/json";
    request.idempotency_key = key;
    if (!session.empty()) request.authorization = "Bearer " + session;
    const auto response = raw(request);
    CAPTURE(method);
    CAPTURE(path);
    CAPTURE(response.body);
    const std::string wrong = document().check_answer(method, path, response.status, response.body);
    CHECK_MESSAGE(wrong.empty(), wrong);
    if (response.status < 400)
      seen_.insert(method + " " + document().path_of(path.substr(0, path.find('?'))).value_or("?"));
    return {response.status, Json::parse(response.body)};
  }
  ApiAnswer get(const std::string& path) { return ask("GET", path); }
  // Of what changes the receipt: without a key.
  ApiAnswer change(const std::string& path, const Json& body = Json::object()) {
    return ask("POST", path, body);
  }
  // Of what writes: with a new key each.
  ApiAnswer write(const std::string& path, const Json& body) {
    return ask("POST", path, body, new_id());
  }
  // Must succeed.
  Json done(const ApiAnswer& answer) {
    REQUIRE_MESSAGE(answer.status < 300, answer.body.dump());
    return answer.body;
  }
  void refused(const ApiAnswer& answer, int status, const std::string& code,
               const std::string& says) {
    CHECK(answer.status == status);
    CHECK(answer.body.value("error", "") == code);
    CHECK_MESSAGE(answer.body.value("what", "").find(says) != std::string::npos,
                  answer.body.dump());
  }

  std::string new_id() {
    std::string digits = std::to_string(++last_id_);
    digits.insert(0, 12 - digits.size(), '0');
    return "00000000-0000-4000-8000-" + digits;
  }
  std::string begin() {
    const std::string id = new_id();
    done(change("/v1/receipts", {{"id", id}}));
    return id;
  }
  void open_day(const std::string& day = "2026-11-21") {
    done(write("/v1/day/open",
               {{"day", day}, {"received", {{"133", "16"}, {"134", "4"}, {"135", "4"}}}}));
  }

  // A session's token, sent with every request.
  std::string session{};

  till::Till& till() { return *till_; }
  // What came out of the printer.
  core::Bytes paper() const { return test::read_file(shop_.dir() / "paper"); }
  Shop& shop() { return shop_; }
  core::ManualClock& clock() { return clock_; }
  const std::set<std::string>& seen() const { return seen_; }  // routes that answered well
  static const test::ApiDocument& document() {
    static const test::ApiDocument document;
    return document;
  }

 private:
  Shop shop_;
  core::ManualClock clock_{1'795'000'000'000};
  till::DevicePrinter printer_{shop_.dir() / "paper"};
  std::optional<till::Till> till_;
  std::optional<till::api::Service> service_;
  std::uint64_t last_id_ = 0;
  std::set<std::string> seen_;
};

}  // namespace till_test
