// Commands of a till that stays open: run, and what talks to it.
#include <cstdio>
#include <memory>
#include <random>

#include "core/base/random.h"
#include "core/wire/relay_client.h"
#include "till/api/run.h"
#include "till/command_support.h"
#include "till/printer.h"
#include "till/shell/shell.h"

namespace till {

using core::Result;

namespace {

void warn(const std::string& text) {
  std::fprintf(stderr, "daybook-till: warning: %s\n", text.c_str());
}

std::int64_t steady_ms() {
  return core::SteadyClock().now_ms();
}

// Errors: kState (the till could check no receipt), those of the authorities' file.
Result<std::unique_ptr<api::Courier>> courier_to(const CommandWords& words, Till& till) {
  TRY_ASSIGN(const TillStatus status, till.status());
  if (status.log_key.empty()) {
    return core::fail(core::Errc::kState,
                      "no receipt could be checked: the roster that this till joined with names no "
                      "key of the log; join again with one that does (daybook-rebuild log-key)");
  }
  TRY_ASSIGN(core::wire::RelayClient client, relay_client(words, till));
  const auto relay = std::make_shared<core::wire::RelayClient>(std::move(client));
  std::random_device seed;
  return std::make_unique<api::Courier>(
      [relay](std::span<const core::Bytes> messages) { return relay->post(messages); }, steady_ms,
      core::Random((std::uint64_t{seed()} << 32) | seed()));
}

Result<std::unique_ptr<api::NoticeCarrier>> notices_from(const CommandWords& words,
                                                         const Till& till) {
  TRY_ASSIGN(core::wire::RelayClient client, relay_client(words, till));
  const auto relay = std::make_shared<core::wire::RelayClient>(std::move(client));
  return std::make_unique<api::NoticeCarrier>(notice_ports(relay), steady_ms);
}

}  // namespace

Result<void> run_run(const CommandWords& words, const core::Clock& clock) {
  if (words.socket.empty() && words.http.empty()) {
    return core::fail(core::Errc::kUsage, "name --socket PATH, --http ADDRESS:PORT, or both");
  }
  TRY_ASSIGN(Till till, open_till(words));
  std::unique_ptr<api::Courier> courier;
  if (!words.relay.empty()) {
    TRY_ASSIGN(courier, courier_to(words, till));
  }
  std::unique_ptr<api::NoticeCarrier> notices;
  if (!words.relay.empty()) {
    TRY_ASSIGN(notices, notices_from(words, till));
  }
  api::BackupCarrier carrier(api::carry, steady_ms);
  TRY_ASSIGN(auto over_http, points_over_http(words.authorities));
  api::PointsDesk points(std::move(over_http), steady_ms);
  DevicePrinter printer(words.printer);
  Printer* const paper = words.printer.empty() ? nullptr : &printer;
  return api::run(
      till, clock,
      {words.socket, words.http, words.origins, courier.get(), &carrier, notices.get(), paper,
       &points},
      [](const std::string& line) { print(line + "\n"); }, warn);
}

Result<void> run_shell(const CommandWords& words) {
  return shell::run_shell(words.socket);
}

}  // namespace till
