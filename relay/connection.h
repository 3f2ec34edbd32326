// Connection: one client, from its first byte to its last.
// Must not know segments or groups. Only worker.cpp includes this: Beast stays in one translation
// unit. Specification: docs/formats/relay-http.md.
#pragma once

#include <array>
#include <boost/beast/http/error.hpp>
#include <cctype>
#include <cstdio>
#include <memory>

#include "relay/admit.h"
#include "relay/log_lines.h"
#include "relay/reading.h"
#include "relay/request_parser.h"
#include "relay/routes.h"
#include "relay/worker.h"

namespace relay {

namespace http = boost::beast::http;
using boost::system::error_code;

inline constexpr std::size_t kBufferedMax = std::size_t{256}
                                            << 20;  // request bodies of all clients
inline constexpr std::size_t kBytesPerTimeout = std::size_t{16} << 10;  // slowest rate of a request
inline constexpr int kIdleTimeouts = 6;  // a kept-alive connection may rest so many client timeouts
inline constexpr std::chrono::milliseconds kLinger{2000};

class Connection final : public Submission, public std::enable_shared_from_this<Connection> {
 public:
  // What has become possible since it was tried last.
  struct Readiness {
    bool ended;  // there is an end, or an error, to be read
    bool readable;
    bool writable;
  };

  Connection(Socket socket, Worker& worker)
      : worker_(worker), service_(worker.service), socket_(std::move(socket)) {
    home = &worker;
  }

  void start(Worker::Connections::iterator self) {
    self_ = self;
    if (const auto watched = worker_.watch(socket_, *this); !watched) {
      log_event(Level::kError, "connection-refused", {{"detail", watched.error().what}});
      return close();
    }
    if (auto context = service_.tls_context()) {
      tls_.emplace(core::tls::Session::accept(std::move(context)));
    }
    begin_request(service_.client_timeout);
    wait_readable();
  }

  void on_ready(Readiness ready) {
    ended_ = ended_ || ready.ended;
    readable_ = readable_ || ready.readable || ready.ended;
    if (ready.writable && std::exchange(waiting_to_write_, false)) write();
    if (readable_ && std::exchange(waiting_to_read_, false)) on_readable();
  }

  // The sequencer, or the blob writer, has settled this request.
  void completed() {
    if (const auto changed = std::exchange(kept, {})) {
      if (state_ == State::kWaiting) {
        respond(changed_response(service_.metrics, changing_, *changed));
      }
      return;
    }
    if (outcome == Outcome::kAnswered) learn();
    if (state_ != State::kWaiting) return;  // closed meanwhile
    switch (outcome) {
      case Outcome::kAnswered:
        return respond_proven();
      case Outcome::kDiskFull:
        ++service_.metrics.requests_disk_full;
        return respond(problem(507, "the disk is full; nothing of this request was kept"));
      case Outcome::kFailed:
        return unavailable("the log has failed; nothing is known of this request");
    }
  }

  void sweep(TimePoint now) {
    if (now < deadline_) return;
    if (state_ != State::kIdle && state_ != State::kLingering) {
      ++service_.metrics.connections_cut_off;
    }
    close();
  }

  // A stopping server does not wait for connections without a request, in memory or on the wire.
  void drain() {
    const bool idle = state_ == State::kIdle && !socket_.has_unread();
    if (idle || state_ == State::kLingering) close();
  }
  bool waiting_for_log() const { return state_ == State::kWaiting; }
  bool closed() const { return state_ == State::kClosed; }

  void close() {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    release_body();
    socket_.close();
    worker_.forget(self_);
    --service_.metrics.connections;
    service_.on_closed();
  }

 private:
  enum class State { kIdle, kReading, kWaiting, kWriting, kStreaming, kLingering, kClosed };

  // ---- bytes in ----

  void begin_request(std::chrono::milliseconds patience) {
    state_ = State::kIdle;
    release_body();
    // Not when it closes: the log may still be reading the bytes of a request that waits for it.
    parser_.reset();
    core::Bytes().swap(body_);
    request_bytes_ = 0;
    continued_ = false;
    deadline_ = worker_.now() + patience;
  }

  void release_body() {
    service_.buffered -= charged_;
    charged_ = 0;
  }

  // Calls on_readable() once there is something.
  void wait_readable() {
    if (readable_) return later([](Connection& c) { c.on_readable(); });
    waiting_to_read_ = true;
  }

  void on_readable() {
    if (state_ == State::kClosed) return;
    const auto [result, got] = socket_.receive(worker_.scratch());
    if (result == Socket::Outcome::kGone) return close();
    // epoll tells of it again when more has come, but of an end only once.
    readable_ = got == worker_.scratch().size() || ended_;
    if (result == Socket::Outcome::kWouldBlock) return wait_readable();
    if (state_ == State::kLingering) return wait_readable();
    const core::ByteView raw = core::ByteView(worker_.scratch()).first(got);
    if (!tls_) return feed(raw);
    core::Bytes plain;
    const auto received = tls_->receive(raw, plain);
    send_tls();
    if (!received) {
      ++service_.metrics.connections_tls_failed;
      log_event(Level::kDebug, "tls-failed", {{"detail", received.error().what}});
      return close();
    }
    if (tls_->peer_closed() && plain.empty()) return close();
    if (plain.empty()) return wait_readable();
    feed(plain);
  }

  // `data` is new; what an earlier call left over comes before it.
  void feed(core::ByteView data) {
    note_progress(data.size());
    if (!pending_.empty()) {
      core::append(pending_, data);
      data = pending_;
    }
    if (!parser_) parser_ = std::make_unique<RequestParser>();
    error_code error;
    std::size_t used = 0;
    while (used < data.size() && !parser_->is_done() && !error) {
      used += parser_->put(boost::asio::buffer(data.data() + used, data.size() - used), error);
    }
    pending_ = core::Bytes(data.begin() + static_cast<std::ptrdiff_t>(used), data.end());
    if (error && error != http::error::need_more) return refuse_http(error);
    service_.buffered += parser_->body.size() - charged_;
    charged_ = parser_->body.size();
    if (service_.buffered > kBufferedMax) return unavailable("too many requests at once");
    if (parser_->is_done()) return dispatch();
    send_continue();
    wait_readable();
  }

  // The client must keep up a slowest rate from the first byte of a request to its last.
  void note_progress(std::size_t bytes) {
    if (state_ == State::kIdle) {
      state_ = State::kReading;
      request_start_ = worker_.now();
    }
    request_bytes_ += bytes;
    const auto shares = static_cast<int>(1 + request_bytes_ / kBytesPerTimeout);
    deadline_ = request_start_ + service_.client_timeout * shares;
  }

  void refuse_http(const error_code& error) {
    keep_alive_ = false;
    if (error == http::error::body_limit) {
      ++service_.metrics.requests_too_large;
      return respond(problem(413, "a request body has at most 1048576 bytes"));
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return respond(problem(431, "the request's header is too long"));
    }
    respond(problem(400, "no HTTP/1.1 request: " + error.message()));
  }

  // ---- requests ----

  void dispatch() {
    keep_alive_ = parser_->keep_alive();
    // An answer to HEAD has no body (RFC 9110 section 9.3.2); ours says 405 with one, and ends
    // there.
    if (parser_->method == "HEAD") keep_alive_ = false;
    const Route chosen = route(parser_->method, parser_->target);
    switch (chosen.action) {
      case Action::kRespond:
        return respond(chosen.response);
      case Action::kPost:
        return post_messages();
      case Action::kHealth:
        return respond(health());
      case Action::kMetrics:
        return respond({200, "text/plain; version=0.0.4", prometheus_text(service_.metrics), {}});
      case Action::kCheckpoint:
      case Action::kTile:
      case Action::kRoster:
      case Action::kEntries:
      case Action::kNotices:
      case Action::kGetBlob:
      case Action::kListBackups:
      case Action::kGetBackup:
        return read(chosen);
      case Action::kPutBlob:
      case Action::kPutBackup:
      case Action::kDeleteBackup:
        return change(chosen);
    }
  }

  Response health() const {
    std::uint64_t entries = 0;
    for (const auto& tenant : service_.tenants.all()) {
      entries += tenant->sequencer().published()->size;
    }
    std::string text = "{\"status\":\"ok\",\"log_size\":" + std::to_string(entries);
    if (service_.tenants.open()) text += ",\"open\":true";
    return {200, "application/json", text + "}\n", {}};
  }

  void post_messages() {
    body_ = std::move(parser_->body);
    parser_.reset();
    auto split = split_body(body_);
    if (!split) {
      const bool large = split.error().code == core::Errc::kTooLarge;
      ++(large ? service_.metrics.requests_too_large : service_.metrics.requests_not_cbor);
      return respond(problem(large ? 413 : 400, split.error().what));
    }
    items = std::move(*split);
    const Admitted admitted =
        admit(service_.tenants, items, service_.clock.now_ms() / 1000, service_.metrics);
    if (admitted.too_many) {
      ++service_.metrics.requests_too_many;
      return respond(problem(429, "this key has sent its share of messages for this minute"));
    }
    if (admitted.tenant == nullptr) return respond_refused();
    state_ = State::kWaiting;
    deadline_ = TimePoint::max();
    worker_.submit(admitted.tenant->sequencer(), shared_from_this());
  }

  // Before it is answered: what comes next may be of a till that this request enrolled.
  void learn() {
    const auto learned = service_.tenants.learn(*this);
    if (learned) return;
    log_event(Level::kError, "roster-not-taken", {{"detail", learned.error().what}});
  }

  void respond_proven() {
    const auto proven = prove(*this);
    published.reset();
    if (proven) return respond_answers();
    log_event(Level::kError, "unprovable", {{"detail", proven.error().what}});
    unavailable("the log's index has failed; nothing is known of this request");
  }

  // Not one message of the request may enter a log.
  void respond_refused() {
    answers = {};
    bool forbidden = false;
    for (const Item& item : items) {
      answers.each.push_back({core::wire::PostStatus::kRefused, {}, item.refusal, {}});
      forbidden = forbidden || item.not_admitted;
    }
    respond_answers(forbidden ? 403 : 200);
  }

  void respond_answers(int status = 200) {
    const core::Bytes body = core::wire::encode_answers(answers);
    answers = {};  // a connection at rest holds nothing: there may be ten thousand
    std::vector<Item>().swap(items);
    respond({status, "application/cbor", {}, {}}, core::as_text(body));
  }

  void unavailable(std::string_view why) {
    ++service_.metrics.requests_unavailable;
    keep_alive_ = false;
    respond(problem(503, why));
  }

  // ---- reading a log ----

  // The parts of the request that its signature covers. Owner: `authority`, of the lower case.
  ReadRequest signed_parts(std::string& authority) const {
    authority = parser_->host;
    for (char& c : authority) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return {{parser_->method, authority, parser_->target},
            parser_->signature_input,
            parser_->signature};
  }

  void read(const Route& chosen) {
    std::string authority;
    Reply reply = read_log(service_, chosen, signed_parts(authority));
    if (reply.stream == nullptr) return respond(reply.response);
    stream_ = std::move(reply.stream);
    start_stream(reply.response);
  }

  void change(const Route& chosen) {
    std::string authority;
    body_ = std::move(parser_->body);
    Change change = change_beside(service_, chosen, signed_parts(authority), body_);
    if (change.tenant == nullptr) return respond(change.refusal);
    changing_ = chosen.action;
    parser_.reset();
    state_ = State::kWaiting;
    deadline_ = TimePoint::max();
    change.tenant->blob_writer().submit(shared_from_this(), std::move(change.work));
  }

  // The first piece is read before anything is said: if it cannot be, that is the response.
  void start_stream(const Response& response) {
    core::Bytes piece;
    if (!stream_->at_end()) {
      if (const auto read = stream_->next_chunk(piece); !read) {
        stream_.reset();
        return respond(unreadable_response(read.error()));
      }
    }
    state_ = State::kStreaming;
    if (service_.draining) keep_alive_ = false;
    std::string head;
    render_stream_head(head, response, keep_alive_);
    if (!piece.empty()) append_chunk(head, piece);
    send(head);
  }

  static void append_chunk(std::string& out, core::ByteView bodies) {
    std::array<char, 24> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", bodies.size());
    out.append(size.data()).append(core::as_text(bodies)).append("\r\n");
  }

  // The next piece as one chunk, or the end of the stream.
  void fill_chunk() {
    if (stream_->at_end()) {
      state_ = State::kWriting;
      stream_.reset();
      return send("0\r\n\r\n");
    }
    core::Bytes bodies;
    if (const auto read = stream_->next_chunk(bodies); !read) {
      log_event(Level::kError, "unreadable", {{"detail", read.error().what}});
      return close();  // the missing last chunk tells the client, who asks again from there
    }
    std::string chunk;
    append_chunk(chunk, bodies);
    send(chunk);
  }

  // ---- bytes out ----

  void send_continue() {
    if (continued_ || !parser_->is_header_done() || !parser_->expects_continue) return;
    continued_ = true;
    queue("HTTP/1.1 100 Continue\r\n\r\n");
    write();
  }

  void respond(const Response& response) { respond(response, response.body); }

  void respond(const Response& response, std::string_view body) {
    state_ = State::kWriting;
    if (service_.draining) keep_alive_ = false;
    if (tls_) {
      std::string text;
      render(text, response, body, keep_alive_);
      queue(text);
    } else {
      render(out_, response, body, keep_alive_);
    }
    send_queued();
  }

  void send(std::string_view text) {
    queue(text);
    send_queued();
  }

  void send_queued() {
    deadline_ = worker_.now() + service_.client_timeout;
    write();
  }

  void queue(std::string_view text) {
    if (!tls_) {
      out_.append(text);
      return;
    }
    // What fails here was said by receive() already, or will be: the connection is closed there.
    static_cast<void>(tls_->send(core::as_bytes(text)).has_value());
    out_.append(core::as_text(tls_->take_outgoing()));
  }

  // The handshake's own bytes.
  void send_tls() {
    out_.append(core::as_text(tls_->take_outgoing()));
    if (!out_.empty()) write();
  }

  // Writes what is queued; one wait at a time.
  void write() {
    if (state_ == State::kClosed || waiting_to_write_) return;
    Socket::Moved sent{Socket::Outcome::kMoved, 0};
    while (sent.outcome == Socket::Outcome::kMoved && written_ < out_.size()) {
      sent = socket_.send(std::string_view(out_).substr(written_));
      written_ += sent.bytes;
    }
    if (sent.outcome == Socket::Outcome::kGone) return close();
    if (written_ == out_.size()) return on_written();
    if (state_ == State::kWriting || state_ == State::kStreaming) {
      deadline_ = worker_.now() + service_.client_timeout;
    }
    waiting_to_write_ = true;
  }

  void on_written() {
    std::string().swap(out_);
    written_ = 0;
    if (state_ == State::kStreaming) return later([](Connection& c) { c.fill_chunk(); });
    if (state_ != State::kWriting) return;  // a handshake, or "100 Continue"
    if (!keep_alive_ || service_.draining) return linger();
    begin_request(service_.client_timeout * kIdleTimeouts);
    if (pending_.empty()) return wait_readable();
    later([](Connection& c) { c.feed(core::ByteView{}); });
  }

  // Takes turns with the other connections.
  void later(Worker::Step step) { worker_.later(shared_from_this(), step); }

  // Closing with unread bytes would reset the connection and could destroy the answer on its way.
  void linger() {
    state_ = State::kLingering;
    release_body();
    deadline_ = worker_.now() + std::min(kLinger, service_.client_timeout);
    if (tls_) {
      tls_->close();
      send_tls();
      if (state_ == State::kClosed) return;
    }
    socket_.end_sending();
    wait_readable();
  }

  Worker& worker_;
  Service& service_;
  Socket socket_;
  Worker::Connections::iterator self_;
  std::optional<core::tls::Session> tls_;
  State state_ = State::kIdle;
  TimePoint deadline_;
  TimePoint request_start_;
  std::size_t request_bytes_ = 0;
  // A connection at rest is small: what only a request needs is made with it.
  std::unique_ptr<RequestParser> parser_;
  core::Bytes body_;                    // of the request that waits for the log
  Action changing_ = Action::kRespond;  // what that does beside the log
  core::Bytes pending_;                 // received, not parsed
  std::size_t charged_ = 0;             // of service_.buffered
  bool continued_ = false;
  bool keep_alive_ = true;
  std::string out_;  // to be written
  std::size_t written_ = 0;
  // What epoll said, and what is to be done when it says so.
  bool readable_ = false;
  bool ended_ = false;
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
  std::unique_ptr<ResponseStream> stream_;
};

}  // namespace relay
