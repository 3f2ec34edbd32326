// bench_shelf: a till with 300,000 products and 1,000,000 documents: look-ups, start, sales beside
// an empty journal and beside bare 4 KiB append + fdatasync, closing, memory, bytes written. See
// docs/performance.md.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <utility>
#include <vector>

#include "scripts/bench/bench_support.h"
#include "scripts/bench/shelf_steps.h"
#include "scripts/poc_scale/commit.h"
#include "scripts/poc_scale/measure.h"
#include "tests/support/process.h"

namespace {

using bench::Figures;
using bench::ShelfWords;

constexpr double kMegabyte = 1e6;

const std::vector<std::pair<std::string, std::function<Figures(const ShelfWords&)>>>& steps() {
  static const std::vector<std::pair<std::string, std::function<Figures(const ShelfWords&)>>> all{
      {"write-catalog", bench::write_catalog},
      {"read-catalog", bench::read_catalog},
      {"make-journals", bench::make_journals},
      {"fill-journal", bench::fill_journal},
      {"load-again", bench::load_again},
      {"start-cold", bench::start_cold},
      {"look-up-cold", bench::look_up_cold},
      {"look-up-warm", bench::look_up_warm},
      {"sell", bench::sell},
      {"close-day", bench::close_day}};
  return all;
}

// The step in a process of its own.
Figures run_step(const std::vector<std::string>& arguments, const std::string& step) {
  std::vector<std::string> argv = arguments;
  argv.insert(argv.end(), {"--step", step});
  const test::Outcome outcome = test::run(argv);
  if (outcome.status != 0) {
    std::fprintf(stderr, "%s", outcome.err.c_str());
    bench::stop({core::Errc::kState, "the step " + step + " failed"});
  }
  return Figures::parse(outcome.out);
}

void print_step(const std::string& step, const Figures& figures) {
  std::printf("%-14s", step.c_str());
  for (const auto& [name, value] : figures.items()) {
    if (value.is_object()) {
      std::printf("  %s %.1f / %.1f us", name.c_str(), value["p50_us"].get<double>(),
                  value["p99_us"].get<double>());
    } else if (name.ends_with("seconds")) {
      std::printf("  %s %.3f", name.c_str(), value.get<double>());
    } else if (name.find("bytes") != std::string::npos) {
      std::printf("  %s %.1f MB", name.c_str(), value.get<double>() / kMegabyte);
    }
  }
  std::printf("\n");
  std::fflush(stdout);
}

double median_of(const Figures& rounds, const std::function<double(const Figures&)>& take) {
  std::vector<double> values;
  for (const Figures& round : rounds) values.push_back(take(round));
  return bench::median(values);
}

Figures ratios_of(const Figures& rounds) {
  const auto ratio = [&](const char* above, const char* below) {
    return median_of(rounds, [&](const Figures& round) {
      return round[above].get<double>() / round[below].get<double>();
    });
  };
  const auto plain = [&](const char* name) {
    return median_of(rounds, [&](const Figures& round) { return round[name].get<double>(); });
  };
  return {{"full_to_append", ratio("full_sales_per_second", "appends_per_second")},
          {"empty_to_append", ratio("empty_sales_per_second", "appends_per_second")},
          {"full_to_empty", ratio("full_sales_per_second", "empty_sales_per_second")},
          {"bytes_per_sale", plain("full_bytes_per_sale")}};
}

void print_sales(const Figures& rounds, const Figures& ratios) {
  std::printf("%6s %14s %14s %14s\n", "round", "full sales/s", "empty sales/s", "append+sync/s");
  int number = 0;
  for (const Figures& round : rounds) {
    std::printf(
        "%6d %14.0f %14.0f %14.0f\n", ++number, round["full_sales_per_second"].get<double>(),
        round["empty_sales_per_second"].get<double>(), round["appends_per_second"].get<double>());
  }
  std::printf("median ratios: full / append %.2f, empty / append %.2f, full / empty %.2f; ",
              ratios["full_to_append"].get<double>(), ratios["empty_to_append"].get<double>(),
              ratios["full_to_empty"].get<double>());
  std::printf("%.0f bytes written a sale\n", ratios["bytes_per_sale"].get<double>());
}

Figures run_all(const ShelfWords& words, const std::vector<std::string>& arguments) {
  Figures all = {{"commit", sweep::kCommit},
                 {"machine", sweep::machine_description()},
                 {"products", words.products},
                 {"documents", words.documents},
                 {"range", words.range},
                 {"lines_per_sale", words.lines},
                 {"operations_per_round", words.operations},
                 {"encrypted", words.encrypted}};
  for (const auto& [step, work] : steps()) {
    Figures figures = run_step(arguments, step);
    print_step(step, figures);
    if (step == "sell") {
      figures["ratios"] = ratios_of(figures["rounds"]);
      print_sales(figures["rounds"], figures["ratios"]);
    }
    all[step] = std::move(figures);
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  ShelfWords words;
  CLI::App app("A till with a large catalog and a large journal");
  app.add_option("--directory", words.directory, "Where to write; emptied first");
  app.add_option("--products", words.products, "In the catalog")->check(CLI::Range(100, 1000000));
  app.add_option("--documents", words.documents, "In the full journal");
  app.add_option("--range", words.range, "Only the first so many products are sold")
      ->check(CLI::PositiveNumber);
  app.add_option("--rounds", words.rounds, "Of selling")->check(CLI::PositiveNumber);
  app.add_option("--operations", words.operations, "Sales, and appends, a round")
      ->check(CLI::PositiveNumber);
  app.add_option("--lines", words.lines, "Lines of a sale")->check(CLI::Range(1, 1000));
  app.add_option("--look-ups", words.look_ups, "Of each kind")->check(CLI::Range(100, 10000000));
  app.add_option("--closed-sales", words.closed_sales, "Sales of the day that is closed")
      ->check(CLI::PositiveNumber);
  app.add_flag("--encrypted", words.encrypted, "Encrypted journals");
  app.add_option("--json", words.json, "Also write the figures to this file");
  app.add_option("--step", words.step, "One step alone, in this process")->group("");
  CLI11_PARSE(app, argc, argv);
  words.range = std::min(words.range, words.products);
  if (!words.step.empty()) {
    for (const auto& [step, work] : steps()) {
      if (step == words.step) std::printf("%s\n", work(words).dump().c_str());
    }
    return 0;
  }
  std::filesystem::remove_all(words.directory);
  std::filesystem::create_directories(words.directory);
  std::vector<std::string> arguments(argv, argv + argc);
  arguments.front() = std::filesystem::read_symlink("/proc/self/exe").string();
  const Figures all = run_all(words, arguments);
  if (!words.json.empty()) {
    std::FILE* out = std::fopen(words.json.c_str(), "w");
    CORE_CHECK(out != nullptr);
    std::fprintf(out, "%s\n", all.dump(2).c_str());
    std::fclose(out);
  }
  std::filesystem::remove_all(words.directory);
  return 0;
}
