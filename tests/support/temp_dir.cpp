// TempDir: below TMPDIR or /tmp.
#include "tests/support/temp_dir.h"

#include <stdlib.h>

#include <fstream>
#include <iterator>

namespace test {

TempDir::TempDir() {
  std::string name = (std::filesystem::temp_directory_path() / "daybook-test-XXXXXX").string();
  CORE_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

core::Bytes read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  CORE_CHECK(in.good());
  return core::Bytes(std::istreambuf_iterator<char>(in), {});
}

void write_file(const std::filesystem::path& path, core::ByteView content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
  out.flush();
  CORE_CHECK(out.good());
}

}  // namespace test
