// Certificates for one test, by OpenSSL.
#include "tests/support/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "core/base/check.h"

namespace test {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Handle = std::unique_ptr<X509, decltype(&X509_free)>;

constexpr long kHourSeconds = 3600;

Bio text_bio(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

void add_extension(X509* subject, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  CORE_CHECK(extension != nullptr && X509_add_ext(subject, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

X509Handle make_unsigned(const std::string& name, EVP_PKEY* key, long hours) {
  static long serial = 0;
  X509Handle made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(made.get()), -2 * kHourSeconds);
  X509_gmtime_adj(X509_getm_notAfter(made.get()), hours * kHourSeconds);
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  CORE_CHECK(X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                                        text, -1, -1, 0) == 1);
  CORE_CHECK(X509_set_pubkey(made.get(), key) == 1);
  return made;
}

Certificate sign_and_write(X509* certificate, EVP_PKEY* key, EVP_PKEY* issuer_key) {
  CORE_CHECK(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
  const Bio certificate_text(BIO_new(BIO_s_mem()), BIO_free);
  const Bio key_text(BIO_new(BIO_s_mem()), BIO_free);
  CORE_CHECK(PEM_write_bio_X509(certificate_text.get(), certificate) == 1);
  CORE_CHECK(PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) ==
             1);
  return {text_of(certificate_text), text_of(key_text)};
}

}  // namespace

Certificate make_authority(const std::string& name) {
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const X509Handle made = make_unsigned(name, key.get(), 24);
  CORE_CHECK(X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) == 1);
  add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign");
  add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash");
  return sign_and_write(made.get(), key.get(), key.get());
}

Certificate issue(const Certificate& authority, const std::string& subject_alt_names,
                  int valid_hours) {
  const X509Handle issuer(
      PEM_read_bio_X509(text_bio(authority.certificate).get(), nullptr, nullptr, nullptr),
      X509_free);
  const Key issuer_key(
      PEM_read_bio_PrivateKey(text_bio(authority.key).get(), nullptr, nullptr, nullptr),
      EVP_PKEY_free);
  CORE_CHECK(issuer != nullptr && issuer_key != nullptr);
  const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const X509Handle made = make_unsigned("common.example", key.get(), valid_hours);
  CORE_CHECK(X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get())) == 1);
  add_extension(made.get(), issuer.get(), NID_subject_alt_name, subject_alt_names);
  add_extension(made.get(), issuer.get(), NID_ext_key_usage, "serverAuth");
  add_extension(made.get(), issuer.get(), NID_authority_key_identifier, "keyid");
  return sign_and_write(made.get(), key.get(), issuer_key.get());
}

}  // namespace test
