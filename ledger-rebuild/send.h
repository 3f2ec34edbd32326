// Send: what head office signed, its roster first, to a relay.
// Must not know what a bulletin says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/wire/endpoint.h"

namespace rebuild {

// All that head office ever signed for its log.
struct SignedMessages {
  // In an order in which a relay can take it up: each key's enrolment before what it signed.
  std::vector<core::Bytes> bulletins;
  std::vector<core::Bytes> notices;  // to go after the pieces that they name
};
// Errors: those of read_roster_file and Decisions.
core::Result<SignedMessages> signed_messages(const std::filesystem::path& directory);

struct Sent {
  std::uint64_t all = 0;
  std::uint64_t accepted = 0;  // the others were in the log already
};

// Puts the pieces of notices beside the relay's log that it was not sent before, as the directory
// remembers, or all of them again; to be done before the notices that name them. Returns how many.
// Errors: kIo, those of RelayClient::put_blob and read_credential; those sent before are
// remembered.
enum class Pieces { kNew, kAll };
core::Result<std::uint64_t> send_blobs(const std::filesystem::path& directory,
                                       const core::wire::Endpoint& relay, Pieces which);

// Posts them in their order, as many in a request as one takes. Errors: kState (the relay refused
// one, with its reason), kNetwork and the others of RelayClient::post; what was sent before stays.
core::Result<Sent> send_messages(const std::vector<core::Bytes>& messages,
                                 const core::wire::Endpoint& relay);

}  // namespace rebuild
