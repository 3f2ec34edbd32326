// An array of 16-byte places. Format: docs/formats/log.md, "Index".
// Must not know messages.
#include "relay/place_table.h"

#include <algorithm>

#include "core/disk/little_endian.h"

namespace relay {
namespace {

using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;
using core::disk::get_le;
using core::disk::OpenMode;
using core::disk::put_le;
using core::disk::RecordPlace;

constexpr std::size_t kPlaceSize = 16;

}  // namespace

Result<PlaceTable> PlaceTable::open(core::disk::Filesystem& filesystem,
                                    const std::filesystem::path& directory, std::uint64_t sealed) {
  PlaceTable table(filesystem, directory / "places");
  table.sealed_ = sealed;
  if (sealed == 0) return table;
  auto file = filesystem.open(table.path_, OpenMode::kReadWrite);
  if (!file) return fail(Errc::kDamaged, file.error().what);
  table.file_ = std::move(*file);
  TRY(table.read(sealed - 1, 1));
  return table;
}

void PlaceTable::append(std::span<const RecordPlace> places) {
  tail_.insert(tail_.end(), places.begin(), places.end());
}

Result<std::vector<RecordPlace>> PlaceTable::read(std::uint64_t first, std::uint64_t count) const {
  CORE_CHECK(first + count <= size());
  std::vector<RecordPlace> out;
  out.reserve(count);
  if (first < sealed_) {
    Bytes raw(std::min(count, sealed_ - first) * kPlaceSize);
    TRY_ASSIGN(const std::size_t got, file_->read_at(first * kPlaceSize, raw));
    if (got != raw.size()) return fail(Errc::kDamaged, path_.string() + ": too short");
    for (std::size_t at = 0; at < raw.size(); at += kPlaceSize) {
      out.push_back(RecordPlace{get_le<std::uint32_t>(raw, at), get_le<std::uint32_t>(raw, at + 4),
                                get_le<std::uint64_t>(raw, at + 8)});
    }
  }
  while (out.size() < count) out.push_back(tail_[first + out.size() - sealed_]);
  return out;
}

Result<void> PlaceTable::write_sealed(std::uint64_t end) {
  if (file_ == nullptr) {
    TRY_ASSIGN(file_, filesystem_->open(path_, OpenMode::kCreate));
  }
  Bytes raw;
  for (std::uint64_t at = sealed_; at < end; ++at) {
    const RecordPlace& place = tail_[at - sealed_];
    put_le(raw, place.segment);
    put_le(raw, place.length);
    put_le(raw, place.offset);
  }
  TRY(file_->write_at(sealed_ * kPlaceSize, raw));
  return file_->sync();
}

void PlaceTable::commit_sealed(std::uint64_t end) {
  tail_.erase(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(end - sealed_));
  tail_.shrink_to_fit();
  sealed_ = end;
}

}  // namespace relay
