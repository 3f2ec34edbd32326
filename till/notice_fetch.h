// NoticeFetch: asks the log's keeper for what head office tells this till, and for the pieces that
// it names. Must not know HTTP: asking is handed in (core::wire::RelayClient in the program).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/feed_key.h"
#include "till/till.h"

namespace till {

struct NoticePorts {
  using Take = std::function<core::Result<void>(core::LogIndex, core::Bytes)>;
  // Gives those of this till's feeds behind `after` (none: from the beginning), in their order; an
  // error of `take` ends it.
  std::function<core::Result<void>(std::optional<core::LogIndex> after, const Take& take)> ask;
  std::function<core::Result<core::Bytes>(const core::envelope::BlobName&)> piece;
  // As GET /v1/roster gives it. Errors: kBadSignature (to a key that is not on it).
  std::function<core::Result<core::Bytes>()> roster;
  // Whose key signs what is asked from now on. Empty: always the same.
  std::function<void(const core::wire::ReadCredential&)> read_as = {};
};

struct FetchReport {
  std::uint64_t fetched = 0;  // notices
  std::uint64_t pieces = 0;
  std::uint64_t in_force = 0;  // notices that came into force
  bool key_taken = false;      // the till has its next key from now on
  std::string trouble;         // what the relay does not have, or should not have sent; else empty
};

// Looks whether the till's next key is enrolled, and changes to it if it may; fetches what is new
// and puts into force what holds now. Whatever was fetched when it fails stays. Errors: those of
// the ports, of Notices::take and Till::take_notices.
core::Result<FetchReport> fetch_notices(Till& till, const NoticePorts& ports);

}  // namespace till
