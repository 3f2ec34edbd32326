// Messages from a stream of pieces.
// Must not know HTTP or sockets.
#include "core/wire/entry_stream.h"

#include "core/envelope/message.h"

namespace core::wire {

Result<void> EntryStream::push(ByteView piece) {
  append(buffer_, piece);
  std::size_t used = 0;
  while (used < buffer_.size()) {
    const ByteView rest = ByteView(buffer_).subspan(used);
    const auto size = envelope::first_item_size(rest);
    if (!size && rest.size() >= envelope::kMessageSizeMax) {
      return fail(Errc::kProtocol, "entry " + to_string(next_) + ": " + size.error().what);
    }
    if (!size) break;  // the rest of it comes with the next piece
    TRY(take_(next_, to_bytes(rest.first(*size))));
    ++next_.value;
    used += *size;
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used));
  return {};
}

Result<void> EntryStream::finish(std::optional<std::uint64_t> log_size) const {
  if (log_size == next_.value && buffer_.empty()) return {};
  const std::string size = log_size ? std::to_string(*log_size) : "an unknown number of";
  return fail(Errc::kProtocol,
              "the relay's log has " + size + " entries; the stream ended at " + to_string(next_));
}

}  // namespace core::wire
