// Paths of tiles. Source: C2SP tlog-tiles.
// Must not know HTTP or where hashes are kept.
#include "core/tlog/tile.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "core/base/decimal.h"

namespace core::tlog {
namespace {

constexpr std::string_view kRoot = "tile/";
constexpr std::string_view kEntries = "entries";
constexpr std::string_view kPartial = ".p/";
constexpr std::uint64_t kIndexMax = std::uint64_t{1} << 54;  // of tiles of 2^8 in a tree of 2^62

std::string index_path(std::uint64_t index) {
  char text[8];
  std::snprintf(text, sizeof text, "%03u", static_cast<unsigned>(index % 1000));
  std::string out = text;
  while ((index /= 1000) > 0) {
    std::snprintf(text, sizeof text, "x%03u/", static_cast<unsigned>(index % 1000));
    out.insert(0, text);
  }
  return out;
}

std::optional<std::uint64_t> number(std::string_view text) {
  const auto value = parse_unsigned(text);
  return value ? std::optional(*value) : std::nullopt;
}

// The number that the digits of "x001/x234/067" make; the caller checks how they stand.
std::optional<std::uint64_t> index_of(std::string_view path) {
  std::string digits;
  std::copy_if(path.begin(), path.end(), std::back_inserter(digits),
               [](char c) { return c >= '0' && c <= '9'; });
  return number(digits);
}

}  // namespace

std::string tile_path(const Tile& tile) {
  std::string out(kRoot);
  out += tile.level ? std::to_string(*tile.level) : std::string(kEntries);
  out += "/" + index_path(tile.index);
  if (tile.width < kTileWidth) out += std::string(kPartial) + std::to_string(tile.width);
  return out;
}

std::optional<Tile> parse_tile_path(std::string_view path) {
  if (!path.starts_with(kRoot) || path.size() > 64) return std::nullopt;
  std::string_view rest = path.substr(kRoot.size());
  Tile tile;
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  if (const std::string_view level = rest.substr(0, slash); level != kEntries) {
    const auto value = number(level);
    if (!value || *value > 63) return std::nullopt;
    tile.level = static_cast<unsigned>(*value);
  }
  rest.remove_prefix(slash + 1);
  if (const std::size_t mark = rest.find(kPartial); mark != std::string_view::npos) {
    const auto width = number(rest.substr(mark + kPartial.size()));
    if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
    tile.width = *width;
    rest = rest.substr(0, mark);
  }
  const auto index = index_of(rest);
  if (!index || *index > kIndexMax) return std::nullopt;
  tile.index = *index;
  if (tile_path(tile) != path) return std::nullopt;
  return tile;
}

std::uint64_t tile_width_at(const Tile& tile, std::uint64_t size) {
  const unsigned level = tile.level.value_or(0);
  if (kTileHeight * level >= 64) return 0;
  const std::uint64_t nodes = size >> (kTileHeight * level);
  const std::uint64_t first = tile.index * kTileWidth;
  return nodes <= first ? 0 : std::min(nodes - first, kTileWidth);
}

}  // namespace core::tlog
