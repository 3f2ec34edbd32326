// Roots and proofs from the hashes of complete subtrees. RFC 6962 section 2.1.
// Must not know where hashes are kept.
#include "core/tlog/tree.h"

#include <algorithm>
#include <bit>

namespace core::tlog {

Hash hash_children(const Hash& left, const Hash& right) {
  std::array<std::uint8_t, 2 * Hash::kSize> both;
  std::copy(left.bytes.begin(), left.bytes.end(), both.begin());
  std::copy(right.bytes.begin(), right.bytes.end(), both.begin() + Hash::kSize);
  return envelope::sha256_prefixed(1, both);
}

Hash empty_root() {
  return envelope::sha256({});
}

std::uint64_t split_point(std::uint64_t leaves) {
  CORE_CHECK(leaves >= 2);
  return std::bit_floor(leaves - 1);
}

Result<TreeView> TreeView::open(const HashSource& source, std::uint64_t size) {
  CORE_CHECK(size >> kLevelMax == 0);
  TreeView view(source, size);
  view.root_ = empty_root();
  // The complete subtrees that make up the tree, from the smallest, at its right end.
  std::uint64_t first = size;
  for (unsigned level = 0; first > 0; ++level) {
    const std::uint64_t leaves = std::uint64_t{1} << level;
    if ((size & leaves) == 0) continue;
    first -= leaves;
    TRY_ASSIGN(Hash hash, source(level, first >> level));
    if (!view.edge_.empty()) hash = hash_children(hash, view.edge_.back().hash);
    view.edge_.push_back(Edge{first, hash});
  }
  std::reverse(view.edge_.begin(), view.edge_.end());
  if (!view.edge_.empty()) view.root_ = view.edge_.front().hash;
  return view;
}

// MTH of the leaves [first, end), as RFC 6962 cuts them: complete, or reaching to the tree's end.
Result<Hash> TreeView::range(std::uint64_t first, std::uint64_t end) const {
  const std::uint64_t leaves = end - first;
  if (std::has_single_bit(leaves)) {
    const auto level = static_cast<unsigned>(std::countr_zero(leaves));
    return (*source_)(level, first >> level);
  }
  if (end == size_) {
    const auto it = std::lower_bound(edge_.begin(), edge_.end(), first,
                                     [](const Edge& e, std::uint64_t at) { return e.first < at; });
    if (it != edge_.end() && it->first == first) return it->hash;
  }
  const std::uint64_t middle = first + split_point(leaves);
  TRY_ASSIGN(const Hash left, range(first, middle));
  TRY_ASSIGN(const Hash right, range(middle, end));
  return hash_children(left, right);
}

Result<std::vector<Hash>> TreeView::inclusion_proof(std::uint64_t index) const {
  CORE_CHECK(index < size_);
  std::vector<Hash> proof;
  proof.reserve(static_cast<std::size_t>(std::bit_width(size_)));
  std::uint64_t first = 0;
  std::uint64_t end = size_;
  while (end - first > 1) {
    const std::uint64_t middle = first + split_point(end - first);
    if (index < middle) {
      TRY_ASSIGN(proof.emplace_back(), range(middle, end));
      end = middle;
    } else {
      TRY_ASSIGN(proof.emplace_back(), range(first, middle));
      first = middle;
    }
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

Result<std::vector<Hash>> TreeView::consistency_proof(std::uint64_t old_size) const {
  CORE_CHECK(old_size > 0 && old_size <= size_);
  std::vector<Hash> proof;
  std::uint64_t first = 0;
  std::uint64_t end = size_;
  bool is_old_root = true;  // [first, end) started as the whole old tree
  while (end != old_size) {
    const std::uint64_t middle = first + split_point(end - first);
    if (old_size <= middle) {
      TRY_ASSIGN(proof.emplace_back(), range(middle, end));
      end = middle;
    } else {
      TRY_ASSIGN(proof.emplace_back(), range(first, middle));
      first = middle;
      is_old_root = false;
    }
  }
  if (!is_old_root) {
    TRY_ASSIGN(proof.emplace_back(), range(first, end));
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

}  // namespace core::tlog
