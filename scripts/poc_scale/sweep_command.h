// The entry point of the sweep: the one thing of this room that another room uses.
#pragma once

namespace CLI {
class App;
}

namespace sweep {

// Adds `sweep` to daybook-rebuild's subcommands. `exit_status` is set when it has run: 0 every
// claim holds, 1 one does not, 2 wrong usage.
void add_sweep_command(CLI::App& app, int& exit_status);

}  // namespace sweep
