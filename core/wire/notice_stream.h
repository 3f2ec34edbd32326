// NoticeStream: a relay's responses to a till that asks for its notices, taken apart.
// Must not know HTTP or sockets. Protocol: docs/formats/relay-http.md, "Notices".
#pragma once

#include <functional>
#include <optional>

#include "core/base/bytes.h"
#include "core/base/ids.h"

namespace core::wire {

class NoticeStream {
 public:
  using Take = std::function<Result<void>(LogIndex, Bytes)>;

  // Owner: `take` must outlive the stream.
  NoticeStream(std::optional<LogIndex> after, const Take& take) : after_(after), take_(take) {}

  // What the next request asks for.
  std::string target() const;
  // Gives every notice of a response's body to `take`. Returns whether there may be more behind it.
  // Errors: kProtocol (no sequence of notices, or one that was not asked for), and those of `take`.
  Result<bool> push(ByteView body);

 private:
  std::optional<LogIndex> after_;
  const Take& take_;
};

}  // namespace core::wire
