// FeedsFile: what a tenant's feeds were at one size of its log, so that a start need not read the
// whole log for them. Derived: it can be removed. Must not know files or sockets.
// Format: docs/formats/log.md, "Feeds".
#pragma once

#include "core/base/bytes.h"
#include "relay/feeds.h"

namespace relay {

inline constexpr const char* kFeedsFile = "feeds.cbor";

struct FeedsFile {
  core::LogIndex covered;     // all notices below it are in; some behind it may be, too
  core::envelope::Hash root;  // of the tree over the entries below `covered`
  Feeds::ByFeed feeds;
};

core::Bytes encode_feeds(const FeedsFile& file);
// Errors: kDamaged (not what encode_feeds writes, or another version).
core::Result<FeedsFile> decode_feeds(core::ByteView bytes);

}  // namespace relay
