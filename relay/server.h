// Server: the relay's HTTP side, one thread for all connections.
// Must not know segments or groups, and shows no Asio or Beast type. docs/formats/relay-http.md.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/disk/record_reader.h"
#include "relay/metrics.h"
#include "relay/sequencer.h"

namespace relay {

struct ServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: any free one
  std::chrono::milliseconds client_timeout{10000};
  std::size_t connections_max = 16384;
};

class Server {
 public:
  using Submit = std::function<void(std::shared_ptr<Submission>)>;

  // Listens, but serves nothing before run(). Errors: kUsage (no such address), kIo (in use).
  // `places`: of the durable entries so far; `reader` reads them.
  static core::Result<std::unique_ptr<Server>> listen(const ServerOptions& options,
                                                      Metrics& metrics,
                                                      core::disk::RecordReader reader,
                                                      std::vector<core::disk::RecordPlace> places);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  // Hands over what a commit made durable. Thread: any.
  void deliver(Delivery delivery);
  // Serves until SIGTERM or SIGINT, then finishes the requests that it has. Errors: the fatal error
  // of a delivery, after its requests were answered.
  core::Result<void> run(Submit submit);

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace relay
