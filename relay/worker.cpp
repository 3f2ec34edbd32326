// A worker's turns. Must not know segments or groups.
#include "relay/worker.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "relay/connection.h"

namespace relay {
namespace {

constexpr std::size_t kScratchSize = std::size_t{64} << 10;
constexpr std::size_t kReadyMax = 256;  // sockets served before the logs get what they sent

core::Error no_epoll(const char* call) {
  return core::Error{core::Errc::kIo, std::string(call) + ": " + std::strerror(errno)};
}

std::chrono::milliseconds sweep_period(std::chrono::milliseconds client_timeout) {
  return std::clamp(client_timeout / 4, std::chrono::milliseconds(5),
                    std::chrono::milliseconds(250));
}

}  // namespace

core::Result<std::unique_ptr<Worker>> Worker::start(Service& service) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) return core::fail(no_epoll("epoll_create1"));
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const auto no_wake = wake < 0 ? std::optional(no_epoll("eventfd")) : std::nullopt;
  std::unique_ptr<Worker> worker(new Worker(service, epoll, wake));
  if (no_wake) return core::fail(*no_wake);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) != 0) {
    return core::fail(no_epoll("epoll_ctl"));
  }
  worker->thread_ = std::thread([self = worker.get()] { self->run(); });
  return worker;
}

Worker::Worker(Service& shared, int epoll, int wake)
    : service(shared), epoll_(epoll), wake_(wake), scratch_(kScratchSize) {}

Worker::~Worker() {
  join();
  if (wake_ >= 0) ::close(wake_);
  ::close(epoll_);
}

// ---- from other threads ----

template <typename Put>
void Worker::put(Put put) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    put(inbox_);
    was_empty = std::exchange(inbox_.empty, false);
  }
  // A counter that cannot take one more is read soon: nothing is lost.
  if (was_empty) static_cast<void>(::eventfd_write(wake_, 1));
}

void Worker::adopt(Socket socket) {
  put([&](Inbox& inbox) { inbox.adopted.push_back(std::move(socket)); });
}

void Worker::drain(TimePoint deadline) {
  put([&](Inbox& inbox) {
    inbox.drain = true;
    inbox.drain_deadline = std::min(inbox.drain_deadline, deadline);
  });
}

void Worker::settled(std::vector<std::shared_ptr<Submission>> done) {
  put([&](Inbox& inbox) {
    if (inbox.settled.empty()) return inbox.settled.swap(done);
    inbox.settled.insert(inbox.settled.end(), std::make_move_iterator(done.begin()),
                         std::make_move_iterator(done.end()));
  });
}

void Worker::join() {
  if (!thread_.joinable()) return;
  put([](Inbox& inbox) { inbox.stop = true; });
  thread_.join();
}

// ---- from its connections ----

core::Result<void> Worker::watch(const Socket& socket, Connection& connection) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket.fd(), &event) == 0) return {};
  return core::fail(no_epoll("epoll_ctl"));
}

void Worker::later(std::shared_ptr<Connection> connection, Step step) {
  steps_.emplace_back(std::move(connection), step);
}

void Worker::submit(Sequencer& sequencer, std::shared_ptr<Submission> submission) {
  submitted_[&sequencer].push_back(std::move(submission));
}

void Worker::forget(Connections::iterator connection) {
  forgotten_.splice(forgotten_.begin(), connections_, connection);
}

// ---- turns ----

void Worker::run() {
  while (true) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(next_sweep_ - now_);
    const bool at_once = !steps_.empty() || rest.count() < 0;
    serve_ready(at_once ? 0 : static_cast<int>(rest.count()));
    if (!take_inbox()) return;
    take_steps();
    hand_over();
    if (now_ >= next_sweep_) sweep();
    forgotten_.clear();
  }
}

void Worker::serve_ready(int wait_ms) {
  std::array<epoll_event, kReadyMax> ready{};
  const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), wait_ms);
  now_ = SteadyClock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready[static_cast<std::size_t>(i)];
    if (event.data.ptr == nullptr) continue;  // the inbox is looked into in every turn
    static_cast<Connection*>(event.data.ptr)
        ->on_ready({.ended = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0,
                    .readable = (event.events & EPOLLIN) != 0,
                    .writable = (event.events & EPOLLOUT) != 0});
  }
}

// False: it is to stop.
bool Worker::take_inbox() {
  Inbox inbox;
  {
    const std::lock_guard lock(mutex_);
    if (inbox_.empty) return true;
    std::swap(inbox, inbox_);
  }
  for (Socket& socket : inbox.adopted) begin(std::move(socket));
  for (const auto& submission : inbox.settled) {
    std::static_pointer_cast<Connection>(submission)->completed();
  }
  if (inbox.drain) {
    drain_deadline_ = std::min(drain_deadline_, inbox.drain_deadline);
    for (auto it = connections_.begin(); it != connections_.end();) (*it++)->drain();
  }
  return !inbox.stop;
}

void Worker::begin(Socket socket) {
  connections_.push_front(std::make_shared<Connection>(std::move(socket), *this));
  connections_.front()->start(connections_.begin());
}

void Worker::take_steps() {
  std::vector<std::pair<std::shared_ptr<Connection>, Step>> steps;
  steps.swap(steps_);
  for (const auto& [connection, step] : steps) {
    if (!connection->closed()) step(*connection);
  }
}

void Worker::hand_over() {
  for (auto& [sequencer, submissions] : submitted_) sequencer->submit(submissions);
  submitted_.clear();
}

void Worker::sweep() {
  next_sweep_ = now_ + sweep_period(service.client_timeout);
  constexpr std::int64_t kBehind_ms = 2000;
  const std::int64_t lead_ms = service.clock.lead_ms();
  if (service.clock_was_behind.exchange(lead_ms > kBehind_ms) != (lead_ms > kBehind_ms)) {
    log_event(Level::kWarn, lead_ms > kBehind_ms ? "clock-set-back" : "clock-caught-up",
              {{"ms", std::to_string(lead_ms)}});
  }
  for (auto it = connections_.begin(); it != connections_.end();) {
    Connection& connection = **it++;
    if (now_ >= drain_deadline_ && !connection.waiting_for_log()) connection.close();
    connection.sweep(now_);
  }
}

}  // namespace relay
