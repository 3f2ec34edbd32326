// EntryStream: cuts the pieces of an entries response into messages.
// Must not know HTTP or sockets. Protocol: docs/formats/relay-http.md, "Reading".
#pragma once

#include <functional>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/ids.h"

namespace core::wire {

class EntryStream {
 public:
  using Take = std::function<Result<void>(LogIndex, Bytes)>;

  // Owner: `take` must outlive the stream.
  EntryStream(LogIndex from, const Take& take) : next_(from), take_(take) {}

  // Gives every complete message to `take`. Errors: kProtocol (no message), and those of `take`.
  Result<void> push(ByteView piece);
  // After the last piece. Errors: kProtocol (a part of a message is left, or the log has another
  // size than the stream).
  Result<void> finish(std::optional<std::uint64_t> log_size) const;

 private:
  LogIndex next_;
  const Take& take_;
  Bytes buffer_;
};

}  // namespace core::wire
