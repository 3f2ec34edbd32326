// HttpServer and HttpClient on Boost.Asio and Beast: the only translation unit of the till's that
// uses them, because each takes half a minute.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <list>

#include "till/api/http_client.h"
#include "till/api/http_server.h"
#include "till/api/problem.h"

namespace till::api {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::generic::stream_protocol;
using asio::ip::tcp;
using boost::system::error_code;
using core::Errc;
using core::fail;
using core::Result;
using SteadyClock = std::chrono::steady_clock;
using Stream = beast::basic_stream<stream_protocol>;

constexpr std::chrono::milliseconds kTick{1000};

class Connection;

// What the connections of a server share.
struct Shared {
  const HttpServerOptions& options;
  const HttpServer::Handler* handler = nullptr;
  bool draining = false;
  std::list<std::shared_ptr<Connection>> connections{};
  std::function<void()> on_closed{};
};

std::string text_of(beast::string_view view) {
  return {view.data(), view.size()};
}

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  using List = std::list<std::shared_ptr<Connection>>;

  Connection(stream_protocol::socket socket, bool by_socket, Shared& shared)
      : stream_(std::move(socket)), by_socket_(by_socket), shared_(shared) {}

  void start(List::iterator self) {
    self_ = self;
    begin();
  }

  bool resting() const { return resting_; }
  SteadyClock::time_point resting_since() const { return since_; }

  // A stopping server does not wait for a connection without a request, here or on its way.
  void drain() {
    error_code ignored;
    if (resting_ && stream_.socket().available(ignored) == 0) close();
  }

  void close() {
    if (std::exchange(closed_, true)) return;
    error_code ignored;
    stream_.socket().shutdown(stream_protocol::socket::shutdown_both, ignored);
    stream_.close();
    const auto keep = shared_from_this();
    shared_.connections.erase(self_);
    shared_.on_closed();
  }

 private:
  // Rests until the next request's first byte.
  void begin() {
    parser_.emplace();
    parser_->header_limit(kHttpHeaderMax);
    parser_->body_limit(kHttpBodyMax);
    if (buffer_.size() > 0) return read();
    resting_ = true;
    since_ = SteadyClock::now();
    stream_.socket().async_wait(stream_protocol::socket::wait_read,
                                [self = shared_from_this()](error_code error) {
                                  if (self->closed_) return;
                                  if (error) return self->close();
                                  self->read();
                                });
  }

  void read() {
    resting_ = false;
    stream_.expires_after(shared_.options.request_timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, std::size_t) {
                       if (self->closed_) return;
                       if (error) return self->refuse(error);
                       self->answer();
                     });
  }

  void refuse(const error_code& error) {
    keep_alive_ = false;
    if (error == http::error::body_limit) {
      return respond(problem(413, "too-large", "a request body has at most 65536 bytes"));
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return respond(problem(431, "too-large", "a request's header has at most 8192 bytes"));
    }
    const bool gone = error == http::error::end_of_stream ||
                      error == http::error::partial_message ||
                      error.category() == boost::system::system_category() ||
                      error == beast::error::timeout || error == asio::error::eof;
    if (gone) return close();
    respond(problem(400, "usage", "this is no HTTP/1.1 request"));
  }

  void answer() {
    auto message = parser_->release();
    keep_alive_ = message.keep_alive() && message.method() != http::verb::head;
    HttpRequest request{text_of(message.method_string()), text_of(message.target()),
                        std::move(message.body()), by_socket_};
    request.host = text_of(message[http::field::host]);
    request.origin = text_of(message[http::field::origin]);
    request.fetch_site = text_of(message["Sec-Fetch-Site"]);
    request.content_type = text_of(message[http::field::content_type]);
    request.authorization = text_of(message[http::field::authorization]);
    request.idempotency_key = text_of(message["Idempotency-Key"]);
    respond((*shared_.handler)(request));
  }

  void respond(HttpResponse response) {
    if (shared_.draining) keep_alive_ = false;
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(response.status));
    response_.set(http::field::content_type, response.content_type);
    response_.set(http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.fields) response_.set(name, value);
    response_.keep_alive(keep_alive_);
    response_.body() = std::move(response.body);
    response_.prepare_payload();
    stream_.expires_after(shared_.options.request_timeout);
    http::async_write(stream_, response_,
                      [self = shared_from_this()](error_code error, std::size_t) {
                        if (self->closed_) return;
                        if (error || !self->keep_alive_ || self->shared_.draining)
                          return self->close();
                        self->stream_.expires_never();
                        self->begin();
                      });
  }

  Stream stream_;
  bool by_socket_;
  Shared& shared_;
  List::iterator self_;
  beast::flat_buffer buffer_{kHttpHeaderMax + kHttpBodyMax};
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  SteadyClock::time_point since_;
  bool resting_ = false;
  bool keep_alive_ = false;
  bool closed_ = false;
};

Result<void> io_error(const std::string& doing, const error_code& error) {
  return fail(Errc::kIo, doing + ": " + error.message());
}

// A process that was killed leaves its socket's file behind; one that lives answers on it.
Result<void> clear_stale_socket(const std::filesystem::path& path, asio::io_context& io) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return fail(Errc::kExists, path.string() + " is there and no socket; name another path");
  }
  asio::local::stream_protocol::socket probe(io);
  error_code error;
  probe.connect(asio::local::stream_protocol::endpoint(path.string()), error);
  if (!error) return fail(Errc::kBusy, "another process listens on " + path.string());
  if (error == asio::error::connection_refused && ::unlink(path.c_str()) == 0) return {};
  return io_error("look at " + path.string(), error);
}

}  // namespace

struct HttpServer::Impl {
  explicit Impl(const HttpServerOptions& server_options) : options(server_options) {
    shared.on_closed = [this] { after_close(); };
  }
  ~Impl() {
    if (unix_acceptor.is_open()) ::unlink(options.socket.c_str());
  }

  Result<void> listen() {
    if (options.socket.empty() && options.host.empty()) {
      return fail(Errc::kUsage, "there is nothing to listen on: name a socket or an address");
    }
    if (!options.host.empty()) TRY(listen_loopback());
    if (!options.socket.empty()) TRY(listen_socket());
    return {};
  }

  Result<void> listen_loopback() {
    error_code error;
    const auto address = asio::ip::make_address(options.host, error);
    if (error || !address.is_loopback()) {
      return fail(Errc::kUsage, "'" + options.host +
                                    "': a till answers on its own machine only; name an address "
                                    "of loopback, such as 127.0.0.1 or [::1]");
    }
    const tcp::endpoint endpoint(address, options.port);
    tcp_acceptor.open(endpoint.protocol(), error);
    if (!error) tcp_acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) tcp_acceptor.bind(endpoint, error);
    if (!error) tcp_acceptor.listen(asio::socket_base::max_listen_connections, error);
    const std::string name = options.host + ":" + std::to_string(options.port);
    if (error == asio::error::address_in_use) {
      return fail(Errc::kBusy, "another process listens on " + name);
    }
    if (error) return io_error("listen on " + name, error);
    return {};
  }

  Result<void> listen_socket() {
    if (options.socket.native().size() >= sizeof(sockaddr_un::sun_path)) {
      return fail(Errc::kUsage, options.socket.string() + ": the path of a socket has at most " +
                                    std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
    }
    TRY(clear_stale_socket(options.socket, io));
    error_code error;
    const asio::local::stream_protocol::endpoint endpoint(options.socket.string());
    decltype(unix_acceptor) acceptor(io);
    acceptor.open(endpoint.protocol(), error);
    const mode_t before = ::umask(0177);  // no moment in which others may connect
    if (!error) acceptor.bind(endpoint, error);
    ::umask(before);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return io_error("listen on " + options.socket.string(), error);
    unix_acceptor = std::move(acceptor);
    return {};
  }

  template <typename Acceptor>
  void accept(Acceptor& acceptor, bool by_socket) {
    if (!acceptor.is_open()) return;
    acceptor.async_accept([this, &acceptor, by_socket](error_code error, auto socket) {
      if (shared.draining) return;
      if (!error) take(stream_protocol::socket(std::move(socket)), by_socket);
      if (error && error != asio::error::connection_aborted) {
        pause_accepting(acceptor, by_socket);  // out of descriptors, perhaps
      } else {
        accept(acceptor, by_socket);
      }
    });
  }

  template <typename Acceptor>
  void pause_accepting(Acceptor& acceptor, bool by_socket) {
    auto pause = std::make_shared<asio::steady_timer>(io, std::chrono::milliseconds(100));
    pause->async_wait([this, pause, &acceptor, by_socket](error_code error) {
      if (!error) accept(acceptor, by_socket);
    });
  }

  // One connection too many takes the place of the one that rests longest.
  void take(stream_protocol::socket socket, bool by_socket) {
    if (shared.connections.size() >= options.connections_max) {
      std::shared_ptr<Connection> longest;
      for (const auto& connection : shared.connections) {
        if (!connection->resting()) continue;
        if (!longest || connection->resting_since() < longest->resting_since()) {
          longest = connection;
        }
      }
      if (!longest) return;  // all are at work: the new one is closed
      longest->close();
    }
    shared.connections.push_back(
        std::make_shared<Connection>(std::move(socket), by_socket, shared));
    shared.connections.back()->start(std::prev(shared.connections.end()));
  }

  void sweep() {
    timer.expires_after(kTick);
    timer.async_wait([this](error_code error) {
      if (error) return;
      tick();
      const auto now = SteadyClock::now();
      const auto connections = shared.connections;
      for (const auto& connection : connections) {
        const bool late = now - connection->resting_since() > options.idle_timeout;
        if (connection->resting() && late) connection->close();
      }
      sweep();
    });
  }

  void drain() {
    if (std::exchange(shared.draining, true)) return;
    error_code ignored;
    tcp_acceptor.close(ignored);
    const auto connections = shared.connections;
    for (const auto& connection : connections) connection->drain();
    after_close();
  }

  void after_close() {
    if (shared.draining && shared.connections.empty()) io.stop();
  }

  HttpServerOptions options;
  asio::io_context io{1};
  Shared shared{options};
  tcp::acceptor tcp_acceptor{io};
  asio::local::stream_protocol::acceptor unix_acceptor{io};
  asio::signal_set signals{io};
  asio::steady_timer timer{io};
  std::function<void()> tick;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const HttpServerOptions& options) {
  auto impl = std::make_unique<Impl>(options);
  TRY(impl->listen());
  error_code error;
  for (const int signal : {SIGTERM, SIGINT}) impl->signals.add(signal, error);
  if (error) return fail(Errc::kIo, "signals: " + error.message());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const {
  error_code error;
  const auto endpoint = impl_->tcp_acceptor.local_endpoint(error);
  return error ? std::uint16_t{0} : endpoint.port();
}

void HttpServer::run(const Handler& handler, const std::function<void()>& tick) {
  Impl& impl = *impl_;
  impl.shared.handler = &handler;
  impl.tick = tick;
  impl.signals.async_wait([&impl](error_code error, int) {
    if (!error) impl.drain();
  });
  impl.accept(impl.tcp_acceptor, false);
  impl.accept(impl.unix_acceptor, true);
  impl.sweep();
  impl.io.run();
}

void HttpServer::stop() {
  impl_->drain();
}

struct HttpClient::Impl {
  Impl(std::filesystem::path path, std::chrono::milliseconds patience)
      : socket(std::move(path)), timeout(patience) {}

  std::filesystem::path socket;
  std::chrono::milliseconds timeout;
  asio::io_context io{1};
  std::optional<Stream> stream;
  beast::flat_buffer buffer;

  void run() {
    io.restart();
    io.run();
  }

  Result<void> connect() {
    if (stream) return {};
    buffer.clear();
    asio::local::stream_protocol::socket raw(io);
    error_code error;
    raw.connect(asio::local::stream_protocol::endpoint(socket.string()), error);
    if (error) {
      return fail(Errc::kNetwork, "no till answers at " + socket.string() + " (" + error.message() +
                                      "); start one with daybook-till run");
    }
    stream.emplace(stream_protocol::socket(std::move(raw)));
    return {};
  }

  // `got_some`: a byte of the answer came.
  Result<HttpAnswer> ask(const http::request<http::string_body>& request, bool& got_some) {
    TRY(connect());
    error_code error;
    stream->expires_after(timeout);
    http::async_write(*stream, request, [&](error_code e, std::size_t) { error = e; });
    run();
    http::response_parser<http::string_body> parser;
    parser.body_limit(std::uint64_t{64} << 20);
    if (!error) {
      http::async_read(*stream, buffer, parser, [&](error_code e, std::size_t) { error = e; });
      run();
    }
    got_some = parser.got_some() || buffer.size() > 0;
    if (error) {
      stream.reset();
      const bool not_http =
          error.category() == http::make_error_code(http::error::bad_version).category();
      if (not_http && got_some && error != http::error::partial_message) {
        return fail(Errc::kProtocol, "what answers at " + socket.string() + " is no till");
      }
      return fail(Errc::kNetwork, "the till at " + socket.string() + " gave no answer (" +
                                      error.message() + "); it may have done what was asked");
    }
    const auto message = parser.release();
    if (!message.keep_alive()) stream.reset();
    return HttpAnswer{static_cast<int>(message.result_int()), message.body()};
  }
};

HttpClient::HttpClient(std::filesystem::path socket, std::chrono::milliseconds timeout)
    : impl_(std::make_unique<Impl>(std::move(socket), timeout)) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;

Result<HttpAnswer> HttpClient::ask(const std::string& method, const std::string& target,
                                   const std::string& body, const Fields& fields) {
  http::request<http::string_body> request;
  request.version(11);
  request.method_string(method);
  request.target(target);
  request.set(http::field::host, "till");
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  for (const auto& [name, value] : fields) request.set(name, value);
  request.body() = body;
  request.prepare_payload();
  const bool reused = impl_->stream.has_value();
  bool got_some = false;
  auto answer = impl_->ask(request, got_some);
  const bool stale = !answer && answer.error().code == Errc::kNetwork && reused && !got_some;
  if (stale) return impl_->ask(request, got_some);
  return answer;
}

}  // namespace till::api
