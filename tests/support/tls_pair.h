// A server and a client context with certificates of one test, and bytes carried between sessions.
#pragma once

#include <algorithm>
#include <limits>
#include <string>

#include "core/tls/context.h"
#include "core/tls/session.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"

namespace test {

struct TlsFiles {
  explicit TlsFiles(const std::string& subject_alt_names = "DNS:relay.example,IP:127.0.0.1,IP:::1",
                    int valid_hours = 24)
      : authority(make_authority("authority")),
        issued(issue(authority, subject_alt_names, valid_hours)) {
    write_file(dir / "authority.pem", core::as_bytes(authority.certificate));
    write_file(dir / "server.pem", core::as_bytes(issued.certificate));
    write_file(dir / "server.key", core::as_bytes(issued.key));
  }
  std::shared_ptr<const core::tls::Context> server() const {
    return core::tls::Context::server(dir / "server.pem", dir / "server.key").value();
  }
  std::shared_ptr<const core::tls::Context> client() const {
    return core::tls::Context::client(dir / "authority.pem").value();
  }

  TempDir dir;
  Certificate authority;
  Certificate issued;
};

// One end, what it has received so far, and its first error.
struct TlsEnd {
  core::tls::Session session;
  core::Bytes plain;
  std::string error;

  void receive(core::ByteView cipher) {
    const auto received = session.receive(cipher, plain);
    if (received || !error.empty()) return;
    error = core::describe(received.error());
  }
};

// Carries what `from` has to write to `to`, in pieces of at most `piece` bytes.
inline bool carry(TlsEnd& from, TlsEnd& to, std::size_t piece) {
  const core::Bytes cipher = from.session.take_outgoing();
  for (std::size_t at = 0; at < cipher.size(); at += piece) {
    to.receive(core::ByteView(cipher).subspan(at, std::min(piece, cipher.size() - at)));
  }
  return !cipher.empty();
}

struct TlsPair {
  TlsPair(const TlsFiles& files, const std::string& host)
      : TlsPair(files.server(), files.client(), host) {}
  TlsPair(std::shared_ptr<const core::tls::Context> server_context,
          std::shared_ptr<const core::tls::Context> client_context, const std::string& host)
      : server{core::tls::Session::accept(std::move(server_context)), {}, {}},
        client{core::tls::Session::connect(std::move(client_context), host), {}, {}} {}

  // Until neither end has anything to write.
  void run(std::size_t piece = std::numeric_limits<std::size_t>::max() / 2) {
    while (carry(client, server, piece) || carry(server, client, piece)) {
    }
  }
  bool established() const { return server.session.established() && client.session.established(); }

  TlsEnd server;
  TlsEnd client;
};

}  // namespace test
