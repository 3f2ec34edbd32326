// Run: the server, the service behind it, and the service manager.
#include "till/api/run.h"

#include <systemd/sd-daemon.h>

#include <memory>
#include <optional>

#include "core/base/decimal.h"
#include "till/api/http_server.h"
#include "till/api/service.h"

namespace till::api {
namespace {

using core::Errc;
using core::fail;
using core::Result;

Result<void> parse_address(const std::string& text, HttpServerOptions& options) {
  const std::size_t colon = text.rfind(':');
  const auto port = core::parse_unsigned(colon == std::string::npos ? "" : text.substr(colon + 1));
  if (!port || *port > UINT16_MAX) {
    return fail(Errc::kUsage, "'" + text + "': expected ADDRESS:PORT, such as 127.0.0.1:8700");
  }
  options.host = text.substr(0, colon);
  if (options.host.starts_with('[') && options.host.ends_with(']')) {
    options.host = options.host.substr(1, options.host.size() - 2);
  }
  options.port = static_cast<std::uint16_t>(*port);
  if (options.host.empty()) return fail(Errc::kUsage, "'" + text + "' has no address");
  return {};
}

// As a browser writes one: a scheme, a host, perhaps a port, and nothing behind it.
Result<void> check_origin(const std::string& origin) {
  const std::size_t scheme = origin.find("://");
  const bool good = scheme != std::string::npos && scheme > 0 &&
                    origin.find_first_of("/?#*", scheme + 3) == std::string::npos &&
                    origin.size() > scheme + 3;
  if (good) return {};
  return fail(Errc::kUsage, "'" + origin + "': expected an origin, such as http://localhost:3000");
}

// What a till does between two requests: copies of backups, an opening that has waited for its
// delivery long enough, and the outbox.
struct Chores {
  Till& till;
  Courier* courier;
  BackupCarrier* carrier;
  NoticeCarrier* notices;
  PointsDesk* points;
  const std::function<void(const std::string&)>& warn;
  std::optional<core::Error> fatal{};
  std::string copying_said{};

  // False: the journal has failed.
  bool done() {
    const auto copied = till.copy_backups(Backup::Reach::kNear);
    const std::string wrong = copied ? "" : describe(copied.error());
    if (!wrong.empty() && wrong != copying_said) {
      warn("a backup was not copied, and waits: " + wrong);
    }
    copying_said = wrong;
    const auto sealed = till.seal_overdue_opening();
    if (!sealed) take(sealed.error());
    const auto key_taken = till.take_next_key();
    if (!key_taken) take(key_taken.error());
    if (carrier != nullptr) {
      const auto carried = carrier->step(till.backup());
      if (!carried) {
        take(carried.error());
      } else if (*carried) {
        warn("a backup was not copied, and waits: " + describe(**carried));
      }
    }
    if (notices != nullptr) {
      const auto fetched = notices->step(till);
      if (!fetched) {
        take(fetched.error());
      } else if (*fetched) {
        warn("head office's notices: " + describe(**fetched));
      }
    }
    if (points != nullptr) {
      const auto asked = points->step(till.points());
      if (!asked) {
        take(asked.error());
      } else if (*asked) {
        warn("the balance service: " + describe(**asked) + "; it is asked again");
      }
    }
    if (courier == nullptr) return !fatal;
    const auto step = courier->step(till.outbox());
    if (!step) {
      take(step.error());
    } else if (*step) {
      warn(describe(**step) + "; the outbox keeps it, and it is tried again");
    }
    return !fatal;
  }

  void take(const core::Error& error) {
    warn(describe(error));
    if (error.code == Errc::kSyncFailed) fatal = error;
  }
};

std::string url_of(const HttpServerOptions& options, std::uint16_t port) {
  const bool v6 = options.host.find(':') != std::string::npos;
  return "http://" + (v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(port);
}

}  // namespace

Result<void> run(Till& till, const core::Clock& clock, const RunOptions& options,
                 const std::function<void(const std::string&)>& say,
                 const std::function<void(const std::string&)>& warn) {
  HttpServerOptions server_options;
  server_options.socket = options.socket;
  if (!options.http.empty()) TRY(parse_address(options.http, server_options));
  for (const std::string& origin : options.origins) TRY(check_origin(origin));
  TRY_ASSIGN(const auto server, HttpServer::listen(server_options));
  AskPoints ask;
  if (options.points != nullptr) {
    ask = [desk = options.points](const PointsService& to, core::ByteView request) {
      return desk->ask(to, request);
    };
  }
  Service service(till, clock, Guard{server->port(), options.origins}, options.printer, ask);
  if (!options.socket.empty()) say("listening on " + options.socket.string());
  if (!options.http.empty()) say("listening on " + url_of(server_options, server->port()));
  std::uint64_t watchdog_us = 0;
  const bool watched = ::sd_watchdog_enabled(0, &watchdog_us) > 0;
  Chores chores{till, options.courier, options.carrier, options.notices, options.points, warn};
  ::sd_notify(0, "READY=1");
  server->run(
      [&](const HttpRequest& request) {
        HttpResponse response = service.handle(request);
        if (service.fatal()) server->stop();
        return response;
      },
      [&] {
        if (watched) ::sd_notify(0, "WATCHDOG=1");
        if (!chores.done()) server->stop();
      });
  ::sd_notify(0, "STOPPING=1");
  if (service.fatal()) return fail(*service.fatal());
  if (chores.fatal) return fail(*chores.fatal);
  return {};
}

}  // namespace till::api
