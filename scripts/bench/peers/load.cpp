// Load, over epoll.
#include "scripts/bench/peers/load.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "scripts/bench/peers/ask.h"

namespace bench {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr int kPatience_ms = 30000;
constexpr std::size_t kGreetingsMax = 64;  // outstanding: a listening queue is short
constexpr std::size_t kScratch = std::size_t{64} << 10;

}  // namespace

Load::~Load() {
  for (const auto& connection : connections_) ::close(connection->fd);
  if (epoll_ >= 0) ::close(epoll_);
}

Result<void> Load::connect(std::size_t connections) {
  scratch_.resize(kScratch);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return fail(Errc::kIo, "no epoll");
  for (std::size_t i = 0; i < connections; ++i) {
    TRY(open(i));
    while (connections_.size() - ready_ >= kGreetingsMax) TRY(turn());
  }
  while (ready_ < connections) TRY(turn());
  return {};
}

Result<void> Load::open(std::size_t number) {
  auto connection = std::make_unique<Connection>();
  TRY_ASSIGN(connection->fd, connect_to(peer_.port()));
  Connection& made = *connection;
  connections_.push_back(std::move(connection));
  ::fcntl(made.fd, F_SETFL, O_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &made;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, made.fd, &event) != 0) return fail(Errc::kIo, "epoll_ctl");
  made.session = peer_.open(workload_, number);
  made.session->greet(made.out);
  return flush(made);
}

Result<LoadOutcome> Load::run(std::size_t requests) {
  outcome_.answer_ms.reserve(requests);
  end_ = requests;
  const auto start = Clock::now();
  for (const auto& connection : connections_) {
    next(*connection, Clock::now());
    TRY(flush(*connection));
  }
  while (outcome_.answer_ms.size() < requests) TRY(turn());
  outcome_.seconds = seconds_since(start);
  return std::move(outcome_);
}

// Waits for whatever comes, and deals with it.
Result<void> Load::turn() {
  std::array<epoll_event, 512> events{};
  const int count =
      ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kPatience_ms);
  if (interrupted()) return fail(Errc::kState, "interrupted");
  if (count < 0 && errno == EINTR) return {};
  if (count <= 0) return fail(Errc::kNetwork, peer_.name() + ": no answer for 30 s");
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    Connection& connection = *static_cast<Connection*>(events[i].data.ptr);
    if ((events[i].events & ~std::uint32_t{EPOLLOUT}) != 0) TRY(on_readable(connection));
    TRY(flush(connection));
  }
  return {};
}

Result<void> Load::on_readable(Connection& connection) {
  const ssize_t got = ::recv(connection.fd, scratch_.data(), scratch_.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return {};
  if (got <= 0) return fail(Errc::kNetwork, peer_.name() + " closed a connection");
  std::string_view in(scratch_.data(), static_cast<std::size_t>(got));
  const bool kept = !connection.in.empty();
  if (kept) in = connection.in.append(in);
  while (!in.empty()) {
    std::size_t used = 0;
    const Event event = connection.session->feed(in, used, connection.out);
    in.remove_prefix(used);
    if (event == Event::kMore) break;
    TRY(on_event(connection, event));
  }
  if (kept) {
    connection.in.erase(0, connection.in.size() - in.size());
  } else {
    connection.in = in;
  }
  return {};
}

Result<void> Load::on_event(Connection& connection, Event event) {
  if (event == Event::kReady) {
    ++ready_;
    return {};
  }
  if (event == Event::kError) {
    return fail(Errc::kProtocol, peer_.name() + ": " + connection.session->trouble());
  }
  const auto now = Clock::now();
  outcome_.answer_ms.push_back(
      std::chrono::duration<float, std::milli>(now - connection.sent).count());
  ++(event == Event::kAccepted ? outcome_.accepted : outcome_.duplicate);
  next(connection, now);
  return {};
}

void Load::next(Connection& connection, Clock::time_point now) {
  if (at_ == end_) return;
  connection.sent = now;
  connection.session->request(at_++, connection.out);
}

// Sends what is there; asks to be told when the socket takes more.
Result<void> Load::flush(Connection& connection) {
  if (!connection.out.empty()) {
    const ssize_t sent =
        ::send(connection.fd, connection.out.data(), connection.out.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      return fail(Errc::kNetwork, peer_.name() + " closed a connection");
    }
    if (sent > 0) connection.out.erase(0, static_cast<std::size_t>(sent));
  }
  const bool wants_write = !connection.out.empty();
  if (wants_write == connection.wants_write) return {};
  connection.wants_write = wants_write;
  epoll_event event{};
  event.events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event) != 0) {
    return fail(Errc::kIo, "epoll_ctl");
  }
  return {};
}

}  // namespace bench
