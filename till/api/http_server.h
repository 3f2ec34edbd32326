// HttpServer: HTTP/1.1 over a Unix socket and on loopback; whole requests in, whole responses out.
// Must not know tills or JSON, and shows no Asio or Beast type. Limits: docs/till-api.md.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/result.h"

namespace till::api {

struct HttpRequest {
  std::string method;
  std::string target;  // path and query, as they came
  std::string body;
  bool by_socket = false;  // over the Unix socket, which no web page reaches
  // Fields that count here; "" when they are missing.
  std::string host{};
  std::string origin{};
  std::string fetch_site{};  // Sec-Fetch-Site
  std::string content_type{};
  std::string authorization{};
  std::string idempotency_key{};
};

struct HttpResponse {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> fields{};
};

inline constexpr std::size_t kHttpBodyMax = std::size_t{64} << 10;
inline constexpr std::uint32_t kHttpHeaderMax = 8192;

struct HttpServerOptions {
  std::filesystem::path socket{};  // empty: none
  // An IP address of this machine's loopback; empty: none.
  std::string host{};
  std::uint16_t port = 0;                            // 0: any free one
  std::chrono::milliseconds request_timeout{10000};  // from a request's first byte to its last
  std::chrono::milliseconds idle_timeout{600000};    // between two requests of a connection
  std::size_t connections_max = 32;
};

// Thread: one; requests are answered one after another, so that a handler is alone.
class HttpServer {
 public:
  using Handler = std::function<HttpResponse(const HttpRequest&)>;

  // Listens, but answers nothing before run(). The socket's file has mode 0600; one that a process
  // left behind is taken away. Errors: kUsage (no address of loopback, nothing to listen on), kBusy
  // (somebody listens there), kExists (the path is no socket), kIo.
  static core::Result<std::unique_ptr<HttpServer>> listen(const HttpServerOptions& options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;  // of loopback

  // `tick` is called about once a second. Answers until SIGTERM or SIGINT, or stop(), and then ends
  // with the requests whose bytes are here already.
  void run(const Handler& handler, const std::function<void()>& tick);
  // Thread: that of run().
  void stop();

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace till::api
