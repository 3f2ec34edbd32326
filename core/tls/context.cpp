// Context: certificates and keys from PEM files, and the settings of every session.
#include "core/tls/context.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <iterator>
#include <string>
#include <vector>

#include "core/base/whole_file.h"
#include "core/tls/openssl_handles.h"

namespace core::tls {
namespace {

constexpr std::size_t kPemBytesMax = std::size_t{4} << 20;

// ALPN's list form: one protocol, its length before it.
constexpr unsigned char kHttp[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

Unexpected malformed(const std::filesystem::path& file, const std::string& why) {
  return fail(Errc::kMalformed, file.string() + ": " + why);
}

BioHandle reader_of(const std::string& text) {
  BioHandle bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  CORE_CHECK(bio != nullptr);
  return bio;
}

// At least one. Other PEM blocks in between, such as a key, are passed over.
Result<std::vector<CertificateHandle>> read_certificates(const std::filesystem::path& file) {
  TRY_ASSIGN(const std::string text, read_whole_file(file, kPemBytesMax));
  const BioHandle bio = reader_of(text);
  ERR_clear_error();
  std::vector<CertificateHandle> certificates;
  while (X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    certificates.emplace_back(certificate);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string reason = take_reason();
  if (!at_end) return malformed(file, "a certificate that cannot be read: " + reason);
  if (certificates.empty()) return malformed(file, "no PEM certificate");
  return certificates;
}

// Nobody is there to type a pass phrase.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

Result<KeyHandle> read_key(const std::filesystem::path& file) {
  TRY_ASSIGN(std::string text, read_whole_file(file, kPemBytesMax));
  ERR_clear_error();
  KeyHandle key(PEM_read_bio_PrivateKey(reader_of(text).get(), nullptr, no_pass_phrase, nullptr));
  OPENSSL_cleanse(text.data(), text.size());
  if (key == nullptr)
    return malformed(file, "no PEM private key without pass phrase: " + take_reason());
  return key;
}

int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  unsigned char* chosen = nullptr;
  const int outcome =
      SSL_select_next_proto(&chosen, out_size, kHttp, sizeof kHttp, offered, offered_size);
  if (outcome != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Context::Context(Side side)
    : side_(side),
      handle_(SSL_CTX_new(side == Side::kServer ? TLS_server_method() : TLS_client_method())) {
  CORE_CHECK(handle_ != nullptr);
  CORE_CHECK(SSL_CTX_set_min_proto_version(handle_, TLS1_3_VERSION) == 1);
  CORE_CHECK(SSL_CTX_set_max_proto_version(handle_, TLS1_3_VERSION) == 1);
  // TLS 1.3 has neither renegotiation nor compression; said once more for a later hand that allows
  // an older version.
  SSL_CTX_set_options(handle_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  CORE_CHECK(SSL_CTX_set_num_tickets(handle_, 0) == 1);
  SSL_CTX_set_session_cache_mode(handle_, SSL_SESS_CACHE_OFF);
  // An idle connection keeps no record buffers: some 34 KB otherwise.
  SSL_CTX_set_mode(handle_, SSL_MODE_RELEASE_BUFFERS);
}

Context::~Context() {
  SSL_CTX_free(handle_);
}

Result<std::shared_ptr<const Context>> Context::server(
    const std::filesystem::path& certificate_chain, const std::filesystem::path& private_key) {
  TRY_ASSIGN(const auto certificates, read_certificates(certificate_chain));
  TRY_ASSIGN(const KeyHandle key, read_key(private_key));
  const std::shared_ptr<Context> context(new Context(Side::kServer));
  SSL_CTX* const handle = context->handle_;
  if (SSL_CTX_use_certificate(handle, certificates.front().get()) != 1) {
    return malformed(certificate_chain, "unusable certificate: " + take_reason());
  }
  if (X509_check_private_key(certificates.front().get(), key.get()) != 1) {
    ERR_clear_error();
    return malformed(private_key,
                     "the key does not belong to the certificate in " + certificate_chain.string());
  }
  if (SSL_CTX_use_PrivateKey(handle, key.get()) != 1) {
    return malformed(private_key, "unusable key: " + take_reason());
  }
  for (auto next = std::next(certificates.begin()); next != certificates.end(); ++next) {
    if (SSL_CTX_add1_chain_cert(handle, next->get()) != 1) {
      return malformed(certificate_chain, "unusable certificate in the chain: " + take_reason());
    }
  }
  SSL_CTX_set_alpn_select_cb(handle, choose_protocol, nullptr);
  return std::shared_ptr<const Context>(context);
}

Result<std::shared_ptr<const Context>> Context::client(const std::filesystem::path& authorities) {
  const std::shared_ptr<Context> context(new Context(Side::kClient));
  SSL_CTX* const handle = context->handle_;
  SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nullptr);
  CORE_CHECK(SSL_CTX_set_alpn_protos(handle, kHttp, sizeof kHttp) == 0);  // 0 is success here
  if (authorities.empty()) {
    CORE_CHECK(SSL_CTX_set_default_verify_paths(handle) == 1);
    return std::shared_ptr<const Context>(context);
  }
  TRY_ASSIGN(const auto certificates, read_certificates(authorities));
  X509_STORE* const store = SSL_CTX_get_cert_store(handle);
  for (const CertificateHandle& certificate : certificates) {
    if (X509_STORE_add_cert(store, certificate.get()) != 1) {
      return malformed(authorities, "unusable certificate: " + take_reason());
    }
  }
  // What the operator put into this file is trusted itself, with or without its issuer.
  CORE_CHECK(X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) == 1);
  return std::shared_ptr<const Context>(context);
}

}  // namespace core::tls
