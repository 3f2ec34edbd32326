// Mailbox: durable copies of the closings.
#include "till/mailbox.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "till/journal_schema.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::sqlite::Statement;

core::Unexpected refused(const std::filesystem::path& path, std::string_view action) {
  const int error = errno;
  return fail(error == ENOSPC || error == EDQUOT ? Errc::kDiskFull : Errc::kIo,
              path.string() + ": " + std::string(action) + ": " + std::strerror(error));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<void> sync(const FileDescriptor& file, const std::filesystem::path& path) {
  if (::fsync(file.get()) == 0) return {};
  return fail(Errc::kSyncFailed, path.string() + ": fsync: " + std::strerror(errno));
}

Result<void> write_all(const FileDescriptor& file, core::ByteView content,
                       const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return refused(path, "write");
    content = content.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

// Afterwards `target` holds `content`, durably; at no moment does it hold a part of it.
Result<void> replace_file(const std::filesystem::path& target, core::ByteView content,
                          Durability durability) {
  const std::filesystem::path temporary = target.string() + ".tmp";
  {
    const FileDescriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.get() < 0) return refused(temporary, "open");
    TRY(write_all(file, content, temporary));
    if (durability == Durability::kFull) TRY(sync(file, temporary));
  }
  if (::rename(temporary.c_str(), target.c_str()) != 0) return refused(target, "rename");
  if (durability == Durability::kSimulated) return {};
  const std::filesystem::path directory = target.parent_path();
  const FileDescriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (handle.get() < 0) return refused(directory, "open");
  return sync(handle, directory);
}

using Copy = std::pair<core::Sequence, core::Bytes>;

Result<std::vector<Copy>> closings_due(Journal& journal) {
  TRY_ASSIGN(Statement s, journal.database().prepare("SELECT sequence, message FROM outbox "
                                                     "WHERE closing AND NOT copied "
                                                     "ORDER BY sequence"));
  std::vector<Copy> due;
  while (true) {
    TRY_ASSIGN(const bool row, s.step());
    if (!row) return due;
    due.emplace_back(core::Sequence{from_sql(s.column_int(0))}, core::to_bytes(s.column_blob(1)));
  }
}

}  // namespace

Result<void> check_mailbox(const std::filesystem::path& directory) {
  std::error_code ignored;
  if (directory.empty() || std::filesystem::is_directory(directory, ignored)) return {};
  return fail(Errc::kUsage, directory.string() + ": the mailbox is no directory; make it first");
}

std::string mailbox_file_name(core::TillRef ref, core::Epoch epoch, core::Sequence sequence) {
  return to_string(ref.store) + "-" + to_string(ref.till) + "-" + to_string(epoch) + "-" +
         to_string(sequence) + ".cose";
}

Result<std::uint64_t> copy_to_mailbox(Journal& journal) {
  const JournalState& state = journal.state();
  if (state.mailbox.empty()) return std::uint64_t{0};
  TRY_ASSIGN(const std::vector<Copy> due, closings_due(journal));
  for (const auto& [sequence, message] : due) {
    const std::string name = mailbox_file_name(journal.identity().ref, state.epoch, sequence);
    TRY(replace_file(state.mailbox / name, message, journal.durability()));
  }
  if (due.empty()) return std::uint64_t{0};
  TRY(journal.transact([&]() -> Result<void> {
    TRY_ASSIGN(Statement s,
               journal.database().prepare("UPDATE outbox SET copied = 1 WHERE sequence = ?"));
    for (const Copy& copy : due) TRY(s.bind_int(1, to_sql(copy.first.value)).run());
    return {};
  }));
  return std::uint64_t{due.size()};
}

}  // namespace till
