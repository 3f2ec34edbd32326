// The console without a terminal: what a cashier types and what is shown.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>

#include "api_samples.h"
#include "till/shell/console.h"

using namespace till_test;

namespace {

// A console whose till is in the same process; answers can be lost on their way.
class Counter {
 public:
  explicit Counter(bool utf8 = false)
      : console_({[this](const std::string& method, const std::string& target,
                         const std::string& body, const till::api::HttpClient::Fields& fields) {
                    return ask(method, target, body, fields);
                  },
                  [this] { return shop_.new_id(); }},
                 utf8) {}

  std::string type(const std::string& line) {
    const std::string shown = console_.take(line);
    std::istringstream lines(shown);
    for (std::string each; std::getline(lines, each);) {
      const auto columns = std::count_if(each.begin(), each.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      });
      CHECK_MESSAGE(columns <= static_cast<std::ptrdiff_t>(till::shell::kColumns), each);
    }
    return shown;
  }
  void shows(const std::string& line, const std::string& text) {
    const std::string shown = type(line);
    CHECK_MESSAGE(shown.find(text) != std::string::npos, line, " showed: ", shown);
    CHECK_MESSAGE(!shown.starts_with("? "), line, " showed: ", shown);
  }
  void mistake(const std::string& line, const std::string& text) {
    const std::string shown = type(line);
    CHECK_MESSAGE(shown.starts_with("? "), line, " showed: ", shown);
    CHECK_MESSAGE(shown.find(text) != std::string::npos, line, " showed: ", shown);
  }
  std::string total() { return shop_.done(shop_.get("/v1/receipts/current"))["total"]; }

  ApiShop& shop() { return shop_; }
  till::shell::Console& console() { return console_; }
  int answers_to_lose = 0;

 private:
  core::Result<till::api::HttpAnswer> ask(const std::string& method, const std::string& target,
                                          const std::string& body,
                                          const till::api::HttpClient::Fields& fields) {
    till::api::HttpRequest request{method, target, body, true};
    if (!body.empty()) request.content_type = "application/json";
    for (const auto& [name, value] : fields) {
      if (name == "Idempotency-Key") request.idempotency_key = value;
      if (name == "Authorization") request.authorization = value;
    }
    const auto response = shop_.raw(request);
    if (method != "GET" && answers_to_lose > 0) {
      --answers_to_lose;
      return core::fail(core::Errc::kNetwork, "the answer is lost");
    }
    return till::api::HttpAnswer{response.status, response.body};
  }

  ApiShop shop_;
  till::shell::Console console_;
};

}  // namespace

TEST_CASE("a cashier sells with codes and words") {
  Counter counter;
  CHECK(counter.console().greet()->find("no business day is open") != std::string::npos);
  counter.shows("open 2026-11-21 133=16 134=4 135=4", "is open");
  CHECK(counter.console().greet()->find("business day 2026-11-21") != std::string::npos);
  counter.shows("145", "1 x 145 Patio Furniture Set");
  counter.shows("3 x #145", "2000.00");
  counter.shows("find patio ch", "#133  Patio Chair");
  counter.shows("qty 2", "1500.00");
  counter.shows("qty 4 2", "2500.00");
  counter.shows("qty 0.5 1", "2250.00");
  counter.shows("void 1", "void");
  counter.shows("disc 2 100.00 a dent", "1900.00");
  counter.shows("disc all 10% a regular", "1710.00");
  counter.shows("disc all none", "1900.00");
  counter.shows("price 2 400 as in the paper", "1500.00");
  counter.shows("price 2 none", "1900.00");
  counter.shows("hold blue coat", "recall 1");
  counter.shows("recall", "recall 1  blue coat");
  counter.shows("recall 1", "1900.00");
  counter.shows("card 900", "1000.00");
  counter.shows("back", "1900.00");
  counter.shows("card 900", "1000.00");
  counter.shows("cash 1100", "100.00");
  counter.shows("show 1", "by cash");
  counter.shows("print", "4/1-invoice-000001 printed, the original");
  counter.shows("print 1", "printed, copy 1");
  counter.shows("x", "1900.00");
}

TEST_CASE("a cashier gives back, cancels, counts and closes") {
  Counter counter;
  counter.shows("open 2026-11-21", "is open");
  counter.shows("float 200", "200.00");
  counter.shows("145", "500.00");
  counter.shows("cash", "4/1-invoice-000001");
  counter.shows("2 x 145", "1000.00");
  counter.shows("cash", "4/1-invoice-000002");
  counter.shows("refund 2", "LINE[=QUANTITY]");
  counter.shows("refund 2 1=0.5 one is broken", "250.00");
  counter.shows("refund 2 all the rest as well", "750.00");
  counter.mistake("refund 2 all once more", "given back already");
  counter.shows("void invoice 1 wrong customer", "500.00");
  counter.shows("145", "500.00");
  counter.shows("card", "4/1-invoice-000003");
  counter.shows("paid-out 30 windows", "30.00");
  counter.shows("paid-in 1.50 found", "1.50");
  counter.shows("pick-up 100", "100.00");
  counter.shows("no-sale a coin", "the drawer is open");
  counter.shows("status", "2026-11-21");
  counter.shows("Z 71.50", "0.00");
  CHECK(counter.shop().done(counter.shop().get("/v1/day"))["net"] == "500.00");
  CHECK(counter.shop().till().check());
}

TEST_CASE("every mistake is answered with what to do, and changes nothing") {
  Counter counter;
  counter.mistake("145", "open one first");
  counter.shows("open 2026-11-21", "is open");
  counter.mistake("list", "begin one");
  counter.mistake("cash 5", "scan something first");
  counter.mistake("7", "product 7 is not in the catalog");
  counter.mistake("99999999999999999999", "too long");
  counter.mistake("133", "has no price");
  counter.shows("abort", "nothing was sold");
  counter.shows("145", "500.00");
  const std::string before = counter.type("list");
  counter.mistake("sell", "help");
  counter.mistake("4011", "4011");
  counter.mistake("find garden", "no name begins with garden");
  counter.mistake("find", "expected: find NAME");
  counter.mistake("qty", "expected: qty QUANTITY [LINE]");
  counter.mistake("qty many", "expected: qty");
  counter.mistake("qty 1 9", "no line 9");
  counter.mistake("void 9", "no line 9");
  counter.mistake("void one", "expected: void");
  counter.mistake("void invoice 1", "expected: void");
  counter.mistake("disc all 10%", "expected: disc");
  counter.mistake("disc all ten a regular", "expected: disc");
  counter.mistake("disc 1 501 a dent", "above the price");
  counter.mistake("back", "nothing is tendered");
  counter.mistake("price 1 5", "expected: price");
  counter.mistake("recall", "nothing was put aside");
  counter.mistake("recall 7", "is in progress");
  counter.mistake("hold", "expected: hold NAME");
  counter.mistake("points 5", "points cannot pay here");
  counter.mistake("voucher V1", "expected: voucher");
  counter.mistake("sign-off", "sign on first");
  counter.mistake("card 501", "above the 500.00 USD due");
  counter.mistake("refund", "expected: refund");
  counter.mistake("refund 9", "there is no document");
  counter.mistake("refund x", "expected: refund");
  counter.mistake("paid-out 5", "reason");
  counter.mistake("float", "expected: float AMOUNT");
  counter.mistake("no-sale", "expected: no-sale REASON");
  counter.mistake("show", "expected: show");
  counter.mistake("show bread 1", "expected one of order");
  counter.mistake("z", "in progress");
  counter.mistake("z all", "expected: z");
  counter.mistake("open", "expected: open");
  counter.mistake("open tomorrow", "'day'");
  counter.mistake("help sell", "no command");
  CHECK(counter.type("list") == before);
  CHECK(counter.type("   ").empty());
  CHECK(counter.shop().done(counter.shop().get("/v1/status"))["documents"] == 0);
}

TEST_CASE("an answer that was lost is asked for again, and nothing is done twice") {
  Counter counter;
  counter.shows("open 2026-11-21", "is open");
  for (const char* line : {"145", "145", "float 10", "cash"}) {
    counter.answers_to_lose = 1;
    CHECK_FALSE(counter.type(line).starts_with("? "));
  }
  const Json day = counter.shop().done(counter.shop().get("/v1/day"));
  CHECK(day["sales"] == 1);
  CHECK(day["net"] == "1000.00");
  CHECK(day["cash_movements"]["float"] == "10.00");
}

TEST_CASE("a plain console shows no byte beyond ASCII, and a UTF-8 one whole characters") {
  core::retail::Product tea{core::ProductId{5},
                            "Th\xc3\xa9 vert \x1b[2J \xc2\x9b"
                            "2J",
                            usd(250),
                            core::TaxCode{1},
                            core::retail::ProductKind::kStocked,
                            {},
                            false};
  for (const bool utf8 : {false, true}) {
    Counter counter(utf8);
    REQUIRE(counter.shop().till().replace_catalog(
        core::retail::Catalog::build(kUsd, {{core::TaxCode{1}, 0, true}}, {tea}, {}).value()));
    counter.shows("open 2026-11-21", "is open");
    counter.shows("5", utf8 ? "Th\xc3\xa9 vert" : "Th? vert");
    const std::string list = counter.type("list");
    CHECK(list.find('\x1b') == std::string::npos);
    CHECK(list.find("\xc2\x9b") == std::string::npos);
  }
}

TEST_CASE("an operator signs on with a PIN that is typed on a line of its own") {
  Counter counter;
  const auto pin = [](const char* digits) { return till::Pin::from(digits).value(); };
  const auto ann = core::OperatorId{1};
  REQUIRE(
      counter.shop().till().operators().add({ann, "Ann", till::Role::kManager}, pin("2580"), 1));
  REQUIRE(counter.shop().till().operators().sign_on(ann, pin("2580"), 1));
  REQUIRE(counter.shop().till().operators().add({core::OperatorId{2}, "Bob", till::Role::kCashier},
                                                pin("1379"), 1));
  counter.mistake("open 2026-11-21", "");
  counter.shows("sign-on 1", "PIN of operator 1?");
  CHECK(counter.console().asks_secret());
  counter.mistake("1111", "");
  CHECK_FALSE(counter.console().asks_secret());
  counter.mistake("2580", "");  // a PIN where none is asked for is a code that nothing has
  counter.shows("sign-on 1", "PIN");
  counter.shows("2580", "Ann is signed on");
  counter.shows("open 2026-11-21", "is open");
  counter.shows("sign-off", "nobody is signed on");
  counter.shows("sign-on 2", "PIN");
  counter.shows("1379", "Bob is signed on");
  counter.shows("145", "500.00");
  counter.mistake("disc all 10% a regular", "discount");  // said at once, not when it is paid
  counter.shows("cash", "4/1-invoice-000001");
  counter.shows("145", "500.00");
  counter.shows("approve 1", "PIN of operator 1");
  counter.shows("2580", "operator 1 approves");
  counter.shows("disc all 10% a regular", "450.00");
  counter.shows("cash", "4/1-invoice-000002");
  CHECK(counter.shop().done(counter.shop().get("/v1/documents/invoice/2"))["approved_by"] == 1);
  counter.mistake("void invoice 1 wrong customer", "");
  counter.shows("approve 1", "PIN of operator 1");
  counter.shows("2580", "operator 1 approves");
  counter.shows("void invoice 1 wrong customer", "500.00");
}

TEST_CASE("help shows every command, and quit leaves the receipt") {
  Counter counter;
  const std::string help = counter.type("help");
  for (const char* name : {"list", "qty", "void", "disc", "cash", "card", "coupon", "back", "abort",
                           "refund", "float", "no-sale", "open", "x", "z", "quit"}) {
    CHECK(help.find(std::string("\n") + name) != std::string::npos);
    counter.shows(std::string("help ") + name, name);
  }
  counter.shows("open 2026-11-21", "is open");
  counter.shows("145", "500.00");
  CHECK_FALSE(counter.console().ended());
  counter.shows("quit", "bye");
  CHECK(counter.console().ended());
  CHECK(counter.total() == "500.00");
}
