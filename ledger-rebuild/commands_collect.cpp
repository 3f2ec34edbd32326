// collect: the backups that tills left at the relay.
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/wire/endpoint.h"
#include "ledger-rebuild/collect.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/head_office.h"

namespace rebuild {
namespace {

using core::Result;

struct CollectArguments {
  std::string head_office;
  std::string relay;
  std::string to;
  bool keep = false;
  bool json = false;
};

Result<int> run_collect(const CollectArguments& a) {
  TRY_ASSIGN(const auto roster, read_roster(a.head_office));
  TRY_ASSIGN(const auto credential, read_credential(a.head_office, roster));
  TRY_ASSIGN(auto endpoint, core::wire::parse_endpoint(a.relay));
  core::wire::RelayClient client(std::move(endpoint));
  if (credential) client.sign_reads(*credential);
  core::wire::BackupBox box(client);
  TRY_ASSIGN(const Collected done,
             collect(box, roster, a.to, a.keep ? AtTheRelay::kKeep : AtTheRelay::kRemove));
  if (a.json) {
    const nlohmann::ordered_json out = {{"parts", done.parts},
                                        {"tills", done.tills},
                                        {"written", done.written},
                                        {"bytes", done.bytes},
                                        {"troubles", done.troubles}};
    std::printf("%s\n", out.dump().c_str());
    return done.troubles.empty() ? 0 : 1;
  }
  std::printf("%llu parts of %llu tills waited, %llu are new in %s, %llu bytes\n",
              static_cast<unsigned long long>(done.parts),
              static_cast<unsigned long long>(done.tills),
              static_cast<unsigned long long>(done.written), a.to.c_str(),
              static_cast<unsigned long long>(done.bytes));
  for (const std::string& trouble : done.troubles) {
    std::fprintf(stderr, "daybook-rebuild: left at the relay: %s\n", trouble.c_str());
  }
  return done.troubles.empty() ? 0 : 1;
}

}  // namespace

void add_collect(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("collect", "Bring the backups that tills left at the relay here");
  auto a = std::make_shared<CollectArguments>();
  command
      ->add_option("--head-office", a->head_office,
                   "Directory with head office's key, origin and roster.cbor")
      ->required();
  command->add_option("--relay", a->relay, "The relay's URL")->required();
  command->add_option("--to", a->to, "Directory for them, one below it for each till")->required();
  command->add_flag("--keep", a->keep, "Leave them at the relay as well");
  command->add_flag("--json", a->json, "JSON");
  command->footer(
      "Example:\n  daybook-rebuild collect --head-office head-office --relay "
      "https://relay.example --to backups\n"
      "Each part is synced to the disk here before the relay forgets it. Do it every night: a\n"
      "relay keeps so much for each till and no more. Then recover --from backups/4-1.\n"
      "Exit status: 0 all came; 1 a part did not, which is named; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_collect(*a)); });
}

}  // namespace rebuild
