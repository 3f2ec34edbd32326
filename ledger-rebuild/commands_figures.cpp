// figures and page: the books added up by one thing, as a table, CSV or JSON, and all on one page.
#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "core/disk/replace_file.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/figures.h"
#include "ledger-rebuild/page.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;

enum class Output { kText, kCsv, kJson };

struct FiguresArguments {
  std::string books;
  By by = By::kStore;
  std::string from;
  std::string to;
  std::string regions;
  std::string settings;
  std::size_t top = 20;
  Output output = Output::kText;
};

Result<int> run_figures(const FiguresArguments& a) {
  FigureRange range;
  TRY_ASSIGN(range.from, parse_day(a.from, "--from"));
  TRY_ASSIGN(range.to, parse_day(a.to, "--to"));
  if ((a.by == By::kRegion) != !a.regions.empty()) {
    return fail(Errc::kUsage, "--by region and --regions go together");
  }
  Regions regions;
  if (!a.regions.empty()) {
    TRY_ASSIGN(regions, read_regions(a.regions));
  }
  TRY_ASSIGN(const Settings settings, open_settings(a.settings));
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const Table table, figures(books, a.by, range, regions, settings));
  for (const std::string& remark : table.remarks) {
    std::fprintf(stderr, "remark: %s\n", remark.c_str());
  }
  const std::string text = a.output == Output::kCsv    ? table_csv(table)
                           : a.output == Output::kJson ? table_json(table)
                                                       : table_text(table, a.top);
  std::fputs(text.c_str(), stdout);
  return 0;
}

struct PageArguments {
  std::string books;
  std::string html;
  std::string from;
  std::string to;
  std::string settings;
};

Result<int> run_page(const PageArguments& a) {
  FigureRange range;
  TRY_ASSIGN(range.from, parse_day(a.from, "--from"));
  TRY_ASSIGN(range.to, parse_day(a.to, "--to"));
  TRY_ASSIGN(const Settings settings, open_settings(a.settings));
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const std::string page, books_page(books, range, settings));
  TRY(core::disk::replace_file(core::disk::posix_filesystem(), a.html, core::as_bytes(page),
                               core::disk::Access::kOwner));
  std::printf("%s: %zu bytes\n", a.html.c_str(), page.size());
  return 0;
}

}  // namespace

void add_page(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("page", "The books on one HTML page with plots, to read or to print");
  auto a = std::make_shared<PageArguments>();
  command->add_option("--books", a->books, kBooksHelp)->required();
  command->add_option("--html", a->html, "The file to write, readable by its owner only")
      ->required();
  command->add_option("--from", a->from, "First business day; default: the first in the books");
  command->add_option("--to", a->to, "Last business day; default: the last in the books");
  add_settings_option(command, a->settings);
  command->footer(
      "Example:\n  daybook-rebuild page --books books.db --html november.html \\\n"
      "      --from 2026-11-01 --to 2026-11-30\n"
      "Up to 92 days are shown by day, more by month. Plots need gnuplot. Exit status: 0; 1 the\n"
      "books cannot be read or the file not be written; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_page(*a)); });
}

void add_figures(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "figures",
      "Add the books up by store, region, day, tender, tax, product, operator, or show shrink");
  auto a = std::make_shared<FiguresArguments>();
  command->add_option("--books", a->books, kBooksHelp)->required();
  command
      ->add_option(
          "--by", a->by,
          "What the rows are; count: counts beside what must be there; variance: all counts")
      ->required()
      ->transform(CLI::CheckedTransformer(std::map<std::string, By>{{"store", By::kStore},
                                                                    {"till", By::kTill},
                                                                    {"region", By::kRegion},
                                                                    {"day", By::kDay},
                                                                    {"month", By::kMonth},
                                                                    {"tender", By::kTender},
                                                                    {"tax", By::kTax},
                                                                    {"account", By::kAccount},
                                                                    {"product", By::kProduct},
                                                                    {"department", By::kDepartment},
                                                                    {"operator", By::kOperator},
                                                                    {"count", By::kCount},
                                                                    {"variance", By::kVariance}}))
      ->option_text(
          "store|till|region|day|month|tender|tax|account|product|department|operator|"
          "count|variance");
  command->add_option("--from", a->from, "First business day; default: the first in the books");
  command->add_option("--to", a->to, "Last business day; default: the last in the books");
  command->add_option("--regions", a->regions, "CSV for --by region: store,region");
  add_settings_option(command, a->settings);
  command->add_option("--top", a->top, "Rows of the table for people; 0: all (20)");
  command->add_option("--output", a->output, "csv and json have all rows")
      ->transform(CLI::CheckedTransformer(std::map<std::string, Output>{
          {"table", Output::kText}, {"csv", Output::kCsv}, {"json", Output::kJson}}))
      ->option_text("table|csv|json (table)");
  command->footer(
      "Examples:\n"
      "  daybook-rebuild figures --books books.db --by store --from 2026-11-01 --to 2026-11-30\n"
      "  daybook-rebuild figures --books books.db --by product --top 10\n"
      "  daybook-rebuild figures --books books.db --by department --settings settings\n"
      "  daybook-rebuild figures --books books.db --by region --regions regions.csv --output csv\n"
      "Amounts have no currency sign in csv: its column says which. Exit status: 0; 1 the books or "
      "a\n"
      "file cannot be read; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_figures(*a)); });
}

}  // namespace rebuild
