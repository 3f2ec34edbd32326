// split_body: a request body taken apart into messages, each fit for the log or refused.
// Must not know connections, files or what a payload means. docs/formats/relay-http.md, "Posting".
#pragma once

#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/envelope/message.h"

namespace relay {

inline constexpr std::size_t kBodySizeMax = std::size_t{1} << 20;  // of one request
inline constexpr std::size_t kMessagesMax = 256;                   // in one request

// One message of a request. Owner: `bytes` borrows from the body.
struct Item {
  core::ByteView bytes;
  core::envelope::MessageId id;
  core::envelope::Kid kid{};  // of its header, as the next; when `refusal` is empty
  core::Sequence sequence{};
  std::string refusal;             // why it cannot be in the log; empty: it can
  std::uint64_t absent_below = 0;  // no entry of its log below this index is this message
  bool not_admitted = false;       // of valid form, but its key or signature is not good
  bool is_roster_entry = false;    // of head office, in the tenant's log or on its way there
  bool is_notice = false;          // likewise, for the tills
};

// Takes a CBOR sequence apart and checks the form of each message, not its signature.
// Errors: kMalformed with the byte offset (not a sequence of well-formed CBOR items); kTooLarge
// (body, number of messages, a message over its limit). Nothing of such a body may be kept.
core::Result<std::vector<Item>> split_body(core::ByteView body);

}  // namespace relay
