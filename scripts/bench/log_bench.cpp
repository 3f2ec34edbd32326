// bench_log: how a large log starts and is read. Start-up with its index and without; entries over
// HTTP beside the directory; the memory and the time of an index of many ids.
// See docs/performance.md.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/base/random.h"
#include "core/disk/log_reader.h"
#include "core/envelope/message.h"
#include "core/wire/relay_client.h"
#include "relay/entry_index.h"
#include "relay/tenant_files.h"
#include "scripts/bench/bench_support.h"
#include "scripts/poc_scale/commit.h"
#include "scripts/poc_scale/measure.h"
#include "tests/support/process.h"

namespace {

using bench::need;
using core::Bytes;

struct Words {
  std::string relay = "bin/daybook-relay";
  std::filesystem::path directory = "/tmp/daybook-bench-log";
  std::string json;
  std::uint64_t messages = 1000000;
  std::uint64_t ids = 0;
};

double resident_megabytes(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/statm");
  double pages = 0;
  in >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

class Relay {
 public:
  explicit Relay(const Words& words)
      : process_({words.relay, "serve", "--open", "--log-level", "error", "--data",
                  (words.directory / "log").string(), "--listen", "127.0.0.1:0"}) {
    const auto start = bench::Clock::now();
    const std::string line = process_.wait_for_line("listening on ", std::chrono::minutes(10));
    seconds = bench::seconds_since(start);
    CORE_CHECK(!line.empty());
    endpoint = core::wire::parse_endpoint(line.substr(line.rfind(' ') + 1)).value();
    megabytes = resident_megabytes(process_.pid());
  }
  ~Relay() {
    process_.signal(SIGTERM);
    CORE_CHECK(process_.wait().status == 0);
  }

  core::wire::Endpoint endpoint;
  double seconds = 0;    // from its start to its readiness
  double megabytes = 0;  // resident then

 private:
  test::Process process_;
};

// Posts different messages of about 300 bytes, 256 a request.
void fill(const Words& words, const core::wire::Endpoint& endpoint) {
  const auto key = bench::sender(1);
  core::envelope::Header header;
  header.kid = core::envelope::derive_kid(bench::kOrigin, key.public_key());
  header.epoch = core::Epoch{1};
  core::Random random(1);
  Bytes payload(160);
  core::wire::RelayClient client(endpoint, std::chrono::seconds(60));
  std::vector<Bytes> batch;
  for (std::uint64_t n = 1; n <= words.messages; ++n) {
    for (std::size_t i = 0; i < 8; ++i) payload[i] = static_cast<std::uint8_t>(random());
    header.sequence = core::Sequence{n};
    batch.push_back(need(core::envelope::sign_message(header, payload, key)));
    header.prev = core::envelope::message_id(batch.back());
    if (batch.size() < 256 && n < words.messages) continue;
    need(client.post(batch));
    batch.clear();
  }
}

nlohmann::json large_log(const Words& words) {
  const std::filesystem::path log = words.directory / "log";
  std::filesystem::remove_all(log);
  need(relay::init_tenant(log, bench::kOrigin, std::nullopt));
  {
    const Relay relay(words);
    std::fprintf(stderr, "filling a log of %llu messages\n",
                 static_cast<unsigned long long>(words.messages));
    fill(words, relay.endpoint);
  }
  nlohmann::json out = {{"messages", words.messages}};
  {
    const Relay relay(words);
    out["start_seconds"] = relay.seconds;
    out["resident_mb"] = relay.megabytes;
    core::wire::RelayClient client(relay.endpoint, std::chrono::seconds(60));
    std::uint64_t read = 0;
    const auto start = bench::Clock::now();
    need(client.entries({}, [&read](core::LogIndex, Bytes) {
      ++read;
      return core::Result<void>{};
    }));
    out["http_entries_per_second"] = static_cast<double>(read) / bench::seconds_since(start);
    CORE_CHECK(read == words.messages);
  }
  {
    const auto start = bench::Clock::now();
    const auto content = need(core::disk::read_log(log));
    CORE_CHECK(content.entries.size() == words.messages);
    out["directory_entries_per_second"] =
        static_cast<double>(words.messages) / bench::seconds_since(start);
  }
  std::filesystem::remove_all(log / "index");
  {
    const Relay relay(words);
    out["start_without_index_seconds"] = relay.seconds;
    out["resident_without_index_mb"] = relay.megabytes;
  }
  std::filesystem::remove_all(log);
  return out;
}

// An index alone, sealed every 200,000 random ids, as segments of 64 MiB would.
nlohmann::json many_ids(const Words& words) {
  constexpr std::uint64_t kSegment = 200000;
  const std::filesystem::path directory = words.directory / "ids";
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  core::Random random(1);
  auto index = need(relay::EntryIndex::open(core::disk::posix_filesystem(), directory));
  std::vector<relay::MessageId> sample;
  double longest = 0;
  double sealing = 0;
  double longest_merge = 0;
  double merging = 0;
  std::uint32_t ordinal = 0;
  for (std::uint64_t first = 0; first < words.ids; first += kSegment) {
    std::vector<relay::MessageId> ids(std::min(kSegment, words.ids - first));
    for (auto& id : ids) {
      for (std::size_t i = 0; i < 32; i += 8) {
        const std::uint64_t bits = random();
        std::memcpy(id.bytes.data() + i, &bits, 8);
      }
    }
    sample.push_back(ids.front());
    const std::vector<core::disk::RecordPlace> places(ids.size(), {1, 300, first});
    index->append(ids, places);
    const core::disk::SealedSegment segment{++ordinal, first, 1};
    const auto start = bench::Clock::now();
    need(index->seal(std::span(&segment, 1), first + ids.size()));
    const double took = bench::seconds_since(start);
    longest = std::max(longest, took);
    sealing += took;
    // In the relay this is another thread's work.
    const std::atomic<bool> stop{false};
    for (bool merged = true; merged;) {
      const auto begun = bench::Clock::now();
      merged = need(index->merge_once(stop));
      const double merge_took = bench::seconds_since(begun);
      longest_merge = std::max(longest_merge, merge_took);
      merging += merge_took;
    }
    if (ordinal % 20 == 0) {
      std::fprintf(stderr, "\r%llu ids", static_cast<unsigned long long>(first + ids.size()));
    }
  }
  std::fprintf(stderr, "\n");
  index.reset();
  const double before = resident_megabytes(::getpid());
  const auto start = bench::Clock::now();
  index = need(relay::EntryIndex::open(core::disk::posix_filesystem(), directory));
  const double opened = bench::seconds_since(start);
  const double after = resident_megabytes(::getpid());
  const auto looked = bench::Clock::now();
  for (const auto& id : sample) CORE_CHECK(need(index->find(id)).index.has_value());
  const double found = bench::seconds_since(looked) / static_cast<double>(sample.size());
  const auto missed = bench::Clock::now();
  for (auto id : sample) {
    id.bytes[20] ^= 1;
    id.bytes[2] ^= 1;
    CORE_CHECK(!need(index->find(id)).index.has_value());
  }
  const double unknown = bench::seconds_since(missed) / static_cast<double>(sample.size());
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(directory / "index")) {
    bytes += file.file_size();
  }
  std::filesystem::remove_all(directory);
  return {{"ids", words.ids},
          {"open_seconds", opened},
          {"open_mb", after - before},
          {"find_microseconds", found * 1e6},
          {"find_unknown_microseconds", unknown * 1e6},
          {"seal_seconds_longest", longest},
          {"seal_seconds_all", sealing},
          {"merge_seconds_longest", longest_merge},
          {"merge_seconds_all", merging},
          {"index_gb", static_cast<double>(bytes) / 1e9}};
}

}  // namespace

int main(int argc, char** argv) {
  Words words;
  words.relay = (std::filesystem::path(argv[0]).parent_path() / "daybook-relay").string();
  CLI::App app("How a large log starts and is read, and what an index of many ids costs");
  app.add_option("--relay", words.relay, "The relay's program")->capture_default_str();
  app.add_option("--dir", words.directory, "Directory on the disk to measure")
      ->capture_default_str();
  app.add_option("--json", words.json, "Also write the figures to this file");
  app.add_option("--messages", words.messages, "In the log; 0: leave it out")
      ->capture_default_str();
  app.add_option("--ids", words.ids,
                 "In the index alone, about 100 bytes of disk each; 0: leave it out")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  nlohmann::json out = {{"commit", sweep::kCommit}, {"machine", sweep::machine_description()}};
  if (words.messages > 0) out["log"] = large_log(words);
  if (words.ids > 0) out["index"] = many_ids(words);
  std::printf("%s\n", out.dump(2).c_str());
  if (!words.json.empty()) std::ofstream(words.json) << out.dump(2) << "\n";
  return 0;
}
