// Answers: what the relay says of each posted message.
// Must not know HTTP. Format: docs/formats/relay-http.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"

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
  // kAccepted, kDuplicate: that the message is in the log at `index`, in the tree of the checkpoint
  // (RFC 6962 section 2.1.1).
  std::vector<envelope::Hash> proof{};
  bool operator==(const PostAnswer&) const = default;
};

// What the relay says to one request.
struct PostAnswers {
  std::vector<PostAnswer> each;  // one a message, in their order
  std::string checkpoint;        // a signed note; empty when every message was refused
  bool operator==(const PostAnswers&) const = default;
};

// {0: [{0: status, 1: index, 3: proof} or {0: status, 2: reason}, ...], 1: checkpoint}
Bytes encode_answers(const PostAnswers& answers);

// Ignores map keys that it does not know: answers grow. Errors: kProtocol with the byte offset.
Result<PostAnswers> decode_answers(ByteView body);

}  // namespace core::wire
