// Operators from the shell: PINs from files, descriptors, stdin and a terminal; approvals; verify.
#include <doctest/doctest.h>
#include <pty.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace {

using Words = std::vector<std::string>;
using Json = nlohmann::json;

const std::string kProgram = std::string(DAYBOOK_BIN_DIR) + "/daybook-till";
const std::string kRebuild = std::string(DAYBOOK_BIN_DIR) + "/daybook-rebuild";
const std::string kCatalog = std::string(DAYBOOK_SOURCE_DIR) + "/seeds/gardenworld.json";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A till that joined, with a manager (1) and a cashier (3).
class Desk {
 public:
  Desk() {
    write_pin("mary", "470113");
    write_pin("cleo", "8093");
    write_pin("wrong", "6174");
    const std::string office = file("office");
    REQUIRE(test::run({kRebuild, "init", "--dir", office, "--origin", "shop/log"}).status == 0);
    done("init", {"--store", "4", "--till", "1", "--origin", "shop/log", "--catalog", kCatalog,
                  "--request", file("request")});
    REQUIRE(test::run({kRebuild, "enrol", "--dir", office, "--request", file("request")}).status ==
            0);
    const core::Bytes key = test::read_file(office + "/head-office.pub");
    done("join", {"--roster", office + "/roster.cbor", "--head-office",
                  std::string(core::as_text(key)).substr(0, 64)});
    done("operator", {"add", "--id", "1", "--name", "Mary", "--role", "manager", "--new-pin-file",
                      file("mary")});
    done("operator", as("1", "mary",
                        {"add", "--id", "3", "--name", "Cleo", "--role", "cashier",
                         "--new-pin-file", file("cleo")}));
    done("open", as("1", "mary", {"--day", "2026-11-21"}));
  }

  std::string file(const std::string& name) const { return (dir_ / name).string(); }
  Words as(const std::string& id, const std::string& pin, Words words) const {
    words.insert(words.end(), {"--operator", id, "--pin-file", file(pin)});
    return words;
  }
  test::Outcome till(const std::string& command, const Words& more) const {
    Words argv = {kProgram, command, "--journal", file("till.db")};
    argv.insert(argv.end(), more.begin(), more.end());
    return test::run(argv);
  }
  std::string done(const std::string& command, const Words& more) const {
    const test::Outcome outcome = till(command, more);
    CAPTURE(command);
    REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
    return outcome.out;
  }
  void refused(int status, const std::string& says, const std::string& command,
               const Words& more) const {
    const test::Outcome outcome = till(command, more);
    CAPTURE(command);
    CHECK(outcome.status == status);
    CHECK_MESSAGE(contains(outcome.err, says), outcome.err);
    CHECK(outcome.out.empty());
  }
  void write_pin(const std::string& name, const std::string& digits, ::mode_t mode = 0600) const {
    test::write_file(dir_ / name, core::as_bytes(digits + "\n"));
    REQUIRE(::chmod(file(name).c_str(), mode) == 0);
  }

 private:
  test::TempDir dir_;
};

struct Seen {
  int status = -1;
  std::string shown;
};

// Runs a command at a terminal of its own, types `typed` at each prompt, and returns what the
// terminal showed.
Seen at_terminal(const Words& argv, const Words& typed) {
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  REQUIRE(child >= 0);
  if (child == 0) {
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(127);
  }
  std::string shown;
  std::size_t answered = 0;
  std::size_t prompts_before = 0;
  char buffer[512];
  while (true) {
    const ssize_t got = ::read(terminal, buffer, sizeof buffer);
    if (got <= 0) break;  // EIO: the program ended
    shown.append(buffer, static_cast<std::size_t>(got));
    const std::size_t prompt = shown.find(": ", prompts_before);
    if (prompt != std::string::npos && contains(shown.substr(prompts_before), "PIN of operator") &&
        answered < typed.size()) {
      prompts_before = prompt + 2;
      const std::string line = typed[answered++] + "\n";
      REQUIRE(::write(terminal, line.data(), line.size()) == static_cast<ssize_t>(line.size()));
    }
  }
  ::close(terminal);
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, shown};
}

}  // namespace

TEST_CASE("operators sell, and are refused, approved and told of from the shell") {
  const Desk desk;
  desk.refused(1, "not-permitted", "ring", {"--line", "145"});
  desk.refused(1, "wrong-pin", "ring", desk.as("3", "wrong", {"--line", "145"}));
  CHECK(contains(desk.done("ring", desk.as("3", "cleo", {"--line", "145"})), "invoice-000001"));
  const Words cancel = desk.as("3", "cleo", {"--invoice", "1", "--reason", "wrong set"});
  desk.refused(1, "may not: void", "void", cancel);
  Words approved = cancel;
  approved.insert(approved.end(), {"--approver", "1", "--approver-pin-file", desk.file("mary")});
  CHECK(contains(desk.done("void", approved), "voided"));
  desk.refused(1, "not-permitted", "show", {"day"});
  CHECK(contains(desk.done("show", desk.as("1", "mary", {"day"})), "X report"));
  desk.done("operator", desk.as("3", "cleo", {"clock-in"}));
  desk.done("operator", desk.as("3", "cleo", {"clock-out"}));
  const Json hours = Json::parse(desk.done("show", desk.as("1", "mary", {"hours", "--json"})));
  CHECK(hours["shifts"].size() == 1);
  CHECK(hours["shifts"][0]["operator"] == 3);
  desk.done("close", desk.as("1", "mary", {"--counted", "0.00"}));
  const Json audit = Json::parse(desk.done("show", {"audit", "--json"}));
  std::map<std::string, int> events;
  for (const Json& row : audit) ++events[row["event"].get<std::string>()];
  CHECK(events["operator-made"] == 2);
  CHECK(events["pin-failed"] == 1);
  CHECK(events["approved"] == 1);
  CHECK(events["day-opened"] == 1);
  CHECK(events["day-closed"] == 1);
  const std::string verified = desk.done("verify", {});
  CHECK(contains(verified, std::to_string(audit.size()) + " audit rows"));
  CHECK(verified == desk.done("check", {}));
}

TEST_CASE("a PIN comes from a file of its owner's, a descriptor or stdin, never from a word") {
  const Desk desk;
  const auto shell = [&](const std::string& script) {
    return test::run({"bash", "-c",
                      "export DAYBOOK_JOURNAL=" + desk.file("till.db") +
                          "; PATH=" DAYBOOK_BIN_DIR ":$PATH; " + script});
  };
  CHECK(shell("printf '8093\\n' | daybook-till ring --line 145 --operator 3 --pin-file -").status ==
        0);
  CHECK(shell("daybook-till ring --line 145 --operator 3 --pin-file /dev/fd/5 5< <(echo 8093)")
            .status == 0);
  // Several, in their order: operator, approver, new one.
  CHECK(shell("printf '8093\\n470113\\n' | daybook-till no-sale --reason x --operator 3 "
              "--pin-file - --approver 1 --approver-pin-file -")
            .status == 0);
  CHECK(shell("printf '8093\\n55013\\n' | daybook-till operator change --id 3 --operator 3 "
              "--pin-file - --new-pin-file -")
            .status == 0);
  CHECK(shell("echo 55013 | daybook-till ring --line 145 --operator 3 --pin-file -").status == 0);
  desk.write_pin("open", "55013", 0644);
  desk.refused(1, "chmod 600", "ring", desk.as("3", "open", {"--line", "145"}));
  desk.refused(1, "not-found", "ring", desk.as("3", "none", {"--line", "145"}));
  desk.write_pin("long", "5501355013550135501355013");
  desk.refused(2, "4 to 12 digits", "ring", desk.as("3", "long", {"--line", "145"}));
  const auto no_terminal = test::run({"setsid", "-w", kProgram, "ring", "--line", "145",
                                      "--operator", "3", "--journal", desk.file("till.db")});
  CHECK(no_terminal.status == 2);
  CHECK_MESSAGE(contains(no_terminal.err, "no terminal to ask at"), no_terminal.err);
  desk.refused(2, "need --operator", "ring", {"--line", "145", "--pin-file", desk.file("cleo")});
}

TEST_CASE("a PIN that is typed at the terminal is not shown") {
  const Desk desk;
  const Words ring = {kProgram,     "ring", "--line", "145", "--journal", desk.file("till.db"),
                      "--operator", "3"};
  const Seen right = at_terminal(ring, {"8093"});
  CHECK_MESSAGE(right.status == 0, right.shown);
  CHECK(contains(right.shown, "PIN of operator 3: "));
  CHECK(contains(right.shown, "invoice-000001"));
  CHECK_FALSE(contains(right.shown, "8093"));
  const Seen wrong = at_terminal(ring, {"6174"});
  CHECK(wrong.status == 1);
  CHECK(contains(wrong.shown, "wrong-pin"));
  CHECK_FALSE(contains(wrong.shown, "6174"));
}

TEST_CASE("wrong PINs from the shell lock an operator out until a manager unlocks") {
  const Desk desk;
  for (int n = 1; n < 5; ++n) {
    desk.refused(1, "wrong-pin", "operator", desk.as("3", "wrong", {"clock-in"}));
  }
  desk.refused(1, "locked-out", "operator", desk.as("3", "wrong", {"clock-in"}));
  desk.refused(1, "locked-out", "ring", desk.as("3", "cleo", {"--line", "145"}));
  CHECK(contains(desk.done("operator", {"list"}), "Cleo  cashier, locked out"));
  desk.refused(1, "not-permitted", "operator", {"unlock", "--id", "3"});
  desk.done("operator", desk.as("1", "mary", {"unlock", "--id", "3"}));
  desk.done("ring", desk.as("3", "cleo", {"--line", "145"}));
  CHECK(contains(desk.done("verify", {}), "sound"));
}
