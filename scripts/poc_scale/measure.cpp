// Measure, over /proc and the steady clock.
#include "scripts/poc_scale/measure.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <thread>

#include "core/envelope/message.h"

namespace sweep {
namespace {

constexpr std::size_t kVerifySample = 1000;

std::string field_of(const std::string& path, const std::string& name) {
  std::ifstream in(path);
  std::string line;
  while (std::getline(in, line)) {
    if (!line.starts_with(name)) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return {};
}

double rank(const std::vector<float>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto n = static_cast<double>(sorted.size());
  const auto index = static_cast<std::size_t>(std::max(0.0, share * n - 1 + 0.999999));
  return static_cast<double>(sorted[std::min(index, sorted.size() - 1)]);
}

}  // namespace

Percentiles percentiles(std::vector<float>& values) {
  std::sort(values.begin(), values.end());
  return {rank(values, 0.50), rank(values, 0.95), rank(values, 0.99)};
}

ProcessUse process_use(pid_t pid) {
  ProcessUse use;
  const std::string directory = "/proc/" + std::to_string(pid);
  std::ifstream in(directory + "/stat");
  std::string stat;
  if (!std::getline(in, stat)) return use;
  // Fields are counted behind the command's closing bracket: proc(5), fields 14 and 15.
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  use.cpu_seconds = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  const std::string peak = field_of(directory + "/status", "VmHWM");
  use.peak_bytes = peak.empty() ? 0 : std::stoull(peak) * 1024;
  return use;
}

double verify_rate(std::span<const core::Bytes* const> messages, int rounds) {
  using namespace core::envelope;
  const PrivateKey key = *PrivateKey::from_seed(core::Bytes(32, 7));
  const PublicKey public_key = key.public_key();
  struct Signed {
    core::Bytes input;
    Signature signature;
  };
  std::vector<Signed> sample;
  for (std::size_t i = 0; i < std::min(messages.size(), kVerifySample); ++i) {
    const auto message = parse_message(*messages[i]);
    CORE_CHECK(message.has_value());
    core::Bytes input = signature_input(message->protected_header, {}, message->payload);
    const Signature signature = key.sign(input);
    sample.push_back({std::move(input), signature});
  }
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    const Stopwatch watch;
    for (const Signed& s : sample) CORE_CHECK(verify(public_key, s.input, s.signature));
    rates.push_back(static_cast<double>(sample.size()) / watch.seconds());
  }
  std::sort(rates.begin(), rates.end());
  return rates[rates.size() / 2];
}

double verify_rate_all_cores(std::span<const core::Bytes* const> messages) {
  std::vector<double> rates(std::max(1U, std::thread::hardware_concurrency()));
  std::vector<std::thread> threads;
  threads.reserve(rates.size());
  for (double& rate : rates) threads.emplace_back([&] { rate = verify_rate(messages); });
  for (std::thread& thread : threads) thread.join();
  return std::accumulate(rates.begin(), rates.end(), 0.0);
}

std::string machine_description() {
  const std::string model = field_of("/proc/cpuinfo", "model name");
  return (model.empty() ? "unknown processor" : model) + ", " +
         std::to_string(std::thread::hardware_concurrency()) + " cores";
}

}  // namespace sweep
