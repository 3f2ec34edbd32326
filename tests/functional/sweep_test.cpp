// The sweep by its program: claims, JSON, page, exit statuses, receipts.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace test;
using nlohmann::json;

namespace {

const std::string kRebuild = std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild";

json read_json(const std::filesystem::path& path) {
  return json::parse(core::as_text(read_file(path)));
}

constexpr const char* kReceipts =
    "store_id,basket_id,transaction_timestamp,product_id,quantity,sales_value,retail_disc,"
    "coupon_disc,coupon_match_disc\n"
    "1,100,2017-01-01 08:00:00,5,2,3.00,0.50,0,0\n"
    "1,100,2017-01-01 08:00:00,6,1,1.00,0,1.50,0.25\n"
    "1,101,2017-01-01 23:59:00,7,1,0.75,0,1.00,0\n"  // the coupon exceeds the receipt
    "1,102,2017-01-02 08:00:00,8,0,2.00,0,0,0\n"     // an amount line
    "1,102,2017-01-02 08:00:00,8,bad,2.00,0,0,0\n"   // refused
    "2,103,2017-01-01 08:00:00,5,12842,11.11,0,0,0\n";

}  // namespace

TEST_CASE("a small sweep holds every claim and writes its table, JSON and page") {
  const TempDir directory;
  const auto outcome =
      run({kRebuild, "sweep", "--tills", "210,4", "--seed", "3", "--json",
           (directory / "s.json").string(), "--report", (directory / "page").string(), "--quiet"});
  CHECK_MESSAGE(outcome.status == 0, outcome.out, outcome.err);
  const json report = read_json(directory / "s.json");
  CHECK(report["seed"] == 3);
  REQUIRE(report["runs"].size() == 2);
  const json& r = report["runs"][1];
  CHECK(r["tills"] == 210);
  CHECK(r["messages"] == 420);
  CHECK(r["sales"] == 600);
  CHECK(r["voids"] == 30);
  CHECK(r["net_minor"] == 40'500'000);
  CHECK(r["received"] == json{{"133", 3360}, {"134", 840}, {"135", 840}});
  CHECK(r["consumed"] == json{{"133", 3240}, {"134", 810}, {"135", 810}});
  CHECK(r["on_hand"] == json{{"133", 120}, {"134", 30}, {"135", 30}});
  for (const char* claim : {"B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "G1", "G2"}) {
    CAPTURE(claim);
    CHECK(r["checks"].value(claim, "absent") == "pass");
  }
  CHECK(r["closing_bytes"] <= 340);
  CHECK(r["books_digest"].get<std::string>().size() == 64);
  CHECK(r["rtt_ms"]["p50"] <= r["rtt_ms"]["p99"]);
  CHECK(r["rtt_bad_ms"]["p50"] >= 40);
  CHECK(r["relay_log_bytes"] > 0);
  CHECK(r["accepted_per_second"] > 0);
  const std::string page(core::as_text(read_file(directory / "page" / "index.html")));
  CHECK(page.find("<svg") != std::string::npos);
  CHECK(page.find("http://") == page.find("http://www.w3.org"));  // self-contained
  CHECK(page.find("src=") == std::string::npos);
}

TEST_CASE("a fleet of several days holds every claim, its chains in their order") {
  const TempDir directory;
  const auto outcome = run({kRebuild, "sweep", "--tills", "14", "--days", "5", "--json",
                            (directory / "s.json").string(), "--quiet"});
  CHECK_MESSAGE(outcome.status == 0, outcome.out, outcome.err);
  const json r = read_json(directory / "s.json")["runs"][0];
  CHECK(r["messages"] == 140);
  CHECK(r["voids"] == 10);
  CHECK(r["replay_to_verify_ratio"] > 0);
  for (const char* claim : {"B1", "B4", "B5", "B7"}) CHECK(r["checks"].value(claim, "") == "pass");
}

TEST_CASE("a sweep over a bad network with synced tills gives the same figures") {
  const TempDir directory;
  const auto outcome = run({kRebuild, "sweep", "--tills", "30", "--network", "bad",
                            "--till-durability", "full", "--verify", "tips", "--no-faults",
                            "--json", (directory / "s.json").string(), "--quiet"});
  CHECK_MESSAGE(outcome.status == 0, outcome.out, outcome.err);
  const json r = read_json(directory / "s.json")["runs"][0];
  CHECK(r["sales"] == 85);
  CHECK(r["voids"] == 5);
  CHECK(r["rtt_ms"]["p50"] >= 40);
}

TEST_CASE("receipts: figures equal the file's, refused lines are counted, coupons may exceed") {
  const TempDir directory;
  write_file(directory / "r.csv", core::as_bytes(kReceipts));
  const auto outcome = run({kRebuild, "sweep", "--receipts", (directory / "r.csv").string(),
                            "--json", (directory / "s.json").string(), "--quiet"});
  CHECK_MESSAGE(outcome.status == 0, outcome.out, outcome.err);
  CHECK(outcome.out.find("line 6 refused") != std::string::npos);
  const json run = read_json(directory / "s.json")["runs"][0];
  CHECK(run["tills"] == 2);
  const json& r = run["receipts"];
  CHECK(r["lines"] == 6);
  CHECK(r["refused_lines"] == 1);
  CHECK(r["baskets"] == 4);
  CHECK(r["stores"] == 2);
  CHECK(r["store_days"] == 3);
  CHECK(r["net_minor"] == 1786);
  CHECK(r["discount_minor"] == 75);
  CHECK(r["gross_minor"] == 1861);
  CHECK(r["coupon_minor"] == 250);
  CHECK(r["units"] == 12846);
  CHECK(run["on_hand"]["5"] == -12844);
}

TEST_CASE("receipts: amount lines alone, and a day that travels in parts") {
  const TempDir directory;
  const std::string header(kReceipts, std::string(kReceipts).find('\n') + 1);
  const auto sweep = [&](const std::string& lines) {
    write_file(directory / "r.csv", core::as_bytes(header + lines));
    return run({kRebuild, "sweep", "--receipts", (directory / "r.csv").string(), "--no-faults",
                "--json", (directory / "s.json").string(), "--quiet"});
  };
  const auto amounts = sweep("1,100,2017-01-01 08:00:00,5,0,1.25,0,0,0\n");
  CHECK_MESSAGE(amounts.status == 0, amounts.out, amounts.err);
  std::string many;
  for (int product = 1; product <= 20000; ++product) {
    many += "1,100,2017-01-01 08:00:00," + std::to_string(product * 100) + ",1,0.01,0,0,0\n";
  }
  const auto parts = sweep(many);
  CHECK_MESSAGE(parts.status == 0, parts.out, parts.err);
  const json run = read_json(directory / "s.json")["runs"][0];
  CHECK(run["receipts"]["units"] == 20000);
  CHECK(run["receipts"]["net_minor"] == 20000);
  CHECK(run["messages"] > 2);
}

TEST_CASE("a real retailer's half year comes out to the cent, when it lies beside the project") {
  const std::filesystem::path data =
      std::filesystem::path(DAYBOOK_SOURCE_DIR).parent_path() / "shared/data/grocery-year";
  if (!std::filesystem::exists(data / "receipts-2017-h1.csv")) {
    MESSAGE("skipped: receipts-2017-h1.csv is not beside the project");
    return;
  }
  const TempDir directory;
  const auto outcome =
      run({kRebuild, "sweep", "--receipts", (data / "receipts-2017-h1.csv").string(), "--no-faults",
           "--json", (directory / "s.json").string(), "--quiet"});
  CHECK_MESSAGE(outcome.status == 0, outcome.out, outcome.err);
  const json r = read_json(directory / "s.json")["runs"][0]["receipts"];
  // Sums that the data's README states.
  CHECK(r["lines"] == 37186);
  CHECK(r["refused_lines"] == 0);
  CHECK(r["baskets"] == 23430);
  CHECK(r["stores"] == 227);
  CHECK(r["store_days"] == 13002);
  CHECK(r["net_minor"] == 11'388'988);
  CHECK(r["discount_minor"] == 1'988'956 + 10'951);
  CHECK(r["coupon_minor"] == 65'406);
  CHECK(r["units"] == 3'734'586);
}

TEST_CASE("wrong usage is 2, data that says no is 1, and both say why") {
  const TempDir directory;
  CHECK(run({kRebuild, "sweep", "--tills", "3"}).status == 2);
  CHECK(run({kRebuild, "sweep", "--no-such-flag"}).status == 2);
  CHECK(run({kRebuild, "sweep", "--receipts", "/nonexistent.csv"}).status == 2);
  CHECK(run({kRebuild, "sweep", "--tills", "4", "--work", directory.path().string()}).status == 2);
  const auto no_relay =
      run({kRebuild, "sweep", "--tills", "4", "--relay-binary", "/nonexistent", "--quiet"});
  CHECK(no_relay.status == 1);
  CHECK(no_relay.err.find("/nonexistent") != std::string::npos);
  write_file(directory / "r.csv", core::as_bytes("store_id\n1\n"));
  const auto no_columns =
      run({kRebuild, "sweep", "--receipts", (directory / "r.csv").string(), "--quiet"});
  CHECK(no_columns.status == 1);
  CHECK(no_columns.err.find("no column 'basket_id'") != std::string::npos);
  CHECK(run({kRebuild, "sweep", "--help"}).out.find("Examples") != std::string::npos);
}
