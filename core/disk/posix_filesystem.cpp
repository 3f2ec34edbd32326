// Filesystem over POSIX calls. Every errno becomes an Error that names the file and the call.
// Must not know records.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/disk/file.h"

namespace core::disk {
namespace {

namespace fs = std::filesystem;

Unexpected refused(Errc code, std::string_view call, const fs::path& path) {
  const std::string why = std::generic_category().message(errno);
  return fail(code, std::string(call) + " " + path.string() + ": " + why);
}

Unexpected refused(std::string_view call, const fs::path& path) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  const Errc code = full ? Errc::kDiskFull : errno == ENOENT ? Errc::kNotFound : Errc::kIo;
  return refused(code, call, path);
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

class PosixFile final : public File {
 public:
  PosixFile(int fd, fs::path path) : fd_(fd), path_(std::move(path)) {}

  Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t wrote =
          ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (wrote < 0) {
        if (errno == EINTR) continue;
        return refused("write", path_);
      }
      if (wrote == 0) return fail(Errc::kIo, "write " + path_.string() + ": nothing was written");
      bytes = bytes.subspan(static_cast<std::size_t>(wrote));
      offset += static_cast<std::uint64_t>(wrote);
    }
    return {};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    std::size_t got = 0;
    while (got < into.size()) {
      const ssize_t part = ::pread(fd_.get(), into.data() + got, into.size() - got,
                                   static_cast<off_t>(offset + got));
      if (part < 0) {
        if (errno == EINTR) continue;
        return refused("read", path_);
      }
      if (part == 0) break;
      got += static_cast<std::size_t>(part);
    }
    return got;
  }

  Result<std::uint64_t> size() override {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) return refused("stat", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

  Result<void> truncate(std::uint64_t size) override {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return refused("truncate", path_);
    return {};
  }

  Result<void> sync() override {
    if (::fdatasync(fd_.get()) != 0) return refused(Errc::kSyncFailed, "fdatasync", path_);
    return {};
  }

 private:
  Descriptor fd_;
  fs::path path_;
};

struct Mapping {
  void* address;
  std::size_t size;
  Mapping(void* a, std::size_t s) : address(a), size(s) {}
  ~Mapping() { ::munmap(address, size); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
};

class PosixFilesystem final : public Filesystem {
 public:
  Result<std::unique_ptr<File>> open(const fs::path& path, OpenMode mode) override {
    const int flags = mode == OpenMode::kRead        ? O_RDONLY
                      : mode == OpenMode::kReadWrite ? O_RDWR
                                                     : O_RDWR | O_CREAT | O_TRUNC;
    const bool owner_only = mode == OpenMode::kCreatePrivate;
    if (owner_only && ::unlink(path.c_str()) != 0 && errno != ENOENT) {
      return refused("remove", path);
    }
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, owner_only ? 0600 : 0640);
    if (fd < 0) return refused("open", path);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(fd, path));
  }

  Result<FileContent> content(const fs::path& path) override {
    // Without blocking: somebody may have put a pipe where a segment is expected.
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (fd.get() < 0) return refused("open", path);
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0) return refused("stat", path);
    if (!S_ISREG(info.st_mode)) return fail(Errc::kIo, path.string() + " is no regular file");
    const auto size = static_cast<std::size_t>(info.st_size);
    if (size == 0) return FileContent{};
    void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd.get(), 0);
    if (at == MAP_FAILED) return refused("mmap", path);
    return FileContent{ByteView(static_cast<const std::uint8_t*>(at), size),
                       std::make_shared<Mapping>(at, size)};
  }

  Result<std::vector<std::string>> list(const fs::path& directory) override {
    std::error_code error;
    std::vector<std::string> names;
    for (fs::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
      names.push_back(it->path().filename().string());
    }
    if (!error) return names;
    const bool missing = error == std::errc::no_such_file_or_directory;
    return fail(missing ? Errc::kNotFound : Errc::kIo,
                "list " + directory.string() + ": " + error.message());
  }

  Result<void> rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return refused(Errc::kIo, "rename", from);
    return {};
  }

  Result<void> remove(const fs::path& path) override {
    if (::unlink(path.c_str()) != 0) return refused("remove", path);
    return {};
  }

  Result<void> create_directory(const fs::path& directory) override {
    const fs::path whole = fs::absolute(directory).lexically_normal();
    if (::mkdir(whole.c_str(), 0750) == 0) return sync_directory(whole.parent_path());
    if (errno == EEXIST) return {};
    if (errno != ENOENT || !whole.has_relative_path()) return refused("mkdir", whole);
    TRY(create_directory(whole.parent_path()));
    if (::mkdir(whole.c_str(), 0750) != 0 && errno != EEXIST) return refused("mkdir", whole);
    return sync_directory(whole.parent_path());
  }

  Result<void> sync_directory(const fs::path& directory) override {
    const Descriptor fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fd.get() < 0 || ::fsync(fd.get()) != 0) {
      return refused(Errc::kSyncFailed, "fsync", directory);
    }
    return {};
  }

  Result<std::shared_ptr<void>> lock(const fs::path& path) override {
    std::error_code ignored;
    const int flags = fs::is_directory(path, ignored) ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT;
    auto fd = std::make_shared<Descriptor>(::open(path.c_str(), flags | O_CLOEXEC, 0640));
    if (fd->get() < 0) return refused("open", path);
    if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return refused(Errc::kIo, "lock", path);
      return fail(Errc::kBusy, path.string() + " is held by another process");
    }
    return std::shared_ptr<void>(std::move(fd));
  }
};

}  // namespace

Filesystem& posix_filesystem() {
  static PosixFilesystem filesystem;
  return filesystem;
}

}  // namespace core::disk
