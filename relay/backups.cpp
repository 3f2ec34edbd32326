// Each till's blobs are opened when the relay starts, or with its first part.
// Must not know HTTP.
#include "relay/backups.h"

namespace relay {

using core::Errc;
using core::fail;
using core::Result;
using core::envelope::Hash;
using core::envelope::Kid;

std::optional<Kid> kid_of(std::string_view name) {
  const auto bytes = core::from_hex(name);
  const auto kid = bytes ? Kid::from(*bytes) : Result<Kid>(fail(bytes.error()));
  if (!kid || kid->hex() != name) return std::nullopt;
  return *kid;
}

Result<std::unique_ptr<Backups>> Backups::open(core::disk::Filesystem& filesystem,
                                               const std::filesystem::path& log_directory,
                                               std::uint64_t bytes_max,
                                               std::atomic<std::uint64_t>& bytes_kept) {
  std::unique_ptr<Backups> backups(
      new Backups(filesystem, log_directory / kBackupsDirectory, bytes_max, bytes_kept));
  const auto names = filesystem.list(backups->directory_);
  if (!names && names.error().code == Errc::kNotFound) return backups;
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (const auto till = kid_of(name)) TRY(backups->open_one(*till));
  }
  return backups;
}

Result<void> Backups::open_one(const Kid& till) {
  TRY_ASSIGN(auto blobs,
             Blobs::open(filesystem_, directory_ / till.hex(), bytes_max_, bytes_kept_));
  const std::lock_guard lock(mutex_);
  of_till_.try_emplace(till, std::move(blobs));
  return {};
}

Blobs* Backups::find(const Kid& till) const {
  const std::lock_guard lock(mutex_);
  const auto found = of_till_.find(till);
  return found == of_till_.end() ? nullptr : found->second.get();
}

Result<bool> Backups::put(const Kid& till, const Hash& hash, core::ByteView bytes) {
  if (find(till) == nullptr) TRY(open_one(till));
  return find(till)->put(hash, bytes);
}

Result<std::unique_ptr<ResponseStream>> Backups::read(const Kid& till, const Hash& hash) const {
  const Blobs* const blobs = find(till);
  if (blobs == nullptr) return fail(Errc::kNotFound, "there is nothing of this key");
  return blobs->read(hash);
}

Result<void> Backups::remove(const Kid& till, const Hash& hash) {
  Blobs* const blobs = find(till);
  if (blobs == nullptr) return fail(Errc::kNotFound, "there is nothing of this key");
  return blobs->remove(hash);
}

Result<std::vector<BackupName>> Backups::list(const std::optional<Kid>& after) const {
  std::vector<BackupName> out;
  std::optional<Kid> last = after;
  while (out.size() < kPageSize) {
    const Blobs* blobs = nullptr;
    {
      const std::lock_guard lock(mutex_);
      const auto next = last ? of_till_.upper_bound(*last) : of_till_.begin();
      if (next == of_till_.end()) break;
      last = next->first;
      blobs = next->second.get();
    }
    TRY_ASSIGN(const auto parts, blobs->list());
    out.reserve(out.size() + parts.size());
    for (const core::envelope::BlobName& part : parts) out.push_back({*last, part});
  }
  return out;
}

}  // namespace relay
