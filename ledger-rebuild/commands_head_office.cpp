// init, enrol, log-key, revoke: head office's key and roster.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>

#include "core/disk/file.h"
#include "core/tlog/note.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/head_office.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;

struct InitArguments {
  std::string directory;
  std::string origin;
  bool in_clear = false;
};

Result<int> init(const InitArguments& a) {
  TRY_ASSIGN(const HeadOffice office,
             HeadOffice::create(a.directory, a.origin,
                                a.in_clear ? Payloads::kInClear : Payloads::kSealed));
  std::printf("origin %s\nkey %s\n", office.origin().c_str(), office.public_key().hex().c_str());
  return 0;
}

struct EnrolArguments {
  std::string directory;
  std::string request;
};

Result<int> enrol(const EnrolArguments& a) {
  TRY_ASSIGN(const auto content, core::disk::posix_filesystem().content(a.request));
  const auto request = core::envelope::parse_enrol_request(core::as_text(content.bytes));
  if (!request) return fail(request.error().code, a.request + ": " + request.error().what);
  TRY_ASSIGN(HeadOffice office, HeadOffice::open(a.directory));
  TRY_ASSIGN(const auto answers, office.enrol(std::span(&*request, 1)));
  const Enrolled& answer = answers.front();
  std::printf("till %s\nepoch %s\nentry %s\norigin %s\n", to_string(answer.till).c_str(),
              to_string(answer.epoch).c_str(), answer.entry.hex().c_str(), office.origin().c_str());
  return 0;
}

struct LogKeyArguments {
  std::string directory;
  std::string key;
};

Result<int> log_key(const LogKeyArguments& a) {
  TRY_ASSIGN(HeadOffice office, HeadOffice::open(a.directory));
  const auto verifier = core::tlog::NoteVerifier::parse(a.key);
  if (!verifier) return fail(Errc::kUsage, "--key: " + verifier.error().what);
  if (verifier->name() != office.origin()) {
    return fail(Errc::kUsage, "--key: of the log '" + verifier->name() +
                                  "'; this head office's is '" + office.origin() + "'");
  }
  TRY(office.name_log_key(verifier->key()));
  std::printf("log key %s\n", verifier->vkey().c_str());
  return 0;
}

struct RevokeArguments {
  std::string directory;
  std::uint32_t store = 0;
  std::uint32_t till = 0;
  std::uint32_t epoch = 0;
};

Result<int> revoke(const RevokeArguments& a) {
  TRY_ASSIGN(HeadOffice office, HeadOffice::open(a.directory));
  const core::TillRef till{core::StoreId{a.store}, core::TillId{a.till}};
  const core::Epoch epoch{a.epoch != 0 ? a.epoch : office.roster().latest_epoch(till).value};
  TRY(office.revoke(till, epoch));
  std::printf("revoked till %s\nepoch %s\n", to_string(till).c_str(), to_string(epoch).c_str());
  return 0;
}

}  // namespace

void add_init(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("init", "Make head office's key and an empty roster");
  auto a = std::make_shared<InitArguments>();
  command->add_option("--dir", a->directory, "Head-office directory; created when missing")
      ->required();
  command->add_option("--origin", a->origin, "Name of the log, for example example.com/shops")
      ->required();
  command->add_flag("--in-clear", a->in_clear,
                    "Make no sealing key: whoever holds the log can read the tills' figures");
  command->footer(
      "Example:\n  daybook-rebuild init --dir head-office --origin example.com/shops\n"
      "Keep head-office.key and sealing.key secret, and a copy of both in a safe: without\n"
      "sealing.key nobody can read what the tills sealed. The other files may be copied to "
      "whoever\n"
      "checks.");
  command->callback([a, &exit_code] { exit_code = finish(init(*a)); });
}

void add_enrol(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("enrol", "Put a till's key on the roster");
  auto a = std::make_shared<EnrolArguments>();
  command->add_option("--dir", a->directory, "Head-office directory")->required();
  command->add_option("--request", a->request, "The till's request file")->required();
  command->footer(
      "Example:\n  daybook-rebuild enrol --dir head-office --request till-4-1.request\n"
      "Prints the epoch and the entry id that the till starts its chain with. A till that is\n"
      "enrolled again, with a new key, gets the next epoch. The request is signed with the key "
      "that\n"
      "it asks for, over the log's origin: nobody can enrol a key that is not his.");
  command->callback([a, &exit_code] { exit_code = finish(enrol(*a)); });
}

void add_log_key(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("log-key", "Name the key that signs the log's checkpoints");
  auto a = std::make_shared<LogKeyArguments>();
  command->add_option("--dir", a->directory, "Head-office directory")->required();
  command->add_option("--key", a->key, "The key as daybook-relay init or key prints it")
      ->required();
  command->footer(
      "Example:\n  daybook-rebuild log-key --dir head-office --key \"$(daybook-relay key shops)\"\n"
      "Tills that join with the new roster check their receipts with it.");
  command->callback([a, &exit_code] { exit_code = finish(log_key(*a)); });
}

void add_revoke(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("revoke", "Take a till's key back");
  auto a = std::make_shared<RevokeArguments>();
  command->add_option("--dir", a->directory, "Head-office directory")->required();
  command->add_option("--store", a->store, "Store number")->required();
  command->add_option("--till", a->till, "Till number in its store")->required();
  command->add_option("--epoch", a->epoch, "Which of its keys; default: the latest");
  command->footer(
      "Example:\n  daybook-rebuild revoke --dir head-office --store 4 --till 1\n"
      "Give the new roster to the relay (SIGHUP): from then on it accepts nothing new from the "
      "key.");
  command->callback([a, &exit_code] { exit_code = finish(revoke(*a)); });
}

}  // namespace rebuild
