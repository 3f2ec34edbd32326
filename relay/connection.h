// Connection: one client, from its first byte to its last; and what all connections share.
// Must not know segments or groups. Only server.cpp includes this: Asio stays in one translation
// unit. Specification: docs/formats/relay-http.md.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http/error.hpp>
#include <cstdio>
#include <list>

#include "relay/request_parser.h"
#include "relay/routes.h"
#include "relay/server.h"

namespace relay {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;

inline constexpr std::size_t kScratchSize = std::size_t{64} << 10;
inline constexpr std::size_t kChunkSize = std::size_t{64} << 10;
inline constexpr std::size_t kBufferedMax = std::size_t{256}
                                            << 20;  // request bodies of all clients
inline constexpr std::size_t kBytesPerTimeout = std::size_t{16} << 10;  // slowest rate of a request
inline constexpr int kIdleTimeouts = 6;  // a kept-alive connection may rest so many client timeouts
inline constexpr std::chrono::milliseconds kLinger{2000};

class Connection;
using Connections = std::list<std::shared_ptr<Connection>>;

// What all connections share. Thread: the one that runs `io`.
struct Shared {
  asio::io_context& io;
  Metrics& metrics;
  core::disk::RecordReader reader;
  std::vector<core::disk::RecordPlace> places;  // durable entries, by index
  std::chrono::milliseconds client_timeout;
  Server::Submit submit{};
  Connections connections{};
  std::size_t buffered = 0;
  bool draining = false;
  std::function<void()> on_closed{};
  std::array<std::uint8_t, kScratchSize> scratch{};
};

class Connection final : public Submission, public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Shared& shared) : socket_(std::move(socket)), shared_(shared) {}

  void start(Connections::iterator self) {
    self_ = self;
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    socket_.non_blocking(true, ignored);
    begin_request(shared_.client_timeout);
    wait_readable();
  }

  // The sequencer has settled this request.
  void completed() {
    if (state_ != State::kWaiting) return;  // closed meanwhile
    switch (outcome) {
      case Outcome::kAnswered: {
        const core::Bytes body = core::wire::encode_answers(answers);
        return respond(Response{200, "application/cbor", std::string(core::as_text(body)), {}});
      }
      case Outcome::kDiskFull:
        ++shared_.metrics.requests_disk_full;
        return respond(problem(507, "the disk is full; nothing of this request was kept"));
      case Outcome::kFailed:
        return unavailable("the log has failed; nothing is known of this request");
    }
  }

  void sweep(TimePoint now) {
    if (now < deadline_) return;
    if (state_ != State::kIdle && state_ != State::kLingering) {
      ++shared_.metrics.connections_cut_off;
    }
    close();
  }

  // Nothing of a request is here: a stopping server need not wait.
  bool idle() const { return state_ == State::kIdle || state_ == State::kLingering; }
  bool waiting_for_log() const { return state_ == State::kWaiting; }

  void close() {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    release_body();
    error_code ignored;
    socket_.close(ignored);
    const auto keep_alive = shared_from_this();
    shared_.connections.erase(self_);
    --shared_.metrics.connections;
    shared_.on_closed();
  }

 private:
  enum class State { kIdle, kReading, kWaiting, kWriting, kStreaming, kLingering, kClosed };

  void begin_request(std::chrono::milliseconds patience) {
    state_ = State::kIdle;
    release_body();
    parser_.emplace();
    request_bytes_ = 0;
    continued_ = false;
    deadline_ = SteadyClock::now() + patience;
  }

  void release_body() {
    shared_.buffered -= charged_;
    charged_ = 0;
  }

  void wait_readable() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](error_code error) {
      if (!error) self->on_readable();
    });
  }

  void on_readable() {
    if (state_ == State::kClosed) return;
    error_code error;
    const std::size_t got = socket_.read_some(asio::buffer(shared_.scratch), error);
    if (error == asio::error::would_block) return wait_readable();
    if (error) return close();
    if (state_ == State::kLingering) return wait_readable();
    feed(core::ByteView(shared_.scratch).first(got));
  }

  // `data` is new; what an earlier call left over comes before it.
  void feed(core::ByteView data) {
    note_progress(data.size());
    if (!pending_.empty()) {
      core::append(pending_, data);
      data = pending_;
    }
    error_code error;
    std::size_t used = 0;
    while (used < data.size() && !parser_->is_done() && !error) {
      used += parser_->put(asio::buffer(data.data() + used, data.size() - used), error);
    }
    pending_ = core::Bytes(data.begin() + static_cast<std::ptrdiff_t>(used), data.end());
    if (error && error != http::error::need_more) return refuse_http(error);
    shared_.buffered += parser_->body.size() - charged_;
    charged_ = parser_->body.size();
    if (shared_.buffered > kBufferedMax) return unavailable("too many requests at once");
    if (parser_->is_done()) return dispatch();
    send_continue();
    wait_readable();
  }

  // The client must keep up a slowest rate from the first byte of a request to its last.
  void note_progress(std::size_t bytes) {
    if (state_ == State::kIdle) {
      state_ = State::kReading;
      request_start_ = SteadyClock::now();
    }
    request_bytes_ += bytes;
    const auto shares = static_cast<int>(1 + request_bytes_ / kBytesPerTimeout);
    deadline_ = request_start_ + shared_.client_timeout * shares;
  }

  void send_continue() {
    if (continued_ || !parser_->is_header_done() || !parser_->expects_continue) return;
    continued_ = true;
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    error_code ignored;
    socket_.write_some(asio::buffer(kContinue), ignored);
  }

  void refuse_http(const error_code& error) {
    keep_alive_ = false;
    if (error == http::error::body_limit) {
      ++shared_.metrics.requests_too_large;
      return respond(problem(413, "a request body has at most 1048576 bytes"));
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return respond(problem(431, "the request's header is too long"));
    }
    respond(problem(400, "no HTTP/1.1 request: " + error.message()));
  }

  void unavailable(std::string_view why) {
    ++shared_.metrics.requests_unavailable;
    keep_alive_ = false;
    respond(problem(503, why));
  }

  void dispatch() {
    keep_alive_ = parser_->keep_alive();
    const Route chosen = route(parser_->method, parser_->target, shared_.metrics);
    // An answer to HEAD has no body (RFC 9110 section 9.3.2); ours says 405 with one, and ends
    // there.
    if (parser_->method == "HEAD") keep_alive_ = false;
    switch (chosen.action) {
      case Action::kRespond:
        return respond(chosen.response);
      case Action::kEntries:
        return start_stream(chosen.from.value);
      case Action::kPost:
        return post_messages();
    }
  }

  void post_messages() {
    auto split = split_body(parser_->body);
    if (!split) {
      const bool large = split.error().code == core::Errc::kTooLarge;
      ++(large ? shared_.metrics.requests_too_large : shared_.metrics.requests_not_cbor);
      return respond(problem(large ? 413 : 400, split.error().what));
    }
    items = std::move(*split);
    state_ = State::kWaiting;
    deadline_ = TimePoint::max();
    shared_.submit(shared_from_this());
  }

  void respond(const Response& response) {
    state_ = State::kWriting;
    if (shared_.draining) keep_alive_ = false;
    out_.clear();
    written_ = 0;
    render(out_, response, keep_alive_);
    write();
  }

  void start_stream(std::uint64_t from) {
    state_ = State::kStreaming;
    stream_end_ = shared_.places.size();
    stream_next_ = std::min<std::uint64_t>(from, stream_end_);
    if (shared_.draining) keep_alive_ = false;
    out_.clear();
    written_ = 0;
    render_stream_head(out_, stream_end_, keep_alive_);
    write();
  }

  // The next entries as one chunk, or the end of the stream.
  void fill_chunk() {
    const std::span<const core::disk::RecordPlace> all(shared_.places);
    std::uint64_t until = stream_next_;
    for (std::size_t bytes = 0; until < stream_end_ && bytes < kChunkSize; ++until) {
      bytes += all[until].length;
    }
    out_.clear();
    written_ = 0;
    if (until == stream_next_) {
      out_ = "0\r\n\r\n";
      state_ = State::kWriting;
      return write();
    }
    core::Bytes bodies;
    const auto read =
        shared_.reader.append_bodies(all.subspan(stream_next_, until - stream_next_), bodies);
    if (!read) {
      std::fprintf(stderr, "entries: %s\n", core::describe(read.error()).c_str());
      return close();  // the missing last chunk tells the client
    }
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bodies.size());
    out_.append(size.data()).append(core::as_text(bodies)).append("\r\n");
    stream_next_ = until;
    write();
  }

  void write() {
    error_code error;
    const auto rest = asio::buffer(out_.data() + written_, out_.size() - written_);
    written_ += socket_.write_some(rest, error);
    if (error && error != asio::error::would_block) return close();
    deadline_ = SteadyClock::now() + shared_.client_timeout;
    if (written_ == out_.size()) return on_written();
    socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](error_code failed) {
      if (!failed && self->state_ != State::kClosed) self->write();
    });
  }

  void on_written() {
    if (state_ == State::kStreaming) return later([](Connection& c) { c.fill_chunk(); });
    if (!keep_alive_ || shared_.draining) return linger();
    begin_request(shared_.client_timeout * kIdleTimeouts);
    if (pending_.empty()) return wait_readable();
    later([](Connection& c) { c.feed(core::ByteView{}); });
  }

  // Takes turns with the other connections.
  void later(void (*step)(Connection&)) {
    asio::post(shared_.io, [self = shared_from_this(), step] {
      if (self->state_ != State::kClosed) step(*self);
    });
  }

  // Closing with unread bytes would reset the connection and could destroy the answer on its way.
  void linger() {
    state_ = State::kLingering;
    release_body();
    deadline_ = SteadyClock::now() + std::min(kLinger, shared_.client_timeout);
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    wait_readable();
  }

  tcp::socket socket_;
  Shared& shared_;
  Connections::iterator self_;
  State state_ = State::kIdle;
  TimePoint deadline_;
  TimePoint request_start_;
  std::size_t request_bytes_ = 0;
  std::optional<RequestParser> parser_;
  core::Bytes pending_;      // received, not parsed
  std::size_t charged_ = 0;  // of shared_.buffered
  bool continued_ = false;
  bool keep_alive_ = true;
  std::string out_;
  std::size_t written_ = 0;
  std::uint64_t stream_next_ = 0;
  std::uint64_t stream_end_ = 0;
};

}  // namespace relay
