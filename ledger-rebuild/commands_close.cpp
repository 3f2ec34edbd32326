// close-period, send: head office's decisions, signed and into the log.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "core/envelope/key_files.h"
#include "ledger-rebuild/close_period.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/notices.h"
#include "ledger-rebuild/send.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;

// Keys for tills that were enrolled since, and new ones for all when one was taken back.
Result<void> renew_notices(const std::string& head_office) {
  TRY_ASSIGN(const auto file, core::envelope::read_roster_file(head_office));
  if (!file.roster.sealing_key() || file.roster.office() == nullptr) return {};
  std::error_code error;
  const auto sealing_key = std::filesystem::path(head_office) / core::envelope::kSealingFile;
  if (!std::filesystem::exists(sealing_key, error)) return {};  // elsewhere: nothing can be told
  TRY_ASSIGN(Notices notices, Notices::open(head_office));
  TRY_ASSIGN(const Told told, notices.refresh());
  if (told.keys > 0) std::printf("signed keys for %zu tills\n", told.keys);
  return {};
}

// Sends all that there is: what the log has already is answered so.
Result<void> send_all(const std::string& head_office, const std::string& relay, Pieces which) {
  TRY_ASSIGN(const auto endpoint, core::wire::parse_endpoint(relay));
  const auto renewed = renew_notices(head_office);
  TRY_ASSIGN(const SignedMessages messages, signed_messages(head_office));
  // First: whatever is wrong with notices, a key that was taken back is.
  TRY_ASSIGN(Sent sent, send_messages(messages.bulletins, endpoint));
  const auto pieces = send_blobs(head_office, endpoint, which);
  if (renewed && pieces) {
    TRY_ASSIGN(const Sent notices, send_messages(messages.notices, endpoint));
    sent.all += notices.all;
    sent.accepted += notices.accepted;
  }
  if (pieces && *pieces > 0) {
    std::printf("sent %llu pieces of notices\n", static_cast<unsigned long long>(*pieces));
  }
  std::printf("sent %llu bulletins, %llu of them new to the log\n",
              static_cast<unsigned long long>(sent.all),
              static_cast<unsigned long long>(sent.accepted));
  if (!renewed) return fail(renewed.error().code, "notices were not sent: " + renewed.error().what);
  if (!pieces) return fail(pieces.error().code, "notices were not sent: " + pieces.error().what);
  return {};
}

struct CloseArguments {
  std::string head_office;
  std::string books;
  std::string through;
  std::string relay;
  std::int32_t quiet = 2;
  bool incomplete = false;
  bool dry_run = false;
};

Result<int> run_close(const CloseArguments& a) {
  TRY_ASSIGN(const auto last, parse_day(a.through, "--through"));
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const ClosePlan plan, plan_close(books, *last, a.quiet));
  const bool complete = plan.outstanding.clean();
  if (!complete) {
    std::fputs(completeness_text(plan.outstanding, {}, 20).c_str(), stderr);
    if (!a.incomplete && !a.dry_run) {
      return fail(Errc::kState, "not every till is all in through " + a.through +
                                    "; nothing was closed. With --incomplete what is outstanding "
                                    "becomes a correction when it comes");
    }
  }
  if (a.dry_run) {
    std::printf("would close through %s: %zu keys named\n", a.through.c_str(), plan.covered.size());
    return complete ? 0 : 1;
  }
  TRY_ASSIGN(Decisions decisions, open_decisions(a.head_office));
  TRY(check_replayed(books, decisions));
  const auto payloads = close_payloads(*last, plan.covered);
  TRY(decisions.sign(payloads));
  std::printf("closed through %s: %zu keys named in %zu bulletins\n", a.through.c_str(),
              plan.covered.size(), payloads.size());
  if (a.relay.empty()) {
    std::printf("not sent; daybook-rebuild send does\n");
    return 0;
  }
  TRY(send_all(a.head_office, a.relay, Pieces::kNew));
  return 0;
}

struct SendArguments {
  std::string head_office;
  std::string relay;
  bool again = false;
};

Result<int> run_send(const SendArguments& a) {
  TRY(send_all(a.head_office, a.relay, a.again ? Pieces::kAll : Pieces::kNew));
  return 0;
}

}  // namespace

void add_close_period(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "close-period", "Close the days up to one: what comes later for them is a correction");
  auto a = std::make_shared<CloseArguments>();
  command->add_option("--head-office", a->head_office, "Head-office directory")->required();
  command->add_option("--books", a->books, kBooksHelp)->required();
  command->add_option("--through", a->through, "The last day that is closed")->required();
  command->add_option("--relay", a->relay, "URL of the relay; without it nothing is sent");
  command
      ->add_option("--quiet", a->quiet,
                   "Days that a till may have closed nothing before it counts as outstanding (2)")
      ->check(CLI::Range(0, 3650));
  command->add_flag("--incomplete", a->incomplete, "Close although tills are not all in");
  command->add_flag("--dry-run", a->dry_run, "Only say what would be closed, and who is not in");
  command->footer(
      "Example:\n  daybook-rebuild close-period --head-office head-office --books books.db \\\n"
      "      --through 2026-10-31 --relay http://127.0.0.1:8080\n"
      "Replay the log before it, so that the books are up to date, and after it, so that they "
      "know\n"
      "of it. Keep office-*.key and the files office-*.cbor together with a copy.\n"
      "Exit status: 0; 1 tills are not all in, or it was not sent; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_close(*a)); });
}

void add_send(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("send", "Send head office's bulletins to the relay");
  auto a = std::make_shared<SendArguments>();
  command->add_option("--head-office", a->head_office, "Head-office directory")->required();
  command->add_option("--relay", a->relay, "URL of the relay")->required();
  command->add_flag("--again", a->again,
                    "Send all pieces of notices again, when the relay lost some");
  command->footer(
      "Example:\n  daybook-rebuild send --head-office head-office --relay http://127.0.0.1:8080\n"
      "Sends all of them, the roster first, which the relay takes up; the log drops what it has.");
  command->callback([a, &exit_code] { exit_code = finish(run_send(*a)); });
}

}  // namespace rebuild
