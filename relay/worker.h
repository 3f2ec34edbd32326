// Worker: one thread that serves a share of the connections.
// Must not know segments or groups. Only server.cpp includes this: Asio stays in one translation
// unit.
#pragma once

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <memory>
#include <thread>

#include "core/base/clock.h"
#include "core/tls/session.h"
#include "relay/reader_access.h"
#include "relay/submission.h"
#include "relay/tenant.h"

namespace relay {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

inline constexpr std::size_t kScratchSize = std::size_t{64} << 10;

// What all workers share. Thread: any.
struct Service {
  Service(Tenants& all, Metrics& counters, ReaderAccess& access, std::chrono::milliseconds timeout)
      : tenants(all), metrics(counters), readers(access), client_timeout(timeout) {}

  Tenants& tenants;
  Metrics& metrics;
  ReaderAccess& readers;
  std::chrono::milliseconds client_timeout;
  std::atomic<std::size_t> buffered{0};  // bytes of request bodies, of all clients
  std::atomic<bool> draining{false};
  std::function<void()> on_closed{};  // a connection has gone
  // Setting the clock back neither opens an old request's time again nor a minute's share.
  core::SystemClock wall_clock{};
  core::SteadyClock steady_clock{};
  core::ForwardClock clock{wall_clock, steady_clock};
  std::atomic<bool> clock_was_behind{false};
  std::mutex tls_mutex{};
  std::shared_ptr<const core::tls::Context> tls{};  // guarded; none: plain HTTP

  std::shared_ptr<const core::tls::Context> tls_context() {
    const std::lock_guard lock(tls_mutex);
    return tls;
  }
};

class Connection;

class Worker final : public Home {
 public:
  using Connections = std::list<std::shared_ptr<Connection>>;

  explicit Worker(Service& shared) : service(shared) {}

  void start() {
    arm_sweep();
    thread_ = std::thread([this] { io.run(); });
  }
  // Closes idle connections; the others end with their requests, at `deadline` at the latest.
  void drain(TimePoint deadline);
  // Its connections are gone.
  void join() {
    io.stop();
    if (thread_.joinable()) thread_.join();
  }

  void adopt(tcp::socket socket);
  void settled(std::vector<std::shared_ptr<Submission>> done) override;

  Service& service;
  asio::io_context io{1};
  Connections connections;
  std::array<std::uint8_t, kScratchSize> scratch{};

 private:
  void arm_sweep();
  void sweep(TimePoint now);

  asio::executor_work_guard<asio::io_context::executor_type> work_{io.get_executor()};
  asio::steady_timer sweeper_{io};
  TimePoint drain_deadline_ = TimePoint::max();
  std::thread thread_;
};

}  // namespace relay
