// TLS sessions against each other: data in all pieces, closing, and what a client refuses.
#include <doctest/doctest.h>

#include "core/base/random.h"
#include "tests/support/tls_pair.h"

using core::as_bytes;
using core::as_text;
using core::Bytes;
using core::ByteView;
using core::Errc;
using test::TlsEnd;
using test::TlsFiles;
using test::TlsPair;

namespace {

Bytes some_bytes(std::size_t size, std::uint8_t first) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<std::uint8_t>(first + i * 31 + i / 256);
  return bytes;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("data goes both ways whatever pieces the bytes come in") {
  const TlsFiles files;
  for (const std::size_t piece : {1U, 2U, 5U, 7U, 1000U, 16401U, 1U << 20}) {
    CAPTURE(piece);
    TlsPair pair(files, "relay.example");
    pair.run(piece);
    REQUIRE(pair.established());
    Bytes to_server, to_client;
    for (const std::size_t size : {1U, 0U, 300U, 16384U, 16385U, 50000U}) {
      const Bytes request = some_bytes(size, 1), answer = some_bytes(size * 2, 77);
      REQUIRE(pair.client.session.send(request));
      REQUIRE(pair.server.session.send(answer));
      core::append(to_server, request);
      core::append(to_client, answer);
      pair.run(piece);
    }
    CHECK(core::equal(pair.server.plain, to_server));
    CHECK(core::equal(pair.client.plain, to_client));
    CHECK(pair.client.error == "");
    CHECK(pair.server.error == "");
  }
}

TEST_CASE("what is on the wire is not what was sent") {
  const TlsFiles files;
  TlsPair pair(files, "relay.example");
  pair.run();
  const Bytes plain(1000, 'a');
  REQUIRE(pair.client.session.send(plain));
  const Bytes cipher = pair.client.session.take_outgoing();
  CHECK(cipher.size() > plain.size());
  CHECK_FALSE(has(std::string(as_text(cipher)), "aaaaaaaa"));
  CHECK(pair.client.session.take_outgoing().empty());
}

TEST_CASE("what was sent before the handshake is done arrives after it, in order") {
  const TlsFiles files;
  TlsPair pair(files, "relay.example");
  REQUIRE(pair.client.session.send(as_bytes("first ")));
  REQUIRE(pair.server.session.send(as_bytes("hello ")));
  REQUIRE(pair.client.session.send(as_bytes("second")));
  CHECK_FALSE(pair.established());
  pair.run(3);
  REQUIRE(pair.server.session.send(as_bytes("again")));
  pair.run(3);
  CHECK(as_text(pair.server.plain) == "first second");
  CHECK(as_text(pair.client.plain) == "hello again");
}

TEST_CASE("a server that is established has nothing more to say: no tickets") {
  const TlsFiles files;
  TlsPair pair(files, "relay.example");
  CHECK(carry(pair.client, pair.server, 1 << 20));
  CHECK(carry(pair.server, pair.client, 1 << 20));
  CHECK(pair.client.session.established());
  CHECK_FALSE(pair.server.session.established());
  CHECK(carry(pair.client, pair.server, 1 << 20));
  CHECK(pair.server.session.established());
  CHECK(pair.server.session.take_outgoing().empty());
}

TEST_CASE("the certificate must name the host, and its common name does not count") {
  const TlsFiles files("DNS:relay.example,DNS:*.shops.example,IP:127.0.0.1,IP:::1");
  for (const char* host :
       {"relay.example", "RELAY.example", "a.shops.example", "127.0.0.1", "::1"}) {
    CAPTURE(host);
    TlsPair pair(files, host);
    REQUIRE(pair.client.session.send(as_bytes("secret")));
    pair.run();
    CHECK(pair.established());
    CHECK(as_text(pair.server.plain) == "secret");
  }
  for (const char* host :
       {"other.example", "sub.relay.example", "shops.example", "b.a.shops.example",
        "common.example", "127.0.0.2", "::2", "relay.example.evil.example"}) {
    CAPTURE(host);
    TlsPair pair(files, host);
    REQUIRE(pair.client.session.send(as_bytes("secret")));
    pair.run();
    CHECK_FALSE(pair.client.session.established());
    CHECK_FALSE(pair.server.session.established());
    CHECK(has(pair.client.error, "protocol: TLS: certificate verify failed ("));
    CHECK(has(pair.client.error, "mismatch)"));
    CHECK(has(pair.server.error, "protocol: TLS: "));  // the alert reached it
    CHECK(pair.server.plain.empty());
  }
}

TEST_CASE("a host that no certificate can name fails every call and sends nothing") {
  const TlsFiles files;
  for (const std::string& host :
       {std::string(), std::string(254, 'a'), std::string("relay.example\0x", 15)}) {
    CAPTURE(host);
    TlsPair pair(files, host);
    const auto sent = pair.client.session.send(as_bytes("secret"));
    REQUIRE_FALSE(sent);
    CHECK(sent.error().code == Errc::kUsage);
    pair.client.session.close();
    CHECK(pair.client.session.take_outgoing().empty());
  }
}

TEST_CASE("a server of another authority, or with an expired certificate, is refused") {
  const TlsFiles ours, theirs, expired("DNS:relay.example", -1);
  TlsPair wrong(theirs.server(), ours.client(), "relay.example");
  wrong.run();
  CHECK(has(wrong.client.error, "certificate verify failed (unable to get local issuer"));
  CHECK_FALSE(wrong.client.session.established());

  TlsPair late(expired, "relay.example");
  late.run();
  CHECK(has(late.client.error, "certificate verify failed (certificate has expired)"));

  TlsPair system(ours.server(), core::tls::Context::client({}).value(), "relay.example");
  system.run();
  CHECK(has(system.client.error, "certificate verify failed"));
}

TEST_CASE("a server's own certificate may be trusted instead of its authority") {
  const TlsFiles files;
  TlsPair pair(files.server(), core::tls::Context::client(files.dir / "server.pem").value(),
               "relay.example");
  pair.run();
  CHECK(pair.established());
}

TEST_CASE("only close_notify tells that what came before is whole") {
  const TlsFiles files;
  TlsPair pair(files, "relay.example");
  pair.run();
  REQUIRE(pair.client.session.send(as_bytes("all of it")));
  pair.client.session.close();
  const Bytes cipher = pair.client.session.take_outgoing();
  for (std::size_t i = 0; i < cipher.size(); ++i) {  // cut off at every byte
    CHECK_FALSE(pair.server.session.peer_closed());
    pair.server.receive(ByteView(cipher).subspan(i, 1));
  }
  CHECK(pair.server.session.peer_closed());
  CHECK(as_text(pair.server.plain) == "all of it");
  CHECK_FALSE(pair.client.session.peer_closed());

  // The other direction goes on; what follows a close_notify is ignored.
  REQUIRE(pair.server.session.send(as_bytes("answer")));
  pair.server.session.close();
  pair.server.session.close();
  pair.run();
  CHECK(as_text(pair.client.plain) == "answer");
  CHECK(pair.client.session.peer_closed());
  pair.server.receive(as_bytes("anything"));
  CHECK(pair.server.error == "");
  const auto late = pair.client.session.send(as_bytes("more"));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Errc::kState);
}

TEST_CASE("closing before the handshake is done sends what was kept, then close_notify") {
  const TlsFiles files;
  TlsPair pair(files, "relay.example");
  REQUIRE(pair.client.session.send(as_bytes("short")));
  pair.client.session.close();
  CHECK_FALSE(pair.client.session.send(as_bytes("more")));
  pair.run(1);
  CHECK(as_text(pair.server.plain) == "short");
  CHECK(pair.server.session.peer_closed());
  CHECK(pair.client.error == "");
}

TEST_CASE("garbage is an error, at any time and in any form") {
  const TlsFiles files;
  const auto server = files.server();
  core::Random random(20240611);
  int refused = 0;
  for (int round = 0; round < 300; ++round) {
    TlsEnd end{core::tls::Session::accept(server), {}, {}};
    Bytes garbage(random.between(1, 2000));
    for (auto& byte : garbage) byte = static_cast<std::uint8_t>(random.between(0, 255));
    if (round % 2 == 0) {  // the head of a handshake record, so that the noise gets further
      const Bytes head = {0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3};
      std::copy(head.begin(), head.begin() + std::min<long>(11, std::ssize(garbage)),
                garbage.begin());
    }
    end.receive(garbage);
    CHECK(end.plain.empty());
    CHECK_FALSE(end.session.established());
    if (end.error.empty()) continue;  // a record that is not whole yet
    ++refused;
    CHECK(end.error.starts_with("protocol: TLS: "));
    Bytes plain;
    const auto again = end.session.receive(garbage, plain);
    REQUIRE_FALSE(again);
    CHECK(core::describe(again.error()) == end.error);
    CHECK_FALSE(end.session.send(garbage));
  }
  CHECK(refused > 200);

  TlsEnd http{core::tls::Session::accept(server), {}, {}};
  http.receive(as_bytes("GET /healthz HTTP/1.1\r\n\r\n"));
  CHECK(http.error == "protocol: TLS: http request");
}

TEST_CASE("one changed bit anywhere is an error, and nothing of its record comes through") {
  const TlsFiles files;
  const auto server = files.server();
  const auto client = files.client();
  for (std::size_t at = 0; at < 27; ++at) {  // head, "hello" with its type, and tag
    CAPTURE(at);
    TlsPair pair(server, client, "relay.example");
    pair.run();
    REQUIRE(pair.client.session.send(as_bytes("hello")));
    Bytes cipher = pair.client.session.take_outgoing();
    REQUIRE(cipher.size() == 27);
    cipher[at] ^= 1;
    pair.server.receive(cipher);
    CHECK(pair.server.plain.empty());
    CHECK_FALSE(pair.server.session.peer_closed());
    if (at == 3 || at == 4) continue;  // a longer record: it still waits for the rest
    CHECK(pair.server.error.starts_with("protocol: TLS: "));
    CHECK_FALSE(pair.server.session.take_outgoing().empty());  // the alert
  }
}

TEST_CASE("a session goes on after it has moved") {
  const TlsFiles files;
  TlsPair pair(files, "relay.example");
  REQUIRE(pair.client.session.send(as_bytes("kept ")));
  core::tls::Session moved(std::move(pair.client.session));
  pair.client.session = std::move(moved);
  pair.run();
  CHECK(pair.established());
  CHECK(as_text(pair.server.plain) == "kept ");
}
