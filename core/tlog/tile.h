// Tiles: how a client names a stretch of the tree or of the log in a path.
// Must not know HTTP or where hashes are kept. Source: C2SP tlog-tiles, "Merkle Tree", "Log
// Entries".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace core::tlog {

inline constexpr unsigned kTileHeight = 8;
inline constexpr std::uint64_t kTileWidth = std::uint64_t{1} << kTileHeight;

struct Tile {
  std::optional<unsigned> level;  // 0 to 63; none: an entry bundle
  std::uint64_t index = 0;
  std::uint64_t width = kTileWidth;  // 1 to 255: a partial one
  bool operator==(const Tile&) const = default;
};

// "tile/0/x001/x234/067", "tile/1/000.p/17", "tile/entries/005": what follows the log's prefix.
std::string tile_path(const Tile& tile);
// Only what tile_path() writes; nothing otherwise.
std::optional<Tile> parse_tile_path(std::string_view path);

// How many hashes (for an entry bundle: entries) this tile has in a tree of `size` leaves: 0 to
// kTileWidth.
std::uint64_t tile_width_at(const Tile& tile, std::uint64_t size);

}  // namespace core::tlog
