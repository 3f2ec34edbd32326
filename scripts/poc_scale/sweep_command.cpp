// `daybook-rebuild sweep`: options, runs, reports.
#include "scripts/poc_scale/sweep_command.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/base/decimal.h"
#include "core/retail/catalog_file.h"
#include "scripts/poc_scale/commit.h"
#include "scripts/poc_scale/garden_seed.h"
#include "scripts/poc_scale/report.h"
#include "scripts/poc_scale/run.h"

namespace sweep {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::uint64_t kTillsMin = 4;  // fewer cannot be killed half-way, or attack each other
constexpr std::uint64_t kTillsMax = 100'000;

struct SweepCommand {
  std::vector<std::uint64_t> tills = {200, 1000, 5000, 10000};
  std::uint64_t days = 1;
  std::string receipts;
  std::string products;
  std::string json;
  std::string report;
  std::string work;
  std::string relay_binary;
  std::string network = "plain";
  std::string till_durability = "simulated";
  std::string verify = "every";
  std::uint64_t connections = 96;
  std::uint64_t seed = 1;
  bool no_faults = false;
  bool keep = false;
  bool quiet = false;
};

// The relay stands beside this program, in the build tree and when installed.
std::filesystem::path beside_this_program(const char* name) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / name;
}

Result<std::filesystem::path> work_directory(const SweepCommand& command) {
  if (!command.work.empty()) {
    if (std::filesystem::exists(command.work)) {
      return fail(Errc::kUsage, command.work +
                                    " exists; name a directory that does not, the "
                                    "sweep makes and removes it");
    }
    return std::filesystem::path(command.work);
  }
  std::string path = (std::filesystem::temp_directory_path() / "daybook-sweep-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr) return fail(Errc::kIo, path + " cannot be made");
  return std::filesystem::path(path);
}

RunOptions run_options(const SweepCommand& command, const std::filesystem::path& work) {
  RunOptions options;
  options.relay_binary = command.relay_binary.empty() ? beside_this_program("daybook-relay")
                                                      : std::filesystem::path(command.relay_binary);
  options.work = work;
  options.seed = command.seed;
  options.connections = command.connections;
  options.network = command.network == "bad" ? Network::kBad : Network::kPlain;
  options.durability =
      command.till_durability == "full" ? till::Durability::kFull : till::Durability::kSimulated;
  options.verify = command.verify == "tips" ? rebuild::Verify::kTips : rebuild::Verify::kEvery;
  options.faults = !command.no_faults;
  options.keep = command.keep;
  options.quiet = command.quiet;
  return options;
}

Result<void> run_garden(const SweepCommand& command, const std::filesystem::path& work,
                        SweepReport& report) {
  TRY_ASSIGN(const auto catalog,
             core::retail::parse_catalog(kGardenSeed, "seeds/gardenworld.json"));
  std::vector<std::uint64_t> sizes = command.tills;
  std::sort(sizes.begin(), sizes.end());  // growth (G2) is told from the smallest
  for (const std::uint64_t tills : sizes) {
    if (!command.quiet)
      std::fprintf(stderr, "%llu tills\n", static_cast<unsigned long long>(tills));
    RunOptions options = run_options(command, work / std::to_string(tills));
    const auto workload = garden_workload(tills, command.days, catalog);
    const RunResult* smaller = report.runs.empty() ? nullptr : &report.runs.front();
    TRY_ASSIGN(RunResult run,
               run_sweep(*workload, expect_garden(tills, command.days), options, smaller));
    report.runs.push_back(std::move(run));
  }
  return {};
}

Result<void> run_receipts(const SweepCommand& command, const std::filesystem::path& work,
                          SweepReport& report) {
  TRY_ASSIGN(ReceiptsFile file, read_receipts(command.receipts));
  if (file.accepted.empty()) {
    return fail(Errc::kMalformed, command.receipts + ": no line of it is a receipt line");
  }
  std::map<std::uint64_t, std::string> departments;
  if (!command.products.empty()) {
    TRY_ASSIGN(departments, read_departments(command.products));
  }
  TRY_ASSIGN(const auto workload, receipts_workload(file));
  if (!command.quiet) {
    std::fprintf(stderr, "%s: %llu lines, %zu stores\n", command.receipts.c_str(),
                 static_cast<unsigned long long>(file.lines), workload->tills());
  }
  TRY_ASSIGN(RunResult run, run_sweep(*workload, expect_receipts(file),
                                      run_options(command, work / "receipts"), nullptr));
  for (const auto& [product, thousandths] : run.stock.consumed) {
    if (departments.empty()) break;
    const auto it = departments.find(product);
    report.units_by_department[it == departments.end() ? "(unknown product)" : it->second] +=
        thousandths;
  }
  report.runs.push_back(std::move(run));
  report.receipts = std::move(file);
  return {};
}

Result<void> write_outputs(const SweepCommand& command, const SweepReport& report) {
  std::fputs(to_table(report).c_str(), stdout);
  if (!command.json.empty()) {
    std::ofstream out(command.json, std::ios::trunc);
    out << to_json(report);
    out.flush();
    if (!out.good()) return fail(Errc::kIo, command.json + ": cannot be written");
    std::printf("JSON: %s\n", command.json.c_str());
  }
  if (!command.report.empty()) {
    TRY(write_html(report, command.report));
    std::printf("page: %s/index.html\n", command.report.c_str());
  }
  return {};
}

// Before minutes of work, not after.
Result<void> check_outputs(const SweepCommand& command) {
  if (!command.json.empty() && !std::ofstream(command.json, std::ios::app).good()) {
    return fail(Errc::kIo, command.json + ": cannot be written");
  }
  if (command.report.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(command.report, error);
  if (error) return fail(Errc::kIo, command.report + ": " + error.message());
  return {};
}

Result<bool> run(const SweepCommand& command) {
  TRY(check_outputs(command));
  TRY_ASSIGN(const std::filesystem::path work, work_directory(command));
  SweepReport report;
  report.commit = kCommit;
  report.machine = machine_description();
  report.seed = command.seed;
  report.full_durability = command.till_durability == "full";
  report.connections = command.connections;
  const auto ran = command.receipts.empty() ? run_garden(command, work, report)
                                            : run_receipts(command, work, report);
  std::error_code ignored;
  if (!command.keep) std::filesystem::remove_all(work, ignored);
  // What was run is worth reading, also when a later run could not be done.
  if (!report.runs.empty()) TRY(write_outputs(command, report));
  TRY(ran);
  return std::all_of(report.runs.begin(), report.runs.end(),
                     [](const RunResult& r) { return r.passed(); });
}

constexpr const char* kFooter = R"(
Each run: N tills do their day with the till's own code (journal, numbering, day close, signing,
outbox), a real relay process takes their messages over loopback, head office replays the log, and
an auditor that shares no code with them checks the books. Claims B1 to B8, G1 and G2 and the JSON
are described in docs/sweep.md.

Examples:
  daybook-rebuild sweep --tills 200,1000 --json out.json --report out/
  daybook-rebuild sweep --receipts receipts.csv --products products.csv
  daybook-rebuild sweep --tills 1000 --network bad --seed 7
  daybook-rebuild sweep --tills 2000 --days 50 --no-faults

Exit status: 0 every claim holds at every N, 1 one does not, 2 wrong usage.)";

}  // namespace

void add_sweep_command(CLI::App& app, int& exit_status) {
  const auto command = std::make_shared<SweepCommand>();
  CLI::App* sub =
      app.add_subcommand("sweep", "Run N simulated tills against a real relay and check the books");
  sub->add_option("--tills", command->tills, "Fleet sizes, for example 200,1000,5000,10000")
      ->delimiter(',')
      ->check(CLI::Range(kTillsMin, kTillsMax));
  auto* days = sub->add_option("--days", command->days,
                               "Days of each till; all are sent and replayed together (1)");
  days->check(CLI::Range(1, 400));
  auto* receipts =
      sub->add_option("--receipts", command->receipts,
                      "Replay a retailer's receipts (CSV) instead: each store one till")
          ->check(CLI::ExistingFile)
          ->excludes("--tills")
          ->excludes(days);
  sub->add_option("--products", command->products, "Products (CSV) that name the departments")
      ->check(CLI::ExistingFile)
      ->needs(receipts);
  sub->add_option("--json", command->json, "Write the results as JSON to this file");
  sub->add_option("--report", command->report, "Write index.html with plots into this directory");
  sub->add_option("--connections", command->connections, "Kept-alive connections")
      ->check(CLI::Range(1, 20000));
  sub->add_option("--network", command->network,
                  "Of the two waves: plain, or bad (seeded delays and losses). Claim B2 always "
                  "runs the bad one too")
      ->check(CLI::IsMember({"plain", "bad"}));
  sub->add_option("--till-durability", command->till_durability,
                  "simulated: the tills' journals are not synced, since they share one disk; full: "
                  "every commit is, as on a real till")
      ->check(CLI::IsMember({"simulated", "full"}));
  sub->add_option("--verify", command->verify,
                  "Signatures that the replay checks: every, or the tips of the chains")
      ->check(CLI::IsMember({"every", "tips"}));
  sub->add_option("--seed", command->seed, "Of keys, samples, delays and losses")
      ->check(CLI::NonNegativeNumber);
  sub->add_option("--relay-binary", command->relay_binary,
                  "daybook-relay; default: the one beside this program");
  sub->add_option("--work", command->work,
                  "Directory for journals, logs and books; must not exist; removed afterwards");
  sub->add_flag("--no-faults", command->no_faults,
                "Only B1, B4, B7 and G2: leave out the fault checks and comparisons");
  sub->add_flag("--keep", command->keep, "Keep the work directory");
  sub->add_flag("--quiet", command->quiet, "No progress");
  sub->footer(kFooter);
  sub->callback([command, &exit_status] {
    const auto passed = run(*command);
    if (!passed) {
      std::fprintf(stderr, "daybook-rebuild sweep: %s\n", core::describe(passed.error()).c_str());
      exit_status = core::exit_status(passed.error().code);
      return;
    }
    exit_status = *passed ? 0 : 1;
  });
}

}  // namespace sweep
