// Run: one fleet of the sweep, from ringing to the last check.
// Must not know how results are shown. Claims B1 to B8, G1, G2: docs/sweep.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "ledger-rebuild/replay.h"
#include "scripts/poc_scale/auditor.h"
#include "scripts/poc_scale/books_figures.h"
#include "scripts/poc_scale/measure.h"
#include "scripts/poc_scale/wave.h"
#include "scripts/poc_scale/workload.h"

namespace sweep {

struct RunOptions {
  std::filesystem::path relay_binary;
  std::filesystem::path work;  // must not exist yet; removed when the run is done, unless `keep`
  std::uint64_t seed = 1;
  std::size_t connections = 96;
  Network network = Network::kPlain;  // of the two waves
  till::Durability durability = till::Durability::kSimulated;
  rebuild::Verify verify = rebuild::Verify::kEvery;
  bool faults = true;  // B2 (bad), B3, B5, B6, B8, G1's comparison, a connection per till
  bool keep = false;
  bool quiet = false;
};

struct Check {
  bool passed = false;
  std::string detail;  // what was seen; for a failed one, what was expected too
};

// Times of the shared counter beside the tills' own (G1).
struct CounterComparison {
  std::uint64_t documents = 0;
  std::string engine;  // "PostgreSQL 15.x", "SQLite 3.x"
  double shared_seconds = 0;
  double tills_seconds = 0;  // the whole ringing of the fleet, its numbering included
};

struct RunResult {
  std::uint64_t tills = 0;
  Figures found;     // in the books
  Figures expected;  // by the auditor
  StockFigures stock;
  std::map<std::string, Check> checks;

  double ring_seconds = 0;     // tills' own journals, before the window
  double morning_seconds = 0;  // first wave
  double evening_seconds = 0;  // second wave
  double replay_seconds = 0;
  double check_seconds = 0;   // B1, B4, B7
  double window_seconds = 0;  // from the first send to checked books
  double clear_seconds = 0;   // tills' own journals, after the window
  double wall_seconds = 0;    // all of the run
  double accepted_per_second = 0;
  double verify_per_second = 0;            // one core, in this run
  double verify_per_second_all_cores = 0;  // around the window: before and after it, the mean
  double accepted_per_second_connection_per_till = 0;
  std::size_t connections_per_till = 0;
  Percentiles rtt_ms;
  Percentiles rtt_bad_ms;
  std::uint64_t lost_requests = 0;  // in the bad network
  std::uint64_t lost_answers = 0;

  ProcessUse relay;               // at the end of the window
  double window_cpu_seconds = 0;  // this process and the relay
  std::uint64_t peak_bytes = 0;   // of this process
  std::uint64_t relay_log_bytes = 0;
  std::uint64_t message_bytes = 0;
  std::size_t closing_bytes = 0;  // the largest
  std::uint64_t postings = 0;
  CounterComparison counter;
  rebuild::ReplayOutcome replay;
  std::string books_digest;

  bool passed() const;
};

// `smaller`: the run before, to compare bytes and postings per till with (G2); may be null.
// Errors: what kept the run from being done at all; a claim that does not hold is in `checks`.
core::Result<RunResult> run_sweep(const Workload& workload, const Figures& expected,
                                  const RunOptions& options, const RunResult* smaller);

}  // namespace sweep
