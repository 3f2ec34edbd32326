// replay, report and verify: the log to books, and what they say.
#include <CLI/CLI.hpp>
#include <memory>

#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/figures_goods.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/print_report.h"
#include "ledger-rebuild/replay.h"
#include "ledger-rebuild/verify_books.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr int kDataSaysNo = 1;

struct LogArguments {
  std::string log;
  std::string relay;
  std::string head_office;
  std::string books;
  bool audit = false;
  bool hash_only = false;
  unsigned threads = 0;
  std::uint64_t stage = 0;
};

void print_lines(std::FILE* to, const char* prefix, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) std::fprintf(to, "%s%s\n", prefix, line.c_str());
}

void print_outcome(const ReplayOutcome& o) {
  const StateCounts& s = o.states;
  std::printf(
      "read %llu new entries, %llu new messages; checked %llu signatures\n"
      "books: %llu messages: %llu proven, %llu unproven, %llu contradicted, %llu copies, "
      "%llu quarantined\n",
      static_cast<unsigned long long>(o.entries_read),
      static_cast<unsigned long long>(o.messages_new),
      static_cast<unsigned long long>(o.signatures_checked),
      static_cast<unsigned long long>(s.all()), static_cast<unsigned long long>(s.proven),
      static_cast<unsigned long long>(s.unproven), static_cast<unsigned long long>(s.contradicted),
      static_cast<unsigned long long>(s.copies), static_cast<unsigned long long>(s.quarantined));
  std::printf(
      "seconds: open %.3f, read %.3f, check %.3f, judge %.3f, rows %.3f, seal %.3f\n"
      "books digest %s\n",
      o.open_seconds, o.read_seconds, o.check_seconds, o.judge_seconds, o.rows_seconds,
      o.seal_seconds, o.digest.books.hex().c_str());
}

void print_remark(const OpenedLog& log) {
  if (!log.remark.empty()) std::fprintf(stderr, "remark: %s\n", log.remark.c_str());
}

Result<int> run_replay(const LogArguments& a) {
  TRY_ASSIGN(const OpenedLog log, open_log(a.log, a.relay, a.head_office));
  print_remark(log);
  ReplayOptions options;
  options.verify = a.audit ? Verify::kEvery : Verify::kTips;
  options.threads = a.threads;
  if (a.stage > 0) options.stage = a.stage;
  options.progress = terminal_progress("entries");
  TRY_ASSIGN(const ReplayOutcome outcome, replay(*log.source, log.roster, a.books, options));
  print_lines(stderr, "remark: ", outcome.remarks);
  print_lines(stderr, "damaged log: ", outcome.damages);
  print_lines(stderr, "untrue log: ", outcome.log_faults);
  print_outcome(outcome);
  const bool clean = outcome.damages.empty() && outcome.log_faults.empty() &&
                     outcome.states.quarantined == 0 && outcome.states.contradicted == 0;
  return clean ? 0 : kDataSaysNo;
}

struct ReportArguments {
  std::string books;
  std::string as_of;
  std::string settings;
  bool json = false;
  bool all = false;
};

Result<int> run_report(const ReportArguments& a) {
  constexpr std::size_t kListMax = 20;
  TRY_ASSIGN(const auto as_of, parse_day(a.as_of, "--as-of"));
  TRY_ASSIGN(const Settings settings, open_settings(a.settings));
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const ReportData report, read_report(books, as_of, settings));
  Table remarks;
  add_remark(remarks, report.trial_balance.without_cost);
  print_lines(stderr, "remark: ", remarks.remarks);
  const std::string text = a.json ? report_json(report) : report_text(report, a.all ? 0 : kListMax);
  std::fputs(text.c_str(), stdout);
  return report.clean() ? 0 : kDataSaysNo;
}

// Whether the log is still the one that the books were made from, at the speed of hashing.
Result<int> run_hash_only(const LogArguments& a) {
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const OpenedLog log, open_log(a.log, a.relay, a.head_office));
  TRY_ASSIGN(const PrefixCheck prefix, check_prefix(books, *log.source, a.threads));
  if (prefix.differs) {
    std::fprintf(stderr,
                 "wrong: log index %llu is the first whose entry is not the one of these books\n",
                 static_cast<unsigned long long>(*prefix.differs));
    return kDataSaysNo;
  }
  std::printf("the log is the one of the books: %llu entries hashed\n",
              static_cast<unsigned long long>(prefix.entries));
  return 0;
}

Result<int> run_verify(const LogArguments& a) {
  const bool with_log = !a.log.empty() || !a.relay.empty();
  if (with_log && a.head_office.empty()) {
    return fail(Errc::kUsage, "--log and --relay need --head-office, whose roster names the keys");
  }
  if (a.hash_only && !with_log) return fail(Errc::kUsage, "--hash-only needs --log or --relay");
  if (a.hash_only) return run_hash_only(a);
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(std::vector<std::string> problems, verify_books(books));
  TRY_ASSIGN(const BooksDigest digest, books.digest());
  if (with_log) {
    TRY_ASSIGN(const OpenedLog log, open_log(a.log, a.relay, a.head_office));
    print_remark(log);
    TRY_ASSIGN(const LogAudit audit, verify_against_log(books, *log.source, log.roster, a.threads,
                                                        terminal_progress("entries")));
    print_lines(stderr, "remark: ", audit.outcome.remarks);
    problems.insert(problems.end(), audit.problems.begin(), audit.problems.end());
    std::printf("checked %llu signatures of %s\n",
                static_cast<unsigned long long>(audit.outcome.signatures_checked),
                log.source->name().c_str());
  }
  print_lines(stderr, "wrong: ", problems);
  if (problems.empty()) std::printf("the books agree; digest %s\n", digest.books.hex().c_str());
  return problems.empty() ? 0 : kDataSaysNo;
}

void add_log_options(CLI::App* command, LogArguments& a) {
  auto* log = command->add_option("--log", a.log, "Log directory of a relay");
  command->add_option("--relay", a.relay, "URL of a relay, for example http://127.0.0.1:8080")
      ->excludes(log);
  command->add_option("--head-office", a.head_office,
                      "Directory with head-office.pub, origin and roster.cbor");
  command->add_option("--books", a.books, kBooksHelp)->required();
  command->add_option("--threads,--jobs", a.threads,
                      "Threads that hash, open and check; 0: one a core");
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "replay", "Post a log's new messages to the books; make them when missing");
  auto a = std::make_shared<LogArguments>();
  add_log_options(command, *a);
  command->get_option("--head-office")->required();
  command->add_flag("--audit", a->audit,
                    "Trust nothing: every new signature, and all of the log and the books that is "
                    "known already");
  command
      ->add_option("--stage", a->stage,
                   "Entries after which what is posted is kept, so that a killed replay goes on "
                   "from there (2000000)")
      ->check(CLI::Range(1, 1000000000));
  command->footer(
      "Examples:\n"
      "  daybook-rebuild replay --log relay-data --head-office head-office --books books.db\n"
      "  daybook-rebuild replay --relay http://127.0.0.1:8080 --head-office head-office \\\n"
      "      --books books.db\n"
      "  daybook-rebuild replay --log relay-data --head-office head-office \\\n"
      "      --books postgres://daybook@db.example.com/books\n"
      "A password belongs into ~/.pgpass or PGPASSWORD, and not into the URL, which others on "
      "this\n"
      "machine can read while the command runs.\n"
      "Run it as often as you like: the same messages give the same books. As it comes it reads\n"
      "what is new and checks the newest signature of each till, which vouches for the messages\n"
      "before it; with --audit it checks every signature, and hashes all of the log and the "
      "books.\n"
      "Both give the same books. Exit status: 0 all was\n"
      "posted; 1 something is quarantined or contradicted, or the log is damaged (everything else\n"
      "was posted), or the books could not be written; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_replay(*a)); });
}

void add_report(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "report", "Print takings, stock, trial balance, and what is missing or quarantined");
  auto a = std::make_shared<ReportArguments>();
  command->add_option("--books", a->books, kBooksHelp)->required();
  command->add_option("--as-of", a->as_of,
                      "Also list tills that opened a day before this one and did not close it");
  add_settings_option(command, a->settings);
  command->add_flag("--json", a->json, "JSON, with every row");
  command->add_flag("--all", a->all, "Do not shorten long lists");
  command->footer(
      "Examples:\n  daybook-rebuild report --books books.db\n"
      "  daybook-rebuild report --books books.db --as-of 2026-11-21 --json\n"
      "Exit status: 0; 1 something is quarantined or contradicted; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_report(*a)); });
}

void add_verify(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "verify", "Check the books against themselves and, when one is named, against the log");
  auto a = std::make_shared<LogArguments>();
  add_log_options(command, *a);
  command->add_flag("--hash-only", a->hash_only,
                    "Only whether the log is still the one that the books were made from");
  command->footer(
      "Examples:\n  daybook-rebuild verify --books books.db\n"
      "  daybook-rebuild verify --books books.db --log relay-data --head-office head-office\n"
      "With a log every signature is checked and the books are made again beside these; with\n"
      "--hash-only its entries are only hashed and compared with those of the books. Exit\n"
      "status: 0 they agree; 1 they do not, each difference on stderr; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(run_verify(*a)); });
}

}  // namespace rebuild
