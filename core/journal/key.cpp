// JournalKey: read without a copy that stays behind.
#include "core/journal/key.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/envelope/sodium_ready.h"
#include "core/sqlite/database.h"

namespace core::journal {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::size_t kSize = core::sqlite::kKeySize;
constexpr std::size_t kDigits = 2 * kSize;

// One byte more than a key file may have.
class Content {
 public:
  Content() = default;
  ~Content() { sodium_memzero(bytes.data(), bytes.size()); }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  std::array<std::uint8_t, kDigits + 2> bytes{};
  std::size_t size = 0;
};

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path)
      : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  const int fd;
};

Result<void> check_mode(const std::string& file, ::mode_t mode, KeyFrom from) {
  if (!S_ISREG(mode)) return fail(Errc::kMalformed, file + ": no regular file");
  const ::mode_t others = from == KeyFrom::kFile ? 0077 : 0037;
  if ((mode & others) == 0) return {};
  const std::string octal = {static_cast<char>('0' + ((mode >> 6) & 7)),
                             static_cast<char>('0' + ((mode >> 3) & 7)),
                             static_cast<char>('0' + (mode & 7))};
  return fail(Errc::kState, file + ": mode 0" + octal +
                                " lets others at the key; only its owner may read it (chmod 600)");
}

Result<void> read_all(const std::string& file, int fd, Content& content) {
  while (content.size < content.bytes.size()) {
    const ssize_t got =
        ::read(fd, content.bytes.data() + content.size, content.bytes.size() - content.size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Errc::kIo, file + ": " + std::strerror(errno));
    if (got == 0) break;
    content.size += static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace

Result<JournalKey> JournalKey::from(core::ByteView bytes) {
  if (bytes.size() != kSize) {
    return fail(Errc::kMalformed,
                "a journal's key has 32 bytes, not " + std::to_string(bytes.size()));
  }
  core::envelope::ensure_ready();
  JournalKey key;
  key.bytes_ =
      std::shared_ptr<std::uint8_t>(static_cast<std::uint8_t*>(sodium_malloc(kSize)), sodium_free);
  CORE_CHECK(key.bytes_ != nullptr);
  std::memcpy(key.bytes_.get(), bytes.data(), kSize);
  return key;
}

Result<JournalKey> JournalKey::read(const std::filesystem::path& path, KeyFrom from) {
  const std::string file = "key file " + path.string();
  const Descriptor in(path);
  if (in.fd < 0) {
    return fail(errno == ENOENT ? Errc::kNotFound : Errc::kIo, file + ": " + std::strerror(errno));
  }
  struct ::stat info {};
  if (::fstat(in.fd, &info) != 0) return fail(Errc::kIo, file + ": " + std::strerror(errno));
  TRY(check_mode(file, info.st_mode, from));
  Content content;
  TRY(read_all(file, in.fd, content));
  if (content.size == kSize) return JournalKey::from({content.bytes.data(), kSize});
  const bool line = content.size == kDigits + 1 && content.bytes[kDigits] == '\n';
  Content decoded;
  if (content.size == kDigits || line) {
    const char* digits = reinterpret_cast<const char*>(content.bytes.data());
    if (sodium_hex2bin(decoded.bytes.data(), kSize, digits, kDigits, nullptr, &decoded.size,
                       nullptr) == 0 &&
        decoded.size == kSize) {
      return JournalKey::from({decoded.bytes.data(), kSize});
    }
  }
  return fail(Errc::kMalformed, file + ": a key is exactly 32 bytes, or 64 hexadecimal digits");
}

core::ByteView JournalKey::view() const {
  if (bytes_ == nullptr) return {};
  return {bytes_.get(), kSize};
}

}  // namespace core::journal
