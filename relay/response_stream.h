// ResponseStream: a response body that is made as it is sent, so that a slow client costs a piece
// of memory and not the whole. Must not know sockets or HTTP.
#pragma once

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace relay {

// Thread: one.
class ResponseStream {
 public:
  static constexpr std::size_t kPieceSize = std::size_t{64} << 10;  // about, bytes

  virtual ~ResponseStream() = default;
  virtual bool at_end() const = 0;
  // Appends the next piece; not at the end. Errors: those of what it reads; nothing was appended.
  virtual core::Result<void> next_chunk(core::Bytes& out) = 0;
};

}  // namespace relay
