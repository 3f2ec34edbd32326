// Manifest: which part of the log is sealed in the index, and in which files.
// Must not know what is in them. Format: docs/formats/log.md, "Index".
#pragma once

#include <optional>
#include <vector>

#include "core/disk/log_scan.h"
#include "core/tlog/tree.h"
#include "relay/id_run.h"

namespace relay {

struct Manifest {
  core::disk::SealedLog sealed;
  core::envelope::Hash root;  // of the tree over the sealed entries
  std::vector<IdRange> runs;
};

core::Bytes encode_manifest(const Manifest& manifest);
// Errors: kDamaged.
core::Result<Manifest> decode_manifest(core::ByteView bytes);

}  // namespace relay
