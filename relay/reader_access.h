// ReaderAccess: who may read of a log, or put a blob beside it, by a signed request (RFC 9421).
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
  kHeadOffice,  // of entries; and who puts blobs
  kMembers,     // of roster, notices and blobs: also the tills that are on the roster
};

// Thread: any.
class ReaderAccess {
 public:
  explicit ReaderAccess(std::int64_t started_s);

  // Returns whose key signed; anything, where everybody may. Errors: kBadSignature (no credential,
  // or one that is not good: 401); kUnknownKey (a good one, for another log: 403).
  core::Result<core::envelope::Kid> check(const ReadRequest& read, Readers who,
                                          const Tenants& tenants, const Tenant& tenant,
                                          std::int64_t now_s);

 private:
  std::int64_t started_s_;
  std::mutex mutex_;
  core::wire::NonceCache nonces_;  // guarded by mutex_
};

}  // namespace relay
