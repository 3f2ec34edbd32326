// Bytes of the manifest. Format: docs/formats/log.md, "Index".
// Must not know what is in the files that it names.
#include "relay/manifest.h"

#include "core/disk/crc32c.h"
#include "core/disk/little_endian.h"

namespace relay {
namespace {

using core::Bytes;
using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::disk::get_le;
using core::disk::put_le;

constexpr std::string_view kManifestMagic = "DAYBKIDX";
constexpr std::uint32_t kManifestVersion = 1;
constexpr std::size_t kHeadSize = 8 + 4 + 8 + 32 + 4 + 4;
constexpr std::size_t kSegmentSize = 4 + 8 + 8;
constexpr std::size_t kRunSize = 8 + 8;

}  // namespace

Bytes encode_manifest(const Manifest& manifest) {
  Bytes out = core::to_bytes(core::as_bytes(kManifestMagic));
  put_le(out, kManifestVersion);
  put_le(out, manifest.sealed.entries);
  core::append(out, manifest.root.view());
  put_le(out, static_cast<std::uint32_t>(manifest.sealed.segments.size()));
  put_le(out, static_cast<std::uint32_t>(manifest.runs.size()));
  for (const core::disk::SealedSegment& segment : manifest.sealed.segments) {
    put_le(out, segment.ordinal);
    put_le(out, segment.first_index);
    put_le(out, segment.bytes);
  }
  for (const IdRange& run : manifest.runs) {
    put_le(out, run.first);
    put_le(out, run.end);
  }
  put_le(out, core::disk::crc32c(out));
  return out;
}

Result<Manifest> decode_manifest(ByteView bytes) {
  const bool framed = bytes.size() >= kHeadSize + 4 &&
                      core::as_text(bytes.first(8)) == kManifestMagic &&
                      core::disk::crc32c(bytes.first(bytes.size() - 4)) ==
                          get_le<std::uint32_t>(bytes, bytes.size() - 4);
  if (!framed) return fail(Errc::kDamaged, "the manifest of the index is damaged");
  if (const auto version = get_le<std::uint32_t>(bytes, 8); version != kManifestVersion) {
    return fail(Errc::kDamaged, "the index has version " + std::to_string(version) +
                                    "; this program writes version 1");
  }
  Manifest manifest;
  manifest.sealed.entries = get_le<std::uint64_t>(bytes, 12);
  TRY_ASSIGN(manifest.root, core::envelope::Hash::from(bytes.subspan(20, 32)));
  const auto segments = get_le<std::uint32_t>(bytes, 52);
  const auto runs = get_le<std::uint32_t>(bytes, 56);
  const std::uint64_t size =
      kHeadSize + std::uint64_t{segments} * kSegmentSize + std::uint64_t{runs} * kRunSize + 4;
  if (size != bytes.size()) return fail(Errc::kDamaged, "the manifest of the index is damaged");
  std::size_t at = kHeadSize;
  for (std::uint32_t i = 0; i < segments; ++i, at += kSegmentSize) {
    manifest.sealed.segments.push_back({get_le<std::uint32_t>(bytes, at),
                                        get_le<std::uint64_t>(bytes, at + 4),
                                        get_le<std::uint64_t>(bytes, at + 12)});
  }
  for (std::uint32_t i = 0; i < runs; ++i, at += kRunSize) {
    manifest.runs.push_back(
        {get_le<std::uint64_t>(bytes, at), get_le<std::uint64_t>(bytes, at + 8)});
  }
  return manifest;
}

}  // namespace relay
