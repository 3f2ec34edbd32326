// Worker: one thread that serves a share of the connections, over epoll(7). It takes turns: what
// has become ready, what the logs have settled, then one hand-over to each log. So messages that
// came together share a group, and a log's thread is woken once for them. docs/adr/0010-turns.md.
// Must not know segments or groups.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/base/clock.h"
#include "core/tls/session.h"
#include "relay/reader_access.h"
#include "relay/socket.h"
#include "relay/tenant.h"

namespace relay {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

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
  using Step = void (*)(Connection&);

  // Its thread runs until join(). Errors: kIo (no epoll).
  static core::Result<std::unique_ptr<Worker>> start(Service& service);
  ~Worker() override;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Thread: any, of these four.
  void adopt(Socket socket);
  // Closes idle connections; the others end with their requests, at `deadline` at the latest.
  void drain(TimePoint deadline);
  void settled(std::vector<std::shared_ptr<Submission>> done) override;
  void join();  // its connections are gone

  // Thread: its own, of these; called by its connections.
  // Tells `connection` from now on what its socket is ready for. Errors: kIo.
  core::Result<void> watch(const Socket& socket, Connection& connection);
  // Takes `step` in the next turn, so that the other connections have theirs.
  void later(std::shared_ptr<Connection> connection, Step step);
  // Hands it over at the end of this turn.
  void submit(Sequencer& sequencer, std::shared_ptr<Submission> submission);
  // It is kept until the turn is over.
  void forget(Connections::iterator connection);
  TimePoint now() const { return now_; }  // when this turn began
  std::span<std::uint8_t> scratch() { return scratch_; }

  Service& service;

 private:
  // What other threads have for it.
  struct Inbox {
    std::vector<Socket> adopted;
    std::vector<std::shared_ptr<Submission>> settled;
    TimePoint drain_deadline = TimePoint::max();
    bool drain = false;
    bool stop = false;
    bool empty = true;
  };

  Worker(Service& shared, int epoll, int wake);
  void run();
  void serve_ready(int wait_ms);
  bool take_inbox();
  void take_steps();
  void hand_over();
  void sweep();
  void begin(Socket socket);
  template <typename Put>
  void put(Put put);

  int epoll_;
  int wake_;  // an eventfd: the inbox is not empty
  std::mutex mutex_;
  Inbox inbox_;  // guarded by mutex_
  Connections connections_;
  Connections forgotten_;
  std::vector<std::pair<std::shared_ptr<Connection>, Step>> steps_;
  std::map<Sequencer*, Sequencer::Queue> submitted_;
  TimePoint now_ = SteadyClock::now();
  TimePoint next_sweep_ = now_;
  TimePoint drain_deadline_ = TimePoint::max();
  std::vector<std::uint8_t> scratch_;
  std::thread thread_;
};

}  // namespace relay
