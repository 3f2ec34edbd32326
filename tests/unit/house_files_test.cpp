// Files: nothing in tests/ is left unbuilt, no source file is left out, heads say what they are.
#include <doctest/doctest.h>

#include "tests/support/source_tree.h"

using namespace test;

namespace {

std::string all_cmake() {
  std::string text;
  for (const std::string& file : files_below(
           {"core", "relay", "till", "ledger-rebuild", "scripts", "tests"}, {".txt", ".cmake"})) {
    text += read_text(source_root() / file) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("a test that is not built is no test: every source file is listed by a target") {
  const std::string cmake = all_cmake();
  int files = 0;
  for (const std::string& file :
       files_below({"core", "relay", "till", "ledger-rebuild", "scripts", "tests"}, {".cpp"})) {
    CAPTURE(file);
    const std::string name = std::filesystem::path(file).filename().string();
    const bool listed =
        cmake.find("/" + name) != std::string::npos || cmake.find(" " + name) != std::string::npos;
    CHECK(listed);
    ++files;
  }
  CHECK(files > 80);
}

TEST_CASE("every source file starts by saying what it is") {
  for (const std::string& file : files_below(
           {"core", "relay", "till", "ledger-rebuild", "scripts", "tests"}, {".h", ".cpp"})) {
    CAPTURE(file);
    CHECK(read_text(source_root() / file).starts_with("// "));
  }
}

TEST_CASE("scripts can be run and refuse to go on after an error") {
  for (const char* name :
       {"scripts/demo", "scripts/check", "scripts/fuzz", "scripts/install-dependencies",
        "scripts/bench/install-peers", ".ci/run"}) {
    CAPTURE(name);
    const auto path = source_root() / name;
    const auto mode = std::filesystem::status(path).permissions();
    CHECK((mode & std::filesystem::perms::owner_exec) != std::filesystem::perms::none);
    CHECK(read_text(path).find("set -euo pipefail") != std::string::npos);
  }
  CHECK(read_text(source_root() / ".ci/run").find("scripts/check") != std::string::npos);
}
