// bench_peers: durable, de-duplicated messages a second through the relay and through servers that
// others built for such work, with one client for all, in alternating rounds. See
// docs/performance.md, "Peers".
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>

#include "scripts/bench/bench_support.h"
#include "scripts/bench/peers/report.h"
#include "scripts/bench/peers/sample.h"
#include "scripts/poc_scale/commit.h"
#include "scripts/poc_scale/measure.h"

namespace {

using core::Errc;
using core::Result;

constexpr std::size_t kTracedMessages = 2000;
constexpr int kInterrupted = 130;

struct Words {
  std::string relay_command;
  std::string directory = "/tmp/daybook-bench-peers";
  std::string json;
  bench::MessageOptions load{.payload_bytes = 160};
  std::vector<std::size_t> connections = {16, 96, 1000};
  std::vector<std::string> peers = {"relay", "relay-admission", "redis", "postgres",
                                    "nats",  "nats-synced"};
  std::size_t rounds = 5;
  bool pin = false;
  bool count_syncs = false;
  bool allow_missing = false;
};

using Peers = std::vector<std::unique_ptr<bench::Peer>>;

std::unique_ptr<bench::Peer> make_peer(const std::string& name, const Words& words) {
  if (name.starts_with("relay")) {
    return bench::make_relay_peer(words.relay_command, name == "relay-admission", words.load.seed);
  }
  if (name == "redis") return bench::make_redis_peer();
  if (name == "postgres") return bench::make_postgres_peer();
  return bench::make_nats_peer(name == "nats-synced");
}

// The peers that are there; fills in what they are. False: one is not, and must be.
bool find_peers(const Words& words, Peers& peers, nlohmann::ordered_json& versions) {
  bool all = true;
  for (const std::string& name : words.peers) {
    auto peer = make_peer(name, words);
    const auto version = peer->version();
    if (version) {
      versions[name] = *version;
      peers.push_back(std::move(peer));
      continue;
    }
    all = false;
    std::fprintf(stderr, "%s is left out: %s (scripts/bench/install-peers)\n", name.c_str(),
                 version.error().what.c_str());
  }
  return all || words.allow_missing;
}

bench::Workload make_workload(const Words& words) {
  bench::Workload workload;
  workload.messages = bench::make_messages(words.load);
  for (const auto& message : workload.messages) {
    workload.ids.push_back(core::envelope::message_id(message));
  }
  workload.distinct = words.load.messages;
  return workload;
}

// One that cannot be had on this machine is reported; anything else ends the benchmark.
bool only_not_possible(const core::Error& error) {
  return error.code == Errc::kState && !bench::interrupted();
}

Result<void> add_sample(bench::Peer& peer, bench::Cell& cell, const bench::Workload& workload,
                        std::size_t connections, const bench::SampleOptions& options) {
  if (!cell.not_possible.empty()) return {};
  if (connections > peer.connections_max()) {
    cell.not_possible = "a process a connection; at most " + std::to_string(peer.connections_max());
    return {};
  }
  const auto sample = bench::take_sample(peer, workload, connections, options);
  if (!sample && only_not_possible(sample.error())) {
    cell.not_possible = sample.error().what;
    return {};
  }
  TRY(sample);
  std::fprintf(stderr, "%-15s %10.0f accepted/s%s\n", peer.name().c_str(),
               sample->accepted_per_second, peer.remark().c_str());
  cell.samples.push_back(*sample);
  return {};
}

// Each round begins with another peer, so that none is always first.
Result<bench::Bench> run_rounds(const Words& words, const Peers& peers,
                                const bench::Workload& workload, std::size_t connections,
                                const bench::SampleOptions& options) {
  bench::Bench bench;
  bench.connections = connections;
  for (const auto& peer : peers) bench.cells.push_back({peer->name(), {}, {}});
  for (std::size_t round = 0; round < words.rounds; ++round) {
    std::fprintf(stderr, "%zu connections, round %zu of %zu\n", connections, round + 1,
                 words.rounds);
    for (std::size_t i = 0; i < peers.size(); ++i) {
      const std::size_t k = (i + round) % peers.size();
      TRY(add_sample(*peers[k], bench.cells[k], workload, connections, options));
    }
  }
  return bench;
}

Result<nlohmann::ordered_json> trace_all(const Words& words, const Peers& peers,
                                         const bench::Workload& workload,
                                         const bench::SampleOptions& options) {
  const std::size_t connections = words.connections.front();
  const std::size_t messages = std::min(kTracedMessages, words.load.messages);
  std::map<std::string, bench::SyncCount> syncs;
  for (const auto& peer : peers) {
    if (connections > peer->connections_max()) continue;
    std::fprintf(stderr, "%s under strace\n", peer->name().c_str());
    const auto count = bench::count_syncs(*peer, workload, messages, connections, options);
    if (!count && only_not_possible(count.error())) continue;
    TRY(count);
    syncs[peer->name()] = *count;
  }
  bench::print_syncs(syncs, messages, connections);
  return bench::syncs_json(syncs, messages, connections);
}

Result<void> run(const Words& words, const Peers& peers, nlohmann::ordered_json& json) {
  const bench::SampleOptions options{words.directory, words.pin};
  if (words.pin) TRY(bench::pin_to(1));
  const bench::Workload workload = make_workload(words);
  json["message_bytes"] = workload.messages.front().size();
  std::printf("%zu messages of %zu bytes, a fifth sent again; seed %llu; %zu rounds%s\n",
              workload.distinct, workload.messages.front().size(),
              static_cast<unsigned long long>(words.load.seed), words.rounds,
              words.pin ? "; client and peer on a processor each" : "");
  for (const auto& [name, version] : json["versions"].items()) {
    std::printf("%-12s %s\n", name.c_str(), version.get<std::string>().c_str());
  }
  if (words.count_syncs) {
    TRY_ASSIGN(json["syncs"], trace_all(words, peers, workload, options));
  }
  json["rows"] = nlohmann::ordered_json::array();
  if (words.rounds == 0) return {};
  for (const std::size_t connections : words.connections) {
    TRY_ASSIGN(const auto bench, run_rounds(words, peers, workload, connections, options));
    bench::print_bench(bench);
    for (const auto& row : bench::bench_json(bench)) json["rows"].push_back(row);
  }
  return {};
}

void add_options(CLI::App& app, Words& words) {
  app.add_option("--relay-command", words.relay_command,
                 "Starts the relay; {data} is its directory; it must print \"listening on "
                 "HOST:PORT\"")
      ->capture_default_str();
  app.add_option("--peers", words.peers, "Which, in this order")
      ->delimiter(',')
      ->check(
          CLI::IsMember({"relay", "relay-admission", "redis", "postgres", "nats", "nats-synced"}))
      ->capture_default_str();
  app.add_option("--connections", words.connections, "Connection counts")
      ->delimiter(',')
      ->check(CLI::Range(std::size_t{1}, std::size_t{16000}))
      ->capture_default_str();
  app.add_option("--rounds", words.rounds, "Rounds, of which medians are reported; 0: none")
      ->capture_default_str();
  app.add_option("--messages", words.load.messages, "Different messages; a fifth is sent again")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--payload-bytes", words.load.payload_bytes, "Payload of a message")
      ->capture_default_str();
  app.add_option("--seed", words.load.seed, "Seed of the messages")->capture_default_str();
  app.add_option("--dir", words.directory, "Directory on the disk to measure")
      ->capture_default_str();
  app.add_option("--json", words.json, "Also write the figures to this file");
  app.add_flag("--pin", words.pin, "The client on processor 1, the peer on processor 0");
  app.add_flag("--count-syncs", words.count_syncs,
               "First count each peer's calls of fsync, fdatasync and pwritev2, by strace");
  app.add_flag("--allow-missing", words.allow_missing,
               "Go on without peers that are not installed");
  app.footer(
      "Exit status: 0 done, 1 a peer failed or lost a message, 2 wrong usage or a peer is not\n"
      "installed, 130 interrupted.");
}

int end(const core::Error& error) {
  if (bench::interrupted()) return kInterrupted;
  std::fprintf(stderr, "bench_peers: %s\n", core::describe(error).c_str());
  return error.code == Errc::kUsage ? 2 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Words words;
  words.relay_command = (std::filesystem::path(argv[0]).parent_path() / "daybook-relay").string() +
                        " serve --data {data} --listen 127.0.0.1:0 --log-level error";
  CLI::App app("Durable, de-duplicated messages a second: the relay beside other servers");
  add_options(app, words);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  bench::watch_interrupts();
  bench::raise_descriptor_limit();
  std::error_code error;
  std::filesystem::create_directories(words.directory, error);
  if (error) return end({Errc::kUsage, words.directory + " cannot be made"});
  Peers peers;
  nlohmann::ordered_json json = {{"commit", sweep::kCommit},
                                 {"machine", sweep::machine_description()},
                                 {"seed", words.load.seed},
                                 {"messages", words.load.messages},
                                 {"rounds", words.rounds},
                                 {"pinned", words.pin},
                                 {"versions", nlohmann::ordered_json::object()}};
  if (!find_peers(words, peers, json["versions"])) return 2;
  if (const auto done = run(words, peers, json); !done) return end(done.error());
  if (words.json.empty()) return 0;
  std::ofstream out(words.json);
  out << json.dump(2) << std::endl;
  return out ? 0 : end({Errc::kIo, words.json + " cannot be written"});
}
