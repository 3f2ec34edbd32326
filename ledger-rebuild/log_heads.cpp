// One pass over the leaves, stopping at each size that somebody was shown.
// Must not know SQLite.
#include "ledger-rebuild/log_heads.h"

#include <algorithm>

#include "core/tlog/frontier.h"

namespace rebuild {

using core::envelope::MessageId;
using core::envelope::TreeHead;

std::vector<std::string> check_heads(std::span<const MessageId> leaves,
                                     std::vector<LogHead> heads) {
  std::stable_sort(heads.begin(), heads.end(),
                   [](const LogHead& a, const LogHead& b) { return a.head.size < b.head.size; });
  std::vector<std::string> faults;
  core::tlog::Frontier frontier;
  std::optional<MessageId> root;
  for (const LogHead& shown : heads) {
    if (shown.head.size > leaves.size()) {
      faults.push_back(shown.shown_to + " was shown a log of " + std::to_string(shown.head.size) +
                       " entries; this one has " + std::to_string(leaves.size()) +
                       ": it was shortened, or is another one");
      continue;
    }
    if (frontier.size() < shown.head.size) root.reset();
    while (frontier.size() < shown.head.size) frontier.append(leaves[frontier.size()]);
    if (!root) root = frontier.root();
    if (*root == shown.head.root) continue;
    faults.push_back(shown.shown_to + " was shown other entries among 0 to " +
                     std::to_string(shown.head.size - 1) +
                     " than this log has: it was rewritten or forked");
  }
  return faults;
}

TreeHead head_of(std::span<const MessageId> leaves) {
  core::tlog::Frontier frontier;
  for (const MessageId& leaf : leaves) frontier.append(leaf);
  return {frontier.size(), frontier.root()};
}

}  // namespace rebuild
