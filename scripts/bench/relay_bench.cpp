// bench_relay: durable, de-duplicated messages a second through the real relay process, beside the
// rate of 4 KiB append + fdatasync in the same directory in the same run. See docs/performance.md.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/wire/relay_client.h"
#include "scripts/bench/bench_support.h"
#include "scripts/poc_scale/commit.h"
#include "scripts/poc_scale/measure.h"
#include "tests/support/process.h"

namespace {

struct Words {
  std::string relay = "bin/daybook-relay";
  std::string directory = "/tmp/daybook-bench";
  std::string json;
  bench::MessageOptions load;
  std::vector<std::size_t> connections = {16, 96, 1000};
};

struct Row {
  std::size_t connections;
  double seconds;
  std::size_t accepted;
  std::size_t duplicate;
  double commits_per_second;
};

// Sends all messages, one a request, one request outstanding a connection.
class Load {
 public:
  Load(const std::vector<core::Bytes>& messages, const core::wire::Endpoint& endpoint,
       std::size_t connections)
      : messages_(messages) {
    for (std::size_t i = 0; i < connections; ++i) {
      connections_.emplace_back(loop_, endpoint, std::chrono::seconds(30));
    }
  }

  Row run() {
    const auto start = bench::Clock::now();
    for (auto& connection : connections_) next(connection);
    loop_.run();
    return Row{connections_.size(), bench::seconds_since(start), accepted_, duplicate_, 0};
  }

 private:
  void next(core::wire::RelayConnection& connection) {
    if (at_ == messages_.size()) return;
    connection.post(messages_[at_++], 1, [this, &connection](auto answers) {
      if (!answers) {
        std::fprintf(stderr, "%s\n", core::describe(answers.error()).c_str());
        std::exit(1);
      }
      const auto status = answers->front().status;
      accepted_ += status == core::wire::PostStatus::kAccepted ? 1 : 0;
      duplicate_ += status == core::wire::PostStatus::kDuplicate ? 1 : 0;
      next(connection);
    });
  }

  core::wire::EventLoop loop_;
  std::deque<core::wire::RelayConnection> connections_;
  const std::vector<core::Bytes>& messages_;
  std::size_t at_ = 0;
  std::size_t accepted_ = 0;
  std::size_t duplicate_ = 0;
};

double commits(const std::string& metrics) {
  const std::string name = "daybook_relay_commit_seconds_count ";
  const std::size_t at = metrics.find(name);
  return at == std::string::npos ? 0 : std::stod(metrics.substr(at + name.size()));
}

Row measure(const Words& words, const std::vector<core::Bytes>& messages, std::size_t connections) {
  const auto log = std::filesystem::path(words.directory) / "log";
  std::filesystem::remove_all(log);
  test::Process relay({words.relay, "serve", "--data", log.string(), "--listen", "127.0.0.1:0"});
  const std::string line = relay.wait_for_line("listening on ");
  CORE_CHECK(!line.empty());
  const auto endpoint = core::wire::parse_endpoint(line.substr(line.rfind(' ') + 1)).value();
  Row row = Load(messages, endpoint, connections).run();
  core::wire::RelayClient client(endpoint);
  row.commits_per_second = commits(client.get("/metrics").value()) / row.seconds;
  CORE_CHECK(row.accepted == words.load.messages);
  CORE_CHECK(row.accepted + row.duplicate == messages.size());
  relay.signal(SIGTERM);
  CORE_CHECK(relay.wait().status == 0);
  std::filesystem::remove_all(log);
  return row;
}

nlohmann::json report(const Row& row, double syncs) {
  const double requests = static_cast<double>(row.accepted + row.duplicate);
  return {{"connections", row.connections},
          {"seconds", row.seconds},
          {"requests_per_second", requests / row.seconds},
          {"accepted_per_second", static_cast<double>(row.accepted) / row.seconds},
          {"commits_per_second", row.commits_per_second},
          {"fdatasync_per_second", syncs},
          {"accepted_per_fdatasync_rate", static_cast<double>(row.accepted) / row.seconds / syncs}};
}

}  // namespace

int main(int argc, char** argv) {
  Words words;
  words.relay = (std::filesystem::path(argv[0]).parent_path() / "daybook-relay").string();
  CLI::App app("Durable, de-duplicated messages a second through the relay, one message a request");
  app.add_option("--relay", words.relay, "The relay's program")->capture_default_str();
  app.add_option("--dir", words.directory, "Directory on the disk to measure; emptied of a log")
      ->capture_default_str();
  app.add_option("--json", words.json, "Also write the figures to this file");
  app.add_option("--messages", words.load.messages, "Different messages; a fifth is sent again")
      ->capture_default_str();
  app.add_option("--payload-bytes", words.load.payload_bytes, "Payload of a message")
      ->capture_default_str();
  app.add_option("--seed", words.load.seed, "Seed of the messages")->capture_default_str();
  app.add_option("--connections", words.connections, "Connection counts")->delimiter(',');
  CLI11_PARSE(app, argc, argv);
  bench::raise_descriptor_limit();
  std::filesystem::create_directories(words.directory);
  const auto messages = bench::make_messages(words.load);
  nlohmann::json rows = nlohmann::json::array();
  std::printf("%zu messages of %zu bytes, a fifth sent again; seed %llu\n", words.load.messages,
              messages.front().size(), static_cast<unsigned long long>(words.load.seed));
  std::printf("%12s %12s %12s %12s %14s\n", "connections", "requests/s", "accepted/s", "commits/s",
              "fdatasync/s");
  for (const std::size_t connections : words.connections) {
    const double syncs = bench::append_sync_rate(words.directory);
    const auto row = report(measure(words, messages, connections), syncs);
    std::printf("%12zu %12.0f %12.0f %12.0f %14.0f\n", connections,
                row["requests_per_second"].get<double>(), row["accepted_per_second"].get<double>(),
                row["commits_per_second"].get<double>(), syncs);
    rows.push_back(row);
  }
  if (words.json.empty()) return 0;
  std::ofstream(words.json) << nlohmann::json{{"commit", sweep::kCommit},
                                              {"machine", sweep::machine_description()},
                                              {"seed", words.load.seed},
                                              {"messages", words.load.messages},
                                              {"message_bytes", messages.front().size()},
                                              {"rows", rows}}
                                   .dump(2)
                            << "\n";
  return 0;
}
