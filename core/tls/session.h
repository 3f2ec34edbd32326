// Session: one connection's TLS state, between the peer's bytes and our own.
// Must not know sockets: whoever owns the socket carries the bytes.
#pragma once

#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/tls/context.h"

namespace core::tls {

// After every call, what take_outgoing() gives is to be written to the peer; after an error too,
// since the alert is in it. The first error ends the session: later calls repeat it.
// Thread: one at a time.
class Session {
 public:
  // The server's end. Shape: a context of Context::server (CORE_CHECK).
  static Session accept(std::shared_ptr<const Context> context);

  // The client's end; the first bytes to write are there at once. The peer's certificate must name
  // `host` among its subject alternative names: a DNS name, or an IP address as text, without
  // brackets. Names are sent as SNI (RFC 6066 section 3). A host that no certificate can name
  // (empty, over 253 bytes, a NUL in it) gives a session whose calls fail with kUsage.
  // Shape: a context of Context::client (CORE_CHECK).
  static Session connect(std::shared_ptr<const Context> context, const std::string& host);

  Session(Session&& other) noexcept;
  Session& operator=(Session&& other) noexcept;
  ~Session();

  // Takes all of `cipher`, in whatever pieces it comes, and appends to `plain` what it decrypts to.
  // May queue outgoing bytes. Bytes after the peer's close_notify are ignored (RFC 8446 section
  // 6.1). Errors: kProtocol, with OpenSSL's reason ("certificate verify failed (hostname
  // mismatch)"); what was appended before it is authentic.
  Result<void> receive(ByteView cipher, Bytes& plain);

  // Encrypts, or keeps until the handshake is done: all of it, so the caller bounds it.
  // Errors: kState (after close()), kProtocol.
  Result<void> send(ByteView plain);

  // Queues close_notify, after what is kept for the end of the handshake. The peer may go on
  // sending, and receive() works. Does nothing when called again, or after an error.
  void close();

  // What must be written to the peer now, once.
  Bytes take_outgoing();

  // The handshake is done; a client has verified the server by then.
  bool established() const;

  // The peer's close_notify was received: what came before is whole. A connection that ends while
  // this is false was cut off.
  bool peer_closed() const;

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;  // on the heap: OpenSSL keeps its address
};

}  // namespace core::tls
