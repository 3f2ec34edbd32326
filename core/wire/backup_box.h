// BackupBox: parts of tills' backups that wait at a relay, as head office collects them.
// Must not know what is in a part. Protocol: docs/formats/relay-http.md, "Backups".
#pragma once

#include <functional>

#include "core/envelope/feed_key.h"
#include "core/wire/relay_client.h"

namespace core::wire {

struct WaitingPart {
  envelope::Kid till;
  envelope::BlobName part;
};

// Errors of all: kNetwork, kProtocol, kBadSignature (not head office's key), kUnknownKey (of
// another log), kNotFound (an open log has none; of one part, that it is gone). Owner: the client,
// which signs as head office, outlives it.
class BackupBox {
 public:
  explicit BackupBox(RelayClient& client) : client_(client) {}

  // Gives all that wait to `take`, a till's together; its error ends the reading. `take` may use
  // this box.
  Result<void> each(const std::function<Result<void>(const WaitingPart&)>& take);
  // The bytes have the length and the hash that the name says.
  Result<Bytes> get(const WaitingPart& part);
  Result<void> remove(const WaitingPart& part);

 private:
  RelayClient& client_;
};

}  // namespace core::wire
