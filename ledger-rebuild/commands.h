// Commands: the subcommands of daybook-rebuild, each added to the program by one function.
// `exit_code` is set when the subcommand has run: 0 done, 1 the data says no, 2 wrong usage.
#pragma once

namespace CLI {
class App;
}

namespace rebuild {

void add_init(CLI::App& app, int& exit_code);
void add_enrol(CLI::App& app, int& exit_code);
void add_log_key(CLI::App& app, int& exit_code);
void add_revoke(CLI::App& app, int& exit_code);
void add_settle(CLI::App& app, int& exit_code);
void add_office_key(CLI::App& app, int& exit_code);
void add_catalog(CLI::App& app, int& exit_code);
void add_import(CLI::App& app, int& exit_code);
void add_price(CLI::App& app, int& exit_code);
void add_dispatch(CLI::App& app, int& exit_code);
void add_staff(CLI::App& app, int& exit_code);
void add_till_settings(CLI::App& app, int& exit_code);
void add_firmware(CLI::App& app, int& exit_code);
void add_notices(CLI::App& app, int& exit_code);
void add_close_period(CLI::App& app, int& exit_code);
void add_send(CLI::App& app, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_report(CLI::App& app, int& exit_code);
void add_completeness(CLI::App& app, int& exit_code);
void add_deliveries(CLI::App& app, int& exit_code);
void add_figures(CLI::App& app, int& exit_code);
void add_page(CLI::App& app, int& exit_code);
void add_products(CLI::App& app, int& exit_code);
void add_merge(CLI::App& app, int& exit_code);
void add_split(CLI::App& app, int& exit_code);
void add_undo(CLI::App& app, int& exit_code);
void add_export(CLI::App& app, int& exit_code);
void add_reconcile(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_recover(CLI::App& app, int& exit_code);
void add_collect(CLI::App& app, int& exit_code);
void add_serve(CLI::App& app, int& exit_code);
void add_holds(CLI::App& app, int& exit_code);

}  // namespace rebuild
