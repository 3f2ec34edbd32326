// Checking proofs about a tree of which only roots are known.
// Must not know who made them. Algorithms: RFC 9162 sections 2.1.3.2 and 2.1.4.2.
#pragma once

#include <span>

#include "core/tlog/tree.h"

namespace core::tlog {

// Whether `leaf` is entry `index` of the tree with `size` leaves and this root.
bool verify_inclusion(const Hash& leaf, std::uint64_t index, std::uint64_t size,
                      std::span<const Hash> proof, const Hash& root);

// Whether the tree with `old_size` leaves is a prefix of that with `size` leaves. A tree without
// leaves is a prefix of every tree, by an empty proof.
bool verify_consistency(std::uint64_t old_size, const Hash& old_root, std::uint64_t size,
                        const Hash& root, std::span<const Hash> proof);

}  // namespace core::tlog
