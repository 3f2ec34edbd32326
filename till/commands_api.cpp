// Commands of a till that stays open: run, and what talks to it.
#include "till/api/run.h"
#include "till/command_support.h"
#include "till/shell/shell.h"

namespace till {

using core::Result;

Result<void> run_run(const CommandWords& words, const core::Clock& clock) {
  if (words.socket.empty() && words.http.empty()) {
    return core::fail(core::Errc::kUsage, "name --socket PATH, --http ADDRESS:PORT, or both");
  }
  TRY_ASSIGN(Till till, open_till(words));
  return api::run(till, clock, {words.socket, words.http, words.origins},
                  [](const std::string& line) { print(line + "\n"); });
}

Result<void> run_shell(const CommandWords& words) {
  return shell::run_shell(words.socket);
}

}  // namespace till
