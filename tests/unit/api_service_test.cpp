// The API without a socket: what it answers, and that docs/till-api.json says so.
#include <doctest/doctest.h>

#include "api_samples.h"
#include "core/base/base64.h"

using namespace till_test;
using till::api::Effect;
using till::api::HttpRequest;
using till::api::Route;
using till::api::Service;

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// "kind! amount" as the document's schema has it: {"kind": true, "amount": false}.
std::map<std::string, bool> fields_of(std::string_view words) {
  std::map<std::string, bool> out;
  std::string word;
  for (const char c : std::string(words) + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      const bool required = word.back() == '!';
      if (required) word.pop_back();
      out[word] = required;
      word.clear();
    }
  }
  return out;
}

std::map<std::string, bool> documented_fields(const Json& operation) {
  std::map<std::string, bool> out;
  for (const Json& each : operation.value("parameters", Json::array())) {
    const Json& parameter = ApiShop::document().resolve(each);
    if (parameter.at("in") == "query") out[parameter.at("name")] = parameter.at("required");
  }
  if (!operation.contains("requestBody")) return out;
  const Json& schema =
      operation.at("requestBody").at("content").at("application/json").at("schema");
  CHECK(schema.at("additionalProperties") == false);
  for (const auto& [name, rule] : schema.at("properties").items()) out[name] = false;
  for (const Json& name : schema.at("required")) out.at(name.get<std::string>()) = true;
  return out;
}

// Whether an operation takes a key: 0 no, 1 may, 2 must.
int documented_key(const Json& operation) {
  for (const Json& each : operation.value("parameters", Json::array())) {
    const Json& parameter = ApiShop::document().resolve(each);
    if (parameter.at("name") == "Idempotency-Key") return parameter.at("required") ? 2 : 1;
  }
  return 0;
}

// The garden's, and bananas by weight: PLU 4011, and labels that begin with 21.
core::retail::Catalog garden_with_bananas() {
  const core::retail::Catalog plain = garden();
  core::retail::CatalogParts parts;
  parts.currency = kUsd;
  for (const auto& [code, rate] : plain.taxes()) parts.taxes.push_back(rate);
  for (const auto& [id, product] : plain.products()) parts.products.push_back(product);
  parts.bom = plain.bom();
  parts.products.push_back({core::ProductId{7}, "Bananas", usd(199), core::TaxCode{1},
                            core::retail::ProductKind::kStocked, "kg", false});
  using core::retail::CodeKind;
  parts.codes = {{{CodeKind::kItem, 4011}, core::ProductId{7}},
                 {{CodeKind::kItem, 7}, core::ProductId{7}}};
  parts.patterns = {core::retail::parse_barcode_pattern("21PPPPPWWWWWC", kUsd).value()};
  return core::retail::Catalog::build(std::move(parts)).value();
}

Json set_line(const std::string& quantity) {
  return {{"product", 145}, {"quantity", quantity}};
}

}  // namespace

TEST_CASE("every route is in the document with its fields and its key, and no other is") {
  std::set<std::string> routes;
  for (const Route& route : Service::routes()) {
    const std::string name = std::string(route.method) + " " + std::string(route.path);
    CAPTURE(name);
    CHECK(routes.insert(name).second);
    const Json& paths = ApiShop::document().paths();
    REQUIRE(paths.contains(std::string(route.path)));
    REQUIRE(paths.at(std::string(route.path)).contains(lower(std::string(route.method))));
    const Json& operation = paths.at(std::string(route.path)).at(lower(std::string(route.method)));
    CHECK(documented_fields(operation) == fields_of(route.fields));
    const int key = route.effect == Effect::kWrites ? 2 : route.effect == Effect::kChanges ? 1 : 0;
    CHECK(documented_key(operation) == key);
    CHECK((route.method == "GET") == (route.effect == Effect::kReads));
  }
  std::size_t documented = 0;
  for (const auto& [path, operations] : ApiShop::document().paths().items()) {
    documented += operations.size();
  }
  CHECK(documented == routes.size());
}

namespace {

// The routes in the order of a day; each function adds its part.
std::string sell(ApiShop& shop, const Json& tender) {
  const std::string id = shop.begin();
  shop.done(shop.change("/v1/receipts/current/lines", set_line("1")));
  shop.done(shop.change("/v1/receipts/current/tenders", tender));
  shop.done(shop.change("/v1/receipts/" + id + "/finish"));
  return id;
}

void sell_with_everything(ApiShop& shop) {
  const std::string first = shop.begin();
  CHECK(shop.done(shop.get("/v1/receipts/current"))["state"] == "scanning");
  shop.done(shop.change("/v1/receipts/" + first + "/lines", {{"product", 145}}));
  shop.done(shop.change("/v1/receipts/current/lines", set_line("3")));
  Json receipt = shop.done(shop.change("/v1/receipts/current/lines/1/void"));
  CHECK(receipt["lines"][0]["voided"] == true);
  CHECK(receipt["total"] == "1500.00");
  shop.done(shop.change("/v1/receipts/current/lines/2/quantity", {{"quantity", "2"}}));
  shop.done(shop.change("/v1/receipts/current/lines/2/price",
                        {{"price", "450.00"}, {"reason", "as in the paper"}}));
  receipt = shop.done(shop.change("/v1/receipts/current/lines/2/price"));
  CHECK(receipt["total"] == "1000.00");
  shop.done(shop.change("/v1/receipts/current/lines/2/discount",
                        {{"amount", "100.00"}, {"reason", "a dent"}}));
  receipt = shop.done(
      shop.change("/v1/receipts/current/discount", {{"percent", "10"}, {"reason", "a regular"}}));
  CHECK(receipt["due_in_cash"] == "810.00");
  CHECK(receipt["receipt_discount"]["percent"] == "10.00");
  shop.done(shop.change("/v1/receipts/current/member", {{"phone", "+41 44 123 45 67"}}));
  shop.done(shop.change("/v1/receipts/current/vouchers", {{"number", "V1"}, {"amount", "50.00"}}));
  shop.done(shop.change("/v1/receipts/current/tenders", {{"kind", "card"}, {"amount", "10.00"}}));
  receipt = shop.done(shop.change("/v1/receipts/current/tenders/1/take-back"));
  CHECK(receipt["state"] == "scanning");
  shop.done(shop.change("/v1/receipts/current/tenders", {{"kind", "card"}, {"amount", "300.00"}}));
  receipt =
      shop.done(shop.change("/v1/receipts/current/tenders", {{"kind", "cash"}, {"amount", "600"}}));
  CHECK(receipt["change"] == "40.00");
  const Json sold = shop.done(shop.change("/v1/receipts/" + first + "/finish"));
  CHECK(sold["document"] == "4/1-invoice-000001");
  CHECK(sold["total"] == "860.00");
  CHECK(sold["change"] == "40.00");
  const Json document = shop.done(shop.get("/v1/documents/invoice/1"));
  CHECK(document["tenders"] == Json{{"cash", "560.00"}, {"card", "300.00"}});
  CHECK(shop.done(shop.get("/v1/documents/invoice/1/signed-receipt"))["text"]
            .get<std::string>()
            .starts_with("DB1:"));
}

void pay_in_other_ways(ApiShop& shop) {
  // With the voucher, with points, and with an authorised card.
  const Json card = shop.done(shop.write("/v1/cards", {{"kind", "authorised"},
                                                       {"terminal", "T1"},
                                                       {"batch", 7},
                                                       {"authorisation", "A-1"},
                                                       {"masked_number", "****1234"},
                                                       {"amount", "449.95"},
                                                       {"signature", "0102"}}));
  CHECK(shop.done(shop.get("/v1/open-items"))[0]["amount"] == "449.95");
  const std::string id = shop.begin();
  shop.done(shop.change("/v1/receipts/current/lines", set_line("1")));
  shop.done(shop.change("/v1/receipts/current/member", {{"phone", "+41441234567"}}));
  const auto tenders = "/v1/receipts/current/tenders";
  shop.refused(shop.change(tenders, {{"kind", "voucher"}, {"amount", "50.00"}}), 400, "usage",
               "voucher");
  shop.done(shop.change(tenders, {{"kind", "voucher"}, {"voucher", "V1"}, {"amount", "50.00"}}));
  shop.done(shop.change(tenders, {{"kind", "points"}, {"points", 5}}));
  shop.done(shop.change(tenders, {{"kind", "card"}, {"card", card["number"]}}));
  const Json sold = shop.done(shop.change("/v1/receipts/" + id + "/finish"));
  CHECK(sold["total"] == "500.00");
  CHECK(shop.done(shop.get("/v1/documents/invoice/2"))["tenders"] ==
        Json{{"card", "449.95"}, {"voucher", "50.00"}, {"points", "0.05"}});
  CHECK(shop.done(shop.get("/v1/open-items")).empty());
}

void hold_and_lay_away(ApiShop& shop) {
  shop.begin();
  shop.done(shop.change("/v1/receipts/current/lines", set_line("1")));
  shop.done(shop.change("/v1/receipts/current/discount", {{"percent", "10"}, {"reason", "fair"}}));
  const Json held = shop.done(shop.write("/v1/receipts/current/hold", {{"name", "blue coat"}}));
  CHECK(shop.done(shop.get("/v1/open-items"))[0]["name"] == "blue coat");
  // A price that changes meanwhile does not change what was held.
  CHECK(shop.done(shop.change("/v1/prices", {{"prices", {{"145", "600.00"}}}}))["catalog"] == 2);
  const std::string number = held["number"].dump();
  const std::string id = shop.new_id();
  const Json recalled = shop.done(shop.change("/v1/holds/" + number + "/recall", {{"id", id}}));
  CHECK(recalled["total"] == "450.00");
  shop.done(shop.change("/v1/receipts/current/tenders", {{"kind", "cash"}}));
  shop.done(shop.change("/v1/receipts/" + id + "/finish"));
  CHECK(shop.done(shop.get("/v1/open-items")).empty());
  shop.done(shop.change("/v1/prices", {{"prices", {{"145", "500.00"}}}}));
  shop.begin();
  shop.done(shop.change("/v1/receipts/current/lines", set_line("1")));
  shop.done(shop.write("/v1/receipts/current/hold", {{"name", "nobody"}}));
  shop.done(shop.write("/v1/holds/2/drop", {{"reason", "did not come back"}}));

  for (const char* name : {"Ann", "Bob"}) {
    shop.begin();
    shop.done(shop.change("/v1/receipts/current/lines", set_line("1")));
    const Json laid = shop.done(
        shop.write("/v1/receipts/current/lay-away", {{"name", name}, {"deposit", "100.00"}}));
    CHECK(laid["left"] == "400.00");
  }
  const Json paid = shop.done(shop.write("/v1/layaways/1/deposits",
                                         {{"amount", "50.00"}, {"tenders", {{"card", "50.00"}}}}));
  CHECK(paid["left"] == "350.00");
  const Json handed =
      shop.done(shop.write("/v1/layaways/1/hand-over", {{"tenders", {{"cash", "400.00"}}}}));
  CHECK(handed["change"] == "50.00");
  const Json cancelled = shop.done(shop.write(
      "/v1/layaways/2/cancel", {{"reason", "changed his mind"}, {"forfeited", "10.00"}}));
  CHECK(cancelled["amount"] == "90.00");
}

void act_as_operators(ApiShop& shop) {
  shop.done(shop.change("/v1/operators",
                        {{"operator", 1}, {"name", "Ann"}, {"role", "manager"}, {"pin", "2580"}}));
  const Json bob = {{"operator", 2}, {"name", "Bob"}, {"role", "manager"}, {"pin", "1379"}};
  shop.refused(shop.change("/v1/operators", bob), 403, "not-permitted", "");
  shop.session = shop.done(shop.change("/v1/sign-on", {{"operator", 1}, {"pin", "2580"}}))["token"];
  shop.done(shop.change("/v1/operators", bob));
  shop.done(shop.change("/v1/operators/2", {{"role", "cashier"}}));
  shop.refused(shop.change("/v1/sign-on", {{"operator", 2}, {"pin", "9137"}}), 403, "wrong-pin",
               "");
  shop.done(shop.change("/v1/operators/2/unlock"));
  shop.refused(shop.change("/v1/operators/0", {{"role", "cashier"}}), 400, "usage", "number");
  shop.done(shop.change("/v1/sign-off"));
  shop.session.clear();
  shop.refused(shop.write("/v1/no-sales", {{"reason", "a coin"}}), 403, "not-permitted", "");
  shop.refused(shop.change("/v1/sign-on", {{"operator", 2}, {"pin", "9137"}}), 403, "wrong-pin",
               "");
  const Json signed_on = shop.done(shop.change("/v1/sign-on", {{"operator", 2}, {"pin", "1379"}}));
  CHECK(signed_on["role"] == "cashier");
  CHECK(shop.done(shop.get("/v1/operators")).size() == 2);
  shop.session = signed_on["token"].get<std::string>();
  shop.done(shop.change("/v1/clock-in"));
  const Json refund = {{"invoice", 1}, {"reason", "the rest"}};
  shop.refused(shop.write("/v1/refunds", refund), 403, "not-permitted", "");
  shop.done(shop.change("/v1/approve", {{"operator", 1}, {"pin", "2580"}}));
  shop.done(shop.write("/v1/refunds", refund));
  const Json document = shop.done(shop.get("/v1/documents/refund/2"));
  CHECK(document["operator"] == 2);
  CHECK(document["approved_by"] == 1);
  // An approval is for one thing.
  shop.refused(shop.write("/v1/day/close", {{"day", "2026-11-21"}}), 403, "not-permitted", "");
  shop.done(shop.change("/v1/clock-out"));
  shop.done(shop.get("/v1/shifts"));
  shop.refused(shop.get("/v1/audit?from=1"), 403, "not-permitted", "report");
  shop.done(shop.change("/v1/sign-off"));
  shop.refused(shop.change("/v1/clock-in"), 403, "not-permitted", "sign on first");
  const Json ann = shop.done(shop.change("/v1/sign-on", {{"operator", 1}, {"pin", "2580"}}));
  shop.session = ann["token"].get<std::string>();
  const Json told = shop.done(shop.get("/v1/audit?from=3"));
  CHECK(told[0]["position"] == 3);
  CHECK(told.back()["event"] == "signed-on");
}

}  // namespace

TEST_CASE("a day goes through every route, and each answer is as documented") {
  ApiShop shop(garden_with_bananas());
  const Json before = shop.done(shop.get("/v1/settings"));
  CHECK(before["member_key"] == "none");
  const Json after = shop.done(shop.change("/v1/settings", {{"sale_per_point", "100.00"},
                                                            {"point_worth", "0.01"},
                                                            {"member_key", std::string(64, '7')},
                                                            {"delivery_cut_off", 90},
                                                            {"key_days", 365}}));
  CHECK(after["member_key"] == "set");
  CHECK(after["tax_at"] == "hand-over");
  CHECK(after["key_days"] == 365);
  shop.refused(shop.change("/v1/settings", {{"delivery_cut_off", 1441}}), 422, "malformed", "1440");
  CHECK(shop.done(shop.get("/v1/settings")) == after);
  const auto& office = shop.shop().office();
  shop.done(shop.change("/v1/join", {{"roster", core::to_base64(office.roster_file())},
                                     {"head_office", office.public_key().hex()}}));
  const Json heading =
      shop.done(shop.change("/v1/receipt-heading", {{"text", "Garden World\n4 Main Street"}}));
  CHECK(heading["lines"] == Json({"Garden World", "4 Main Street"}));
  CHECK(shop.done(shop.get("/v1/receipt-heading")) == heading);
  CHECK(shop.done(shop.change("/v1/receipt-heading", Json::object()))["lines"].empty());
  const std::string catalog = std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json";
  shop.refused(shop.change("/v1/catalog", {{"file", "/nowhere.json"}}), 404, "not-found", "");
  CHECK(shop.done(shop.get("/v1/status"))["open_day"] == "");
  shop.done(shop.write("/v1/day/open", {{"day", "2026-11-21"}, {"await_delivery", true}}));
  CHECK(shop.done(shop.get("/v1/status"))["delivery_awaited"] == true);
  shop.done(shop.write("/v1/day/delivery", {{"day", "2026-11-21"}, {"received", {{"133", "16"}}}}));
  CHECK(shop.done(shop.get("/v1/products/145"))["price"] == "500.00");
  CHECK(shop.done(shop.get("/v1/products?name=patio%20ch"))[0]["product"] == 133);
  CHECK(shop.done(shop.get("/v1/codes/4011"))["product"]["product"] == 7);
  CHECK(shop.done(shop.get("/v1/codes/2100007015002"))["weight"] == "1.500");
  shop.done(shop.write("/v1/cash", {{"kind", "float"}, {"amount", "200.00"}}));
  shop.done(shop.write("/v1/no-sales", {{"reason", "a coin for a trolley"}}));
  shop.done(shop.write("/v1/stock", {{"kind", "received"}, {"lines", {{"133", "4"}}}}));
  sell_with_everything(shop);
  pay_in_other_ways(shop);
  hold_and_lay_away(shop);

  shop.begin();
  shop.done(shop.change("/v1/receipts/current/abort"));
  shop.begin();
  shop.done(shop.change("/v1/receipts/current/lines", set_line("1")));
  shop.done(shop.change("/v1/receipts/current/tenders", {{"kind", "cash"}}));
  shop.done(shop.write("/v1/receipts/current/train", Json::object()));
  sell(shop, {{"kind", "cash"}});
  const Json day = shop.done(shop.get("/v1/day"));
  const std::string last = day["numbers"]["invoice"][1].dump();
  shop.done(shop.write("/v1/voids", {{"invoice", std::stoull(last)}, {"reason", "customer left"}}));
  const Json refunded = shop.done(shop.write(
      "/v1/refunds", {{"invoice", 1},
                      {"lines", {{{"line", 1}, {"quantity", "0.5"}, {"restock", false}}}},
                      {"reason", "one is broken"}}));
  CHECK(refunded["amount"] == "202.50");
  CHECK(shop.done(shop.get("/v1/documents/refund/1"))["reason"] == "one is broken");
  CHECK(shop.done(shop.write("/v1/documents/invoice/1/print", {{"form", "text"}}))["printed"] ==
        "all");
  CHECK(core::as_text(shop.paper()).find("860.00") != std::string_view::npos);
  CHECK(shop.done(shop.write("/v1/documents/invoice/1/print", {{"form", "text"}}))["copy"] == 1);
  CHECK_FALSE(shop.done(shop.get("/v1/print-queue")).empty());
  act_as_operators(shop);
  shop.done(shop.write("/v1/foreign-refunds", {{"store", 4},
                                               {"till", 2},
                                               {"invoice", 17},
                                               {"lines",
                                                {{{"product", 145},
                                                  {"quantity", "1"},
                                                  {"amount", "500.00"},
                                                  {"tax_code", 1},
                                                  {"tax", "0.00"}}}},
                                               {"reason", "bought next door"}}));

  // Invoices 1 (810, all given back), 2 (500), 3 (450 recalled), 4 (500 handed over), 5 (voided),
  // and 500 given back for another till's.
  CHECK(shop.done(shop.get("/v1/day"))["net"] == "950.00");
  CHECK(shop.done(shop.get("/v1/day"))["trainings"] == 1);
  shop.done(shop.write("/v1/day/close", {{"day", "2026-11-21"}, {"counted", "500.00"}}));
  CHECK(shop.done(shop.change("/v1/catalog", {{"file", catalog}}))["catalog"] == 4);
  const Json honey = {
      {"name", "Honey"}, {"price", "5.00"}, {"tax", 1}, {"gtin", "4006381333931"}, {"whole", true}};
  const Json minted = shop.done(shop.change("/v1/products", honey));
  CHECK(minted["price"] == "5.00");
  CHECK(shop.done(shop.get("/v1/codes/4006381333931"))["product"] == minted);
  shop.refused(shop.change("/v1/products", honey), 409, "exists", "Honey");
  CHECK(shop.done(shop.get("/v1/outbox")).size() == 2);
  shop.refused(shop.get("/v1/outbox/2/receipt"), 409, "state", "not acknowledged");
  const auto entries = shop.till().outbox().all(core::Sequence{0}, 10).value();
  test::MemoryLog log{std::string(kOrigin)};
  for (const auto& entry : entries) log.take(entry.message);
  REQUIRE(shop.till().outbox().acknowledge({{core::Sequence{2}, log.receipt(1)}}));
  const Json receipt_of_log = shop.done(shop.get("/v1/outbox/2/receipt"));
  CHECK(receipt_of_log["log_index"] == 1);
  CHECK(receipt_of_log["proof"].size() == 1);
  shop.done(shop.change("/v1/points-service", {{"url", "http://127.0.0.1:1"}, {"timeout_ms", 9}}));
  const Json points = shop.done(shop.get("/v1/points-service"));
  CHECK(points["timeout_ms"] == 9);
  CHECK(points["knows_head_office"] == false);
  CHECK(points["allowance"].is_null());
  shop.refused(shop.change("/v1/points-service", {{"url", "nowhere"}}), 400, "usage", "no port");
  const auto sound = shop.till().check();
  CHECK_MESSAGE(sound, (sound ? "" : describe(sound.error())));

  std::set<std::string> missed;
  for (const Route& route : Service::routes()) {
    const std::string name = std::string(route.method) + " " + std::string(route.path);
    if (!shop.seen().contains(name)) missed.insert(name);
  }
  CHECK_MESSAGE(missed.empty(), (missed.empty() ? "" : *missed.begin()));
}

TEST_CASE("a line is scanned by number, by PLU, and by a label that says the weight") {
  ApiShop shop(garden_with_bananas());
  shop.open_day();
  shop.begin();
  const auto lines = "/v1/receipts/current/lines";
  shop.done(shop.change(lines, {{"code", "4011"}, {"quantity", "0.5"}}));
  const Json receipt = shop.done(shop.change(lines, {{"code", "2100007015002"}}));
  CHECK(receipt["lines"][0]["amount"] == "1.00");
  CHECK(receipt["lines"][1]["quantity"] == "1.500");
  CHECK(receipt["total"] == "3.99");
  const Json two = shop.done(shop.change(lines, {{"code", "2100007015002"}, {"quantity", "2"}}));
  CHECK(two["lines"][2]["quantity"] == "3.000");  // two packages that say the same
  shop.refused(shop.change(lines, {{"code", "2100007015002"}, {"quantity", "0.5"}}), 422,
               "malformed", "whole");
  shop.refused(shop.change(lines, {{"code", "2100007015003"}}), 422, "malformed", "check digit");
  shop.refused(shop.change(lines, {{"code", "4012"}}), 404, "not-found", "4012");
  shop.refused(shop.change(lines, {{"code", "4011"}, {"product", 7}}), 400, "usage", "or a code");
}

TEST_CASE("a sale whose answer was lost is answered again, and sold once") {
  ApiShop shop;
  shop.open_day();
  const std::string id = shop.begin();
  shop.done(shop.change("/v1/receipts/current/lines", set_line("1")));
  shop.done(shop.change("/v1/receipts/current/tenders", {{"kind", "cash"}, {"amount", "600.00"}}));
  const Json sold = shop.done(shop.change("/v1/receipts/" + id + "/finish"));
  CHECK(shop.done(shop.change("/v1/receipts/" + id + "/finish")) == sold);
  CHECK(shop.done(shop.get("/v1/receipts/" + id)) == sold);
  shop.refused(shop.change("/v1/receipts", {{"id", id}}), 409, "exists", "sold already");
  CHECK(shop.done(shop.get("/v1/status"))["documents"] == 1);
  // The process was killed before the answer came: the journal knows the receipt's id.
  shop.reopen();
  const Json recorded = shop.done(shop.change("/v1/receipts/" + id + "/finish"));
  CHECK(recorded["document"] == sold["document"]);
  CHECK(shop.done(shop.get("/v1/receipts/" + id))["document"] == sold["document"]);
  shop.refused(shop.change("/v1/receipts", {{"id", id}}), 409, "exists", "sold already");
  CHECK(shop.done(shop.get("/v1/status"))["documents"] == 1);
}

TEST_CASE("a write is done once for each key, and a change of the receipt as well") {
  ApiShop shop;
  shop.open_day();
  const Json coin = {{"kind", "paid-in"}, {"amount", "1.00"}, {"reason", "found"}};
  const std::string key = shop.new_id();
  const Json first = shop.done(shop.ask("POST", "/v1/cash", coin, key));
  CHECK(shop.done(shop.ask("POST", "/v1/cash", coin, key)) == first);
  CHECK(shop.done(shop.write("/v1/cash", coin))["number"] == 2);
  shop.refused(shop.ask("POST", "/v1/no-sales", {{"reason", "found"}}, key), 409, "exists",
               "another request");
  shop.refused(shop.ask("POST", "/v1/cash", coin), 400, "usage", "Idempotency-Key");
  shop.refused(shop.ask("POST", "/v1/cash", coin, "17"), 400, "usage", "UUID");

  shop.reopen();
  CHECK(shop.done(shop.ask("POST", "/v1/cash", coin, key))["number"] == 1);
  CHECK(shop.done(shop.get("/v1/status"))["documents"] == 2);

  shop.begin();
  const std::string scan = shop.new_id();
  shop.done(shop.ask("POST", "/v1/receipts/current/lines", set_line("1"), scan));
  const Json receipt =
      shop.done(shop.ask("POST", "/v1/receipts/current/lines", set_line("1"), scan));
  CHECK(receipt["lines"].size() == 1);
  // What failed changed nothing, and may be tried again under its key.
  const std::string early = shop.new_id();
  const Json card = {{"kind", "card"}, {"amount", "600.00"}};
  shop.refused(shop.ask("POST", "/v1/receipts/current/tenders", card, early), 422, "unbalanced",
               "is above the 500.00 USD due");
  shop.done(shop.change("/v1/receipts/current/lines", set_line("1")));
  shop.done(shop.ask("POST", "/v1/receipts/current/tenders", card, early));
}

TEST_CASE("requests are read strictly, and the answer says what is expected") {
  ApiShop shop;
  shop.open_day();
  shop.begin();
  const auto lines = "/v1/receipts/current/lines";
  shop.refused(shop.change(lines, {{"product", 145}, {"qty", "1"}}), 400, "usage",
               "there is no field 'qty' here; there are: product, code, quantity");
  shop.refused(shop.change(lines), 400, "usage", "a product's number or a code");
  shop.refused(shop.change(lines, {{"product", "145"}}), 400, "usage", "a whole number");
  shop.refused(shop.change(lines, {{"product", -1}}), 400, "usage", "from 0");
  shop.refused(shop.change(lines, {{"product", 145.0}}), 400, "usage", "a whole number");
  shop.refused(shop.change(lines, {{"product", 145}, {"quantity", 1}}), 400, "usage", "\"0.5\"");
  shop.refused(shop.change(lines, {{"product", 145}, {"quantity", "0.0001"}}), 400, "usage",
               "'quantity'");
  shop.refused(shop.change(lines, {{"product", 7}}), 404, "not-found", "product 7");
  shop.refused(shop.change(lines, Json::array()), 400, "usage", "no JSON object");
  shop.refused(shop.write("/v1/cash", {{"kind", "tips"}, {"amount", "1.00"}}), 400, "usage",
               "float, paid-in, paid-out, pick-up");
  shop.refused(shop.write("/v1/cash", {{"kind", "float"}, {"amount", 1}}), 400, "usage", "as text");
  shop.refused(shop.change("/v1/receipts/current/tenders", {{"kind", "cash-rounding"}}), 400,
               "usage", "computed, not tendered");
  shop.refused(shop.change("/v1/receipts/current/discount",
                           {{"percent", "5"}, {"amount", "1"}, {"reason", "r"}}),
               400, "usage", "an amount or a percentage");
  shop.refused(
      shop.change("/v1/receipts/current/discount", {{"percent", "100.01"}, {"reason", "r"}}), 400,
      "usage", "0.01 to 100");
  shop.refused(shop.change("/v1/receipts/17/lines", {{"product", 145}}), 400, "usage", "UUID");
  shop.refused(shop.change("/v1/receipts/" + shop.new_id() + "/lines", {{"product", 145}}), 404,
               "not-found", "the one that is has id");
  shop.refused(shop.change("/v1/receipts", {{"id", shop.new_id()}}), 409, "state", "in progress");
  shop.refused(shop.write("/v1/day/close", {{"day", "2026-11-21"}}), 409, "state", "in progress");
  shop.refused(shop.get("/v1/nothing"), 404, "not-found", "nothing at /v1/nothing");
  shop.refused(shop.get("/v1/voids"), 405, "usage", "takes POST");
  shop.refused(shop.get("/v1/status?verbose=1"), 400, "usage", "there is no field 'verbose' here");
  shop.refused(shop.get("/v1/products?name=a&name=b"), 400, "usage", "each field once");
  shop.refused(shop.get("/v1/products?name=%zz"), 400, "usage", "percent-encoding");
  shop.refused(shop.change("/v1/receipts?id=1"), 400, "usage", "no query");

  HttpRequest twice{"POST", lines, R"({"product":145,"product":145})", true};
  twice.content_type = "application/json";
  CHECK(shop.raw(twice).status == 400);
  HttpRequest broken{"POST", lines, R"({"product":145)", true};
  broken.content_type = "application/json; charset=utf-8";
  CHECK(shop.raw(broken).status == 400);
  CHECK(shop.done(shop.get("/v1/receipts/current"))["lines"].empty());
}

TEST_CASE("a page of another site reaches nothing by way of the browser") {
  ApiShop shop;
  HttpRequest request{"GET", "/v1/status", "", false};
  const auto status = [&] { return shop.raw(request).status; };
  CHECK(status() == 421);
  for (const char* host : {"127.0.0.1:8700", "LocalHost:8700", "[::1]:8700"}) {
    request.host = host;
    CHECK(status() == 200);
  }
  for (const char* host :
       {"till.example:8700", "127.0.0.1", "127.0.0.1:8701", "evil.localhost:8700"}) {
    request.host = host;
    CHECK(status() == 421);  // a name that an attacker's name server leads here
  }
  request.host = "127.0.0.1:8700";
  request.fetch_site = "cross-site";
  CHECK(status() == 403);
  request.origin = "https://evil.example";
  CHECK(status() == 403);
  request.origin = "null";
  CHECK(status() == 403);
  request.origin = "http://localhost:3000";
  CHECK(status() == 200);
  CHECK(shop.raw(request).fields.front() ==
        std::pair<std::string, std::string>{"Access-Control-Allow-Origin", request.origin});

  // What a form of another site can send.
  HttpRequest form{"POST", "/v1/no-sales", R"({"reason":"open"})", false};
  form.host = "127.0.0.1:8700";
  form.idempotency_key = shop.new_id();
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded"}) {
    form.content_type = type;
    CHECK(shop.raw(form).status == 415);
  }
  HttpRequest beforehand{"OPTIONS", "/v1/no-sales", "", false};
  beforehand.host = "127.0.0.1:8700";
  beforehand.origin = "https://evil.example";
  CHECK(shop.raw(beforehand).status == 403);
  beforehand.origin = "http://localhost:3000";
  CHECK(shop.raw(beforehand).status == 204);
  CHECK(shop.done(shop.get("/v1/status"))["documents"] == 0);
}
