// Puts logs and server together.
// Must not know HTTP's words or the log's bytes.
#include "relay/serve.h"

#include <sys/resource.h>
#include <systemd/sd-daemon.h>

#include <cstdio>

#include "relay/log_lines.h"

namespace relay {
namespace {

using core::Errc;
using core::fail;

// Every connection needs a descriptor; the usual soft limit is far below the hard one.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

core::Result<void> check_transport(const ServeOptions& options) {
  const ServerOptions& server = options.server;
  if (server.tls_certificate.empty() != server.tls_key.empty()) {
    return fail(Errc::kUsage, "--tls-cert and --tls-key go together");
  }
  const bool loopback = server.host.starts_with("127.") || server.host == "::1";
  if (!server.tls_certificate.empty() || loopback || options.plain_anywhere) return {};
  return fail(Errc::kUsage,
              "plain HTTP is served on loopback only: give --tls-cert and --tls-key, "
              "or --plain-http behind a proxy that speaks TLS");
}

void tell_start(const Tenants& tenants, const ServeOptions& options, std::uint16_t port) {
  for (const auto& tenant : tenants.all()) {
    if (!tenant->torn_tail().empty()) {
      log_event(Level::kWarn, "truncated",
                {{"origin", tenant->origin()}, {"detail", tenant->torn_tail()}});
    }
    log_event(Level::kInfo, "log",
              {{"origin", tenant->origin()},
               {"size", std::to_string(tenant->sequencer().published()->size)}});
  }
  if (options.tenant.open) {
    log_event(Level::kWarn, "open",
              {{"detail",
                "--open: messages of every key are taken, entries are read by anybody; "
                "for trials only"}});
  }
  const std::string address = options.server.host + ":" + std::to_string(port);
  log_event(Level::kInfo, "listening",
            {{"address", address}, {"tls", options.server.tls_key.empty() ? "no" : "yes"}});
  std::printf("listening on %s\n", address.c_str());
  std::fflush(stdout);
  ::sd_notify(0, "READY=1");
}

}  // namespace

core::Result<void> serve(const ServeOptions& options) {
  TRY(check_transport(options));
  raise_descriptor_limit();
  Metrics metrics;
  TRY_ASSIGN(const auto server, Server::listen(options.server, metrics));
  TRY_ASSIGN(const auto tenants,
             Tenants::start(options.directory, options.tenant, metrics,
                            [&server](const core::Error& error) { server->fail(error); }));
  tell_start(*tenants, options, server->port());
  const auto served = server->run(*tenants);
  ::sd_notify(0, "STOPPING=1");
  const auto stopped = tenants->stop();
  return served ? stopped : served;
}

}  // namespace relay
