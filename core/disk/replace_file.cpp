// A new file under another name, synced, renamed, and its directory synced.
// Must not know what is in it.
#include "core/disk/replace_file.h"

namespace core::disk {

Result<void> replace_file(Filesystem& filesystem, const std::filesystem::path& path,
                          ByteView content, Access access, Sync sync) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  const OpenMode mode = access == Access::kOwner ? OpenMode::kCreatePrivate : OpenMode::kCreate;
  auto file = filesystem.open(temporary, mode);
  if (!file) {  // it is the directory that was not found
    const Error& error = file.error();
    return fail(error.code == Errc::kNotFound ? Errc::kIo : error.code, error.what);
  }
  TRY((*file)->write_at(0, content));
  if (sync == Sync::kFull) TRY((*file)->sync());
  TRY(filesystem.rename(temporary, path));
  if (sync == Sync::kNone) return {};
  return filesystem.sync_directory(path.parent_path());
}

}  // namespace core::disk
