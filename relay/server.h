// Server: the relay's HTTP side: a listening socket and its workers.
// Must not know segments or groups, and shows no Asio or Beast type. docs/formats/relay-http.md.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "relay/metrics.h"
#include "relay/tenant.h"

namespace relay {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::chrono::milliseconds client_timeout{10000};
  std::size_t connections_max = 16384;
  unsigned workers = 0;  // threads; 0: one a core
  // PEM files; both empty: plain HTTP.
  std::filesystem::path tls_certificate{};
  std::filesystem::path tls_key{};
};

class Server {
 public:
  // Listens, but serves nothing before run(). Errors: kUsage (no such address), kIo (in use), and
  // those of core::tls::Context::server.
  static core::Result<std::unique_ptr<Server>> listen(const ServerOptions& options,
                                                      Metrics& metrics);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  // A log has failed: answers what is under way, then ends. Thread: any.
  void fail(const core::Error& error);
  // Serves until SIGTERM or SIGINT, then finishes the requests that it has. SIGHUP reads rosters
  // and certificate again. Errors: what fail() was given.
  core::Result<void> run(Tenants& tenants);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace relay
