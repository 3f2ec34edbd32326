// LogTree: tiles that grow at their right edge, and roots of any earlier size from them.
#include "ledger-rebuild/log_tree.h"

#include "core/base/check.h"
#include "core/tlog/tile.h"
#include "core/tlog/tree.h"
#include "ledger-rebuild/parallel.h"
#include "ledger-rebuild/rows.h"

namespace rebuild {

using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;
using core::envelope::Hash;
using core::sql::Database;
using core::sql::Statement;
using core::tlog::kTileHeight;
using core::tlog::kTileWidth;

namespace {

constexpr std::size_t kFreshMax = 256;      // tiles, of 8 KiB each
constexpr std::size_t kReadMax = 256;       // likewise
constexpr std::size_t kNodesMax = 1 << 17;  // hashes
constexpr std::size_t kRootsMax = 1 << 12;

Hash root_of(std::span<const Hash> hashes) {
  if (hashes.size() == 1) return hashes.front();
  const std::size_t half = hashes.size() / 2;
  return core::tlog::hash_children(root_of(hashes.first(half)), root_of(hashes.last(half)));
}

}  // namespace

Result<LogTree> LogTree::load(Database& db) {
  LogTree tree(db);
  TRY_ASSIGN(const auto head, read_tree_head(db));
  if (!head) return tree;
  tree.size_ = tree.saved_size_ = head->size;
  for (std::uint64_t hashes = head->size, level = 0; hashes > 0; hashes >>= kTileHeight, ++level) {
    Tile& edge = tree.edge_.emplace_back();
    const std::size_t width = hashes % kTileWidth;
    if (width == 0) continue;
    const TileKey key{static_cast<unsigned>(level), hashes / kTileWidth};
    TRY_ASSIGN(const Tile* kept, tree.tile(key));
    if (kept->size() < width) return core::sql::damaged(db.name(), "a tile is too short");
    edge.assign(kept->begin(), kept->begin() + static_cast<std::ptrdiff_t>(width));
    tree.read_.erase(key);
  }
  TRY_ASSIGN(const Hash root, tree.root(tree.size_));
  if (root == head->root) return tree;
  return core::sql::damaged(db.name(), "the tiles are not those of the tree's root");
}

Result<void> LogTree::append(const Hash& leaf) {
  if (edge_.empty()) edge_.emplace_back();
  edge_[0].push_back(leaf);
  ++size_;
  if (edge_[0].size() == kTileWidth) complete(0, root_of(edge_[0]));
  return fresh_.size() < kFreshMax ? Result<void>{} : write_tiles();
}

Result<void> LogTree::append(std::span<const Hash> leaves, unsigned threads) {
  for (; !leaves.empty() && size_ % kTileWidth != 0; leaves = leaves.subspan(1)) {
    TRY(append(leaves.front()));
  }
  std::vector<Hash> roots(leaves.size() / kTileWidth);
  for_chunks(
      roots.size(), threads,
      [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
          roots[i] = root_of(leaves.subspan(i * kTileWidth, kTileWidth));
        }
      },
      1);
  if (edge_.empty()) edge_.emplace_back();
  for (const Hash& root : roots) {
    edge_[0].assign(leaves.begin(), leaves.begin() + kTileWidth);
    leaves = leaves.subspan(kTileWidth);
    size_ += kTileWidth;
    complete(0, root);
    if (fresh_.size() >= kFreshMax) TRY(write_tiles());
  }
  for (const Hash& leaf : leaves) TRY(append(leaf));
  return {};
}

void LogTree::complete(std::size_t level, const Hash& root) {
  const std::uint64_t position = (size_ >> (kTileHeight * (level + 1))) - 1;
  fresh_[{static_cast<unsigned>(level), position}] = std::move(edge_[level]);
  edge_[level].clear();
  if (level + 1 == edge_.size()) edge_.emplace_back();
  Tile& above = edge_[level + 1];
  above.push_back(root);
  if (above.size() == kTileWidth) complete(level + 1, root_of(above));
}

Result<Hash> LogTree::leaf(std::uint64_t index) {
  CORE_CHECK(index < size_);
  return node(0, index);
}

Result<Hash> LogTree::root(std::uint64_t size) {
  CORE_CHECK(size <= size_);
  if (const auto it = roots_.find(size); it != roots_.end()) return it->second;
  const core::tlog::HashSource source = [this](unsigned level, std::uint64_t index) {
    return node(level, index);
  };
  TRY_ASSIGN(const auto view, core::tlog::TreeView::open(source, size));
  if (roots_.size() >= kRootsMax) roots_.clear();
  return roots_[size] = view.root();
}

Result<bool> LogTree::has(const core::envelope::TreeHead& head) {
  if (head.size > size_) return false;
  TRY_ASSIGN(const Hash now, root(head.size));
  return now == head.root;
}

// The root of 2^level leaves: a hash of its tile, or of two smaller ones inside it.
Result<Hash> LogTree::node(unsigned level, std::uint64_t index) {
  const unsigned inside = level % kTileHeight;
  if (inside == 0) {
    TRY_ASSIGN(const Tile* hashes, tile({level / kTileHeight, index / kTileWidth}));
    if (index % kTileWidth < hashes->size()) return (*hashes)[index % kTileWidth];
    return core::sql::damaged(db_->name(), "a tile is too short");
  }
  const std::uint64_t key = std::uint64_t{level} << 56 | index;
  const auto known = nodes_.find(key);
  if (known != nodes_.end()) return known->second;
  TRY_ASSIGN(const Hash left, node(level - 1, 2 * index));
  TRY_ASSIGN(const Hash right, node(level - 1, 2 * index + 1));
  if (nodes_.size() >= kNodesMax) nodes_.clear();
  return nodes_[key] = core::tlog::hash_children(left, right);
}

Result<const LogTree::Tile*> LogTree::tile(TileKey key) {
  const auto [level, position] = key;
  const std::uint64_t complete = size_ >> (kTileHeight * (level + 1));
  if (level < edge_.size() && position == complete && !edge_[level].empty()) return &edge_[level];
  if (const auto it = fresh_.find(key); it != fresh_.end()) return &it->second;
  if (const auto it = read_.find(key); it != read_.end()) return &it->second;
  TRY_ASSIGN(Statement row,
             db_->prepare("SELECT hashes FROM tiles WHERE level = ? AND position = ?"));
  row.bind_int(1, level).bind_int(2, static_cast<std::int64_t>(position));
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return core::sql::damaged(db_->name(), "a tile of the log's tree is missing");
  core::ByteView bytes = row.column_blob(0);
  Tile hashes;
  for (; bytes.size() >= Hash::kSize; bytes = bytes.subspan(Hash::kSize)) {
    TRY_ASSIGN(hashes.emplace_back(), Hash::from(bytes.first(Hash::kSize)));
  }
  if (read_.size() >= kReadMax) read_.clear();
  return &(read_[key] = std::move(hashes));
}

Result<void> LogTree::write_tile(TileKey key, const Tile& hashes) {
  Bytes bytes;
  bytes.reserve(hashes.size() * Hash::kSize);
  for (const Hash& hash : hashes) core::append(bytes, hash.view());
  TRY_ASSIGN(Statement row, db_->prepare("INSERT INTO tiles VALUES(?, ?, ?) ON CONFLICT(level, "
                                         "position) DO UPDATE SET hashes = excluded.hashes"));
  return row.bind_int(1, key.first)
      .bind_int(2, static_cast<std::int64_t>(key.second))
      .bind_blob(3, bytes)
      .run();
}

Result<void> LogTree::write_tiles() {
  for (const auto& [key, hashes] : fresh_) TRY(write_tile(key, hashes));
  fresh_.clear();
  return {};
}

Result<void> LogTree::save() {
  if (size_ == saved_size_) return {};
  TRY(write_tiles());
  for (std::size_t level = 0; level < edge_.size(); ++level) {
    if (edge_[level].empty()) continue;
    const std::uint64_t position = size_ >> (kTileHeight * (level + 1));
    TRY(write_tile({static_cast<unsigned>(level), position}, edge_[level]));
  }
  saved_size_ = size_;
  TRY_ASSIGN(const Hash now, root(size_));
  TRY(set_meta(*db_, "tree_size", static_cast<std::int64_t>(size_)));
  return set_meta(*db_, "tree_root", now.view());
}

Result<std::optional<core::envelope::TreeHead>> read_tree_head(Database& db) {
  TRY_ASSIGN(auto row, db.prepare("SELECT a.value, b.value FROM meta a, meta b "
                                  "WHERE a.name = 'tree_size' AND b.name = 'tree_root'"));
  TRY_ASSIGN(const bool there, row.step());
  if (!there) return std::optional<core::envelope::TreeHead>();
  core::envelope::TreeHead head;
  head.size = static_cast<std::uint64_t>(row.column_int(0));
  TRY_ASSIGN(head.root, Hash::from(row.column_blob(1)));
  return std::optional(head);
}

Result<void> ShownHeads::add(LogTree& tree, std::int64_t teller, LogHead shown) {
  if (shown.head.size > tree.size()) {
    longer_.emplace(teller, std::move(shown));
    return {};
  }
  TRY_ASSIGN(const bool is_ours, tree.has(shown.head));
  if (is_ours) return {};
  lies_.emplace(teller, shown.shown_to + " was shown other entries among 0 to " +
                            std::to_string(shown.head.size - 1) +
                            " than this log has: it was rewritten or forked");
  return {};
}

void ShownHeads::drop(std::int64_t teller) {
  lies_.erase(teller);
  longer_.erase(teller);
}

Result<std::vector<std::string>> ShownHeads::faults(LogTree& tree, bool complete) const {
  ShownHeads all;
  all.lies_ = lies_;
  for (const auto& [teller, shown] : longer_) {
    if (shown.head.size <= tree.size()) {
      TRY(all.add(tree, teller, shown));
    } else if (complete) {
      all.lies_.emplace(teller, shown.shown_to + " was shown a log of " +
                                    std::to_string(shown.head.size) + " entries; this one has " +
                                    std::to_string(tree.size()) +
                                    ": it was shortened, or is another one");
    }
  }
  std::vector<std::string> out;
  for (const auto& [teller, lie] : all.lies_) out.push_back(lie);
  return out;
}

}  // namespace rebuild
