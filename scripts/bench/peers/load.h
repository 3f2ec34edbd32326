// Load: the one client of all peers, a single thread over epoll; one request outstanding a
// connection. Must not know protocols.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "scripts/bench/bench_support.h"
#include "scripts/bench/peers/peer.h"

namespace bench {

struct LoadOutcome {
  double seconds = 0;  // from the first request to the last answer
  std::size_t accepted = 0;
  std::size_t duplicate = 0;
  std::vector<float> answer_ms;  // one a request
};

class Load {
 public:
  Load(Peer& peer, const Workload& workload) : peer_(peer), workload_(workload) {}
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Opens so many connections; each has had an answer to its greeting afterwards.
  // Errors: kIo, kNetwork, kProtocol (the peer's words), kState (interrupted).
  core::Result<void> connect(std::size_t connections);
  // Sends the first `requests` of the workload. Errors: as connect().
  core::Result<LoadOutcome> run(std::size_t requests);

 private:
  struct Connection {
    int fd = -1;
    std::unique_ptr<Session> session{};
    std::string in{};   // received, not understood yet
    std::string out{};  // not sent yet
    bool wants_write = false;
    Clock::time_point sent{};
  };

  core::Result<void> open(std::size_t number);
  core::Result<void> turn();
  core::Result<void> on_readable(Connection& connection);
  core::Result<void> on_event(Connection& connection, Event event);
  void next(Connection& connection, Clock::time_point now);
  core::Result<void> flush(Connection& connection);

  Peer& peer_;
  const Workload& workload_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::string scratch_;
  std::size_t ready_ = 0;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  LoadOutcome outcome_;
};

}  // namespace bench
