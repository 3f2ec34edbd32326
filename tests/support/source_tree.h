// SourceTree: the project's own files, for tests that read the house's rules from them.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace test {

inline const std::filesystem::path& source_root() {
  static const std::filesystem::path root = DAYBOOK_SOURCE_DIR;
  return root;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Paths relative to the root, sorted, of the files below `folders` with one of the endings.
inline std::set<std::string> files_below(const std::vector<std::string>& folders,
                                         const std::set<std::string>& endings) {
  std::set<std::string> files;
  for (const std::string& folder : folders) {
    const auto top = source_root() / folder;
    if (!std::filesystem::exists(top)) continue;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
      if (entry.is_regular_file() && endings.contains(entry.path().extension().string())) {
        files.insert(std::filesystem::relative(entry.path(), source_root()).generic_string());
      }
    }
  }
  return files;
}

// The project's own headers that a file includes, by path from the root.
inline std::vector<std::string> includes_of(const std::string& file) {
  static const std::regex kInclude("#include \"([^\"]+)\"");
  const std::string text = read_text(source_root() / file);
  std::vector<std::string> out;
  for (std::sregex_iterator it(text.begin(), text.end(), kInclude), end; it != end; ++it) {
    out.push_back((*it)[1]);
  }
  return out;
}

}  // namespace test
