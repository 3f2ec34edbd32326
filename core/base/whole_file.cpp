// WholeFile, over stdio: no exceptions, and a directory is an error.
#include "core/base/whole_file.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace core {

Result<std::string> read_whole_file(const std::filesystem::path& path, std::size_t bytes_max) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) {
    const Errc code = errno == ENOENT ? Errc::kNotFound : Errc::kIo;
    return fail(code, path.string() + ": " + std::strerror(errno));
  }
  std::string content;
  std::array<char, 65536> buffer{};
  for (std::size_t got = 0; (got = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0;) {
    if (content.size() + got > bytes_max) {
      return fail(Errc::kTooLarge,
                  path.string() + ": over " + std::to_string(bytes_max) + " bytes");
    }
    content.append(buffer.data(), got);
  }
  if (std::ferror(file.get()) != 0) {
    return fail(Errc::kIo, path.string() + ": " + std::strerror(errno));
  }
  return content;
}

}  // namespace core
