// What the subcommands share: errors to stderr, and where a log comes from.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "core/base/business_day.h"
#include "core/base/result.h"
#include "ledger-rebuild/replay.h"
#include "ledger-rebuild/source.h"

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

// The source that --log or --relay names; exactly one is given. A relay's entries are asked for
// with the key of the head-office directory, if it is there.
core::Result<std::unique_ptr<Source>> open_source(const std::string& log, const std::string& relay,
                                                  const std::string& head_office);

// What --from or --to says; "" is nullopt. Errors: kUsage, with the option's name.
core::Result<std::optional<core::BusinessDay>> parse_day(const std::string& text,
                                                         const char* option);

// A line on stderr that is drawn over and over when stderr is a terminal; nothing otherwise.
Progress terminal_progress(const char* what);

}  // namespace rebuild
