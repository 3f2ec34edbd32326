// The catalog from the shell: finding, scanning, prices in mid-day, and currencies of no and of
// three decimal places, each through a whole day.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace {

using Words = std::vector<std::string>;
using Json = nlohmann::json;

const std::string kBin = std::string(DAYBOOK_BIN_DIR) + "/";

const char* const kGrocery = R"({"currency": "USD",
  "taxes": [{"code": 1, "percent": "5"}],
  "barcode_patterns": ["21PPPPPWWWWWC", "22PPPPPAAAAAC"],
  "products": [
    {"id": 1, "name": "Milk 1 l", "price": "1.19", "tax": 1, "kind": "stocked", "unit": "piece",
     "barcodes": ["4006381333931", "96385074"]},
    {"id": 3, "name": "Äpfel", "price": "2.99", "tax": 1, "kind": "stocked", "unit": "kg",
     "plu": "4011"},
    {"id": 5, "name": "Salami", "price": "19.90", "tax": 1, "kind": "stocked", "unit": "kg",
     "plu": "12345"}],
  "bom": []})";

// Prices in whole yen, one tax inside them and one on top; cash in steps of five.
const char* const kYen = R"({"currency": "JPY", "cash_rounding": "5",
  "taxes": [{"code": 1, "percent": "10"}, {"code": 2, "percent": "8", "in_price": false}],
  "products": [{"id": 1, "name": "Tea", "price": "113", "tax": 1, "kind": "stocked"},
               {"id": 2, "name": "Bento", "price": "500", "tax": 2, "kind": "stocked"}],
  "bom": []})";

// Three decimal places.
const char* const kDinar = R"({"currency": "KWD", "cash_rounding": "0.005",
  "taxes": [{"code": 1, "percent": "5"}, {"code": 2, "percent": "10", "in_price": false}],
  "products": [{"id": 1, "name": "Tea", "price": "1.250", "tax": 1, "kind": "stocked"},
               {"id": 2, "name": "Dates", "price": "0.333", "tax": 2, "kind": "stocked"}],
  "bom": []})";

// A till that joined and whose day is open.
class Counter {
 public:
  explicit Counter(const std::string& catalog) {
    write("catalog.json", catalog);
    const std::string office = file("office").string();
    need({"daybook-rebuild", "init", "--dir", office, "--origin", "shop/log"});
    done("init", {"--store", "4", "--till", "1", "--origin", "shop/log", "--catalog",
                  file("catalog.json").string(), "--request", file("request").string()});
    need({"daybook-rebuild", "enrol", "--dir", office, "--request", file("request").string()});
    std::ifstream in(file("office") / "head-office.pub");
    std::string key;
    in >> key;
    done("join", {"--roster", (file("office") / "roster.cbor").string(), "--head-office", key});
    done("open", {"--day", "2026-11-21"});
  }

  std::filesystem::path file(const std::string& name) const { return dir_ / name; }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(file(name), std::ios::binary) << content;
  }
  test::Outcome till(const std::string& command, const Words& more = {}) const {
    Words argv = {kBin + "daybook-till", command, "--journal", file("till.db").string()};
    argv.insert(argv.end(), more.begin(), more.end());
    return test::run(argv);
  }
  std::string done(const std::string& command, const Words& more = {}) const {
    const test::Outcome outcome = till(command, more);
    CAPTURE(command);
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    return outcome.out;
  }
  void refused(int status, const std::string& says, const std::string& command,
               const Words& more) const {
    const test::Outcome outcome = till(command, more);
    CAPTURE(command);
    CHECK(outcome.status == status);
    CHECK_MESSAGE(outcome.err.find(says) != std::string::npos, outcome.err);
    CHECK(outcome.out.empty());
  }

 private:
  static void need(Words argv) {
    argv.front() = kBin + argv.front();
    const test::Outcome outcome = test::run(argv);
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  }

  test::TempDir dir_;
};

void has(const std::string& text, const std::string& part) {
  CHECK_MESSAGE(text.find(part) != std::string::npos, part, " in ", text);
}

// The row with this label has this figure.
void has_row(const std::string& text, const std::string& label, const std::string& figure) {
  const std::size_t at = text.find("  " + label + " ");
  REQUIRE_MESSAGE(at != std::string::npos, label, " in ", text);
  const std::string row = text.substr(at, text.find('\n', at) - at);
  CHECK_MESSAGE(row.ends_with(" " + figure), row);
}

}  // namespace

TEST_CASE("products are found by barcode, PLU and name, and scanned into a sale") {
  const Counter counter(kGrocery);
  has(counter.done("find", {"4006381333931"}), "1 Milk 1 l");
  has(counter.done("find", {"96385074"}), "1.19 / piece");
  has(counter.done("find", {"4011"}), "3 Äpfel");
  has(counter.done("find", {"äP"}), "3 Äpfel");
  const Json found = Json::parse(counter.done("find", {"2112345003559", "--json"}));
  REQUIRE(found.size() == 1);
  CHECK(found[0]["id"] == 5);
  CHECK(found[0]["weight"] == "0.355");
  CHECK(found[0]["price"] == "19.90");
  counter.refused(1, "check digit", "find", {"4006381333932"});
  counter.refused(1, "no product", "find", {"x"});

  has(counter.done("ring", {"--line", "barcode:4006381333931x2"}), "total 2.38 USD");
  // 0.355 kg at 19.90; 7.06 as the label says, whatever the weight would make.
  has(counter.done("ring", {"--line", "barcode:2112345003559"}), "total 7.06 USD");
  has(counter.done("ring", {"--line", "barcode:2212345009992"}), "total 9.99 USD");
  has(counter.done("ring", {"--line", "plu:4011=0.350"}), "total 1.05 USD");
  const Json sale = Json::parse(counter.done("show", {"document", "3", "--json"}));
  CHECK(sale["lines"][0]["amount"] == "9.99");
  CHECK(sale["lines"][0]["quantity"] == "0.502");
  counter.refused(1, "sold by the piece", "ring", {"--line", "1=0.5"});
  counter.refused(1, "whole number", "ring", {"--line", "barcode:2112345003559x0.5"});
  counter.refused(1, "check digit", "ring", {"--line", "barcode:4006381333932"});
  counter.refused(2, "digits", "ring", {"--line", "barcode:"});
  has(counter.done("check"), "sound: 4 documents");
}

TEST_CASE("a price changes in mid-day without a file, and a file changes what differs") {
  const Counter counter(kGrocery);
  has(counter.done("price", {"1=1.29", "5=18.00"}), "catalog version 2: 2 prices");
  has(counter.done("price", {"1=1.29"}), "hold already");
  has(counter.done("ring", {"--line", "1"}), "total 1.29 USD");
  counter.refused(1, "product 9", "price", {"1=1.99", "9=1.00"});
  counter.refused(2, "each product once", "price", {"1=1.00", "1=2.00"});
  counter.refused(2, "decimal", "price", {"1=1.005"});
  has(counter.done("ring", {"--line", "1"}), "total 1.29 USD");
  const std::string file = counter.file("catalog.json").string();
  has(counter.done("catalog", {"--catalog", file}), "catalog of 3 products, version 3");
  has(counter.done("catalog", {"--catalog", file}), "catalog of 3 products, version 3");
  has(counter.done("ring", {"--line", "1"}), "total 1.19 USD");
}

TEST_CASE("a day in yen, which have no decimal places") {
  const Counter counter(kYen);
  // Tea 113 with 10 tax inside; Bento 500 and 40 tax; of 653 in cash 655 are paid.
  const std::string sale =
      counter.done("ring", {"--line", "1", "--line", "2", "--tender", "cash=1000"});
  has(sale, "total 653 JPY");
  has(sale, "change 345 JPY");
  has(counter.done("ring", {"--line", "1x3", "--tender", "card=339"}), "total 339 JPY");
  counter.refused(2, "decimal", "ring", {"--line", "1", "--tender", "cash=113.5"});
  const std::string z = counter.done("close", {"--counted", "655"});
  has(z, "in JPY");
  has_row(z, "takings", "992");
  has_row(z, "cash", "655");
  has_row(z, "card", "339");
  has_row(z, "cash-rounding", "-2");
  has_row(z, "code 1", "452");
  has_row(z, "code 2", "540");
  has(z, "tax in it" + std::string(36, ' ') + "41");
  has(z, "tax in it" + std::string(36, ' ') + "40");
  has_row(z, "over / short", "0");
  has_row(z, "ever sold", "992");
  has(counter.done("check"), "sound");
}

TEST_CASE("a day in dinars, which have three decimal places") {
  const Counter counter(kDinar);
  // Tea 1.250 with 0.060 inside; dates 0.999 and 0.100; of 2.349 in cash 2.350 are paid.
  const std::string sale =
      counter.done("ring", {"--line", "1", "--line", "2x3", "--tender", "cash=5"});
  has(sale, "total 2.349 KWD");
  has(sale, "change 2.650 KWD");
  counter.refused(2, "decimal", "ring", {"--line", "1", "--tender", "cash=1.2505"});
  has(counter.done("refund", {"--invoice", "1", "--line", "2=1", "--reason", "hard"}),
      "refund 0.365 KWD cash");  // 0.366, and cash in steps of 0.005
  const std::string z = counter.done("close", {"--counted", "1.980"});
  has(z, "in KWD");
  has_row(z, "takings", "1.983");
  has_row(z, "given back", "0.366");
  has_row(z, "cash", "1.985");
  has_row(z, "cash-rounding", "-0.002");
  has_row(z, "code 1", "1.250");
  has_row(z, "over / short", "-0.005");
  has_row(z, "ever sold", "2.349");
  has(counter.done("check"), "sound");
}

TEST_CASE("what is decided once is set, shown again, and told to the audit log without the key") {
  const Counter counter(kGrocery);
  has(counter.done("settings"), "member key none");
  counter.write("member.key", std::string(64, 'a') + "\n");
  const std::string now = counter.done(
      "settings", {"--sale-per-point", "1.00", "--point-worth", "0.01", "--tax-at", "deposit",
                   "--member-key-file", counter.file("member.key").string()});
  has(now, "sale for one point 1.00\nworth of a point that pays 0.01\ntax of a layaway at deposit");
  CHECK(counter.done("settings") == now);
  const std::string audit = counter.done("show", {"audit"});
  has(audit, "setting-changed");
  CHECK(audit.find(std::string(16, 'a')) == std::string::npos);
  counter.refused(2, "--point-worth", "settings", {"--point-worth", "a lot"});
  counter.write("short.key", "aabb");
  counter.refused(1, "32 are needed", "settings",
                  {"--member-key-file", counter.file("short.key").string()});
  counter.done("check");
}
