// RecentIds: which of the entries that are not sealed has an id.
// Must not know files. Keeps no ids: who asks can look at the leaves.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/message.h"

namespace relay {

using core::envelope::MessageId;

// The id of the entry at a log index.
using LeafSource = std::function<core::Result<MessageId>(std::uint64_t index)>;

// Open addressing with 16 bytes a slot, at most half of them taken, in an order that only this
// process knows: nobody can choose ids that fall together. Thread: as the vector that it is.
class RecentIds {
 public:
  RecentIds();

  // Errors: those of the source.
  core::Result<std::optional<core::LogIndex>> find(const MessageId& id,
                                                   const LeafSource& leaf) const;
  // Shape: an id that is not there yet.
  void add(const MessageId& id, core::LogIndex index);
  void forget_below(core::LogIndex end);

 private:
  struct Slot {
    std::uint64_t key = 0;    // the id's first eight bytes
    std::uint64_t entry = 0;  // log index + 1; 0: free
  };
  std::size_t home(std::uint64_t key) const;
  void insert(const Slot& slot);
  void resize(std::size_t slots);

  std::uint64_t secret_;  // odd
  unsigned shift_ = 0;    // 64 - log2(slots)
  std::size_t taken_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace relay
