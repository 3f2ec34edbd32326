// A binary counter of complete subtrees.
// Must not know where the leaves come from.
#include "core/tlog/frontier.h"

#include <optional>

namespace core::tlog {

void Frontier::append(const Hash& leaf) {
  Hash hash = leaf;
  std::size_t level = 0;
  for (; (size_ >> level & 1) != 0; ++level) hash = hash_children(complete_[level], hash);
  if (level == complete_.size()) complete_.emplace_back();
  complete_[level] = hash;
  ++size_;
}

Hash Frontier::root() const {
  std::optional<Hash> root;
  for (std::size_t level = 0; level < complete_.size(); ++level) {
    if ((size_ >> level & 1) == 0) continue;
    root = root ? hash_children(complete_[level], *root) : complete_[level];
  }
  return root ? *root : empty_root();
}

}  // namespace core::tlog
