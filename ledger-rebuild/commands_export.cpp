// export: the books in other programs' words, to stdout.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/export_formats.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;

struct ExportArguments {
  std::string books;
  std::string format;
  std::string from;
  std::string to;
};

core::Error stdout_failed() {
  return {errno == ENOSPC ? Errc::kDiskFull : Errc::kIo,
          std::string("stdout: ") + std::strerror(errno) + "; what was written is not whole"};
}

Result<void> to_stdout(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return {};
  return fail(stdout_failed());
}

Result<int> run_export(const ExportArguments& a) {
  ExportRange range;
  TRY_ASSIGN(range.from, parse_day(a.from, "--from"));
  TRY_ASSIGN(range.to, parse_day(a.to, "--to"));
  if (range.from && range.to && *range.to < *range.from) {
    return fail(Errc::kUsage, "--to is before --from");
  }
  TRY_ASSIGN(const auto format, export_format(a.format));
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY(export_books(books, range, *format, to_stdout));
  if (std::fflush(stdout) != 0) return fail(stdout_failed());
  return 0;
}

}  // namespace

void add_export(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "export", "Write every entry, with balances after each day, for another program");
  auto a = std::make_shared<ExportArguments>();
  command->add_option("--books", a->books, kBooksHelp)->required();
  command->add_option("--format", a->format, "ledger, hledger, beancount, csv or json (lines)")
      ->required();
  command->add_option("--from", a->from, "First day; what stood before is one entry");
  command->add_option("--to", a->to, "Last day");
  command->footer(
      "Examples:\n"
      "  daybook-rebuild export --books books.db --format ledger >books.ledger\n"
      "  ledger -f books.ledger balance\n"
      "  daybook-rebuild export --books books.db --format hledger | hledger -f - check\n"
      "  daybook-rebuild export --books books.db --format beancount >books.beancount\n"
      "  bean-check books.beancount\n"
      "The last line says how many entries there are; without it something is cut off. Exit\n"
      "status: 0; 1 the books are damaged or cannot be written out; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_export(*a)); });
}

}  // namespace rebuild
