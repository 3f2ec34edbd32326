// Documents: links lead somewhere, named programs and options exist, the shell tour runs.
#include <doctest/doctest.h>

#include "tests/support/process.h"
#include "tests/support/source_tree.h"
#include "tests/support/temp_dir.h"

using namespace test;

namespace {

std::set<std::string> documents() {
  auto files = files_below({"docs", "seeds"}, {".md"});
  for (const char* file : {"README.md", "CHANGELOG.md"}) {
    if (std::filesystem::exists(source_root() / file)) files.insert(file);
  }
  return files;
}

// The fenced blocks of a language.
std::vector<std::string> blocks(const std::string& text, const std::string& language) {
  std::vector<std::string> out;
  const std::string fence = "```" + language + "\n";
  for (std::size_t at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    const std::size_t start = at + fence.size();
    const std::size_t end = text.find("\n```", start);
    REQUIRE(end != std::string::npos);
    out.push_back(text.substr(start, end - start + 1));
    at = end;
  }
  return out;
}

}  // namespace

TEST_CASE("every relative link in a document leads to a file") {
  static const std::regex kLink("\\]\\(([^)#:]+)(#[^)]*)?\\)");
  int links = 0;
  for (const std::string& document : documents()) {
    const std::string text = read_text(source_root() / document);
    for (std::sregex_iterator it(text.begin(), text.end(), kLink), end; it != end; ++it) {
      const auto target = (source_root() / document).parent_path() / (*it)[1].str();
      CAPTURE(document);
      CAPTURE(target.string());
      CHECK(std::filesystem::exists(target));
      ++links;
    }
  }
  CHECK(links > 10);
}

TEST_CASE("every command that a document shows is one that its program has") {
  static const std::regex kCommand("(daybook-(?:till|relay|rebuild)) ([a-z]+)((?: +[^|`\n]*)?)");
  static const std::regex kFlag("--[a-z][a-z-]*");
  std::map<std::string, std::string> help;
  int commands = 0;
  for (const std::string& document : documents()) {
    std::string text;
    const std::string whole = read_text(source_root() / document);
    for (const char* language : {"sh", "console"}) {
      for (const std::string& block : blocks(whole, language)) text += block;
    }
    text = std::regex_replace(text, std::regex("\\\\\n *"), " ");
    for (std::sregex_iterator it(text.begin(), text.end(), kCommand), end; it != end; ++it) {
      const std::string program = (*it)[1];
      const std::string name = (*it)[2];
      CAPTURE(document);
      CAPTURE(it->str());
      std::string& words = help[program + " " + name];
      if (words.empty()) {
        const auto outcome = run({std::string(DAYBOOK_BIN_DIR) + "/" + program, name, "--help"});
        CHECK(outcome.status == 0);
        words = outcome.out + "\n--help";
      }
      const std::string rest = (*it)[3];
      for (std::sregex_iterator flag(rest.begin(), rest.end(), kFlag); flag != end; ++flag) {
        CAPTURE(flag->str());
        CHECK(words.find(flag->str()) != std::string::npos);
      }
      ++commands;
    }
  }
  CHECK(commands > 10);
}

namespace {

// What the page says that comes out, comes out: each line of its text blocks, in this order.
void check_tour(const std::string& page) {
  CAPTURE(page);
  const std::string text = read_text(source_root() / page);
  // What it started ends with it, also when it fails half-way.
  std::string script =
      "set -euo pipefail\ntrap 'xargs -r kill <<<\"$(jobs -p)\"' EXIT\nexport PATH=" +
      std::string(DAYBOOK_BIN_DIR) + ":$PATH\nSEEDS=" + (source_root() / "seeds").string() + "\n";
  const auto steps = blocks(text, "sh");
  REQUIRE(steps.size() >= 5);
  for (const std::string& step : steps) script += step;
  const TempDir directory;
  const auto outcome = run({"bash", "-c", "cd " + directory.path().string() + "\n" + script});
  CHECK_MESSAGE(outcome.status == 0, outcome.out, outcome.err);
  std::size_t at = 0;
  for (const std::string& block : blocks(text, "text")) {
    std::size_t start = 0;
    while (start < block.size()) {
      const std::size_t end = block.find('\n', start);
      const std::string line = block.substr(start, end - start);
      start = end + 1;
      if (line.find("...") != std::string::npos || line.empty()) continue;  // differs each time
      CAPTURE(line);
      const std::size_t found = outcome.out.find(line, at);
      CHECK(found != std::string::npos);
      if (found != std::string::npos) at = found + line.size();
    }
  }
}

}  // namespace

TEST_CASE("the tour of a day at the till runs as written") {
  check_tour("docs/a-day-at-the-till.md");
}

TEST_CASE("the day in a shop with a cashier's console runs as written") {
  check_tour("docs/till.md");
}

TEST_CASE("a head office's year with its fleet runs as written") {
  check_tour("docs/running-a-fleet.md");
}
