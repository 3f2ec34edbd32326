// Answers: what the relay says of each posted message.
// Must not know HTTP. Format: docs/formats/relay-http.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"

namespace core::wire {

enum class PostStatus : std::uint64_t {
  kAccepted = 0,   // now in the log, durably, at `index`
  kDuplicate = 1,  // these very bytes are in the log already, durably, at `index`
  kRefused = 2,    // not in the log; `reason` says why, and sending it again will not help
};

struct PostAnswer {
  PostStatus status = PostStatus::kRefused;
  LogIndex index;      // kAccepted, kDuplicate
  std::string reason;  // kRefused
  bool operator==(const PostAnswer&) const = default;
};

// A CBOR array of maps {0: status, 1: index | 2: reason}, one for each message, in their order.
Bytes encode_answers(std::span<const PostAnswer> answers);

// Ignores map keys that it does not know: answers grow. Errors: kProtocol with the byte offset.
Result<std::vector<PostAnswer>> decode_answers(ByteView body);

}  // namespace core::wire
