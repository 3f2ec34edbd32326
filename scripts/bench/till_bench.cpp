// bench_till: durable sales a second through Till, beside bare 4 KiB append + fdatasync in the same
// directory, in alternating rounds; and what a simulated till costs. See docs/performance.md.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/retail/catalog_file.h"
#include "scripts/bench/bench_roster.h"
#include "scripts/bench/bench_support.h"
#include "scripts/poc_scale/commit.h"
#include "scripts/poc_scale/measure.h"
#include "till/till.h"

namespace {

using bench::Clock;
using bench::median;
using bench::need;
using bench::seconds_since;

struct Words {
  std::filesystem::path directory = "/tmp/daybook-bench-till";
  std::string catalog = "seeds/gardenworld.json";
  std::string json;
  std::size_t rounds = 7;
  std::size_t operations = 2000;
  std::size_t tills = 300;
  std::size_t lines = 1;
  bool encrypted = false;
};

struct Round {
  double sales_per_second = 0;
  double appends_per_second = 0;
  double ratio() const { return sales_per_second / appends_per_second; }
};

struct TillCost {
  double milliseconds = 0;
  double bytes = 0;
};

till::Till make_till(const Words& words, const core::retail::Catalog& catalog, std::uint32_t number,
                     till::Durability durability, const till::JournalKey& key = {}) {
  const till::TillSetup setup{core::TillRef{core::StoreId{1}, core::TillId{number}},
                              catalog.currency(),
                              bench::kTillOrigin,
                              catalog,
                              core::envelope::PrivateKey::generate(),
                              {}};
  const auto path = words.directory / ("till-" + std::to_string(number) + ".db");
  till::Till made = need(till::Till::create(path, setup, durability, key));
  need(made.join(bench::roster_with(made.enrol_request())));
  return made;
}

void open_garden_day(till::Till& till, std::int32_t day) {
  need(till.open_day(core::BusinessDay{day}, {{core::ProductId{133}, core::Quantity{16000}},
                                              {core::ProductId{134}, core::Quantity{4000}},
                                              {core::ProductId{135}, core::Quantity{4000}}}));
}

void ring_sets(till::Till& till, std::int64_t sets, std::size_t lines = 1) {
  till::Basket basket;
  basket.lines.assign(lines, {core::ProductId{145}, core::Quantity{sets * core::Quantity::kUnit},
                              core::Money{0, till.currency()}});
  need(till.ring(basket, 0));
}

double append_rate(const Words& words) {
  const auto path = words.directory / "append.bin";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CORE_CHECK(fd >= 0);
  const std::array<char, 4096> page{};
  const auto start = Clock::now();
  for (std::size_t i = 0; i < words.operations; ++i) {
    CORE_CHECK(::write(fd, page.data(), page.size()) == static_cast<ssize_t>(page.size()));
    CORE_CHECK(::fdatasync(fd) == 0);
  }
  const double rate = static_cast<double>(words.operations) / seconds_since(start);
  ::close(fd);
  std::filesystem::remove(path);
  return rate;
}

double sale_rate(const Words& words, till::Till& till) {
  const auto start = Clock::now();
  for (std::size_t i = 0; i < words.operations; ++i) ring_sets(till, 1, words.lines);
  return static_cast<double>(words.operations) / seconds_since(start);
}

std::vector<Round> measure_rounds(const Words& words, const core::retail::Catalog& catalog) {
  till::JournalKey key;
  if (words.encrypted) key = need(till::JournalKey::from(core::Bytes(32, 1)));
  till::Till till = make_till(words, catalog, 1, till::Durability::kFull, key);
  open_garden_day(till, 20000);
  std::vector<Round> rounds;
  for (std::size_t i = 0; i < words.rounds; ++i) {
    Round round;
    if (i % 2 == 0) round.appends_per_second = append_rate(words);
    round.sales_per_second = sale_rate(words, till);
    if (i % 2 == 1) round.appends_per_second = append_rate(words);
    std::printf("%6zu %14.0f %18.0f %8.2f\n", i + 1, round.sales_per_second,
                round.appends_per_second, round.ratio());
    rounds.push_back(round);
  }
  need(till.check());
  return rounds;
}

// Create, load the catalog, join, one day of three sales, close: what the sweep does N times.
TillCost measure_simulated(const Words& words, const core::retail::Catalog& catalog) {
  const auto start = Clock::now();
  for (std::size_t i = 0; i < words.tills; ++i) {
    till::Till till =
        make_till(words, catalog, static_cast<std::uint32_t>(i + 2), till::Durability::kSimulated);
    open_garden_day(till, 20000);
    for (const std::int64_t sets : {1, 2, 1}) ring_sets(till, sets);
    need(till.close_day());
  }
  TillCost cost;
  cost.milliseconds = seconds_since(start) * 1000 / static_cast<double>(words.tills);
  const auto path = words.directory / "till-2.db";
  cost.bytes = static_cast<double>(std::filesystem::file_size(path));
  return cost;
}

void write_json(const Words& words, const std::vector<Round>& rounds, double ratio,
                const TillCost& cost) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Round& round : rounds) {
    list.push_back({{"sales_per_second", round.sales_per_second},
                    {"appends_per_second", round.appends_per_second},
                    {"ratio", round.ratio()}});
  }
  const nlohmann::ordered_json json = {{"commit", sweep::kCommit},
                                       {"machine", sweep::machine_description()},
                                       {"operations_per_round", words.operations},
                                       {"lines_per_sale", words.lines},
                                       {"encrypted", words.encrypted},
                                       {"rounds", list},
                                       {"ratio_median", ratio},
                                       {"simulated_till_ms", cost.milliseconds},
                                       {"simulated_till_bytes", cost.bytes}};
  std::FILE* out = std::fopen(words.json.c_str(), "w");
  CORE_CHECK(out != nullptr);
  std::fprintf(out, "%s\n", json.dump(2).c_str());
  std::fclose(out);
}

}  // namespace

int main(int argc, char** argv) {
  Words words;
  CLI::App app("Durable sales a second, beside the disk's own rate");
  app.add_option("--directory", words.directory, "Where to write; emptied first");
  app.add_option("--catalog", words.catalog, "The GardenWorld catalog");
  app.add_option("--rounds", words.rounds, "Alternating rounds")->check(CLI::PositiveNumber);
  app.add_option("--operations", words.operations, "Sales, and appends, a round")
      ->check(CLI::PositiveNumber);
  app.add_option("--lines", words.lines, "Lines of a sale")->check(CLI::PositiveNumber);
  app.add_flag("--encrypted", words.encrypted, "Durable sales into an encrypted journal");
  app.add_option("--tills", words.tills, "Simulated tills")->check(CLI::PositiveNumber);
  app.add_option("--json", words.json, "Also write the figures to this file");
  CLI11_PARSE(app, argc, argv);
  std::filesystem::remove_all(words.directory);
  std::filesystem::create_directories(words.directory);
  const core::retail::Catalog catalog = need(core::retail::read_catalog_file(words.catalog));
  std::printf("%6s %14s %18s %8s\n", "round", "sales/s", "append+sync/s", "ratio");
  const std::vector<Round> rounds = measure_rounds(words, catalog);
  std::vector<double> ratios;
  for (const Round& round : rounds) ratios.push_back(round.ratio());
  const double ratio = median(ratios);
  std::printf("median ratio %.2f; at least 0.67 is wanted\n", ratio);
  const TillCost cost = measure_simulated(words, catalog);
  std::printf("a simulated till: %.2f ms, %.0f bytes\n", cost.milliseconds, cost.bytes);
  if (!words.json.empty()) write_json(words, rounds, ratio, cost);
  std::filesystem::remove_all(words.directory);
  return ratio >= 0.67 ? 0 : 1;
}
