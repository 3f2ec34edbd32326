// LogTree: the Merkle tree over the log that the books were made from, kept in the books as tiles
// of 256 hashes, so that a log that grew is told from another one without reading it again.
// Must not know messages. Tree: RFC 6962; tiles: docs/formats/books.md, "The log's tree".
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/result.h"
#include "core/envelope/message.h"
#include "core/sql/database.h"

namespace rebuild {

// A size and a root that the relay showed to somebody.
struct LogHead {
  core::envelope::TreeHead head;
  std::string shown_to;  // "till 4/1, in its message at log index 17"
};

// The tree's last leaf is the last entry before the first that is lost. Memory: a few tiles a
// level, and what was appended lately. Errors of all: kDatabase, kDamaged (tiles that are missing).
class LogTree {
 public:
  // What the books have: nothing, when they are new. Owner: the database must outlive it.
  static core::Result<LogTree> load(core::sql::Database& db);

  std::uint64_t size() const { return size_; }
  core::Result<void> append(const core::envelope::Hash& leaf);
  // Each of them, in order; the nodes above are hashed on all threads.
  core::Result<void> append(std::span<const core::envelope::Hash> leaves, unsigned threads);
  // Shape: index < size() (CORE_CHECK).
  core::Result<core::envelope::Hash> leaf(std::uint64_t index);
  // Of the first `size` leaves. Shape: size <= size() (CORE_CHECK).
  core::Result<core::envelope::Hash> root(std::uint64_t size);
  // Whether the tree has grown to this head already, and through it.
  core::Result<bool> has(const core::envelope::TreeHead& head);
  // Writes the tiles, and the head, if it grew: without a save the books keep the head that they
  // had.
  core::Result<void> save();

 private:
  using Tile = std::vector<core::envelope::Hash>;  // up to 256, ascending
  using TileKey = std::pair<unsigned, std::uint64_t>;

  explicit LogTree(core::sql::Database& db) : db_(&db) {}
  core::Result<core::envelope::Hash> node(unsigned level, std::uint64_t index);
  core::Result<const Tile*> tile(TileKey key);
  // The tile at the right edge of `level` is complete, and has this root.
  void complete(std::size_t level, const core::envelope::Hash& root);
  core::Result<void> write_tiles();
  core::Result<void> write_tile(TileKey key, const Tile& hashes);

  core::sql::Database* db_;
  std::uint64_t size_ = 0;
  std::uint64_t saved_size_ = 0;
  std::vector<Tile> edge_;         // the tile that is growing, by level
  std::map<TileKey, Tile> fresh_;  // complete, and not written yet
  std::map<TileKey, Tile> read_;   // complete, from the books
  std::unordered_map<std::uint64_t, core::envelope::Hash> nodes_;  // inside complete tiles
  std::unordered_map<std::uint64_t, core::envelope::Hash> roots_;  // by size
};

// What head office saw of the log at the last replay that found nothing wrong with it.
core::Result<std::optional<core::envelope::TreeHead>> read_tree_head(core::sql::Database& db);

// Heads that were shown, each compared with the tree as soon as it has grown so far: a lie of each
// teller is kept, and nothing of the rest.
class ShownHeads {
 public:
  // Errors: those of the tree.
  core::Result<void> add(LogTree& tree, std::int64_t teller, LogHead shown);
  // What the teller said does not count.
  void drop(std::int64_t teller);
  // What is wrong, in the tellers' order, each a sentence: the log was shortened, or its first
  // entries are other ones. Heads that are longer than an incomplete tree are passed over.
  core::Result<std::vector<std::string>> faults(LogTree& tree, bool complete) const;

 private:
  std::map<std::int64_t, std::string> lies_;
  std::map<std::int64_t, LogHead> longer_;  // than the tree was then
};

}  // namespace rebuild
