// Checks: the claims that need relays, logs and backups of their own. Each works on copies.
// Must not know how results are shown. Claims: docs/sweep.md.
#pragma once

#include "core/base/result.h"
#include "scripts/poc_scale/fleet.h"
#include "scripts/poc_scale/run.h"

namespace sweep {

// What the checks have in common: the fleet, and the run whose outcome must not change.
struct CheckContext {
  const Fleet& fleet;
  const RunOptions& options;
  std::filesystem::path log;    // of the main run; the relay is stopped
  std::filesystem::path books;  // of the main run
  rebuild::BooksDigest digest;  // of these books
  std::size_t mornings = 1;     // as the workload says
};

inline Check pass(std::string detail) {
  return {true, std::move(detail)};
}
inline Check failed(std::string detail) {
  return {false, std::move(detail)};
}

// Fresh books from a log directory: their digest.
core::Result<rebuild::BooksDigest> digest_of_log(const CheckContext& context,
                                                 const std::filesystem::path& log,
                                                 const std::filesystem::path& books);
// The first `entries` of a log directory, as a log directory of their own.
core::Result<void> copy_log_prefix(const std::filesystem::path& from,
                                   const std::filesystem::path& to, std::uint64_t entries);
// Copies a file, or a directory with all that is in it.
core::Result<void> copy_path(const std::filesystem::path& from, const std::filesystem::path& to);

// log_checks.cpp
core::Result<Check> check_resend(const CheckContext& context);            // B3
core::Result<Check> check_hostile_messages(const CheckContext& context);  // B8
// recover_check.cpp
core::Result<Check> check_recover(const CheckContext& context);  // B6
// fault_checks.cpp
core::Result<Check> check_bad_network(const CheckContext& context, RunResult& result);  // B2
core::Result<Check> check_relay_killed(const CheckContext& context);                    // B5
// Every till on a connection of its own; fills in the result, claims nothing.
core::Result<void> measure_connection_per_till(const CheckContext& context, RunResult& result);
// shared_counter.cpp
core::Result<Check> check_numbers(const Fleet& fleet, const RunOptions& options,
                                  std::uint64_t expected, RunResult& result);  // G1

}  // namespace sweep
