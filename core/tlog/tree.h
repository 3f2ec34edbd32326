// The Merkle tree of RFC 6962 section 2.1 over log entries, SHA-256.
// Must not know where hashes are kept. A leaf hash is a message's id.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/base/result.h"
#include "core/envelope/keys.h"

namespace core::tlog {

using envelope::Hash;

// Heights of subtrees: a tree of 2^62 leaves has no higher one.
inline constexpr unsigned kLevelMax = 62;

// MTH of two neighbouring subtrees: SHA-256(0x01 || left || right).
Hash hash_children(const Hash& left, const Hash& right);
// The root of a tree without leaves: SHA-256 of nothing.
Hash empty_root();

// The root of the complete subtree of 2^level leaves that starts at leaf index * 2^level.
// Errors: those of the store behind it.
using HashSource = std::function<Result<Hash>(unsigned level, std::uint64_t index)>;

// A tree of a fixed size. Reads complete subtrees only; what it learns about the tree's right edge
// it keeps, so many proofs of one size share that work. Owner: `source` must outlive it.
class TreeView {
 public:
  // Errors: those of the source.
  static Result<TreeView> open(const HashSource& source, std::uint64_t size);

  std::uint64_t size() const { return size_; }
  const Hash& root() const { return root_; }
  // RFC 6962 section 2.1.1. Shape: index < size (CORE_CHECK). Errors: those of the source.
  Result<std::vector<Hash>> inclusion_proof(std::uint64_t index) const;
  // RFC 6962 section 2.1.2: that the tree of `old_size` leaves is a prefix of this one.
  // Shape: 0 < old_size <= size (CORE_CHECK); empty when they are equal.
  Result<std::vector<Hash>> consistency_proof(std::uint64_t old_size) const;

 private:
  // From leaf `first` to the end of the tree.
  struct Edge {
    std::uint64_t first;
    Hash hash;
  };

  TreeView(const HashSource& source, std::uint64_t size) : source_(&source), size_(size) {}
  Result<Hash> range(std::uint64_t first, std::uint64_t end) const;

  const HashSource* source_;
  std::uint64_t size_;
  Hash root_;
  std::vector<Edge> edge_;  // ascending `first`; the first one is the whole tree
};

// The largest power of two below `leaves`: where RFC 6962 splits a tree. Shape: leaves >= 2.
std::uint64_t split_point(std::uint64_t leaves);

}  // namespace core::tlog
