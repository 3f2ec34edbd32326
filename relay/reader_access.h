// ReaderAccess: who may read the entries of a log: its head office, by a signed request (RFC 9421).
// Must not know sockets. Profile and limits: docs/formats/relay-http.md, "Reading".
#pragma once

#include <mutex>

#include "core/wire/http_signature.h"
#include "relay/tenant.h"

namespace relay {

// The parts of a request that its signature covers, and the signature.
struct ReadRequest {
  core::wire::SignedRequest request;
  std::string_view signature_input;  // empty: there is none
  std::string_view signature;
};

enum class Readers {
  kHeadOffice,  // of entries
  kMembers,     // of the roster: also the tills that are on it
};

// Thread: any.
class ReaderAccess {
 public:
  explicit ReaderAccess(std::int64_t started_s);

  // Errors: kBadSignature (no credential, or one that is not good: 401); kUnknownKey (a good one,
  // for another log: 403).
  core::Result<void> check(const ReadRequest& read, Readers who, const Tenants& tenants,
                           const Tenant& tenant, std::int64_t now_s);

 private:
  std::int64_t started_s_;
  std::mutex mutex_;
  core::wire::NonceCache nonces_;  // guarded by mutex_
};

}  // namespace relay
