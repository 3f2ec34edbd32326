// Linear probing from a place that a secret multiplier gives.
#include "relay/recent_ids.h"

#include <bit>
#include <cstring>
#include <random>
#include <utility>

namespace relay {
namespace {

constexpr std::size_t kSlotsMin = 1024;

std::uint64_t key_of(const MessageId& id) {
  std::uint64_t key = 0;
  std::memcpy(&key, id.bytes.data(), sizeof key);
  return key;
}

std::uint64_t random_odd() {
  std::random_device random;
  return (std::uint64_t{random()} << 32 | random()) | 1;
}

}  // namespace

RecentIds::RecentIds() : secret_(random_odd()) {
  resize(kSlotsMin);
}

std::size_t RecentIds::home(std::uint64_t key) const {
  return static_cast<std::size_t>(key * secret_ >> shift_);
}

core::Result<std::optional<core::LogIndex>> RecentIds::find(const MessageId& id,
                                                            const LeafSource& leaf) const {
  const std::uint64_t key = key_of(id);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = home(key); slots_[at].entry != 0; at = (at + 1) & mask) {
    if (slots_[at].key != key) continue;
    const core::LogIndex index{slots_[at].entry - 1};
    TRY_ASSIGN(const MessageId found, leaf(index.value));
    if (found == id) return std::optional(index);
  }
  return std::optional<core::LogIndex>();
}

void RecentIds::add(const MessageId& id, core::LogIndex index) {
  if (2 * (taken_ + 1) > slots_.size()) resize(2 * slots_.size());
  insert({key_of(id), index.value + 1});
}

void RecentIds::forget_below(core::LogIndex end) {
  std::size_t left = 0;
  for (Slot& slot : slots_) {
    if (slot.entry <= end.value) slot.entry = 0;
    if (slot.entry != 0) ++left;
  }
  resize(std::max(kSlotsMin, std::bit_ceil(2 * left)));
}

void RecentIds::insert(const Slot& slot) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = home(slot.key);
  while (slots_[at].entry != 0) at = (at + 1) & mask;
  slots_[at] = slot;
  ++taken_;
}

void RecentIds::resize(std::size_t slots) {
  const std::vector<Slot> before = std::exchange(slots_, std::vector<Slot>(slots));
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots));
  taken_ = 0;
  for (const Slot& slot : before) {
    if (slot.entry != 0) insert(slot);
  }
}

}  // namespace relay
