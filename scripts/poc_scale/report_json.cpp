// Table and JSON of a sweep.
#include <cstdarg>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/decimal.h"
#include "scripts/poc_scale/report.h"

namespace sweep {
namespace {

using nlohmann::json;

// Quantities are whole units where they are, else decimal numbers of units as text.
json units(std::int64_t thousandths) {
  if (thousandths % core::Quantity::kUnit == 0) return thousandths / core::Quantity::kUnit;
  return core::format_decimal(thousandths, 3);
}

json by_product(const std::map<std::uint64_t, std::int64_t>& figures) {
  json out = json::object();
  for (const auto& [product, thousandths] : figures) {
    if (thousandths != 0) out[std::to_string(product)] = units(thousandths);
  }
  return out;
}

json percentiles_json(const Percentiles& p) {
  return {{"p50", p.p50}, {"p95", p.p95}, {"p99", p.p99}};
}

json receipts_json(const SweepReport& report, const RunResult& run) {
  std::set<std::uint32_t> stores;
  for (const auto& [key, day] : run.found.store_days) stores.insert(key.first);
  const DayFigures& total = run.found.total;
  return {{"lines", report.receipts->lines},
          {"refused_lines", report.receipts->refused.size()},
          {"baskets", total.sales},
          {"stores", stores.size()},
          {"store_days", run.found.store_days.size()},
          {"gross_minor", total.net_minor + total.discount_minor},
          {"discount_minor", total.discount_minor},
          {"net_minor", total.net_minor},
          {"coupon_minor", total.coupon_minor},
          {"units", units(total.consumed)}};
}

json times_json(const RunResult& run) {
  return {{"ring", run.ring_seconds},
          {"morning", run.morning_seconds},
          {"evening", run.evening_seconds},
          {"replay", run.replay_seconds},
          {"replay_read", run.replay.read_seconds},
          {"replay_check", run.replay.check_seconds},
          {"replay_judge", run.replay.judge_seconds},
          {"replay_rows", run.replay.rows_seconds},
          {"replay_seal", run.replay.seal_seconds},
          {"checks", run.check_seconds},
          {"window", run.window_seconds},
          {"clear_outboxes", run.clear_seconds}};
}

// Of what the replay does besides the books' own rows.
double replay_ratio(const RunResult& run) {
  const double seconds =
      run.replay.read_seconds + run.replay.check_seconds + run.replay.judge_seconds;
  return static_cast<double>(run.found.messages) / seconds / run.verify_per_second_all_cores;
}

json run_json(const SweepReport& report, const RunResult& run) {
  json checks = json::object();
  json details = json::object();
  for (const auto& [name, check] : run.checks) {
    checks[name] = check.passed ? "pass" : "fail";
    details[name] = check.detail;
  }
  const double one_core_seconds = static_cast<double>(run.found.messages) / run.verify_per_second;
  json out = {{"tills", run.tills},
              {"messages", run.found.messages},
              {"sales", run.found.total.sales},
              {"voids", run.found.total.voids},
              {"net_minor", run.found.total.net_minor},
              {"received", by_product(run.stock.received)},
              {"consumed", by_product(run.stock.consumed)},
              {"on_hand", by_product(run.stock.on_hand)},
              {"checks", checks},
              {"check_details", details},
              {"accepted_per_second", run.accepted_per_second},
              {"verify_per_second_one_core", run.verify_per_second},
              {"verify_per_second_all_cores", run.verify_per_second_all_cores},
              {"replay_to_verify_ratio", replay_ratio(run)},
              {"accepted_to_verify_ratio", run.accepted_per_second / run.verify_per_second},
              {"window_to_verify_ratio", run.window_seconds / one_core_seconds},
              {"rtt_ms", percentiles_json(run.rtt_ms)},
              {"wall_seconds", run.wall_seconds},
              {"seconds", times_json(run)},
              {"cpu_seconds_window", run.window_cpu_seconds},
              {"relay_cpu_seconds", run.relay.cpu_seconds},
              {"relay_peak_bytes", run.relay.peak_bytes},
              {"peak_bytes", run.peak_bytes},
              {"relay_log_bytes", run.relay_log_bytes},
              {"closing_bytes", run.closing_bytes},
              {"postings", run.postings},
              {"books_digest", run.books_digest}};
  if (run.connections_per_till > 0) {
    out["connection_per_till"] = {
        {"connections", run.connections_per_till},
        {"accepted_per_second", run.accepted_per_second_connection_per_till}};
    out["rtt_bad_ms"] = percentiles_json(run.rtt_bad_ms);
    out["bad_network"] = {{"lost_requests", run.lost_requests}, {"lost_answers", run.lost_answers}};
    out["shared_counter"] = {{"engine", run.counter.engine},
                             {"documents", run.counter.documents},
                             {"seconds", run.counter.shared_seconds},
                             {"tills_seconds", run.counter.tills_seconds}};
  }
  if (report.receipts) out["receipts"] = receipts_json(report, run);
  return out;
}

std::string print(const char* format, ...) __attribute__((format(printf, 1, 2)));
std::string print(const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  return text;
}

std::string money(std::int64_t minor) {
  return core::format_decimal(minor, 2);
}

std::string receipts_table(const SweepReport& report, const RunResult& run) {
  const json r = receipts_json(report, run);
  std::string out = print(
      "receipts: %llu lines, %zu refused; %llu baskets, %zu store-days\n",
      static_cast<unsigned long long>(report.receipts->lines), report.receipts->refused.size(),
      static_cast<unsigned long long>(run.found.total.sales), run.found.store_days.size());
  out += "  shelf " + money(r["gross_minor"]) + "  discounts " + money(r["discount_minor"]) +
         "  takings " + money(r["net_minor"]) + "  of these by coupon " + money(r["coupon_minor"]) +
         "  units " + r["units"].dump() + "\n";
  constexpr std::size_t kShown = 10;
  for (std::size_t i = 0; i < report.receipts->refused.size() && i < kShown; ++i) {
    const RefusedLine& line = report.receipts->refused[i];
    out += "  line " + std::to_string(line.line) + " refused: " + line.reason + "\n";
  }
  return out;
}

}  // namespace

std::string to_json(const SweepReport& report) {
  json runs = json::array();
  for (const RunResult& run : report.runs) runs.push_back(run_json(report, run));
  const json out = {{"commit", report.commit},
                    {"seed", report.seed},
                    {"machine", report.machine},
                    {"connections", report.connections},
                    {"till_durability", report.full_durability ? "full" : "simulated"},
                    {"runs", runs}};
  return out.dump(2) + "\n";
}

std::string to_table(const SweepReport& report) {
  std::string out =
      print("%7s %9s %7s %6s %16s %11s %7s %7s %8s  %s\n", "tills", "messages", "sales", "voids",
            "net", "accepted/s", "x ver.", "window", "x ver.", "claims");
  for (const RunResult& run : report.runs) {
    const double one_core = static_cast<double>(run.found.messages) / run.verify_per_second;
    std::string claims;
    for (const auto& [name, check] : run.checks) {
      claims += (claims.empty() ? "" : " ") + name + (check.passed ? "" : " FAILED");
    }
    out += print("%7llu %9llu %7llu %6llu %16s %11.0f %7.2f %6.2fs %8.2f  %s\n",
                 static_cast<unsigned long long>(run.tills),
                 static_cast<unsigned long long>(run.found.messages),
                 static_cast<unsigned long long>(run.found.total.sales),
                 static_cast<unsigned long long>(run.found.total.voids),
                 money(run.found.total.net_minor).c_str(), run.accepted_per_second,
                 run.accepted_per_second / run.verify_per_second, run.window_seconds,
                 run.window_seconds / one_core, claims.c_str());
    if (report.receipts) out += receipts_table(report, run);
    for (const auto& [name, check] : run.checks) {
      if (!check.passed) out += "        " + name + " FAILED: " + check.detail + "\n";
    }
  }
  return out;
}

}  // namespace sweep
