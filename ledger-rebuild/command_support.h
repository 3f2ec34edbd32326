// What the subcommands share: errors to stderr, and where a log comes from.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "core/base/business_day.h"
#include "core/base/result.h"
#include "ledger-rebuild/replay.h"
#include "ledger-rebuild/settings.h"
#include "ledger-rebuild/source.h"

namespace CLI {
class App;
}

namespace rebuild {

// What --books is.
inline constexpr const char* kBooksHelp =
    "The books: an SQLite file, or postgres://user@host/database";

// Prints the error and returns its exit status.
inline int report_error(const core::Error& error) {
  std::fprintf(stderr, "daybook-rebuild: %s\n", core::describe(error).c_str());
  return core::exit_status(error.code);
}

// A command's body returns its exit status, or an error that becomes one.
inline int finish(const core::Result<int>& result) {
  return result ? *result : report_error(result.error());
}

// What --log or --relay names, exactly one of which is given, and the roster to read it by.
struct OpenedLog {
  std::unique_ptr<Source> source;
  core::envelope::Roster roster;
  std::string remark;  // on a roster at the log that is not the directory's; empty: there is none
};

// A relay is asked with the key of every day, if the head-office directory has it. A directory
// without a key that signs takes up what the log's keeper has of the roster besides.
// Errors: kUsage, those of the sources, of read_roster and of extend_roster.
core::Result<OpenedLog> open_log(const std::string& log, const std::string& relay,
                                 const std::string& head_office);

// What --from or --to says; "" is nullopt. Errors: kUsage, with the option's name.
core::Result<std::optional<core::BusinessDay>> parse_day(const std::string& text,
                                                         const char* option);

// What --settings says; "" is the chart of accounts that serves without one, and nothing valued.
core::Result<Settings> open_settings(const std::string& directory);
void add_settings_option(CLI::App* command, std::string& directory);

// A line on stderr that is drawn over and over when stderr is a terminal; nothing otherwise.
Progress terminal_progress(const char* what);

}  // namespace rebuild
