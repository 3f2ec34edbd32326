// Session: OpenSSL between two byte strings.
#include "core/tls/session.h"

#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "core/tls/openssl_handles.h"

namespace core::tls {
namespace {

// The longest plain text of one record (RFC 8446 section 5.1).
constexpr std::size_t kRecordBytesMax = 16384;
constexpr std::size_t kHostBytesMax = 253;

// What OpenSSL reads from and writes to. Unlike its own memory BIO it copies nothing on the way in,
// and an idle connection keeps no buffer: OpenSSL always takes all of `incoming`.
struct Pipe {
  ByteView incoming;  // of the receive() that is running
  Bytes outgoing;
};

Pipe& pipe_of(BIO* bio) {
  return *static_cast<Pipe*>(BIO_get_data(bio));
}

int pipe_read(BIO* bio, char* out, std::size_t size, std::size_t* taken) {
  BIO_clear_retry_flags(bio);
  ByteView& incoming = pipe_of(bio).incoming;
  *taken = std::min(size, incoming.size());
  if (*taken == 0) {  // not the end: more comes with the next receive()
    BIO_set_retry_read(bio);
    return -1;
  }
  std::memcpy(out, incoming.data(), *taken);
  incoming = incoming.subspan(*taken);
  return 1;
}

int pipe_write(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  append(pipe_of(bio).outgoing, as_bytes({data, size}));
  *written = size;
  return 1;
}

long pipe_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BioHandle make_bio(Pipe& pipe) {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "daybook pipe");
    CORE_CHECK(made != nullptr && BIO_meth_set_read_ex(made, pipe_read) == 1 &&
               BIO_meth_set_write_ex(made, pipe_write) == 1 &&
               BIO_meth_set_ctrl(made, pipe_control) == 1);
    return made;
  }();
  BioHandle bio(BIO_new(method));
  CORE_CHECK(bio != nullptr);
  BIO_set_data(bio.get(), &pipe);
  BIO_set_init(bio.get(), 1);
  return bio;
}

// Has the peer's certificate checked for `host`; false when OpenSSL cannot.
bool expect_host(SSL* ssl, const std::string& host) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1) return true;
  ERR_clear_error();
  // Subject alternative names only, whole labels as wildcards only (RFC 9525 section 6.3).
  SSL_set_hostflags(ssl,
                    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  // SSL_set_tlsext_host_name without its cast in the old style.
  std::string name = host;
  return SSL_set1_host(ssl, host.c_str()) == 1 &&
         SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

}  // namespace

struct Session::State {
  State(std::shared_ptr<const Context> its_context, Context::Side side);

  // Sets `failure` to what OpenSSL says about the call that just failed.
  Unexpected give_up();
  // Reads until nothing more comes out.
  Result<void> decrypt(Bytes& plain);
  Result<void> encrypt(ByteView plain);
  // Sends what was kept, once the handshake is done.
  Result<void> release_kept();

  bool established() const { return SSL_is_init_finished(ssl.get()) == 1; }

  std::shared_ptr<const Context> context;
  Pipe pipe;
  Bytes kept;            // sent before the handshake was done
  bool closing = false;  // close() was called
  std::optional<Error> failure;
  SslHandle ssl;  // last, so that it goes before the pipe
};

Session::State::State(std::shared_ptr<const Context> its_context, Context::Side side)
    : context(std::move(its_context)) {
  CORE_CHECK(context != nullptr && context->side_ == side);
  ssl.reset(SSL_new(context->handle_));
  CORE_CHECK(ssl != nullptr);
  BIO* const bio = make_bio(pipe).release();
  SSL_set_bio(ssl.get(), bio, bio);  // takes the one reference for both directions
}

Unexpected Session::State::give_up() {
  std::string why = take_reason();
  const long verdict = SSL_get_verify_result(ssl.get());
  if (verdict != X509_V_OK) {
    why += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
  }
  failure = Error{Errc::kProtocol, "TLS: " + why};
  return fail(*failure);
}

Result<void> Session::State::decrypt(Bytes& plain) {
  std::array<std::uint8_t, kRecordBytesMax> record;
  ERR_clear_error();
  std::size_t size = 0;
  while (SSL_read_ex(ssl.get(), record.data(), record.size(), &size) == 1) {
    append(plain, ByteView(record.data(), size));
  }
  switch (SSL_get_error(ssl.get(), 0)) {
    case SSL_ERROR_WANT_READ:
      return {};
    case SSL_ERROR_ZERO_RETURN:
      if (established()) return {};
      failure = Error{Errc::kProtocol, "TLS: the peer closed during the handshake"};
      return fail(*failure);
    default:
      return give_up();
  }
}

Result<void> Session::State::encrypt(ByteView plain) {
  if (plain.empty()) return {};
  ERR_clear_error();
  std::size_t written = 0;
  if (SSL_write_ex(ssl.get(), plain.data(), plain.size(), &written) != 1) return give_up();
  CORE_CHECK(written == plain.size());
  return {};
}

Result<void> Session::State::release_kept() {
  if (!established()) return {};
  if (!kept.empty()) TRY(encrypt(std::exchange(kept, {})));
  if (closing && (SSL_get_shutdown(ssl.get()) & SSL_SENT_SHUTDOWN) == 0) {
    ERR_clear_error();
    if (SSL_shutdown(ssl.get()) < 0) return give_up();
  }
  return {};
}

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&& other) noexcept = default;
Session& Session::operator=(Session&& other) noexcept = default;
Session::~Session() = default;

Session Session::accept(std::shared_ptr<const Context> context) {
  auto state = std::make_unique<State>(std::move(context), Context::Side::kServer);
  SSL_set_accept_state(state->ssl.get());
  return Session(std::move(state));
}

Session Session::connect(std::shared_ptr<const Context> context, const std::string& host) {
  auto state = std::make_unique<State>(std::move(context), Context::Side::kClient);
  SSL* const ssl = state->ssl.get();
  SSL_set_connect_state(ssl);
  // OpenSSL takes an empty name for "any name".
  const bool nameable = !host.empty() && host.size() <= kHostBytesMax &&
                        host.find('\0') == std::string::npos && expect_host(ssl, host);
  if (!nameable) {
    ERR_clear_error();
    state->failure = Error{Errc::kUsage, "TLS: '" + host + "' is no host that a certificate names"};
    return Session(std::move(state));
  }
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl);
  if (SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) {
    static_cast<void>(state->give_up());  // the first receive() or send() reports it
  }
  return Session(std::move(state));
}

Result<void> Session::receive(ByteView cipher, Bytes& plain) {
  if (state_->failure) return fail(*state_->failure);
  state_->pipe.incoming = cipher;
  const auto decrypted = state_->decrypt(plain);
  state_->pipe.incoming = {};
  TRY(decrypted);
  return state_->release_kept();
}

Result<void> Session::send(ByteView plain) {
  if (state_->failure) return fail(*state_->failure);
  if (state_->closing) return fail(Errc::kState, "TLS: data after the session was closed");
  if (state_->established()) return state_->encrypt(plain);
  append(state_->kept, plain);
  return {};
}

void Session::close() {
  if (state_->failure || state_->closing) return;
  state_->closing = true;
  static_cast<void>(state_->release_kept());  // a failure is repeated by the next call
}

Bytes Session::take_outgoing() {
  return std::exchange(state_->pipe.outgoing, {});
}

bool Session::established() const {
  return state_->established();
}

bool Session::peer_closed() const {
  return state_->established() &&
         (SSL_get_shutdown(state_->ssl.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

}  // namespace core::tls
