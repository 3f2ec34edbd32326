// Report, in medians: ratios are taken round by round, since the machine's speed drifts.
#include "scripts/bench/peers/report.h"

#include <algorithm>
#include <cstdio>
#include <functional>

#include "scripts/bench/bench_support.h"

namespace bench {
namespace {

double median_of(const Cell& cell, double Sample::*field) {
  std::vector<double> values;
  for (const Sample& sample : cell.samples) values.push_back(sample.*field);
  return median(std::move(values));
}

const Cell* find_relay(const Bench& bench) {
  for (const Cell& cell : bench.cells) {
    if (cell.peer == "relay" && !cell.samples.empty()) return &cell;
  }
  return nullptr;
}

// The relay's rate over the peer's, a round; empty without a relay.
std::vector<double> relay_ratios(const Bench& bench, const Cell& cell) {
  std::vector<double> ratios;
  const Cell* relay = find_relay(bench);
  if (relay == nullptr) return ratios;
  for (std::size_t i = 0; i < std::min(relay->samples.size(), cell.samples.size()); ++i) {
    ratios.push_back(relay->samples[i].accepted_per_second / cell.samples[i].accepted_per_second);
  }
  return ratios;
}

// The peer's rate over one of the machine's, a round.
std::vector<double> machine_ratios(const Cell& cell, double Sample::*rate) {
  std::vector<double> ratios;
  for (const Sample& sample : cell.samples) {
    ratios.push_back(sample.accepted_per_second / (sample.*rate));
  }
  return ratios;
}

nlohmann::ordered_json spread(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {{"median", median(values)}, {"min", *low}, {"max", *high}};
}

nlohmann::ordered_json cell_json(const Bench& bench, const Cell& cell) {
  nlohmann::ordered_json json = {{"connections", bench.connections}, {"peer", cell.peer}};
  if (cell.samples.empty()) {
    json["not_possible"] = cell.not_possible;
    return json;
  }
  const auto put = [&](const char* name, double Sample::*field) {
    json[name] = median_of(cell, field);
  };
  put("accepted_per_second", &Sample::accepted_per_second);
  json["duplicates"] = cell.samples.front().duplicates;
  put("seconds", &Sample::seconds);
  put("p50_ms", &Sample::p50_ms);
  put("p99_ms", &Sample::p99_ms);
  put("peak_bytes", &Sample::peak_bytes);
  put("held_bytes", &Sample::held_bytes);
  put("cpu_seconds", &Sample::cpu_seconds);
  put("client_cpu_seconds", &Sample::client_cpu_seconds);
  put("appends_per_second", &Sample::appends_per_second);
  put("verifies_per_second", &Sample::verifies_per_second);
  json["accepted_per_append"] = spread(machine_ratios(cell, &Sample::appends_per_second));
  json["accepted_per_verify"] = spread(machine_ratios(cell, &Sample::verifies_per_second));
  const auto ratios = relay_ratios(bench, cell);
  if (!ratios.empty()) json["relay_per_peer"] = spread(ratios);
  for (const Sample& sample : cell.samples) {
    json["rounds_accepted_per_second"].push_back(sample.accepted_per_second);
  }
  return json;
}

void print_cell(const Bench& bench, const Cell& cell) {
  if (cell.samples.empty()) {
    std::printf("%-12s not possible: %s\n", cell.peer.c_str(), cell.not_possible.c_str());
    return;
  }
  std::printf("%-12s %10.0f %6zu %8.2f %8.2f %8.1f %8.1f %7.2f %8.2f %9.1f %9.2f",
              cell.peer.c_str(), median_of(cell, &Sample::accepted_per_second),
              cell.samples.front().duplicates, median_of(cell, &Sample::p50_ms),
              median_of(cell, &Sample::p99_ms), median_of(cell, &Sample::peak_bytes) / 1e6,
              median_of(cell, &Sample::held_bytes) / 1e6, median_of(cell, &Sample::cpu_seconds),
              median_of(cell, &Sample::client_cpu_seconds),
              median(machine_ratios(cell, &Sample::appends_per_second)),
              median(machine_ratios(cell, &Sample::verifies_per_second)));
  const auto ratios = relay_ratios(bench, cell);
  if (ratios.empty()) {
    std::printf("\n");
    return;
  }
  const auto [low, high] = std::minmax_element(ratios.begin(), ratios.end());
  std::printf("  %6.2f (%.2f to %.2f)\n", median(ratios), *low, *high);
}

// The median over all runs of the bench; 0 without one.
double machine_rate(const Bench& bench, double Sample::*rate) {
  std::vector<double> rates;
  for (const Cell& cell : bench.cells) {
    for (const Sample& sample : cell.samples) rates.push_back(sample.*rate);
  }
  return rates.empty() ? 0 : median(std::move(rates));
}

}  // namespace

void print_bench(const Bench& bench) {
  std::printf(
      "\n%zu connections; bare 4 KiB append + fdatasync: %.0f/s, one core's verifications: "
      "%.0f/s\n",
      bench.connections, machine_rate(bench, &Sample::appends_per_second),
      machine_rate(bench, &Sample::verifies_per_second));
  std::printf("%-12s %10s %6s %8s %8s %8s %8s %7s %8s %9s %9s  %s\n", "peer", "accepted/s", "again",
              "p50 ms", "p99 ms", "peak MB", "held MB", "CPU s", "client s", "/ append", "/ verify",
              "relay / peer");
  for (const Cell& cell : bench.cells) print_cell(bench, cell);
  std::fflush(stdout);
}

nlohmann::ordered_json bench_json(const Bench& bench) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Cell& cell : bench.cells) rows.push_back(cell_json(bench, cell));
  return rows;
}

void print_syncs(const std::map<std::string, SyncCount>& syncs, std::size_t messages,
                 std::size_t connections) {
  std::printf("\ncalls during %zu messages on %zu connections, by strace (which slows them down)\n",
              messages, connections);
  std::printf("%-12s %8s %10s %9s %14s\n", "peer", "fsync", "fdatasync", "pwritev2",
              "disk's flushes");
  for (const auto& [peer, count] : syncs) {
    std::printf("%-12s %8llu %10llu %9llu %14s\n", peer.c_str(),
                static_cast<unsigned long long>(count.fsync),
                static_cast<unsigned long long>(count.fdatasync),
                static_cast<unsigned long long>(count.pwritev2),
                count.flushes ? std::to_string(*count.flushes).c_str() : "-");
  }
  std::fflush(stdout);
}

nlohmann::ordered_json syncs_json(const std::map<std::string, SyncCount>& syncs,
                                  std::size_t messages, std::size_t connections) {
  nlohmann::ordered_json json = {{"messages", messages}, {"connections", connections}};
  for (const auto& [peer, count] : syncs) {
    json["peers"][peer] = {
        {"fsync", count.fsync}, {"fdatasync", count.fdatasync}, {"pwritev2", count.pwritev2}};
    if (count.flushes) json["peers"][peer]["disk_flushes"] = *count.flushes;
  }
  return json;
}

}  // namespace bench
