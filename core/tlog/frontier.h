// Frontier: a growing tree of which only the right edge is kept: one hash a level.
// Must not know where the leaves come from.
#pragma once

#include <vector>

#include "core/tlog/tree.h"

namespace core::tlog {

class Frontier {
 public:
  void append(const Hash& leaf);
  std::uint64_t size() const { return size_; }
  Hash root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> complete_;  // by level; in use where size_ has that bit
};

}  // namespace core::tlog
