// TLS against other software, here OpenSSL itself, and the files that a context is made of.
#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "tests/support/tls_pair.h"

using core::as_bytes;
using core::as_text;
using core::Bytes;
using core::ByteView;
using core::Errc;
using core::tls::Context;
using test::TlsEnd;
using test::TlsFiles;

namespace {

// A client as other programs are: OpenSSL with its own memory BIOs.
class OtherClient {
 public:
  explicit OtherClient(int version, const std::string& protocols = "")
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
    SSL_CTX_set_min_proto_version(context_.get(), version);
    SSL_CTX_set_max_proto_version(context_.get(), version);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_connect_state(ssl_.get());
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    const auto* list = reinterpret_cast<const unsigned char*>(protocols.data());
    SSL_set_alpn_protos(ssl_.get(), list, static_cast<unsigned>(protocols.size()));
  }

  // Shakes hands for as long as either side has something to say; whether it got to the end.
  bool handshake(TlsEnd& server) {
    int result = -1;
    for (int round = 0; round < 5; ++round) {
      result = SSL_do_handshake(ssl_.get());
      carry_to(server);
      carry_from(server);
    }
    return result == 1 && server.session.established();
  }

  void carry_to(TlsEnd& server) {
    Bytes cipher(1 << 16);
    const int size = BIO_read(SSL_get_wbio(ssl_.get()), cipher.data(), 1 << 16);
    if (size > 0) server.receive(ByteView(cipher).first(static_cast<std::size_t>(size)));
  }
  void carry_from(TlsEnd& server) {
    const Bytes cipher = server.session.take_outgoing();
    if (cipher.empty()) return;
    BIO_write(SSL_get_rbio(ssl_.get()), cipher.data(), static_cast<int>(cipher.size()));
  }

  std::string protocol() const {
    const unsigned char* data = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &data, &size);
    return std::string(as_text(ByteView(data, size)));
  }
  SSL* ssl() { return ssl_.get(); }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

TlsEnd accept(const std::shared_ptr<const Context>& context) {
  return {core::tls::Session::accept(context), {}, {}};
}

}  // namespace

TEST_CASE("a client of TLS 1.2 is refused") {
  const auto context = TlsFiles().server();
  TlsEnd server = accept(context);
  OtherClient client(TLS1_2_VERSION);
  CHECK_FALSE(client.handshake(server));
  CHECK(server.error == "protocol: TLS: unsupported protocol");
  TlsEnd newer = accept(context);
  CHECK(OtherClient(TLS1_3_VERSION).handshake(newer));
}

TEST_CASE("the server speaks http/1.1, also with clients that rather speak HTTP/2") {
  const auto context = TlsFiles().server();
  for (const char* offered : {"\x2h2\x8http/1.1", "\x8http/1.1", ""}) {
    CAPTURE(offered);
    TlsEnd server = accept(context);
    OtherClient client(TLS1_3_VERSION, offered);
    CHECK(client.handshake(server));
    CHECK(client.protocol() == (*offered == '\0' ? "" : "http/1.1"));
  }
  TlsEnd server = accept(context);
  CHECK_FALSE(OtherClient(TLS1_3_VERSION, "\x2h2").handshake(server));
  CHECK(server.error == "protocol: TLS: no application protocol");
}

TEST_CASE("a peer that asks for new keys gets them, and data goes on") {
  TlsEnd server = accept(TlsFiles().server());
  OtherClient client(TLS1_3_VERSION);
  REQUIRE(client.handshake(server));
  REQUIRE(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
  REQUIRE(SSL_write(client.ssl(), "after", 5) == 5);
  client.carry_to(server);
  CHECK(as_text(server.plain) == "after");
  REQUIRE(server.session.send(as_bytes("answer")));
  client.carry_from(server);
  char answer[16] = {};
  CHECK(SSL_read(client.ssl(), answer, sizeof answer) == 6);
  CHECK(std::string(answer) == "answer");
}

TEST_CASE("an unencrypted close_notify in the middle of the handshake closes nothing") {
  const TlsFiles files;
  TlsEnd client{core::tls::Session::connect(files.client(), "relay.example"), {}, {}};
  client.receive(core::from_hex("15030300020100").value());
  CHECK_FALSE(client.session.peer_closed());
  CHECK(client.error == "protocol: TLS: the peer closed during the handshake");
}

TEST_CASE("files that make no context are refused by name") {
  const TlsFiles files, others;
  const auto& dir = files.dir;
  test::write_file(dir / "text", as_bytes("no PEM at all\n"));
  test::write_file(dir / "empty", {});
  test::write_file(dir / "broken.pem",
                   as_bytes(files.issued.certificate + "-----BEGIN CERTIFICATE-----\nMIIB"
                                                       "\n-----END CERTIFICATE-----\n"));
  test::write_file(dir / "locked.key", as_bytes("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n"
                                                "-----END ENCRYPTED PRIVATE KEY-----\n"));
  struct Wrong {
    std::filesystem::path chain, key;
    Errc code;
    std::string named;
  };
  const Wrong wrongs[] = {
      {dir / "missing", dir / "server.key", Errc::kNotFound, "missing"},
      {dir / "server.pem", dir / "missing", Errc::kNotFound, "missing"},
      {dir / "text", dir / "server.key", Errc::kMalformed, "text"},
      {dir / "empty", dir / "server.key", Errc::kMalformed, "empty"},
      {dir / "server.key", dir / "server.key", Errc::kMalformed, "server.key"},
      {dir / "broken.pem", dir / "server.key", Errc::kMalformed, "broken.pem"},
      {dir / "server.pem", dir / "text", Errc::kMalformed, "text"},
      {dir / "server.pem", dir / "server.pem", Errc::kMalformed, "server.pem"},
      {dir / "server.pem", dir / "locked.key", Errc::kMalformed, "locked.key"},
      {dir / "server.pem", others.dir / "server.key", Errc::kMalformed, "does not belong"},
  };
  for (const Wrong& wrong : wrongs) {
    CAPTURE(wrong.chain);
    CAPTURE(wrong.key);
    const auto context = Context::server(wrong.chain, wrong.key);
    REQUIRE_FALSE(context);
    CHECK(context.error().code == wrong.code);
    CHECK(context.error().what.find(wrong.named) != std::string::npos);
  }
  CHECK(Context::client(dir / "missing").error().code == Errc::kNotFound);
  CHECK(Context::client(dir / "text").error().code == Errc::kMalformed);
  CHECK(Context::client(dir / "server.key").error().code == Errc::kMalformed);
}

TEST_CASE("one file may hold the key and the whole chain") {
  const TlsFiles files;
  const auto& dir = files.dir;
  test::write_file(dir / "all.pem", as_bytes(files.issued.key + files.issued.certificate +
                                             files.authority.certificate));
  test::TlsPair pair(Context::server(dir / "all.pem", dir / "all.pem").value(), files.client(),
                     "relay.example");
  pair.run();
  CHECK(pair.established());
}
