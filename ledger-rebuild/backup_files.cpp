// BackupFiles: a walk through directories, bounded.
#include "ledger-rebuild/backup_files.h"

#include <algorithm>

#include "core/base/whole_file.h"
#include "core/journal/increment.h"
#include "ledger-rebuild/mail_file.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::size_t kFilesMax = 100'000;
constexpr std::size_t kBytesMax = std::size_t{4} << 30;
// A file, or a mail with one in base64.
constexpr std::size_t kFileMax = core::journal::kIncrementSizeMax / 2 * 3;

Result<std::vector<std::filesystem::path>> files_below(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return fail(Errc::kNotFound, directory.string() + ": no such directory");
  }
  std::vector<std::filesystem::path> out;
  std::filesystem::recursive_directory_iterator it(directory, error);
  const std::filesystem::recursive_directory_iterator end;
  while (!error && it != end) {
    std::error_code ignored;
    if (it->is_regular_file(ignored)) out.push_back(it->path());
    if (out.size() > kFilesMax) {
      return fail(Errc::kTooLarge, directory.string() + ": more than " + std::to_string(kFilesMax) +
                                       " files are below it");
    }
    it.increment(error);
  }
  if (error) return fail(Errc::kIo, directory.string() + ": " + error.message());
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Result<std::vector<BackupFile>> read_backup_files(const std::filesystem::path& directory) {
  TRY_ASSIGN(const auto paths, files_below(directory));
  std::vector<BackupFile> out;
  std::size_t total = 0;
  for (const std::filesystem::path& path : paths) {
    const std::string name = path.lexically_relative(directory).string();
    const auto content = core::read_whole_file(path, kFileMax);
    total += content ? content->size() : 0;
    if (total > kBytesMax) {
      return fail(Errc::kTooLarge, directory.string() + ": more than 4 GiB are below it");
    }
    if (!content) {
      out.push_back({name, {}, content.error().what});
      continue;
    }
    const core::ByteView bytes = core::as_bytes(*content);
    auto attached = looks_like_mail(bytes) ? attachments_of(bytes) : std::vector<Attachment>();
    for (Attachment& one : attached) {
      out.push_back({name + ": " + one.name, std::move(one.bytes), std::move(one.fault)});
    }
    if (attached.empty()) out.push_back({name, core::to_bytes(bytes), ""});
  }
  return out;
}

}  // namespace rebuild
