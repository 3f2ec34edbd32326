// What the subcommands share.
#include "ledger-rebuild/command_support.h"

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "core/envelope/key_files.h"
#include "ledger-rebuild/head_office.h"

namespace rebuild {

namespace {

core::Result<std::unique_ptr<Source>> open_source(const std::string& log, const std::string& relay,
                                                  const std::string& head_office,
                                                  const core::envelope::Roster& roster) {
  if (relay.empty()) return log_directory_source(log);
  TRY_ASSIGN(auto credential, read_credential(head_office, roster));
  return relay_source(relay, std::move(credential));
}

// Who signs the roster knows it best: what the log's keeper has besides is another's doing, or this
// directory is an old copy. Whoever only reads takes it up.
core::Result<std::string> compare_rosters(Source& source, core::envelope::RosterFile& own,
                                          bool signs) {
  TRY_ASSIGN(const core::Bytes theirs, source.roster());
  core::envelope::RosterFile longer = own;
  std::size_t more = 0;
  for (core::ByteView rest = theirs; !rest.empty();) {
    TRY_ASSIGN(const std::size_t size, core::envelope::first_item_size(rest));
    const auto added = core::envelope::extend_roster(longer, rest.first(size));
    if (added || added.error().code != core::Errc::kExists) ++more;
    rest = rest.subspan(size);
  }
  if (more == 0) return std::string();
  if (!signs) {
    own = std::move(longer);
    return std::string();
  }
  return "the roster at the " + source.name() + " has " + std::to_string(more) +
         " entries that this directory does not have: it is an old copy, or somebody has "
         "head office's key (docs/keys.md); the directory's roster was used";
}

}  // namespace

core::Result<OpenedLog> open_log(const std::string& log, const std::string& relay,
                                 const std::string& head_office) {
  if (log.empty() == relay.empty()) {
    return core::fail(core::Errc::kUsage, "name the log with either --log DIR or --relay URL");
  }
  TRY_ASSIGN(auto file, core::envelope::read_roster_file(head_office));
  OpenedLog out;
  TRY_ASSIGN(out.source, open_source(log, relay, head_office, file.roster));
  const auto* office = file.roster.office();
  std::error_code ignored;
  const bool signs =
      office != nullptr
          ? std::filesystem::exists(office_key_file(head_office, office->epoch), ignored)
          : std::filesystem::exists(std::filesystem::path(head_office) / "head-office.key",
                                    ignored);
  TRY_ASSIGN(out.remark, compare_rosters(*out.source, file, signs));
  TRY_ASSIGN(out.roster, with_openers(head_office, std::move(file.roster)));
  return out;
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
