// HTTP/1.1 client on Boost.Asio: the only translation unit of this room that knows Asio and Beast.
// Must not know journals or books. Protocol: docs/formats/relay-http.md.
#include "core/wire/relay_client.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/http/error.hpp>
#include <cctype>
#include <optional>
#include <random>

#include "core/base/clock.h"
#include "core/tls/session.h"
#include "core/wire/entry_stream.h"
#include "core/wire/http_signature.h"
#include "core/wire/notice_stream.h"
#include "core/wire/response_parser.h"

namespace core::wire {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kScratchSize = std::size_t{64} << 10;
constexpr std::chrono::milliseconds kSweepPeriod{50};

// A complete response. Owner: borrows from the connection, until the callback returns.
struct Response {
  int status;
  std::optional<std::uint64_t> log_size;
  ByteView body;
};

// What every status but 200 means to a caller.
Error error_of(const Response& response) {
  std::string text(as_text(response.body));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  text = "the relay answered " + std::to_string(response.status) + ": " + text;
  switch (response.status) {
    case 400:
      return {Errc::kMalformed, text};
    case 401:
      return {Errc::kBadSignature, text};
    case 403:
      return {Errc::kUnknownKey, text};
    case 404:
      return {Errc::kNotFound, text};
    case 410:
      return {Errc::kDamaged, text};
    case 413:
      return {Errc::kTooLarge, text};
    case 429:
    case 503:
      return {Errc::kNetwork, text};
    case 507:
      return {Errc::kDiskFull, text};
    default:
      return {Errc::kProtocol, text};
  }
}

std::string blob_path(const envelope::Hash& hash) {
  return "/v1/blobs/" + hash.hex();
}

}  // namespace

struct EventLoop::Impl {
  asio::io_context io{1};
  asio::steady_timer sweeper{io};
  std::vector<RelayConnection::Impl*> active;  // with a request outstanding
  std::shared_ptr<const tls::Context> tls;
  std::array<std::uint8_t, kScratchSize> scratch{};

  void activate(RelayConnection::Impl* connection);
  void deactivate(RelayConnection::Impl* connection);
  void arm_sweep();
};

// Of what is at most a megabyte: a line of 16 KiB a timeout is the slowest, as the relay has it.
constexpr int kSmallTimeouts = 64;

// One request at a time: connect if needed, send, receive, call back.
struct RelayConnection::Impl : std::enable_shared_from_this<RelayConnection::Impl> {
  using Done = std::function<void(Result<Response>)>;

  Impl(EventLoop& l, Endpoint e, std::chrono::milliseconds t)
      : loop(l.impl()), endpoint(std::move(e)), timeout(t), socket(loop.io), resolver(loop.io) {}

  EventLoop::Impl& loop;
  Endpoint endpoint;
  std::chrono::milliseconds timeout;
  tcp::socket socket;
  tcp::resolver resolver;
  std::vector<tcp::endpoint> addresses;
  std::size_t active_at = 0;  // in loop.active
  std::uint64_t attempt = 0;  // handlers of an earlier one do nothing
  bool busy = false;
  bool connected = false;
  bool reused = false;  // the connection served a request before this one
  std::string request;
  std::optional<tls::Session> session;  // of an https endpoint, while connected
  std::string outgoing;                 // to be written
  std::size_t sent = 0;                 // of it
  bool waiting_to_write = false;
  std::optional<ResponseParser> parser;
  Bytes pending;
  Sink sink;
  Done done;
  std::optional<ReadCredential> credential;
  SteadyClock::time_point deadline;
  SteadyClock::time_point latest = SteadyClock::time_point::max();  // of a request that is bounded

  void begin(Sink body_sink, Done then) {
    CORE_CHECK(!busy);
    busy = true;
    sink = std::move(body_sink);
    done = std::move(then);
    loop.activate(this);
    reused = connected;
    start();
  }

  void start() {
    if (endpoint.tls && loop.tls == nullptr) {
      auto system = tls::Context::client({});
      if (!system) return finish(fail(system.error()));
      loop.tls = std::move(*system);
    }
    ++attempt;
    outgoing.clear();
    sent = 0;
    waiting_to_write = false;
    pending.clear();
    parser.emplace();
    if (sink) parser->sink = &sink;
    note_progress();
    if (connected) return begin_sending();
    if (!addresses.empty()) return connect();
    resolve();
  }

  void note_progress() { deadline = std::min(SteadyClock::now() + timeout, latest); }

  // Wraps a handler that must do nothing once its attempt is over.
  template <typename Then>
  auto guarded(Then then) {
    return [self = shared_from_this(), mine = attempt, then](error_code error, auto&&... more) {
      if (self->busy && self->attempt == mine) then(*self, error, more...);
    };
  }

  void resolve() {
    error_code error;
    const auto address = asio::ip::make_address(endpoint.host, error);
    if (!error) {
      addresses = {tcp::endpoint(address, endpoint.port)};
      return connect();
    }
    resolver.async_resolve(endpoint.host, std::to_string(endpoint.port),
                           guarded([](Impl& self, error_code failed, const auto& results) {
                             if (failed) return self.give_up("look up", failed);
                             for (const auto& each : results) {
                               self.addresses.push_back(each.endpoint());
                             }
                             self.connect();
                           }));
  }

  void connect() {
    asio::async_connect(socket, addresses,
                        guarded([](Impl& self, error_code failed, const tcp::endpoint&) {
                          if (failed) return self.give_up("connect to", failed);
                          error_code ignored;
                          self.socket.set_option(tcp::no_delay(true), ignored);
                          self.socket.non_blocking(true, ignored);
                          self.connected = true;
                          self.begin_sending();
                        }));
  }

  // From here on both directions run on their own: a handshake needs both.
  void begin_sending() {
    if (!endpoint.tls) {
      outgoing = request;
    } else {
      if (!session) session.emplace(tls::Session::connect(loop.tls, endpoint.host));
      if (const auto sealed = session->send(as_bytes(request)); !sealed) {
        return finish(fail(Errc::kNetwork, name() + ": " + sealed.error().what));
      }
      outgoing.append(as_text(session->take_outgoing()));
    }
    const std::uint64_t mine = attempt;
    send();
    if (busy && attempt == mine) receive();
  }

  void send() {
    if (waiting_to_write) return;
    error_code error;
    const auto rest = asio::buffer(outgoing.data() + sent, outgoing.size() - sent);
    if (rest.size() > 0) sent += socket.write_some(rest, error);
    if (error && error != asio::error::would_block) return give_up("send to", error);
    note_progress();
    if (sent == outgoing.size()) {
      outgoing.clear();
      sent = 0;
      return;
    }
    waiting_to_write = true;
    socket.async_wait(tcp::socket::wait_write, guarded([](Impl& self, error_code failed) {
                        self.waiting_to_write = false;
                        if (failed) return self.give_up("send to", failed);
                        self.send();
                      }));
  }

  void receive() {
    socket.async_wait(tcp::socket::wait_read, guarded([](Impl& self, error_code failed) {
                        if (failed) return self.give_up("receive from", failed);
                        self.on_readable();
                      }));
  }

  void on_readable() {
    error_code error;
    const std::size_t got = socket.read_some(asio::buffer(loop.scratch), error);
    if (error == asio::error::would_block) return receive();
    if (error) return give_up("receive from", error);
    note_progress();
    ByteView data = ByteView(loop.scratch).first(got);
    Bytes plain;
    if (session) {
      const auto opened = session->receive(data, plain);
      outgoing.append(as_text(session->take_outgoing()));
      const std::uint64_t mine = attempt;
      send();  // the handshake's next step, or an alert
      if (!busy || attempt != mine) return;
      if (!opened) return finish(fail(Errc::kNetwork, name() + ": " + opened.error().what));
      if (plain.empty()) return receive();
      data = plain;
    }
    if (!pending.empty()) {
      append(pending, data);
      data = pending;
    }
    std::size_t used = 0;
    while (used < data.size() && !parser->is_done() && !error) {
      used += parser->put(asio::buffer(data.data() + used, data.size() - used), error);
    }
    if (parser->sink_error) return finish(fail(*parser->sink_error));
    if (error && error != http::error::need_more) {
      return finish(fail(Errc::kProtocol, name() + " sent no HTTP response: " + error.message()));
    }
    if (parser->is_done()) return complete();
    pending = Bytes(data.begin() + static_cast<std::ptrdiff_t>(used), data.end());
    receive();
  }

  void complete() {
    const bool keep = parser->keep_alive();
    const Bytes body = std::move(parser->body);
    finish(Response{parser->status, parser->log_size, body}, keep);
  }

  std::string name() const {
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
  }

  // A kept-alive connection that the relay closed while it rested is no failure: every request may
  // be sent again, since the relay knows a message by its bytes.
  void give_up(std::string_view doing, const error_code& error) {
    const bool stale = reused && !parser->got_some() && error != asio::error::timed_out;
    if (stale) {
      reused = false;
      disconnect();
      return start();
    }
    finish(fail(Errc::kNetwork, std::string(doing) + " " + name() + ": " + error.message()));
  }

  void finish(Result<Response> outcome, bool keep = false) {
    const auto self = shared_from_this();
    const Done then = std::move(done);
    release();
    if (!keep) disconnect();
    if (then) then(std::move(outcome));
  }

  void release() {
    done = nullptr;
    sink = nullptr;
    latest = SteadyClock::time_point::max();
    if (!busy) return;
    busy = false;
    loop.deactivate(this);
  }

  void disconnect() {
    connected = false;
    session.reset();
    ++attempt;
    error_code ignored;
    socket.close(ignored);
  }

  // The owner is gone.
  void abandon() {
    release();
    disconnect();
  }

  void post(ByteView body, std::size_t messages, std::function<void(Answers)> then) {
    request.assign("POST /v1/messages HTTP/1.1\r\nHost: ");
    request.append(name()).append("\r\nContent-Type: application/cbor-seq\r\nContent-Length: ");
    request.append(std::to_string(body.size())).append("\r\n\r\n").append(as_text(body));
    begin({}, [messages, then = std::move(then)](Result<Response> response) {
      if (!response) return then(fail(response.error()));
      // 403 answers each message as well: none of them may enter a log.
      if (response->status != 200 && response->status != 403) {
        return then(fail(error_of(*response)));
      }
      Answers answers = decode_answers(response->body);
      if (answers && answers->each.size() != messages) {
        return then(fail(Errc::kProtocol, "the relay gave " + std::to_string(answers->each.size()) +
                                              " answers to " + std::to_string(messages) +
                                              " messages"));
      }
      then(std::move(answers));
    });
  }

  void sign(std::string_view method, const std::string& target);

  // Of the endpoint's log, with its signature. The header's last line is missing.
  void write_head(std::string_view method, std::string_view path) {
    const std::string target = endpoint.prefix + std::string(path);
    request.assign(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ");
    request.append(name()).append("\r\n");
    if (credential) sign(method, target);
  }

  void exchange(std::string_view path, std::string_view content_type, ByteView body, Done then) {
    request.assign("POST ").append(endpoint.prefix).append(path);
    request.append(" HTTP/1.1\r\nHost: ").append(name());
    request.append("\r\nContent-Type: ").append(content_type);
    request.append("\r\nContent-Length: ").append(std::to_string(body.size()));
    request.append("\r\n\r\n").append(as_text(body));
    latest = SteadyClock::now() + timeout;
    begin({}, std::move(then));
  }

  // With a sink the body may be long, and is bounded by its progress alone.
  void get(std::string_view path, Sink body_sink, Done then) {
    write_head("GET", path);
    request.append("\r\n");
    if (!body_sink) latest = SteadyClock::now() + kSmallTimeouts * timeout;
    begin(std::move(body_sink), std::move(then));
  }

  void erase(std::string_view path, Done then) {
    write_head("DELETE", path);
    request.append("\r\n");
    latest = SteadyClock::now() + kSmallTimeouts * timeout;
    begin({}, std::move(then));
  }

  void put(std::string_view path, ByteView body, Done then) {
    write_head("PUT", path);
    request.append("Content-Type: application/octet-stream\r\nContent-Length: ");
    request.append(std::to_string(body.size())).append("\r\n\r\n").append(as_text(body));
    latest = SteadyClock::now() + kSmallTimeouts * timeout;
    begin({}, std::move(then));
  }
};

void RelayConnection::Impl::sign(std::string_view method, const std::string& target) {
  constexpr std::int64_t kGoodFor_s = 60;
  const std::int64_t now_s = SystemClock().now_ms() / 1000;
  std::random_device random;
  Bytes nonce;
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t bits = random();
    for (int shift = 0; shift < 32; shift += 8) {
      nonce.push_back(static_cast<std::uint8_t>(bits >> shift));
    }
  }
  std::string authority = name();
  for (char& c : authority) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const SignatureFields fields =
      sign_request({method, authority, target}, credential->key, credential->keyid, now_s,
                   now_s + kGoodFor_s, to_hex(nonce));
  request.append("Signature-Input: ").append(fields.input);
  request.append("\r\nSignature: ").append(fields.signature).append("\r\n");
}

void EventLoop::Impl::activate(RelayConnection::Impl* connection) {
  connection->active_at = active.size();
  active.push_back(connection);
  if (active.size() == 1) arm_sweep();
}

void EventLoop::Impl::deactivate(RelayConnection::Impl* connection) {
  const std::size_t at = connection->active_at;
  active.back()->active_at = at;
  std::swap(active[at], active.back());
  active.pop_back();
  if (active.empty()) sweeper.cancel();
}

// One timer for all connections: the deadlines are long and rarely reached.
void EventLoop::Impl::arm_sweep() {
  sweeper.expires_after(kSweepPeriod);
  sweeper.async_wait([this](error_code error) {
    if (error) return;
    const auto now = SteadyClock::now();
    std::vector<std::shared_ptr<RelayConnection::Impl>> late;
    for (auto* connection : active) {
      if (now >= connection->deadline) late.push_back(connection->shared_from_this());
    }
    for (const auto& connection : late) {
      if (connection->busy) connection->give_up("wait for", asio::error::timed_out);
    }
    if (!active.empty()) arm_sweep();
  });
}

EventLoop::EventLoop(std::shared_ptr<const tls::Context> tls) : impl_(std::make_unique<Impl>()) {
  impl_->tls = std::move(tls);
}
EventLoop::~EventLoop() = default;

void EventLoop::run() {
  impl_->io.restart();
  impl_->io.run();
}

void EventLoop::stop() {
  impl_->io.stop();
}

void EventLoop::after(std::chrono::milliseconds delay, std::function<void()> then) {
  auto timer = std::make_shared<asio::steady_timer>(impl_->io, delay);
  timer->async_wait([timer, then = std::move(then)](error_code error) {
    if (!error) then();
  });
}

RelayConnection::RelayConnection(EventLoop& loop, Endpoint endpoint,
                                 std::chrono::milliseconds timeout)
    : impl_(std::make_shared<Impl>(loop, std::move(endpoint), timeout)) {}

RelayConnection::~RelayConnection() {
  if (impl_ != nullptr) impl_->abandon();
}

RelayConnection::RelayConnection(RelayConnection&&) noexcept = default;

void RelayConnection::post(ByteView body, std::size_t messages, std::function<void(Answers)> done) {
  impl_->post(body, messages, std::move(done));
}

void RelayConnection::close() {
  if (!impl_->busy) return impl_->disconnect();
  const auto done = std::move(impl_->done);
  impl_->abandon();
  asio::post(impl_->loop.io, [done] {
    if (done) done(fail(Errc::kNetwork, "the connection was closed"));
  });
}

struct RelayClient::Impl {
  Impl(Endpoint endpoint, std::chrono::milliseconds timeout,
       std::shared_ptr<const tls::Context> tls)
      : loop(std::move(tls)), connection(loop, std::move(endpoint), timeout) {}
  EventLoop loop;
  RelayConnection connection;

  Result<Bytes> get(std::string_view path);
};

// The body of a 200.
Result<Bytes> RelayClient::Impl::get(std::string_view path) {
  Result<Bytes> result = fail(Errc::kNetwork, "no answer");
  connection.impl_->get(path, {}, [&result](Result<Response> response) {
    if (!response) {
      result = fail(response.error());
    } else if (response->status != 200) {
      result = fail(error_of(*response));
    } else {
      result = to_bytes(response->body);
    }
  });
  loop.run();
  return result;
}

RelayClient::RelayClient(Endpoint endpoint, std::chrono::milliseconds timeout,
                         std::shared_ptr<const tls::Context> tls)
    : impl_(std::make_unique<Impl>(std::move(endpoint), timeout, std::move(tls))) {}
RelayClient::RelayClient(RelayClient&&) noexcept = default;
RelayClient::~RelayClient() = default;

void RelayClient::sign_reads(ReadCredential credential) {
  impl_->connection.impl_->credential = std::move(credential);
}

RelayConnection::Answers RelayClient::post(std::span<const Bytes> messages) {
  Bytes body;
  for (const Bytes& message : messages) append(body, message);
  RelayConnection::Answers result = fail(Errc::kNetwork, "no answer");
  impl_->connection.post(body, messages.size(), [&result](RelayConnection::Answers answers) {
    result = std::move(answers);
  });
  impl_->loop.run();
  return result;
}

Result<void> RelayClient::entries(LogIndex from,
                                  const std::function<Result<void>(LogIndex, Bytes)>& take) {
  EntryStream stream(from, take);
  Result<void> result = fail(Errc::kNetwork, "no answer");
  impl_->connection.impl_->get(
      "/v1/entries?from=" + to_string(from),
      [&stream](ByteView piece) { return stream.push(piece); },
      [&](Result<Response> response) {
        if (!response) {
          result = fail(response.error());
        } else if (response->status != 200) {
          result = fail(error_of(*response));
        } else {
          result = stream.finish(response->log_size);
        }
      });
  impl_->loop.run();
  return result;
}

Result<Bytes> RelayClient::exchange(std::string_view path, std::string_view content_type,
                                    ByteView body) {
  Result<Bytes> result = fail(Errc::kNetwork, "no answer");
  impl_->connection.impl_->exchange(path, content_type, body, [&result](Result<Response> response) {
    if (!response) {
      result = fail(response.error());
    } else if (response->status != 200) {
      std::string text(as_text(response->body).substr(0, 200));
      while (!text.empty() && text.back() == '\n') text.pop_back();
      result = fail(Errc::kNetwork, "status " + std::to_string(response->status) + ": " + text);
    } else {
      result = to_bytes(response->body);
    }
  });
  impl_->loop.run();
  return result;
}

Result<std::string> RelayClient::get(std::string_view path) {
  TRY_ASSIGN(const Bytes body, impl_->get(path));
  return std::string(as_text(body));
}

Result<void> RelayClient::notices(std::optional<LogIndex> after,
                                  const std::function<Result<void>(LogIndex, Bytes)>& take) {
  NoticeStream stream(after, take);
  for (bool more = true; more;) {
    TRY_ASSIGN(const Bytes body, impl_->get(stream.target()));
    TRY_ASSIGN(more, stream.push(body));
  }
  return {};
}

namespace {

// Of a PUT or DELETE. Owner: the result outlives what is returned.
RelayConnection::Impl::Done changed(Result<void>& result) {
  return [&result](Result<Response> response) {
    if (!response) {
      result = fail(response.error());
    } else if (response->status != 200 && response->status != 201) {
      result = fail(error_of(*response));
    } else {
      result = {};
    }
  };
}

}  // namespace

Result<void> RelayClient::put_blob(const envelope::Hash& hash, ByteView bytes) {
  Result<void> result = fail(Errc::kNetwork, "no answer");
  impl_->connection.impl_->put(blob_path(hash), bytes, changed(result));
  impl_->loop.run();
  return result;
}

Result<void> RelayClient::erase(std::string_view path) {
  Result<void> result = fail(Errc::kNetwork, "no answer");
  impl_->connection.impl_->erase(path, changed(result));
  impl_->loop.run();
  return result;
}

Result<Bytes> RelayClient::get_blob(const envelope::Hash& hash, std::uint64_t size) {
  TRY_ASSIGN(Bytes bytes, impl_->get(blob_path(hash)));
  if (bytes.size() == size && envelope::sha256(bytes) == hash) return bytes;
  return fail(Errc::kProtocol, "the relay gave " + std::to_string(bytes.size()) +
                                   " other bytes for the blob " + hash.hex());
}

}  // namespace core::wire
