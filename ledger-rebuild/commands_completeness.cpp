// completeness: which tills are not all there, since when, and who is to be rung.
#include <CLI/CLI.hpp>
#include <memory>

#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/completeness.h"

namespace rebuild {
namespace {

using core::Result;

struct CompletenessArguments {
  std::string books;
  std::string as_of;
  std::string contacts;
  std::int32_t quiet = 2;
  bool json = false;
  bool all = false;
};

Result<int> run_completeness(const CompletenessArguments& a) {
  constexpr std::size_t kListMax = 20;
  TRY_ASSIGN(const auto as_of, parse_day(a.as_of, "--as-of"));
  Contacts contacts;
  if (!a.contacts.empty()) {
    TRY_ASSIGN(contacts, read_contacts(a.contacts));
  }
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const Completeness found, completeness(books, as_of, a.quiet));
  const std::string text = a.json ? completeness_json(found, contacts)
                                  : completeness_text(found, contacts, a.all ? 0 : kListMax);
  std::fputs(text.c_str(), stdout);
  return found.clean() ? 0 : 1;
}

}  // namespace

void add_completeness(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "completeness",
      "Which tills are not complete: missing, unproven, contradicted or silent, and since when");
  auto a = std::make_shared<CompletenessArguments>();
  command->add_option("--books", a->books, kBooksHelp)->required();
  command->add_option(
      "--as-of", a->as_of,
      "The day that is not over yet; default: the one after the newest in the books");
  command
      ->add_option("--quiet", a->quiet,
                   "Days that a till may close nothing, for example over a weekend (2)")
      ->check(CLI::Range(0, 3650));
  command->add_option("--contacts", a->contacts,
                      "CSV of whom to ring: store,name,contact; quotes around what has commas");
  command->add_flag("--json", a->json, "JSON, with every till");
  command->add_flag("--all", a->all, "Do not shorten the list");
  command->footer(
      "Examples:\n  daybook-rebuild completeness --books books.db --contacts stores.csv\n"
      "  daybook-rebuild completeness --books books.db --as-of 2026-11-28 --quiet 0 --json\n"
      "Exit status: 0 every till is complete; 1 one is not; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_completeness(*a)); });
}

}  // namespace rebuild
