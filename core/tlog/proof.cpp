// Walks a proof from the leaf, or from the old tree's edge, up to the root. RFC 9162 section 2.1.
// Must not know who made it.
#include "core/tlog/proof.h"

#include <bit>

namespace core::tlog {
namespace {

// A node on the way up: its number on its level, and that of the level's last node.
struct Position {
  std::uint64_t node;
  std::uint64_t last;

  // Whether the next sibling of the proof stands to the left; goes up past it. Where the tree has
  // no sibling, a node is its own parent.
  bool sibling_is_left() {
    const bool left = (node & 1) != 0 || node == last;
    while (left && (node & 1) == 0 && node != 0) up();
    up();
    return left;
  }
  void up() {
    node >>= 1;
    last >>= 1;
  }
};

}  // namespace

bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Hash> proof, const Hash& root) {
  if (index >= size) return false;
  Position at{index, size - 1};
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (at.last == 0) return false;
    hash = at.sibling_is_left() ? hash_children(sibling, hash) : hash_children(hash, sibling);
  }
  return at.last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t size,
                        const Hash& root, std::span<const Hash> proof) {
  if (old_size > size) return false;
  if (old_size == size) return proof.empty() && old_root == root;
  if (old_size == 0) return proof.empty() && old_root == empty_root();
  Position at{old_size - 1, size - 1};
  while ((at.node & 1) != 0) at.up();
  Hash old_hash = old_root;
  if (!std::has_single_bit(old_size)) {  // a complete old tree is its own first node
    if (proof.empty()) return false;
    old_hash = proof.front();
    proof = proof.subspan(1);
  }
  Hash hash = old_hash;
  for (const Hash& sibling : proof) {
    if (at.last == 0) return false;
    if (at.sibling_is_left()) {
      old_hash = hash_children(sibling, old_hash);
      hash = hash_children(sibling, hash);
    } else {
      hash = hash_children(hash, sibling);
    }
  }
  return at.last == 0 && old_hash == old_root && hash == root;
}

}  // namespace core::tlog
