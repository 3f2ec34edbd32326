// serve and holds: the balance service for points, and what it holds.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/retail/limits.h"
#include "core/wire/endpoint.h"
#include "ledger-rebuild/balance_server.h"
#include "ledger-rebuild/balance_service.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;

struct ServeArguments {
  BalanceOptions balance;
  BalanceServerOptions server;
  std::string listen = "127.0.0.1:8090";
};

BalanceResponse plain_text(int status, std::string_view text) {
  return {status, "text/plain; charset=utf-8", core::to_bytes(core::as_bytes(text))};
}

Result<int> run_serve(ServeArguments& a) {
  TRY_ASSIGN(const auto endpoint, core::wire::parse_endpoint(a.listen));
  a.server.host = endpoint.host;
  a.server.port = endpoint.port;
  a.server.body_max = core::retail::kPointsRequestSizeMax;
  TRY_ASSIGN(const auto service, BalanceService::open(a.balance));
  TRY_ASSIGN(const auto server, BalanceServer::listen(a.server));
  std::printf("listening on %s:%u\n", endpoint.host.c_str(), unsigned{server->port()});
  std::fflush(stdout);
  server->run([&](std::string_view method, std::string_view target, core::ByteView body) {
    if (target != core::retail::kPointsPath) return plain_text(404, "there is only /v1/points\n");
    if (method != "POST") return plain_text(405, "/v1/points takes POST\n");
    BalanceReply reply = service->answer(body);
    if (service->fatal()) server->stop();
    if (reply.status != 200) return plain_text(reply.status, core::as_text(reply.body));
    return BalanceResponse{200, core::retail::kPointsContentType, std::move(reply.body)};
  });
  if (service->fatal()) return fail(*service->fatal());
  return 0;
}

struct HoldsArguments {
  std::string holds;
  std::string books;
  std::string as_of;
  std::string drop;
  bool json = false;
};

std::string hold_line(const Hold& hold, core::BusinessDay as_of) {
  return to_string(hold.day) + "  till " + to_string(hold.owner.till) + ", epoch " +
         to_string(hold.owner.epoch) + "  member " + hold.member.hex() + "  " +
         std::to_string(hold.points) + " points  " + std::to_string(as_of.days - hold.day.days) +
         " days  " + hold.id.hex() + "\n";
}

nlohmann::json hold_json(const Hold& hold, core::BusinessDay as_of) {
  return {{"day", to_string(hold.day)},
          {"store", hold.owner.till.store.value},
          {"till", hold.owner.till.till.value},
          {"epoch", hold.owner.epoch.value},
          {"member", hold.member.hex()},
          {"points", hold.points},
          {"age_days", as_of.days - hold.day.days},
          {"id", hold.id.hex()}};
}

Result<void> drop_hold(const HoldsArguments& a) {
  const auto raw = core::from_hex(a.drop);
  const auto id =
      raw ? core::retail::HoldId::from(*raw) : Result<core::retail::HoldId>(fail(raw.error()));
  if (!id) return fail(Errc::kUsage, "--drop: 32 hexadecimal digits, as the list has them");
  TRY_ASSIGN(Holds holds, Holds::open_existing(a.holds));
  return holds.drop(*id);
}

Result<int> run_holds(const HoldsArguments& a) {
  TRY_ASSIGN(const auto asked, parse_day(a.as_of, "--as-of"));
  if (!a.drop.empty()) TRY(drop_hold(a));
  TRY_ASSIGN(Holds holds, Holds::open_existing(a.holds));
  TRY_ASSIGN(BookedPoints books, BookedPoints::open(a.books));
  TRY_ASSIGN(const auto open, holds.open_holds(books));
  core::BusinessDay newest{};
  for (const Hold& hold : open) newest = std::max(newest, hold.day);
  const core::BusinessDay as_of = asked.value_or(newest);
  if (a.json) {
    nlohmann::json out = nlohmann::json::array();
    for (const Hold& hold : open) out.push_back(hold_json(hold, as_of));
    std::printf("%s\n", out.dump(2).c_str());
    return 0;
  }
  std::string text = std::to_string(open.size()) + " open holds\n";
  for (const Hold& hold : open) text += hold_line(hold, as_of);
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "serve", "The balance service: holds members' points for tills before they pay");
  auto a = std::make_shared<ServeArguments>();
  command->add_option("--head-office", a->balance.head_office, "Head office's directory")
      ->required();
  command->add_option("--books", a->balance.books, kBooksHelp)->required();
  command->add_option("--holds", a->balance.holds, "File of the holds; made when there is none")
      ->required();
  command->add_option("--listen", a->listen, "ADDRESS:PORT; port 0 takes any free one")
      ->capture_default_str();
  command->add_option("--tls-cert", a->server.tls_certificate,
                      "PEM file: the server's certificate and those up to its authority");
  command->add_option("--tls-key", a->server.tls_key, "PEM file: the certificate's private key");
  command->add_flag("--plain-http", a->server.plain_anywhere,
                    "Plain HTTP on other addresses than loopback: behind a proxy that speaks TLS");
  constexpr std::int64_t kPointsMax = core::retail::kFigureMax;
  command
      ->add_option("--allowance-member", a->balance.member_points,
                   "Points that one member may redeem at a till and day while it has no connection")
      ->check(CLI::Range(std::int64_t{0}, kPointsMax))
      ->capture_default_str();
  command
      ->add_option("--allowance-total", a->balance.total_points,
                   "The same for all members together; 0: nothing without a connection")
      ->check(CLI::Range(std::int64_t{0}, kPointsMax))
      ->capture_default_str();
  command
      ->add_option("--allowance-days", a->balance.days,
                   "Business days that this counts beyond the day on which a till last asked")
      ->check(CLI::Range(0, 366))
      ->capture_default_str();
  command->footer(
      "Example:\n"
      "  daybook-rebuild serve --head-office head-office --books books.db --holds holds.db \\\n"
      "      --listen 127.0.0.1:8090 --allowance-member 100 --allowance-total 1000\n"
      "Ends with SIGTERM. Exit status: 0; 1 a file cannot be read or written; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_serve(*a)); });
}

void add_holds(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("holds", "List the points that are held and not in the books yet");
  auto a = std::make_shared<HoldsArguments>();
  command->add_option("--holds", a->holds, "File of the holds")->required();
  command->add_option("--books", a->books, kBooksHelp)->required();
  command->add_option("--as-of", a->as_of,
                      "Business day that ages are counted to; default: the newest hold's");
  command->add_option("--drop", a->drop,
                      "End this hold first, by the last column of the list: its till is gone");
  command->add_flag("--json", a->json, "As JSON");
  command->footer(
      "Example:\n  daybook-rebuild holds --holds holds.db --books books.db --as-of 2026-11-30\n"
      "Exit status: 0; 1 a file cannot be read, or nothing has the id; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_holds(*a)); });
}

}  // namespace rebuild
