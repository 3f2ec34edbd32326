// Context: what all TLS sessions of one side share.
// Must not know sockets or HTTP. OpenSSL's headers stay in this folder's .cpp files.
#pragma once

#include <filesystem>
#include <memory>

#include "core/base/result.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace core::tls {

// TLS 1.3 (RFC 8446) and nothing older; no tickets and no session cache, since tills connect twice
// a day and a server of 10,000 connections would keep what nobody resumes. Both sides speak
// "http/1.1" by ALPN (RFC 7301): a server refuses a client that offers only other protocols, and
// serves one that offers none. Thread: any; immutable once made.
class Context {
 public:
  // Files are PEM. The chain starts with the server's own certificate; the key has no pass phrase.
  // Errors, all naming the file: kNotFound, kIo, kTooLarge (over 4 MiB), kMalformed (no
  // certificate, no key, a key that does not belong to the certificate, one too weak for this
  // OpenSSL).
  static Result<std::shared_ptr<const Context>> server(
      const std::filesystem::path& certificate_chain, const std::filesystem::path& private_key);

  // `authorities`: PEM file of the certificates to trust, whether roots, intermediates or a
  // server's own; empty: the system's. Errors: as server().
  static Result<std::shared_ptr<const Context>> client(const std::filesystem::path& authorities);

  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();

 private:
  friend class Session;
  enum class Side { kServer, kClient };
  explicit Context(Side side);

  const Side side_;
  ssl_ctx_st* const handle_;  // owned
};

}  // namespace core::tls
