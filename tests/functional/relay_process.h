// The real relay for functional tests: started on a free port, spoken to through raw sockets.
#pragma once

#include <optional>

#include "core/wire/relay_client.h"
#include "tests/support/process.h"

namespace test {

std::string relay_binary();

// Makes a log's directory; `options` such as --head-office. Returns the key of its checkpoints.
std::string make_log(const std::string& directory, const std::string& origin = "test.example/log",
                     const std::vector<std::string>& options = {});

// The directory is made when it is not there, and served --open unless it has head office's key.
class Relay {
 public:
  // `before`: words before the relay's own, such as strace and its options.
  explicit Relay(const std::string& directory, const std::vector<std::string>& options = {},
                 const std::vector<std::string>& before = {});

  bool listening() const { return endpoint.port != 0; }
  core::wire::RelayClient client(
      std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    return core::wire::RelayClient(endpoint, timeout, trust);
  }
  // SIGTERM to the relay itself, then its end.
  Outcome stop();

  Process process;
  core::wire::Endpoint endpoint;
  std::shared_ptr<const core::tls::Context> trust;  // for an https endpoint
};

// A plain TCP connection.
class Socket {
 public:
  explicit Socket(const core::wire::Endpoint& endpoint);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool send(std::string_view bytes);
  void end_sending();  // as a client that has no more to say
  // Reads until `text` has come, the peer closes, or `timeout`; returns all that came so far.
  std::string read_until(std::string_view text,
                         std::chrono::milliseconds timeout = std::chrono::seconds(5));
  // Reads until the peer closes; nothing if it does not within `timeout`.
  std::optional<std::string> read_to_end(
      std::chrono::milliseconds timeout = std::chrono::seconds(5));

 private:
  bool read_some(std::chrono::milliseconds timeout);
  int fd_ = -1;
  bool closed_ = false;
  std::string received_;
};

// A request with a body, and the whole response of a connection that is closed afterwards.
std::string http(const core::wire::Endpoint& endpoint, std::string_view method,
                 std::string_view path, std::string_view body = {});

}  // namespace test
