// Accepting, sweeping, draining: the HTTP server on Boost.Asio. The only translation unit of the
// relay that knows Asio and Beast. Must not know segments or groups. docs/formats/relay-http.md.
#include "relay/server.h"

#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "relay/connection.h"

namespace relay {
namespace {

constexpr std::chrono::milliseconds kFatalGrace{1000};

}  // namespace

struct Server::Impl {
  Impl(const ServerOptions& options, Metrics& metrics, core::disk::RecordReader reader,
       std::vector<core::disk::RecordPlace> places)
      : connections_max(options.connections_max),
        shared{io, metrics, std::move(reader), std::move(places), options.client_timeout} {
    shared.on_closed = [this] { after_close(); };
  }

  core::Result<void> listen(const ServerOptions& options) {
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

  void accept() {
    if (accepting || shared.draining || shared.connections.size() >= connections_max) return;
    accepting = true;
    acceptor.async_accept([this](error_code error, tcp::socket socket) {
      accepting = false;
      if (shared.draining) return;
      if (error) return;  // out of descriptors: the sweep tries again
      ++shared.metrics.connections;
      ++shared.metrics.connections_opened;
      shared.connections.push_front(std::make_shared<Connection>(std::move(socket), shared));
      shared.connections.front()->start(shared.connections.begin());
      accept();
    });
  }

  void after_close() {
    if (!shared.draining) return accept();
    if (shared.connections.empty()) io.stop();
  }

  void arm_sweep() {
    const auto period = std::clamp(shared.client_timeout / 4, std::chrono::milliseconds(5),
                                   std::chrono::milliseconds(250));
    sweeper.expires_after(period);
    sweeper.async_wait([this](error_code error) {
      if (error) return;
      sweep(SteadyClock::now());
      accept();
      arm_sweep();
    });
  }

  void sweep(TimePoint now) {
    const Connections copy = shared.connections;
    const bool hurry = shared.draining && now >= drain_deadline;
    for (const auto& connection : copy) {
      if (hurry && !connection->waiting_for_log()) connection->close();
      connection->sweep(now);
    }
  }

  void drain(std::chrono::milliseconds grace) {
    if (shared.draining) return;
    shared.draining = true;
    drain_deadline = SteadyClock::now() + grace;
    error_code ignored;
    acceptor.close(ignored);
    const Connections copy = shared.connections;
    for (const auto& connection : copy) {
      if (connection->idle()) connection->close();
    }
    if (shared.connections.empty()) io.stop();
  }

  void on_delivery(const Delivery& delivery) {
    shared.places.insert(shared.places.end(), delivery.places.begin(), delivery.places.end());
    for (const auto& submission : delivery.done) {
      std::static_pointer_cast<Connection>(submission)->completed();
    }
    if (!delivery.fatal) return;
    if (!fatal) fatal = delivery.fatal;
    drain(kFatalGrace);
  }

  asio::io_context io{1};
  std::size_t connections_max;
  Shared shared;
  tcp::acceptor acceptor{io};
  asio::signal_set signals{io};
  asio::steady_timer sweeper{io};
  TimePoint drain_deadline{};
  bool accepting = false;
  std::optional<core::Error> fatal;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

core::Result<std::unique_ptr<Server>> Server::listen(const ServerOptions& options, Metrics& metrics,
                                                     core::disk::RecordReader reader,
                                                     std::vector<core::disk::RecordPlace> places) {
  auto impl = std::make_unique<Impl>(options, metrics, std::move(reader), std::move(places));
  TRY(impl->listen(options));
  impl->signals.add(SIGTERM);
  impl->signals.add(SIGINT);
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::uint16_t Server::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

void Server::deliver(Delivery delivery) {
  asio::post(impl_->io,
             [impl = impl_.get(), delivery = std::move(delivery)] { impl->on_delivery(delivery); });
}

core::Result<void> Server::run(Submit submit) {
  Impl& impl = *impl_;
  impl.shared.submit = std::move(submit);
  impl.signals.async_wait([&impl](error_code error, int) {
    if (!error) impl.drain(impl.shared.client_timeout);
  });
  impl.accept();
  impl.arm_sweep();
  impl.io.run();
  if (impl.fatal) return core::fail(*impl.fatal);
  return {};
}

}  // namespace relay
