// Report: medians of the samples, as a table and as JSON.
// Must not know how samples are taken.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "scripts/bench/peers/sample.h"

namespace bench {

// One peer at one number of connections.
struct Cell {
  std::string peer;
  std::vector<Sample> samples;  // one a round
  std::string not_possible;     // why there are none
};

// All peers at one number of connections; round k of each cell ran next to round k of the others.
struct Bench {
  std::size_t connections = 0;
  std::vector<Cell> cells;
};

void print_bench(const Bench& bench);
nlohmann::ordered_json bench_json(const Bench& bench);

void print_syncs(const std::map<std::string, SyncCount>& syncs, std::size_t messages,
                 std::size_t connections);
nlohmann::ordered_json syncs_json(const std::map<std::string, SyncCount>& syncs,
                                  std::size_t messages, std::size_t connections);

}  // namespace bench
