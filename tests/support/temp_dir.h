// TempDir: a directory that is there for one test case, and files in it.
#pragma once

#include <filesystem>
#include <string_view>

#include "core/base/bytes.h"

namespace test {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

core::Bytes read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, core::ByteView content);

}  // namespace test
