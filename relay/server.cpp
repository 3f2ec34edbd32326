// Accepting, draining, reloading, on Boost.Asio: the only translation unit of the relay that uses
// it. Must not know segments or groups. docs/formats/relay-http.md.
#include "relay/server.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <optional>

#include "relay/log_lines.h"
#include "relay/worker.h"

namespace relay {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kFatalGrace{1000};
constexpr std::chrono::milliseconds kAcceptAgain{50};

}  // namespace

struct Server::Impl {
  Impl(const ServerOptions& server_options, Metrics& server_metrics)
      : options(server_options),
        metrics(server_metrics),
        readers(core::SystemClock().now_ms() / 1000) {}

  core::Result<void> listen() {
    error_code error;
    const auto address = asio::ip::make_address(options.host, error);
    if (error) return core::fail(core::Errc::kUsage, options.host + " is no IP address");
    const tcp::endpoint endpoint(address, options.port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) return {};
    return core::fail(core::Errc::kIo, "listen on " + options.host + ":" +
                                           std::to_string(options.port) + ": " + error.message());
  }

  core::Result<std::shared_ptr<const core::tls::Context>> load_tls() const {
    if (options.tls_certificate.empty()) return std::shared_ptr<const core::tls::Context>();
    return core::tls::Context::server(options.tls_certificate, options.tls_key);
  }

  void accept() {
    if (accepting || service->draining || metrics.connections >= options.connections_max) return;
    accepting = true;
    acceptor.async_accept([this](error_code error, tcp::socket socket) {
      accepting = false;
      if (service->draining) return;
      if (error) return accept_later();  // out of descriptors, perhaps
      hand_out(std::move(socket));
      accept();
    });
  }

  // Connections go to the workers in turn.
  void hand_out(tcp::socket socket) {
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    error_code error;
    socket.non_blocking(true, error);  // a worker must never wait on one client
    if (error) return;
    const int fd = socket.release(error);
    if (error) return;
    ++metrics.connections;
    ++metrics.connections_opened;
    workers[next_worker++ % workers.size()]->adopt(Socket(fd));
  }

  void accept_later() {
    again.expires_after(kAcceptAgain);
    again.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  void after_close() {
    asio::post(io, [this] {
      if (!service->draining) return accept();
      if (metrics.connections == 0) io.stop();
    });
  }

  void drain(std::chrono::milliseconds grace) {
    if (service->draining.exchange(true)) return;
    error_code ignored;
    acceptor.close(ignored);
    for (const auto& worker : workers) worker->drain(SteadyClock::now() + grace);
    after_close();
  }

  void wait_for_signal() {
    signals.async_wait([this](error_code error, int signal) {
      if (error) return;
      if (signal != SIGHUP) {
        log_event(Level::kInfo, "stopping");
        return drain(options.client_timeout);
      }
      reload();
      wait_for_signal();
    });
  }

  // What cannot be read stays as it was.
  void reload() {
    for (const core::Error& error : service->tenants.reload()) {
      log_event(Level::kError, "reload", {{"detail", core::describe(error)}});
    }
    auto context = load_tls();
    if (!context) {
      log_event(Level::kError, "reload", {{"detail", core::describe(context.error())}});
    } else {
      const std::lock_guard lock(service->tls_mutex);
      service->tls = std::move(*context);
    }
    log_event(Level::kInfo, "reloaded");
  }

  ServerOptions options;
  Metrics& metrics;
  ReaderAccess readers;
  std::shared_ptr<const core::tls::Context> tls;
  std::optional<Service> service;
  std::vector<std::unique_ptr<Worker>> workers;
  asio::io_context io{1};
  // Until the last connection has gone.
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  tcp::acceptor acceptor{io};
  asio::signal_set signals{io};
  asio::steady_timer again{io};
  std::size_t next_worker = 0;
  bool accepting = false;
  std::optional<core::Error> fatal;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

core::Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options,
                                                     Metrics& metrics) {
  auto impl = std::make_unique<Impl>(options, metrics);
  TRY_ASSIGN(impl->tls, impl->load_tls());
  TRY(impl->listen());
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) impl->signals.add(signal);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

void Server::fail(const core::Error& error) {
  asio::post(impl_->io, [impl = impl_.get(), error] {
    if (impl->fatal) return;
    impl->fatal = error;
    impl->drain(kFatalGrace);
  });
}

core::Result<void> Server::run(Tenants& tenants) {
  Impl& impl = *impl_;
  impl.service.emplace(tenants, impl.metrics, impl.readers, impl.options.client_timeout);
  impl.service->tls = impl.tls;
  impl.service->on_closed = [&impl] { impl.after_close(); };
  const unsigned count = impl.options.workers != 0
                             ? impl.options.workers
                             : std::max(1u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i) {
    TRY_ASSIGN(auto worker, Worker::start(*impl.service));
    impl.workers.push_back(std::move(worker));
  }
  impl.wait_for_signal();
  impl.accept();
  impl.io.run();
  for (const auto& worker : impl.workers) worker->join();
  if (impl.fatal) return core::fail(*impl.fatal);
  return {};
}

}  // namespace relay
