// BalanceServer on Boost.Asio and Beast: the only translation unit of head office's that uses them.
#include "ledger-rebuild/balance_server.h"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <csignal>
#include <optional>

#include "core/tls/session.h"

namespace rebuild {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using core::Errc;
using core::fail;
using core::Result;

constexpr std::uint32_t kHeaderMax = 8192;
constexpr std::chrono::milliseconds kAcceptAgain{100};

struct Shared {
  const BalanceServerOptions& options;
  std::shared_ptr<const core::tls::Context> tls{};
  const BalanceServer::Handler* handler = nullptr;
  std::size_t connections = 0;
  bool stopping = false;
};

std::string head_of(const BalanceResponse& response, bool keep) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " " +
                    std::string(http::obsolete_reason(static_cast<http::status>(response.status)));
  out += "\r\nContent-Type: " + response.content_type +
         "\r\nContent-Length: " + std::to_string(response.body.size()) +
         "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  if (!keep) out += "Connection: close\r\n";
  return out + "\r\n";
}

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), shared_(shared) {
    ++shared_.connections;
  }
  ~Connection() { --shared_.connections; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    if (shared_.tls) tls_.emplace(core::tls::Session::accept(shared_.tls));
    begin();
    read();
  }

 private:
  void begin() {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(kHeaderMax);
    parser_->body_limit(shared_.options.body_max);
    timer_.expires_after(shared_.options.request_timeout);
    timer_.async_wait([weak = weak_from_this()](error_code error) {
      const auto self = weak.lock();
      if (!error && self) self->close();
    });
  }

  void close() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
    timer_.cancel();
  }

  void read() {
    socket_.async_read_some(asio::buffer(in_),
                            [self = shared_from_this()](error_code error, std::size_t got) {
                              if (error) return self->close();
                              self->take(core::ByteView(self->in_).first(got));
                            });
  }

  void take(core::ByteView data) {
    if (!tls_) {
      core::append(pending_, data);
      return feed();
    }
    const auto opened = tls_->receive(data, pending_);
    core::append(out_, tls_->take_outgoing());
    if (!opened || (tls_->peer_closed() && pending_.empty())) last_ = true;
    if (last_) return write();
    feed();
  }

  void feed() {
    error_code error;
    std::size_t used = 0;
    while (used < pending_.size() && !parser_->is_done() && !error) {
      used += parser_->put(asio::buffer(pending_.data() + used, pending_.size() - used), error);
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(used));
    if (error && error != http::error::need_more) return refuse(error);
    if (!parser_->is_done()) return write();
    const auto& message = parser_->get();
    const auto view = [](boost::beast::string_view v) {
      return std::string_view(v.data(), v.size());
    };
    last_ = !message.keep_alive() || message.method() == http::verb::head || shared_.stopping;
    respond((*shared_.handler)(view(message.method_string()), view(message.target()),
                               core::as_bytes(message.body())));
  }

  void refuse(const error_code& error) {
    last_ = true;
    const auto text = [](int status, std::string_view why) {
      return BalanceResponse{status, "text/plain; charset=utf-8",
                             core::to_bytes(core::as_bytes(why))};
    };
    if (error == http::error::body_limit) return respond(text(413, "the body is too large\n"));
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return respond(text(431, "the header is too large\n"));
    }
    respond(text(400, "this is no HTTP/1.1 request\n"));
  }

  void respond(const BalanceResponse& response) {
    const std::string head = head_of(response, !last_);
    core::Bytes plain = core::to_bytes(core::as_bytes(head));
    core::append(plain, response.body);
    if (tls_) {
      if (!tls_->send(plain)) last_ = true;
      if (last_) tls_->close();
      core::append(out_, tls_->take_outgoing());
    } else {
      core::append(out_, plain);
    }
    if (!last_) begin();
    write();
  }

  // What is to be written, and then the next request, or the end.
  void write() {
    if (out_.empty()) return last_ ? close() : go_on();
    writing_.swap(out_);
    out_.clear();
    asio::async_write(socket_, asio::buffer(writing_),
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (error || self->last_) return self->close();
                        self->go_on();
                      });
  }

  void go_on() {
    const bool more = !pending_.empty() && !parser_->got_some();
    more ? feed() : read();
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  Shared& shared_;
  std::optional<core::tls::Session> tls_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::array<std::uint8_t, 4096> in_{};
  core::Bytes pending_;  // read, and not parsed
  core::Bytes out_;      // to be written next
  core::Bytes writing_;
  bool last_ = false;  // it is closed when all is written
};

}  // namespace

struct BalanceServer::Impl {
  explicit Impl(const BalanceServerOptions& server_options) : options(server_options) {}

  Result<void> listen() {
    if (options.tls_certificate.empty() != options.tls_key.empty()) {
      return fail(Errc::kUsage, "--tls-cert and --tls-key go together");
    }
    error_code error;
    const auto address = asio::ip::make_address(options.host, error);
    if (error) return fail(Errc::kUsage, "'" + options.host + "' is no IP address");
    if (options.tls_key.empty() && !address.is_loopback() && !options.plain_anywhere) {
      return fail(Errc::kUsage,
                  "plain HTTP is served on loopback only: give --tls-cert and --tls-key, or "
                  "--plain-http behind a proxy that speaks TLS");
    }
    if (!options.tls_key.empty()) {
      TRY_ASSIGN(shared.tls, core::tls::Context::server(options.tls_certificate, options.tls_key));
    }
    const tcp::endpoint endpoint(address, options.port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return {};
    return fail(Errc::kIo, "listen on " + options.host + ":" + std::to_string(options.port) + ": " +
                               error.message());
  }

  void accept() {
    acceptor.async_accept([this](error_code error, tcp::socket socket) {
      if (shared.stopping) return;
      if (error) return accept_later();  // out of descriptors, perhaps
      if (shared.connections < options.connections_max) {
        std::make_shared<Connection>(std::move(socket), shared)->start();
      }
      accept();
    });
  }

  void accept_later() {
    again.expires_after(kAcceptAgain);
    again.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  BalanceServerOptions options;
  Shared shared{options};  // outlives the connections, which end with their loop
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer again{io};
  asio::signal_set signals{io};
};

BalanceServer::BalanceServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BalanceServer::~BalanceServer() = default;

Result<std::unique_ptr<BalanceServer>> BalanceServer::listen(const BalanceServerOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  TRY(impl->listen());
  error_code error;
  for (const int signal : {SIGTERM, SIGINT}) impl->signals.add(signal, error);
  if (error) return fail(Errc::kIo, "signals: " + error.message());
  return std::unique_ptr<BalanceServer>(new BalanceServer(std::move(impl)));
}

std::uint16_t BalanceServer::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

void BalanceServer::run(const Handler& handler) {
  Impl& impl = *impl_;
  impl.shared.handler = &handler;
  impl.signals.async_wait([this](error_code error, int) {
    if (!error) stop();
  });
  impl.accept();
  impl.io.run();
}

// Requests are answered one at a time and written at once: none is half done between two of them.
void BalanceServer::stop() {
  impl_->shared.stopping = true;
  impl_->io.stop();
}

}  // namespace rebuild
