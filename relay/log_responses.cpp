// Bytes of checkpoints, tiles and entries. Specification: docs/log-format.md.
// Must not know sockets or who may read.
#include "relay/log_responses.h"

#include <algorithm>

namespace relay {
namespace {

using core::Bytes;
using core::LogIndex;
using core::Result;
using core::disk::RecordPlace;
using core::disk::RecordReader;
using core::tlog::Tile;

RecordReader reader_of(const Tenant& tenant) {
  return {core::disk::posix_filesystem(), tenant.directory()};
}

Result<Response> hash_tile(const Tenant& tenant, const Tile& tile) {
  TRY_ASSIGN(const Bytes hashes,
             tenant.index().subtrees(*tile.level * core::tlog::kTileHeight,
                                     tile.index * core::tlog::kTileWidth, tile.width));
  return Response{200, "application/octet-stream", std::string(core::as_text(hashes)),
                  "Cache-Control: public, max-age=31536000, immutable\r\n"
                  "Access-Control-Allow-Origin: *\r\n"};
}

// Each entry behind its length, 16 bits, big-endian (C2SP tlog-tiles, "Log Entries").
Result<Response> entry_bundle(const Tenant& tenant, const Tile& tile) {
  const std::uint64_t first = tile.index * core::tlog::kTileWidth;
  TRY_ASSIGN(const auto places, tenant.index().places(first, tile.width));
  Bytes bodies;
  TRY(reader_of(tenant).append_bodies(LogIndex{first}, places, bodies));
  std::string out;
  out.reserve(bodies.size() + 2 * places.size());
  std::size_t at = 0;
  for (const RecordPlace& place : places) {
    out += static_cast<char>(place.length >> 8);
    out += static_cast<char>(place.length);
    out += core::as_text(core::ByteView(bodies).subspan(at, place.length));
    at += place.length;
  }
  return Response{200, "application/octet-stream", std::move(out),
                  "Cache-Control: private, max-age=31536000, immutable\r\n"};
}

}  // namespace

Response checkpoint_response(const Published& published) {
  return {200, "text/plain; charset=utf-8", published.checkpoint,
          "Cache-Control: no-cache\r\nAccess-Control-Allow-Origin: *\r\n"};
}

Result<Response> tile_response(const Tenant& tenant, const Published& published, const Tile& tile) {
  if (core::tlog::tile_width_at(tile, published.size) < tile.width) {
    return problem(404, "the log has no such tile yet");
  }
  return tile.level ? hash_tile(tenant, tile) : entry_bundle(tenant, tile);
}

EntryReader::EntryReader(const Tenant& tenant, std::uint64_t from, std::uint64_t end)
    : tenant_(tenant), reader_(reader_of(tenant)), next_(std::min(from, end)), end_(end) {}

Result<void> EntryReader::next_chunk(Bytes& bodies) {
  constexpr std::uint64_t kEntriesMax = 1024;
  TRY_ASSIGN(const auto places, tenant_.index().places(next_, std::min(end_ - next_, kEntriesMax)));
  std::size_t taken = 0;
  for (std::size_t bytes = 0; taken < places.size() && bytes < kPieceSize; ++taken) {
    bytes += places[taken].length;
  }
  const std::size_t before = bodies.size();
  if (reader_.append_bodies(LogIndex{next_}, std::span(places).first(taken), bodies)) {
    next_ += taken;
    return {};
  }
  bodies.resize(before);
  for (std::size_t i = 0; i < taken; ++i, ++next_) {
    const auto one =
        reader_.append_bodies(LogIndex{next_}, std::span(places).subspan(i, 1), bodies);
    if (!one && i == 0) {
      return core::fail(one.error().code,
                        "entry " + std::to_string(next_) + ": " + one.error().what);
    }
    if (!one) break;
  }
  return {};
}

}  // namespace relay
