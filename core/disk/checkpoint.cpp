// Two slots, each in a sector of its own, written in turn. Format: docs/formats/log.md.
// Must not know segments.
#include "core/disk/checkpoint.h"

#include <algorithm>
#include <optional>

#include "core/disk/crc32c.h"
#include "core/disk/little_endian.h"

namespace core::disk {
namespace {

constexpr std::string_view kMagic = "DAYBKCKP";
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kSlotSize = 64;
constexpr std::size_t kSummedSize = kSlotSize - 4;
constexpr std::size_t kSlotSpacing = 512;

struct Slot {
  std::uint64_t counter;
  std::uint64_t log_size;
  Root root;
};

Bytes encode_slot(const Slot& slot) {
  Bytes out;
  out.reserve(kSlotSize);
  append(out, as_bytes(kMagic));
  put_le(out, kVersion);
  put_le(out, slot.counter);
  put_le(out, slot.log_size);
  append(out, slot.root);
  put_le(out, crc32c(out));
  CORE_CHECK(out.size() == kSlotSize);
  return out;
}

std::optional<Slot> decode_slot(ByteView raw) {
  if (raw.size() != kSlotSize || as_text(raw.first(8)) != kMagic) return std::nullopt;
  if (crc32c(raw.first(kSummedSize)) != get_le<std::uint32_t>(raw, kSummedSize))
    return std::nullopt;
  if (get_le<std::uint32_t>(raw, 8) != kVersion) return std::nullopt;
  Slot slot{get_le<std::uint64_t>(raw, 12), get_le<std::uint64_t>(raw, 20), {}};
  const ByteView root = raw.subspan(28, slot.root.size());
  std::copy(root.begin(), root.end(), slot.root.begin());
  return slot;
}

}  // namespace

Result<void> Checkpoint::create(Filesystem& filesystem, const std::filesystem::path& directory) {
  const auto temporary = directory / (std::string(kCheckpointName) + ".tmp");
  TRY_ASSIGN(const auto file, filesystem.open(temporary, OpenMode::kCreate));
  TRY(file->write_at(0, encode_slot({0, 0, {}})));
  TRY(file->write_at(kSlotSpacing, encode_slot({1, 0, {}})));
  TRY(file->sync());
  TRY(filesystem.rename(temporary, directory / kCheckpointName));
  return filesystem.sync_directory(directory);
}

Result<std::unique_ptr<Checkpoint>> Checkpoint::open(Filesystem& filesystem,
                                                     const std::filesystem::path& directory,
                                                     OpenMode mode) {
  TRY_ASSIGN(auto file, filesystem.open(directory / kCheckpointName, mode));
  std::unique_ptr<Checkpoint> checkpoint(new Checkpoint(std::move(file)));
  TRY(checkpoint->load());
  return checkpoint;
}

Result<void> Checkpoint::load() {
  bool found = false;
  for (std::size_t i = 0; i < 2; ++i) {
    std::array<std::uint8_t, kSlotSize> raw{};
    TRY_ASSIGN(const std::size_t got, file_->read_at(i * kSlotSpacing, raw));
    const auto slot = decode_slot(ByteView(raw).first(got));
    if (!slot || (found && slot->counter < counter_)) continue;
    counter_ = slot->counter;
    log_size_ = slot->log_size;
    root_ = slot->root;
    found = true;
  }
  if (!found) return fail(Errc::kDamaged, "neither slot of the checkpoint is intact");
  return {};
}

Result<void> Checkpoint::store(std::uint64_t log_size, const Root& root) {
  const Slot slot{counter_ + 1, log_size, root};
  TRY(file_->write_at(slot.counter % 2 * kSlotSpacing, encode_slot(slot)));
  counter_ = slot.counter;
  log_size_ = log_size;
  root_ = root;
  return {};
}

}  // namespace core::disk
