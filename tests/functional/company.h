// Company: a head office, its relay and one till, 4/1, all of them the real programs.
#pragma once

#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/functional/relay_process.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace test {

inline bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

struct Company {
  Company() {
    good(office({"init", "--dir", path("ho"), "--origin", "example.com/shops"}));
    const std::string vkey =
        make_log(path("log"), "example.com/shops", {"--head-office", root_hex()});
    relay.emplace(path("log"));
    REQUIRE(relay->listening());
    url = "http://127.0.0.1:" + std::to_string(relay->endpoint.port);
    good(office({"log-key", "--dir", path("ho"), "--key", vkey}));
    // The root goes to the safe, and is not missed.
    std::filesystem::rename(dir / "ho" / "head-office.key", dir / "safe.key");
    add_till("till", "1");
  }

  std::string path(std::string_view name) const { return (dir / name).string(); }
  std::string root_hex() const {
    return std::string(core::as_text(read_file(dir / "ho" / "head-office.pub"))).substr(0, 64);
  }
  static Outcome run(const std::string& program, std::vector<std::string> words) {
    words.insert(words.begin(), std::string(DAYBOOK_BIN_DIR) + "/" + program);
    return ::test::run(words);
  }
  static Outcome office(const std::vector<std::string>& words) {
    return run("daybook-rebuild", words);
  }
  static std::string good(const Outcome& outcome) {
    REQUIRE_MESSAGE(outcome.status == 0, outcome.out, outcome.err);
    return outcome.out;
  }
  Outcome till(const std::string& journal, std::vector<std::string> words) {
    words.insert(words.end(), {"--journal", path(journal)});
    return run("daybook-till", words);
  }
  Outcome send() { return office({"send", "--head-office", path("ho"), "--relay", url}); }
  void ask(const std::string& journal, const std::string& store, const std::string& number) {
    good(till(journal, {"init", "--store", store, "--till", number, "--origin", "example.com/shops",
                        "--catalog", std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json",
                        "--request", path("request")}));
  }
  void add_till(const std::string& journal, const std::string& number) {
    std::filesystem::remove(dir / "request");
    ask(journal, "4", number);
    good(office({"enrol", "--dir", path("ho"), "--request", path("request")}));
    good(send());
    good(till(journal, {"join", "--relay", url, "--head-office", root_hex()}));
  }
  // A day with one sale of some tables at 500.00.
  void day(const std::string& journal, const std::string& day, const std::string& tables) {
    good(till(journal, {"open", "--day", day, "--receive", "133=16", "134=4", "135=4"}));
    good(till(journal, {"ring", "--line", "145x" + tables}));
    good(till(journal, {"close"}));
  }
  Outcome deliver(const std::string& journal) { return till(journal, {"send", "--relay", url}); }
  Outcome replay() {
    return office({"replay", "--relay", url, "--head-office", path("ho"), "--books", path("b.db")});
  }
  nlohmann::json report() {
    return nlohmann::json::parse(office({"report", "--books", path("b.db"), "--json"}).out);
  }
  std::int64_t net() {
    std::int64_t sum = 0;
    const nlohmann::json all = report();
    for (const nlohmann::json& row : all.at("totals"))
      sum += row.at("net_minor").get<std::int64_t>();
    return sum;
  }

  TempDir dir;
  std::optional<Relay> relay;
  std::string url;
};

}  // namespace test
