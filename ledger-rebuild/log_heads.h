// LogHeads: whether everybody was shown the same log: the relay's signed checkpoint, what head
// office saw before, and what the tills' receipts say, all compared with the entries that are
// there. Must not know SQLite or what messages mean. Tree: RFC 6962; see
// docs/formats/relay-http.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/envelope/message.h"

namespace rebuild {

// A size and a root that the relay showed to somebody.
struct LogHead {
  core::envelope::TreeHead head;
  std::string shown_to;  // "till 4/1, in its message at log index 17"
};

// One sentence for each head that the log of these leaves does not have: it was shortened, or its
// first entries are other ones. Empty: everybody saw this log.
std::vector<std::string> check_heads(std::span<const core::envelope::MessageId> leaves,
                                     std::vector<LogHead> heads);

// The head of the log of these leaves.
core::envelope::TreeHead head_of(std::span<const core::envelope::MessageId> leaves);

}  // namespace rebuild
