// deliveries: what shops received against dispatch notes, and what differed.
#include <CLI/CLI.hpp>
#include <memory>

#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/deliveries.h"

namespace rebuild {
namespace {

using core::Result;

struct DeliveriesArguments {
  std::string books;
  bool json = false;
};

Result<int> run_deliveries(const DeliveriesArguments& a) {
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const auto deliveries, read_deliveries(books));
  std::fputs((a.json ? deliveries_json(deliveries) : deliveries_text(deliveries)).c_str(), stdout);
  return 0;
}

}  // namespace

void add_deliveries(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "deliveries", "What shops received against dispatch notes, and what differed");
  auto a = std::make_shared<DeliveriesArguments>();
  command->add_option("--books", a->books, kBooksHelp)->required();
  command->add_flag("--json", a->json, "JSON, an object a difference");
  command->footer(
      "Example:\n  daybook-rebuild deliveries --books books.db\n"
      "A difference is what was received less what the note says was sent.");
  command->callback([a, &exit_code] { exit_code = finish(run_deliveries(*a)); });
}

}  // namespace rebuild
