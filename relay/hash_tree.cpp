// One file a level, each an array of hashes. Format: docs/formats/log.md, "Index".
// Must not know messages.
#include "relay/hash_tree.h"

#include <algorithm>
#include <cstdio>

namespace relay {

using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;
using core::disk::OpenMode;

std::filesystem::path HashTree::path(unsigned level) const {
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "tree-%02u", level);
  return directory_ / name.data();
}

Result<HashTree> HashTree::open(core::disk::Filesystem& filesystem, std::filesystem::path directory,
                                std::uint64_t sealed_leaves) {
  HashTree tree(filesystem, std::move(directory));
  for (unsigned level = 0; sealed_leaves >> level > 0; ++level) {
    Level& one = tree.levels_.emplace_back();
    one.sealed = sealed_leaves >> level;
    one.base = one.sealed;  // nothing in memory yet
    auto file = filesystem.open(tree.path(level), OpenMode::kReadWrite);
    if (!file) return fail(Errc::kDamaged, file.error().what);
    one.file = std::move(*file);
    TRY_ASSIGN(const Hash last, tree.hash(level, one.sealed - 1));
    one.tail.push_back(last);
    one.base = one.sealed - 1;
  }
  return tree;
}

void HashTree::append(const Hash& leaf) {
  Hash hash = leaf;
  for (std::size_t level = 0;; ++level) {
    if (level == levels_.size()) levels_.emplace_back();
    std::vector<Hash>& tail = levels_[level].tail;
    tail.push_back(hash);
    if (levels_[level].size() % 2 != 0) return;
    hash = core::tlog::hash_children(tail[tail.size() - 2], tail.back());
  }
}

Result<Hash> HashTree::hash(unsigned level, std::uint64_t index) const {
  CORE_CHECK(level < levels_.size() &&
             index < std::max(levels_[level].sealed, levels_[level].size()));
  const Level& one = levels_[level];
  if (index >= one.base) return one.tail[index - one.base];
  Hash out;
  TRY_ASSIGN(const std::size_t got, one.file->read_at(index * Hash::kSize, out.bytes));
  if (got != Hash::kSize) return fail(Errc::kDamaged, path(level).string() + ": too short");
  return out;
}

Result<void> HashTree::check_leaf(std::uint64_t index) const {
  const std::uint64_t left = index - index % 2;
  if (left + 1 >= size()) return {};  // without a parent: it is at the edge, which open() checked
  TRY_ASSIGN(const Hash first, hash(0, left));
  TRY_ASSIGN(const Hash second, hash(0, left + 1));
  TRY_ASSIGN(const Hash parent, hash(1, left / 2));
  if (core::tlog::hash_children(first, second) == parent) return {};
  return fail(Errc::kDamaged, path(0).string() + ": the hash of entry " + std::to_string(index) +
                                  " does not go with its parent");
}

Result<Bytes> HashTree::hashes(unsigned level, std::uint64_t first, std::uint64_t count) const {
  CORE_CHECK(level < levels_.size() && first + count <= levels_[level].size());
  const Level& one = levels_[level];
  Bytes out;
  if (first < one.base) {
    out.resize(std::min(count, one.base - first) * Hash::kSize);
    TRY_ASSIGN(const std::size_t got, one.file->read_at(first * Hash::kSize, out));
    if (got != out.size()) return fail(Errc::kDamaged, path(level).string() + ": too short");
  }
  for (std::uint64_t at = std::max(first, one.base); at < first + count; ++at) {
    core::append(out, one.tail[at - one.base].view());
  }
  return out;
}

Result<void> HashTree::write_sealed(std::uint64_t leaves) {
  for (unsigned level = 0; level < levels_.size(); ++level) {
    Level& one = levels_[level];
    const std::uint64_t end = leaves >> level;
    if (end <= one.sealed) continue;
    if (one.file == nullptr) {
      TRY_ASSIGN(one.file, filesystem_->open(path(level), OpenMode::kCreate));
    }
    Bytes fresh;
    fresh.reserve((end - one.sealed) * Hash::kSize);
    for (std::uint64_t at = one.sealed; at < end; ++at) {
      core::append(fresh, one.tail[at - one.base].view());
    }
    TRY(one.file->write_at(one.sealed * Hash::kSize, fresh));
    TRY(one.file->sync());
  }
  return {};
}

void HashTree::commit_sealed(std::uint64_t leaves) {
  for (unsigned level = 0; level < levels_.size(); ++level) {
    Level& one = levels_[level];
    const std::uint64_t end = leaves >> level;
    if (end <= one.sealed) continue;
    one.sealed = end;
    one.tail.erase(one.tail.begin(),
                   one.tail.begin() + static_cast<std::ptrdiff_t>(end - 1 - one.base));
    one.tail.shrink_to_fit();
    one.base = end - 1;
  }
}

}  // namespace relay
