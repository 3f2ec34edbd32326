// daybook-rebuild: head office's program. Lists the subcommands and nothing else.
#include <CLI/CLI.hpp>

#include "ledger-rebuild/commands.h"
#include "scripts/poc_scale/sweep_command.h"

int main(int argc, char** argv) {
  CLI::App app{
      "Head office: keys and roster, the tills' log to double-entry books, reports and checks.\n"
      "Exit status of every command: 0 done, 1 the data says no, 2 wrong usage."};
  app.require_subcommand(1);
  app.footer("'daybook-rebuild COMMAND --help' shows examples.");
  int exit_code = 0;
  rebuild::add_init(app, exit_code);
  rebuild::add_enrol(app, exit_code);
  rebuild::add_log_key(app, exit_code);
  rebuild::add_revoke(app, exit_code);
  rebuild::add_settle(app, exit_code);
  rebuild::add_office_key(app, exit_code);
  rebuild::add_catalog(app, exit_code);
  rebuild::add_import(app, exit_code);
  rebuild::add_price(app, exit_code);
  rebuild::add_dispatch(app, exit_code);
  rebuild::add_staff(app, exit_code);
  rebuild::add_till_settings(app, exit_code);
  rebuild::add_firmware(app, exit_code);
  rebuild::add_notices(app, exit_code);
  rebuild::add_close_period(app, exit_code);
  rebuild::add_send(app, exit_code);
  rebuild::add_replay(app, exit_code);
  rebuild::add_report(app, exit_code);
  rebuild::add_completeness(app, exit_code);
  rebuild::add_deliveries(app, exit_code);
  rebuild::add_figures(app, exit_code);
  rebuild::add_page(app, exit_code);
  rebuild::add_products(app, exit_code);
  rebuild::add_merge(app, exit_code);
  rebuild::add_split(app, exit_code);
  rebuild::add_undo(app, exit_code);
  rebuild::add_export(app, exit_code);
  rebuild::add_reconcile(app, exit_code);
  rebuild::add_verify(app, exit_code);
  rebuild::add_recover(app, exit_code);
  rebuild::add_collect(app, exit_code);
  rebuild::add_serve(app, exit_code);
  rebuild::add_holds(app, exit_code);
  sweep::add_sweep_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return exit_code;
}
