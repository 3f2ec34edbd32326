// BalanceServer: HTTP/1.1, with or without TLS, in front of the balance service: one path, small
// bodies, many short connections. Must not know points; shows no Asio or Beast type.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace rebuild {

struct BalanceServerOptions {
  std::string host;                         // an IP address
  std::uint16_t port = 0;                   // 0: any free one
  std::filesystem::path tls_certificate{};  // PEM; with a key: TLS
  std::filesystem::path tls_key{};
  bool plain_anywhere = false;  // plain HTTP on other addresses than loopback
  std::size_t body_max = 1024;
  std::chrono::milliseconds request_timeout{15000};  // from one answer to the end of the next
  std::size_t connections_max = 1000;                // one more is closed at once
};

struct BalanceResponse {
  int status = 200;
  std::string content_type;
  core::Bytes body;
};

// Thread: one; requests are answered one after another.
class BalanceServer {
 public:
  // Of a whole request.
  using Handler = std::function<BalanceResponse(std::string_view method, std::string_view target,
                                                core::ByteView body)>;

  // Listens, but answers nothing before run(). Errors: kUsage (no IP address; a certificate without
  // its key; plain HTTP beyond loopback), kIo, those of core::tls::Context::server.
  static core::Result<std::unique_ptr<BalanceServer>> listen(const BalanceServerOptions& options);
  ~BalanceServer();
  BalanceServer(const BalanceServer&) = delete;
  BalanceServer& operator=(const BalanceServer&) = delete;

  std::uint16_t port() const;
  // Answers until SIGTERM or SIGINT, or stop().
  void run(const Handler& handler);
  // Thread: that of run().
  void stop();

 private:
  struct Impl;
  explicit BalanceServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rebuild
