// NewJournal: rows put in before the triggers, in one transaction, in a file that is renamed.
#include "core/journal/new_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "core/journal/content.h"
#include "core/journal/schema.h"

namespace core::journal {
namespace {

using sqlite::Database;

std::filesystem::path beside(const std::filesystem::path& path) {
  return path.string() + ".tmp";
}

Result<void> sync_path(const std::filesystem::path& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) return fail(Errc::kIo, path.string() + ": cannot be opened");
  const bool synced = ::fsync(fd) == 0;
  ::close(fd);
  if (!synced) return fail(Errc::kSyncFailed, path.string() + ": fsync failed");
  return {};
}

}  // namespace

NewJournal::NewJournal(std::filesystem::path path, Database database)
    : path_(std::move(path)), database_(std::move(database)) {}

NewJournal::~NewJournal() {
  if (!database_) return;
  database_.reset();
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove(beside(path_), ignored);
}

Result<NewJournal> NewJournal::begin(const std::filesystem::path& path, const JournalKey& key) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    return fail(Errc::kExists, path.string() + ": there is a file already");
  }
  // What an earlier attempt left.
  std::filesystem::remove(beside(path), ignored);
  std::filesystem::remove(beside(path).string() + "-journal", ignored);
  sqlite::OpenOptions options;
  options.create = true;
  options.page_size = kPageSize;
  options.key = key.view();
  options.page_checks = true;
  TRY_ASSIGN(Database db, Database::open(beside(path), options));
  NewJournal out(path, std::move(db));
  TRY(out.database_->exec("PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; BEGIN"));
  for (const char* part :
       {kSchema, kOperatorsSchema, kBackupSchema, kNoticesSchema, kPointsSchema, kNextKeySchema}) {
    TRY(out.database_->exec(part));
  }
  // The first page says that pages have checksums: it is in the file before the rows, of which a
  // long transaction writes some early.
  TRY(out.database_->exec("COMMIT; BEGIN"));
  return out;
}

Result<void> NewJournal::put(ByteView content, bool first_part) {
  return put_rows(*database_, content, first_part);
}

Result<void> NewJournal::end_life(const NewIdentity& identity, const EndOfLife& end) {
  return core::journal::end_life(*database_, identity, end);
}

Result<void> NewJournal::finish() {
  TRY(database_->exec(kGuards));
  TRY(database_->exec("PRAGMA application_id=" + std::to_string(kApplicationId) +
                      "; PRAGMA user_version=" + std::to_string(kSchemaVersion) + "; COMMIT"));
  database_.reset();
  const std::filesystem::path file = beside(path_);
  TRY(sync_path(file, O_RDONLY));
  std::error_code error;
  std::filesystem::rename(file, path_, error);
  if (error) return fail(Errc::kIo, path_.string() + ": " + error.message());
  const std::filesystem::path directory = path_.has_parent_path() ? path_.parent_path() : ".";
  return sync_path(directory, O_RDONLY | O_DIRECTORY);
}

}  // namespace core::journal
