// A directory of files that never change.
// Must not know who may read or write them.
#include "relay/blobs.h"

#include <algorithm>

#include "core/disk/replace_file.h"

namespace relay {
namespace {

using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::disk::File;
using core::disk::Filesystem;
using core::envelope::BlobName;
using core::envelope::Hash;

constexpr std::uint64_t kBlockSize = 4096;
constexpr std::string_view kUnfinished = ".tmp";  // what replace_file adds

std::uint64_t blocks_of(std::uint64_t bytes) {
  return std::max<std::uint64_t>(1, (bytes + kBlockSize - 1) / kBlockSize) * kBlockSize;
}

class BlobReader final : public ResponseStream {
 public:
  BlobReader(std::unique_ptr<File> file, std::uint64_t size)
      : file_(std::move(file)), size_(size) {}

  bool at_end() const override { return at_ == size_; }

  Result<void> next_chunk(core::Bytes& out) override {
    const std::size_t before = out.size();
    out.resize(before + static_cast<std::size_t>(std::min<std::uint64_t>(size_ - at_, kPieceSize)));
    const auto piece = std::span(out).subspan(before);
    const auto got = file_->read_at(at_, piece);
    if (got && *got == piece.size()) {
      at_ += *got;
      return {};
    }
    out.resize(before);
    return got ? fail(Errc::kDamaged, "a blob is shorter than it was") : fail(got.error());
  }

 private:
  std::unique_ptr<File> file_;
  std::uint64_t size_;
  std::uint64_t at_ = 0;
};

}  // namespace

std::optional<Hash> blob_of(std::string_view name) {
  const auto bytes = core::from_hex(name);
  const auto hash = bytes ? Hash::from(*bytes) : Result<Hash>(fail(bytes.error()));
  if (!hash || hash->hex() != name) return std::nullopt;
  return *hash;
}

Result<std::unique_ptr<Blobs>> Blobs::open(Filesystem& filesystem,
                                           const std::filesystem::path& directory,
                                           std::uint64_t bytes_max,
                                           std::atomic<std::uint64_t>& bytes_kept) {
  std::unique_ptr<Blobs> blobs(new Blobs(filesystem, directory, bytes_max, bytes_kept));
  TRY(blobs->clean_up());
  TRY(blobs->count());
  return blobs;
}

Result<std::vector<BlobName>> Blobs::list() const {
  std::vector<BlobName> blobs;
  const auto names = filesystem_.list(directory_);
  if (!names && names.error().code == Errc::kNotFound) return blobs;
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    const auto hash = blob_of(name);
    if (!hash) continue;
    const auto file = filesystem_.open(directory_ / name, core::disk::OpenMode::kRead);
    if (!file && file.error().code == Errc::kNotFound) continue;  // removed meanwhile
    if (!file) return fail(file.error());
    TRY_ASSIGN(const std::uint64_t size, (*file)->size());
    blobs.push_back({*hash, size});
  }
  std::sort(blobs.begin(), blobs.end());
  return blobs;
}

Result<void> Blobs::count() {
  TRY_ASSIGN(const auto blobs, list());
  std::uint64_t bytes = 0;
  for (const BlobName& blob : blobs) bytes += blocks_of(blob.size);
  bytes_kept_ += bytes - bytes_;
  bytes_ = bytes;
  return {};
}

// An earlier process may have been killed in the middle of a blob, or before it synced its name:
// what is there now will be claimed.
Result<void> Blobs::clean_up() {
  const auto names = filesystem_.list(directory_);
  if (!names && names.error().code == Errc::kNotFound) return {};
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (name.ends_with(kUnfinished)) TRY(filesystem_.remove(directory_ / name));
  }
  return filesystem_.sync_directory(directory_);
}

Result<bool> Blobs::put(const Hash& hash, ByteView bytes) {
  if (bytes.size() > kBlobSizeMax) {
    return fail(Errc::kTooLarge, "a blob has at most " + std::to_string(kBlobSizeMax) + " bytes");
  }
  if (core::envelope::sha256(bytes) != hash) {
    return fail(Errc::kMalformed, "the body's SHA-256 is not the one that the path names");
  }
  const std::filesystem::path path = directory_ / hash.hex();
  const std::lock_guard lock(mutex_);
  if (failed_) return fail(Errc::kSyncFailed, "a sync has failed: no more blobs are taken");
  const auto there = filesystem_.content(path);
  if (there && core::equal(there->bytes, bytes)) return false;
  if (!there && there.error().code != Errc::kNotFound) return fail(there.error());
  const std::uint64_t more = blocks_of(bytes.size());
  if (!there && bytes_ + more > bytes_max_) {
    return fail(Errc::kDiskFull, std::to_string(bytes_) + " bytes are kept here; the limit is " +
                                     std::to_string(bytes_max_));
  }
  TRY(write(path, bytes));
  if (there) {  // it was damaged, and counted with whatever length it had
    static_cast<void>(count().has_value());  // an error leaves the count of before
    return true;
  }
  bytes_kept_ += more;
  bytes_ += more;
  return true;
}

Result<void> Blobs::write(const std::filesystem::path& path, ByteView bytes) {
  auto written = filesystem_.create_directory(directory_);
  if (written) {
    written = core::disk::replace_file(filesystem_, path, bytes, core::disk::Access::kGroup);
  }
  if (written) return {};
  std::filesystem::path unfinished = path;
  unfinished += kUnfinished;
  static_cast<void>(filesystem_.remove(unfinished).has_value());
  if (written.error().code == Errc::kSyncFailed) {
    // Its name may be on the disk or not: it is not to be found and claimed later.
    static_cast<void>(filesystem_.remove(path).has_value());
    failed_ = true;
  }
  return written;
}

Result<std::unique_ptr<ResponseStream>> Blobs::read(const Hash& hash) const {
  TRY_ASSIGN(auto file, filesystem_.open(directory_ / hash.hex(), core::disk::OpenMode::kRead));
  TRY_ASSIGN(const std::uint64_t size, file->size());
  return std::unique_ptr<ResponseStream>(std::make_unique<BlobReader>(std::move(file), size));
}

Result<void> Blobs::remove(const Hash& hash) {
  const std::filesystem::path path = directory_ / hash.hex();
  const std::lock_guard lock(mutex_);
  TRY_ASSIGN(const auto file, filesystem_.open(path, core::disk::OpenMode::kRead));
  TRY_ASSIGN(const std::uint64_t size, file->size());
  TRY(filesystem_.remove(path));
  const std::uint64_t less = std::min(bytes_, blocks_of(size));
  bytes_kept_ -= less;
  bytes_ -= less;
  return {};
}

}  // namespace relay
