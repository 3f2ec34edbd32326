// OpenSSL's objects with their owners, and the reason that it gives for a failure.
// Private to core/tls.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string>

namespace core::tls {

template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using BioHandle = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using CertificateHandle = std::unique_ptr<X509, FreeWith<X509_free>>;
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using SslHandle = std::unique_ptr<SSL, FreeWith<SSL_free>>;

// The first error of this thread's queue as text, and an empty queue: the first is the cause, what
// follows says who passed it on.
inline std::string take_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  const std::string text = reason != nullptr ? reason : "no reason given";
  ERR_clear_error();
  return text;
}

}  // namespace core::tls
