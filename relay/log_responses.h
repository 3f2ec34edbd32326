// LogResponses: what anybody, or head office, reads of a log: checkpoint, tiles, entries.
// Must not know sockets or who may read. Specification: docs/log-format.md.
#pragma once

#include "core/disk/record_reader.h"
#include "relay/response_stream.h"
#include "relay/routes.h"
#include "relay/tenant.h"

namespace relay {

Response checkpoint_response(const Published& published);

// A tile of hashes, or a bundle of entries; 404 for what the published tree does not have.
// Errors: kDamaged, kIo, kNotFound (of the files behind it).
core::Result<Response> tile_response(const Tenant& tenant, const Published& published,
                                     const core::tlog::Tile& tile);

// The entries from one index to the published end, a chunk at a time. Thread: one.
// Owner: the tenant outlives it.
class EntryReader final : public ResponseStream {
 public:
  EntryReader(const Tenant& tenant, std::uint64_t from, std::uint64_t end);

  std::uint64_t end() const { return end_; }
  bool at_end() const override { return next_ == end_; }
  // Up to an entry that cannot be read. Errors, when that is the very next: kDamaged, kIo.
  core::Result<void> next_chunk(core::Bytes& bodies) override;

 private:
  const Tenant& tenant_;
  core::disk::RecordReader reader_;
  std::uint64_t next_;
  std::uint64_t end_;
};

}  // namespace relay
