// Run: ring, send two waves, replay, check; then the fault checks; then clear the outboxes.
#include "scripts/poc_scale/run.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "ledger-rebuild/report.h"
#include "scripts/poc_scale/checks.h"
#include "scripts/poc_scale/progress.h"
#include "scripts/poc_scale/relay_process.h"

namespace sweep {
namespace {

using core::Errc;
using core::fail;
using core::Result;

std::string join(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

std::uint64_t directory_bytes(const std::filesystem::path& directory) {
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  return bytes;
}

std::vector<const core::Bytes*> all_messages(const Fleet& fleet) {
  std::vector<const core::Bytes*> messages;
  for (const FleetTill& till : fleet.tills()) {
    for (const FleetMessage& message : till.messages) messages.push_back(&message.bytes);
  }
  return messages;
}

// One run's state between its steps.
class Run {
 public:
  Run(const Workload& workload, const Figures& expected, const RunOptions& options,
      const RunResult* smaller)
      : workload_(workload), options_(options), smaller_(smaller) {
    result_.tills = workload.tills();
    result_.expected = expected;
  }

  Result<RunResult> all() {
    const Stopwatch watch;
    TRY(ring());
    TRY(window());
    TRY(after_window());
    if (options_.faults) TRY(faults());
    TRY(clear());
    result_.peak_bytes = process_use(::getpid()).peak_bytes;
    result_.wall_seconds = watch.seconds();
    return std::move(result_);
  }

 private:
  std::filesystem::path log() const { return options_.work / "log"; }
  std::filesystem::path books() const { return options_.work / "books.db"; }

  Result<void> ring() {
    const Stopwatch watch;
    TRY_ASSIGN(const auto log_key, make_log(options_.relay_binary, log(), kOrigin));
    FleetOptions fleet{options_.work / "fleet", options_.seed, log_key, options_.durability,
                       options_.quiet};
    TRY_ASSIGN(fleet_, Fleet::ring(workload_, fleet));
    result_.ring_seconds = watch.seconds();
    result_.closing_bytes = fleet_->largest_closing();
    if (result_.expected.messages == 0) result_.expected.messages = fleet_->message_count();
    // The tills' journals are on this machine only for the simulation: their write-back must not
    // run into the relay's measured syncs.
    ::sync();
    result_.verify_per_second = verify_rate(all_messages(*fleet_));
    result_.verify_per_second_all_cores = verify_rate_all_cores(all_messages(*fleet_)) / 2;
    return {};
  }

  // The fleet's mornings and evenings, one after the other.
  Result<void> send_days(const RelayProcess& relay) {
    const std::size_t days = workload_.mornings();
    if (days == 1) {
      TRY_ASSIGN(morning_, wave(relay, "morning: openings sent",
                                fleet_->queues(till::MessageKind::kOpening)));
      TRY_ASSIGN(evening_, wave(relay, "evening: closings sent",
                                fleet_->queues(till::MessageKind::kClosing)));
      return {};
    }
    morning_.emplace();
    evening_.emplace();
    for (std::size_t day = 0; day < days; ++day) {
      TRY_ASSIGN(auto sent, wave(relay, ("morning " + std::to_string(day + 1)).c_str(),
                                 fleet_->queues(till::MessageKind::kOpening, day)));
      append(*morning_, std::move(sent));
      TRY_ASSIGN(sent, wave(relay, ("evening " + std::to_string(day + 1)).c_str(),
                            fleet_->queues(till::MessageKind::kClosing, day)));
      append(*evening_, std::move(sent));
    }
    return {};
  }

  Result<WaveOutcome> wave(const RelayProcess& relay, const char* label,
                           const std::vector<Queue>& queues) {
    std::uint64_t messages = 0;
    for (const Queue& queue : queues) messages += queue.size();
    Progress progress(label, messages, options_.quiet);
    WaveOptions wave;
    wave.connections = options_.connections;
    wave.network = options_.network;
    wave.seed = options_.seed;
    wave.on_answer = [&](std::uint64_t answered) {
      if (answered % 64 == 0) progress.at(answered);
      return true;
    };
    return send_wave(relay.endpoint(), queues, wave);
  }

  // From the first send to checked books.
  Result<void> window() {
    TRY_ASSIGN(RelayProcess relay, RelayProcess::start(options_.relay_binary, log()));
    const double cpu_before = process_use(::getpid()).cpu_seconds + relay.use().cpu_seconds;
    const Stopwatch watch;
    TRY(send_days(relay));
    result_.morning_seconds = morning_->seconds;
    result_.evening_seconds = evening_->seconds;
    TRY(replay());
    const Stopwatch checking;
    TRY(check_books());
    result_.check_seconds = checking.seconds();
    result_.window_seconds = watch.seconds();
    result_.relay = relay.use();
    result_.window_cpu_seconds =
        process_use(::getpid()).cpu_seconds + result_.relay.cpu_seconds - cpu_before;
    return relay.stop();
  }

  Result<void> replay() {
    const Stopwatch watch;
    Progress progress("head office replays the log", fleet_->message_count(), options_.quiet);
    const auto source = rebuild::log_directory_source(log());
    TRY_ASSIGN(result_.replay,
               rebuild::replay(*source, fleet_->head_office().roster(), books(),
                               {.verify = options_.verify,
                                .progress = [&](auto done, auto) { progress.at(done); }}));
    result_.replay_seconds = watch.seconds();
    return {};
  }

  // B1, B4, B7.
  Result<void> check_books() {
    TRY_ASSIGN(const auto opened, rebuild::Books::open(books()));
    TRY_ASSIGN(result_.found, read_figures(opened));
    TRY_ASSIGN(result_.stock, read_stock(opened));
    const std::uint64_t entries = result_.replay.entries_read;
    const std::string seen = std::to_string(entries) + " messages in the log, " +
                             std::to_string(result_.replay.states.proven) + " proven";
    const bool b1 = entries == result_.expected.messages &&
                    result_.replay.states.proven == entries && result_.replay.damages.empty();
    result_.checks["B1"] =
        b1 ? pass(seen) : failed(seen + "; expected " + std::to_string(result_.expected.messages));
    const auto wrong = differences(result_.expected, result_.found);
    result_.checks["B4"] = wrong.empty() ? pass(std::to_string(result_.found.store_days.size()) +
                                                " store-days equal to the cent and the thousandth")
                                         : failed(join(wrong));
    result_.checks["B7"] = check_stock_identity(opened);
    return {};
  }

  Check check_stock_identity(const rebuild::Books& opened) {
    const auto stores = rebuild::stock_by_store(opened);
    if (!stores) return failed(stores.error().what);
    std::uint64_t products = 0;
    for (const auto& [store, stock] : *stores) {
      for (const auto& [product, s] : stock) {
        ++products;
        if (s.received.thousandths - s.consumed.thousandths != s.on_hand.thousandths) {
          return failed("store " + to_string(store) + ", product " + to_string(product));
        }
      }
    }
    if (products == 0 && !result_.expected.stock.empty()) {
      return failed("the books hold no stock at all");
    }
    return pass(std::to_string(products) + " stocks in " + std::to_string(stores->size()) +
                " stores");
  }

  Result<void> after_window() {
    result_.verify_per_second_all_cores += verify_rate_all_cores(all_messages(*fleet_)) / 2;
    std::vector<float> round_trips = std::move(morning_->round_trips_ms);
    round_trips.insert(round_trips.end(), evening_->round_trips_ms.begin(),
                       evening_->round_trips_ms.end());
    result_.rtt_ms = percentiles(round_trips);
    const double sending = result_.morning_seconds + result_.evening_seconds;
    result_.accepted_per_second =
        static_cast<double>(morning_->accepted + evening_->accepted) / sending;
    result_.relay_log_bytes = directory_bytes(log());
    for (const core::Bytes* message : all_messages(*fleet_)) {
      result_.message_bytes += message->size();
    }
    TRY_ASSIGN(const auto opened, rebuild::Books::open(books()));
    TRY_ASSIGN(result_.postings, count_postings(opened));
    TRY_ASSIGN(digest_, opened.digest());
    result_.books_digest = digest_.books.hex();
    result_.checks["G2"] = check_growth();
    return {};
  }

  // G2: bytes and postings per till stay flat as N grows.
  Check check_growth() const {
    const auto tills = static_cast<double>(result_.tills);
    const double bytes = static_cast<double>(result_.relay_log_bytes) / tills;
    const double postings = static_cast<double>(result_.postings) / tills;
    // Record headers and padding grow with the messages; segment headers and the like do not.
    constexpr double kFixedBytes = 4096;
    constexpr double kFramingMax = 40;
    const double framing = (static_cast<double>(result_.relay_log_bytes) -
                            static_cast<double>(result_.message_bytes) - kFixedBytes) /
                           static_cast<double>(result_.found.messages);
    char text[160];
    std::snprintf(text, sizeof text, "%.1f log bytes and %.2f postings per till", bytes, postings);
    if (framing > kFramingMax) return failed(std::string(text) + "; records have grown");
    if (smaller_ == nullptr) return pass(std::string(text) + "; no smaller fleet to compare with");
    const auto fewer = static_cast<double>(smaller_->tills);
    const double bytes_before = static_cast<double>(smaller_->relay_log_bytes) / fewer;
    const double postings_before = static_cast<double>(smaller_->postings) / fewer;
    const bool flat = bytes <= bytes_before * 1.02 && postings <= postings_before * 1.02;
    return flat ? pass(text) : failed(std::string(text) + "; the smaller fleet had less");
  }

  // What keeps a claim from being checked is a claim that does not hold.
  template <typename Step>
  void claim(const char* name, const char* label, Step step) {
    Progress progress(std::string(name) + ": " + label, 1, options_.quiet);
    Result<Check> check = step();
    result_.checks[name] = check ? std::move(*check) : failed(core::describe(check.error()));
  }

  Result<void> faults() {
    const CheckContext context{*fleet_, options_, log(), books(), digest_, workload_.mornings()};
    claim("B2", "a bad network", [&] { return check_bad_network(context, result_); });
    claim("B3", "everything is sent again", [&] { return check_resend(context); });
    claim("B5", "the relay is killed at half", [&] { return check_relay_killed(context); });
    claim("B6", "tills from their backups", [&] { return check_recover(context); });
    claim("B8", "hostile messages", [&] { return check_hostile_messages(context); });
    claim("G1", "numbers, beside a shared counter",
          [&] { return check_numbers(*fleet_, options_, result_.expected.documents, result_); });
    Progress progress("a connection per till", 1, options_.quiet);
    return measure_connection_per_till(context, result_);
  }

  Result<void> clear() {
    const Stopwatch watch;
    auto answers = std::move(morning_->answers);
    for (std::size_t till = 0; till < answers.size(); ++till) {
      // A till's messages alternate; hand the answers over in the outbox's order.
      std::vector<std::optional<Answered>> ordered;
      std::size_t opening = 0;
      std::size_t closing = 0;
      for (const FleetMessage& message : fleet_->tills()[till].messages) {
        ordered.push_back(message.kind == till::MessageKind::kOpening
                              ? answers[till][opening++]
                              : evening_->answers[till][closing++]);
      }
      answers[till] = std::move(ordered);
    }
    TRY(fleet_->acknowledge(answers));
    result_.clear_seconds = watch.seconds();
    return {};
  }

  const Workload& workload_;
  const RunOptions& options_;
  const RunResult* smaller_;
  RunResult result_;
  std::optional<Fleet> fleet_;
  std::optional<WaveOutcome> morning_;
  std::optional<WaveOutcome> evening_;
  rebuild::BooksDigest digest_;
};

}  // namespace

bool RunResult::passed() const {
  return !checks.empty() &&
         std::all_of(checks.begin(), checks.end(), [](const auto& c) { return c.second.passed; });
}

Result<RunResult> run_sweep(const Workload& workload, const Figures& expected,
                            const RunOptions& options, const RunResult* smaller) {
  std::error_code error;
  std::filesystem::create_directories(options.work, error);
  if (error) return fail(Errc::kIo, options.work.string() + ": " + error.message());
  auto result = Run(workload, expected, options, smaller).all();
  if (!options.keep) std::filesystem::remove_all(options.work, error);
  return result;
}

}  // namespace sweep
