// reconcile: the books beside a processor's settlement or a bank's statement.
#include <CLI/CLI.hpp>
#include <memory>

#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/reconcile.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;

struct ReconcileArguments {
  std::string books;
  std::string settlement;
  std::string banked;
  std::string from;
  std::string to;
  bool json = false;
  bool all = false;
};

Result<int> run_reconcile(const ReconcileArguments& a) {
  constexpr std::size_t kListMax = 20;
  if (a.settlement.empty() == a.banked.empty()) {
    return fail(Errc::kUsage, "name one file, with --settlement or with --banked");
  }
  const Paid what = a.settlement.empty() ? Paid::kBanked : Paid::kCards;
  ReconcileRange range;
  TRY_ASSIGN(range.from, parse_day(a.from, "--from"));
  TRY_ASSIGN(range.to, parse_day(a.to, "--to"));
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const PaidSums paid,
             read_paid_file(what == Paid::kCards ? a.settlement : a.banked, what));
  TRY_ASSIGN(const Reconciliation found, reconcile(books, paid, what, range));
  std::fputs(
      (a.json ? reconciliation_json(found) : reconciliation_text(found, a.all ? 0 : kListMax))
          .c_str(),
      stdout);
  return found.clean() ? 0 : 1;
}

}  // namespace

void add_reconcile(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "reconcile", "Compare card takings with a settlement file, or the safe with what was banked");
  auto a = std::make_shared<ReconcileArguments>();
  command->add_option("--books", a->books, kBooksHelp)->required();
  auto* settlement = command->add_option("--settlement", a->settlement,
                                         "CSV of a card processor: store,till,day,amount,currency");
  command->add_option("--banked", a->banked, "CSV of a bank: store,day,amount,currency")
      ->excludes(settlement);
  command->add_option("--from", a->from, "First day; default: the first one of the file");
  command->add_option("--to", a->to, "Last day; default: the last one of the file");
  command->add_flag("--json", a->json, "JSON, with every row");
  command->add_flag("--all", a->all, "Do not shorten long lists");
  command->footer(
      "Examples:\n"
      "  daybook-rebuild reconcile --books books.db --settlement processor.csv\n"
      "  daybook-rebuild reconcile --books books.db --banked bank.csv --from 2026-11-01 \\\n"
      "      --to 2026-11-30\n"
      "Exit status: 0 everything matches to the cent; 1 something does not, or a line of the file\n"
      "cannot be read; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_reconcile(*a)); });
}

}  // namespace rebuild
