// Certificates for one test: a made-up authority, and what it issues. ECDSA on P-256.
#pragma once

#include <string>

namespace test {

// PEM texts.
struct Certificate {
  std::string certificate;
  std::string key;
};

// A self-signed authority, valid for a day.
Certificate make_authority(const std::string& name);

// `subject_alt_names` as OpenSSL writes them: "DNS:relay.example,IP:127.0.0.1". Valid from an hour
// ago until `valid_hours` from now; negative: expired.
Certificate issue(const Certificate& authority, const std::string& subject_alt_names,
                  int valid_hours = 24);

}  // namespace test
