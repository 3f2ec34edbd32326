// Arrows between rooms: who may include whom, and no cycles between headers.
#include <doctest/doctest.h>

#include <functional>
#include <map>

#include "tests/support/source_tree.h"

using namespace test;

namespace {

// Room -> rooms that it may include, besides itself. docs/architecture.md shows the same as a
// picture.
const std::map<std::string, std::set<std::string>> kAllowed = {
    {"core/base", {}},
    {"core/disk", {"core/base"}},
    {"core/sql", {"core/base"}},
    {"core/sqlite", {"core/base", "core/sql"}},
    {"core/postgres", {"core/base", "core/sql"}},
    {"core/envelope", {"core/base"}},
    {"core/journal", {"core/base", "core/envelope", "core/sqlite"}},
    {"core/tlog", {"core/base", "core/envelope"}},
    {"core/tls", {"core/base"}},
    {"core/wire", {"core/base", "core/envelope", "core/tls"}},
    {"core/retail", {"core/base", "core/envelope"}},
    {"relay", {"core/base", "core/disk", "core/envelope", "core/tlog", "core/tls", "core/wire"}},
    {"till",
     {"core/base", "core/disk", "core/envelope", "core/journal", "core/retail", "core/sqlite",
      "core/tlog", "core/wire"}},
    {"ledger-rebuild",
     {"core/base", "core/disk", "core/envelope", "core/journal", "core/postgres", "core/retail",
      "core/sql", "core/sqlite", "core/tlog", "core/tls", "core/wire"}},
    {"scripts/poc_scale",
     {"core/base", "core/disk", "core/envelope", "core/journal", "core/retail", "core/sql",
      "core/sqlite", "core/tlog", "core/wire", "till", "ledger-rebuild"}},
};

// The one arrow into the sweep: its entry point, from the program's main.
constexpr const char* kSweepEntry = "scripts/poc_scale/sweep_command.h";

std::string room_of(const std::string& file) {
  for (const auto& [room, allowed] : kAllowed) {
    if (file.starts_with(room + "/")) return room;
  }
  return {};
}

std::set<std::string> sources() {
  return files_below({"core", "relay", "till", "ledger-rebuild", "scripts/poc_scale"},
                     {".h", ".cpp"});
}

}  // namespace

TEST_CASE("every source file is in a room, and includes only what its room may use") {
  int seen = 0;
  for (const std::string& file : sources()) {
    CAPTURE(file);
    const std::string room = room_of(file);
    CHECK_FALSE(room.empty());
    for (const std::string& included : includes_of(file)) {
      CAPTURE(included);
      const std::string other = room_of(included);
      if (other.empty() || other == room) continue;
      if (file == "ledger-rebuild/main.cpp" && included == kSweepEntry) continue;
      CHECK(kAllowed.at(room).contains(other));
      ++seen;
    }
  }
  CHECK(seen > 100);  // the check sees arrows at all
}

TEST_CASE("no header includes itself by way of others") {
  std::map<std::string, int> state;  // 1: on the path, 2: done
  std::function<void(const std::string&)> visit = [&](const std::string& file) {
    state[file] = 1;
    for (const std::string& included : includes_of(file)) {
      if (room_of(included).empty()) continue;
      CAPTURE(file);
      CAPTURE(included);
      CHECK(state[included] != 1);
      if (state[included] == 0) visit(included);
    }
    state[file] = 2;
  };
  for (const std::string& file : sources()) {
    if (state[file] == 0) visit(file);
  }
}

TEST_CASE("the auditor shares no code with tills, messages or posting rules") {
  std::set<std::string> reached;
  std::function<void(const std::string&)> visit = [&](const std::string& file) {
    if (!reached.insert(file).second) return;
    for (const std::string& included : includes_of(file)) visit(included);
  };
  visit("scripts/poc_scale/auditor.cpp");
  visit("scripts/poc_scale/receipts_file.cpp");
  CHECK(reached.contains("core/base/result.h"));  // the walk walks
  for (const std::string& file : reached) {
    CAPTURE(file);
    const bool allowed = file.starts_with("core/base/") ||
                         file.starts_with("scripts/poc_scale/auditor.") ||
                         file.starts_with("scripts/poc_scale/receipts_file.");
    CHECK(allowed);
  }
}

TEST_CASE("OpenSSL is included by core/tls, and for SHA-256 by one file") {
  int seen = 0;
  for (const std::string& file : sources()) {
    CAPTURE(file);
    if (read_text(source_root() / file).find("#include <openssl/") == std::string::npos) continue;
    CHECK((room_of(file) == "core/tls" || file == "core/envelope/keys.cpp"));
    ++seen;
  }
  CHECK(seen > 0);  // the check sees them at all
}

TEST_CASE("libpq is included by core/postgres, and that by the one file that opens the books") {
  int seen = 0;
  for (const std::string& file : sources()) {
    CAPTURE(file);
    if (read_text(source_root() / file).find("#include <libpq") != std::string::npos) {
      CHECK(room_of(file) == "core/postgres");
      ++seen;
    }
    for (const std::string& included : includes_of(file)) {
      if (room_of(included) != "core/postgres" || room_of(file) == "core/postgres") continue;
      CHECK(file == "ledger-rebuild/books_database.cpp");
      ++seen;
    }
  }
  CHECK(seen == 2);
}

TEST_CASE(
    "Boost reaches two translation units of the relay, and one each of client, till and head "
    "office") {
  std::map<std::string, int> units;  // by room
  for (const std::string& file : sources()) {
    if (!file.ends_with(".cpp")) continue;
    std::set<std::string> reached;
    bool boost = false;
    std::function<void(const std::string&)> visit = [&](const std::string& at) {
      if (room_of(at).empty() || !reached.insert(at).second) return;
      boost = boost || read_text(source_root() / at).find("#include <boost/") != std::string::npos;
      for (const std::string& included : includes_of(at)) visit(included);
    };
    visit(file);
    if (boost) ++units[room_of(file)];
  }
  // Asio in relay/server.cpp, Beast in relay/worker.cpp, both in till/api/http.cpp and
  // ledger-rebuild/balance_server.cpp.
  CHECK(units == std::map<std::string, int>{
                     {"core/wire", 1}, {"ledger-rebuild", 1}, {"relay", 2}, {"till", 1}});
}
