// The relay cannot decode a summary: its program holds no symbol of core::retail.
#include <doctest/doctest.h>

#include <filesystem>

#include "tests/support/process.h"

namespace {

constexpr const char* kRetail = "core::retail::";

std::string symbols_of(const std::string& program) {
  const auto nm = test::run({"nm", "-C", std::string(DAYBOOK_BIN_DIR) + "/" + program});
  REQUIRE(nm.status == 0);
  return nm.out;
}

}  // namespace

TEST_CASE("the relay's program holds no symbol of core::retail") {
  const std::string symbols = symbols_of("daybook-relay");
  CHECK(symbols.find("relay::Sequencer::") != std::string::npos);  // nm saw the program
  CHECK(symbols.find("core::envelope::") != std::string::npos);
  CHECK(symbols.find(kRetail) == std::string::npos);
}

TEST_CASE("this test sees core::retail where it is") {
  int looked_at = 0;
  for (const char* program : {"daybook-till", "daybook-rebuild"}) {
    if (!std::filesystem::exists(std::string(DAYBOOK_BIN_DIR) + "/" + program)) continue;
    CAPTURE(program);
    CHECK(symbols_of(program).find(kRetail) != std::string::npos);
    ++looked_at;
  }
  if (looked_at == 0) MESSAGE("neither daybook-till nor daybook-rebuild is built here");
}
