// RelayClient: the relay's HTTP interface, seen from a till or from head office.
// Must not know journals or books, and shows no Asio or Beast type. Protocol:
// docs/formats/relay-http.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/tls/context.h"
#include "core/wire/answers.h"
#include "core/wire/endpoint.h"

namespace core::wire {

// What a log asks of its readers: requests signed with head office's key or a till's (RFC 9421).
struct ReadCredential {
  envelope::PrivateKey key;
  std::string keyid;  // the key's kid, in hexadecimal
};

// Runs the connections and timers that were made with it, on the calling thread.
class EventLoop {
 public:
  // `tls`: for https endpoints; none: the system's authorities are trusted.
  explicit EventLoop(std::shared_ptr<const tls::Context> tls = nullptr);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Runs until nothing is outstanding, or stop().
  void run();
  void stop();
  void after(std::chrono::milliseconds delay, std::function<void()> then);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// One kept-alive connection; connects when first needed, and again after a failure.
// One request is outstanding at a time (CORE_CHECK). Thread: the event loop's.
// Owner: the loop must outlive the connection.
class RelayConnection {
 public:
  using Answers = Result<PostAnswers>;

  RelayConnection(EventLoop& loop, Endpoint endpoint, std::chrono::milliseconds timeout);
  ~RelayConnection();
  RelayConnection(RelayConnection&&) noexcept;

  // POSTs a CBOR sequence of messages. `body` is copied. The callback gets one answer a message, or
  // kNetwork (no connection, timeout, 503: nothing is known, send again), kDiskFull (507: send
  // again later), kTooLarge (413), kMalformed (400: the relay's reason), kProtocol.
  void post(ByteView body, std::size_t messages, std::function<void(Answers)> done);
  // Drops the connection; the next post() connects anew.
  void close();

  struct Impl;

 private:
  friend class RelayClient;
  std::shared_ptr<Impl> impl_;
};

// The blocking form, for commands that do one thing at a time.
class RelayClient {
 public:
  explicit RelayClient(Endpoint endpoint,
                       std::chrono::milliseconds timeout = std::chrono::seconds(10),
                       std::shared_ptr<const tls::Context> tls = nullptr);
  RelayClient(RelayClient&&) noexcept;
  ~RelayClient();

  // Signs the GET, PUT and DELETE requests from now on.
  void sign_reads(ReadCredential credential);

  RelayConnection::Answers post(std::span<const Bytes> messages);
  // Reads the log's messages from index `from` to its present end; gives them to `take` in order.
  // Errors: kNetwork, kProtocol, kBadSignature (no credential, or not a good one), kUnknownKey (one
  // for another log); and the error that `take` returns ends the reading.
  Result<void> entries(LogIndex from, const std::function<Result<void>(LogIndex, Bytes)>& take);
  // GET of a small resource of the endpoint's log, such as /checkpoint. Errors: kNetwork,
  // kNotFound, kProtocol.
  Result<std::string> get(std::string_view path);
  // Asks, as the till whose key signs, for the notices of its feeds behind index `after` (none:
  // from the beginning) until there are no more; gives them to `take` in order. Errors: kNetwork,
  // kProtocol, kBadSignature (no credential, a bad one, or the till's key was revoked), kUnknownKey
  // (not a till's, or another log's), kNotFound (an open log has none), kDamaged (the very next one
  // cannot be read); and the error that `take` returns ends the reading.
  Result<void> notices(std::optional<LogIndex> after,
                       const std::function<Result<void>(LogIndex, Bytes)>& take);
  // Puts a blob beside the log, as head office; the relay has it durably then, as it may have had
  // before. Errors: kNetwork (nothing is known: send it again), kProtocol, kBadSignature,
  // kUnknownKey (of another log), kNotFound (an open log takes none), kMalformed (`hash` is not
  // that of `bytes`), kTooLarge, kDiskFull (send it again later).
  Result<void> put_blob(const envelope::Hash& hash, ByteView bytes);
  // A blob of this hash and of `size` bytes, as head office or a till. Errors: kNetwork, kProtocol
  // (it has another length or hash), kBadSignature, kUnknownKey (of another log), kNotFound.
  Result<Bytes> get_blob(const envelope::Hash& hash, std::uint64_t size);
  // DELETE of a path of the endpoint's log, as head office. Errors: kNetwork, kProtocol,
  // kBadSignature, kUnknownKey (of another log), kNotFound.
  Result<void> erase(std::string_view path);
  // POST to a path of the endpoint, of whatever service; the answer's body when its status is 200.
  // The timeout is for all of it. Errors: kNetwork (also any other status, with its text),
  // kProtocol.
  Result<Bytes> exchange(std::string_view path, std::string_view content_type, ByteView body);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace core::wire
