// What the subcommands share.
#include "ledger-rebuild/command_support.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "ledger-rebuild/head_office.h"

namespace rebuild {

core::Result<std::unique_ptr<Source>> open_source(const std::string& log, const std::string& relay,
                                                  const std::string& head_office) {
  if (log.empty() == relay.empty()) {
    return core::fail(core::Errc::kUsage, "name the log with either --log DIR or --relay URL");
  }
  if (!relay.empty()) {
    TRY_ASSIGN(auto credential, read_credential(head_office));
    return relay_source(relay, std::move(credential));
  }
  return log_directory_source(log);
}

core::Result<Settings> open_settings(const std::string& directory) {
  return directory.empty() ? Settings{} : read_settings(directory);
}

void add_settings_option(CLI::App* command, std::string& directory) {
  command->add_option(
      "--settings", directory,
      "Directory of accounts.csv, products.csv and points.csv, each if it is there");
}

Progress terminal_progress(const char* what) {
  if (::isatty(STDERR_FILENO) == 0) return {};
  return [what](std::uint64_t done, std::uint64_t all) {
    if (all == 0) {
      std::fprintf(stderr, "\r%s: %llu", what, static_cast<unsigned long long>(done));
      return;
    }
    std::fprintf(stderr, "\r%s: %llu of %llu (%.0f %%)%s", what,
                 static_cast<unsigned long long>(done), static_cast<unsigned long long>(all),
                 100.0 * static_cast<double>(done) / static_cast<double>(all),
                 done == all ? "\n" : "");
  };
}

core::Result<std::optional<core::BusinessDay>> parse_day(const std::string& text,
                                                         const char* option) {
  std::optional<core::BusinessDay> day;
  if (text.empty()) return day;
  const auto parsed = core::parse_business_day(text);
  if (!parsed)
    return core::fail(core::Errc::kUsage, std::string(option) + ": " + parsed.error().what);
  day = *parsed;
  return day;
}

}  // namespace rebuild
