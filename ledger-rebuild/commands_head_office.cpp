// init, enrol, log-key, revoke, settle, office-key: head office's keys and roster.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/disk/file.h"
#include "core/tlog/note.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/places.h"
#include "ledger-rebuild/rotations.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::envelope::ChainPlace;
using core::envelope::MessageId;

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
  bool rotations = false;
  std::string books;
  bool json = false;
};

Result<int> enrol(const EnrolArguments& a) {
  if (a.request.empty()) return fail(Errc::kUsage, "name a till's --request, or --rotations");
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

nlohmann::ordered_json head_of(core::TillRef till, core::Epoch epoch) {
  return {{"store", till.store.value}, {"till", till.till.value}, {"epoch", epoch.value}};
}

void print_rotations(const std::vector<Enrolled>& enrolled, const Rotations& found) {
  for (const Enrolled& one : enrolled) {
    std::printf("till %s epoch %s entry %s\n", to_string(one.till).c_str(),
                to_string(one.epoch).c_str(), one.entry.hex().c_str());
  }
  for (const Retirement& key : found.over) {
    std::printf("till %s epoch %s ended at sequence %s, %s\n", to_string(key.till).c_str(),
                to_string(key.epoch).c_str(), to_string(key.last.sequence).c_str(),
                key.last.id.hex().c_str());
  }
  for (const RefusedRotation& one : found.refused) {
    std::printf("till %s epoch %s refused: %s\n", to_string(one.till).c_str(),
                to_string(one.epoch).c_str(), one.why.c_str());
  }
}

void print_rotations_json(const std::vector<Enrolled>& enrolled, const Rotations& found) {
  using Json = nlohmann::ordered_json;
  Json all = {{"enrolled", Json::array()}, {"ended", Json::array()}, {"refused", Json::array()}};
  for (const Enrolled& one : enrolled) {
    Json row = head_of(one.till, one.epoch);
    row["entry"] = one.entry.hex();
    all["enrolled"].push_back(std::move(row));
  }
  for (const Retirement& key : found.over) {
    Json row = head_of(key.till, key.epoch);
    row["sequence"] = key.last.sequence.value;
    row["id"] = key.last.id.hex();
    all["ended"].push_back(std::move(row));
  }
  for (const RefusedRotation& one : found.refused) {
    Json row = head_of(one.till, one.epoch);
    row["why"] = one.why;
    all["refused"].push_back(std::move(row));
  }
  std::printf("%s\n", all.dump(2).c_str());
}

Result<int> enrol_rotations(const EnrolArguments& a) {
  if (a.books.empty()) return fail(Errc::kUsage, "--rotations needs --books, where tills ask");
  TRY_ASSIGN(HeadOffice office, HeadOffice::open(a.directory));
  TRY_ASSIGN(const Books books, Books::open(a.books));
  TRY_ASSIGN(const Rotations found, find_rotations(books, office.roster()));
  std::vector<Enrolled> enrolled;
  if (!found.asked.empty()) {
    TRY_ASSIGN(enrolled, office.enrol(found.asked));
  }
  if (!found.over.empty()) TRY(office.retire(found.over));
  a.json ? print_rotations_json(enrolled, found) : print_rotations(enrolled, found);
  const bool is_well = std::all_of(found.refused.begin(), found.refused.end(),
                                   [](const RefusedRotation& one) { return one.is_over; });
  return is_well ? 0 : 1;
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

// Of revoke and of settle: whose chain, and which of its messages.
struct VerdictArguments {
  std::string directory;
  std::uint32_t store = 0;
  std::uint32_t till = 0;
  std::uint32_t epoch = 0;
  std::string books;
  std::string through;
  std::string id;
  bool nothing = false;
};

// The message that the words name. None: with --nothing.
Result<std::optional<ChainPlace>> find_place(const VerdictArguments& a,
                                             const core::envelope::Enrolment& enrolment) {
  if (a.nothing) return std::optional<ChainPlace>();
  if (a.books.empty()) {
    return fail(
        Errc::kUsage,
        "--books says where the till's chain ends; --nothing says that nothing of it holds");
  }
  TRY_ASSIGN(const Books books, Books::open(a.books));
  if (!a.id.empty()) {
    TRY_ASSIGN(const core::Bytes raw, core::from_hex(a.id));
    TRY_ASSIGN(const auto id, MessageId::from(raw));
    TRY_ASSIGN(const ChainPlace place, place_of_message(books, enrolment, id));
    return std::optional(place);
  }
  TRY_ASSIGN(const auto through, parse_day(a.through, "--through"));
  TRY_ASSIGN(const ChainPlace place, last_proven_place(books, enrolment, through));
  return std::optional(place);
}

struct Verdict {
  core::TillRef till;
  core::Epoch epoch;
  std::optional<ChainPlace> place;
};

Result<Verdict> read_verdict(const VerdictArguments& a, const HeadOffice& office) {
  Verdict out;
  out.till = {core::StoreId{a.store}, core::TillId{a.till}};
  out.epoch = core::Epoch{a.epoch != 0 ? a.epoch : office.roster().latest_epoch(out.till).value};
  const auto* enrolment = office.roster().find(out.till, out.epoch);
  if (enrolment == nullptr) {
    return fail(Errc::kNotFound, "till " + to_string(out.till) + ", epoch " + to_string(out.epoch) +
                                     ": was never enrolled");
  }
  TRY_ASSIGN(out.place, find_place(a, *enrolment));
  return out;
}

void print_verdict(const char* what, const Verdict& verdict) {
  std::printf("%s till %s\nepoch %s\n", what, to_string(verdict.till).c_str(),
              to_string(verdict.epoch).c_str());
  if (verdict.place) {
    std::printf("through sequence %s, %s\n", to_string(verdict.place->sequence).c_str(),
                verdict.place->id.hex().c_str());
  } else {
    std::printf("nothing of it holds\n");
  }
}

Result<int> revoke(const VerdictArguments& a) {
  TRY_ASSIGN(HeadOffice office, HeadOffice::open(a.directory));
  TRY_ASSIGN(const Verdict verdict, read_verdict(a, office));
  TRY(office.revoke(verdict.till, verdict.epoch, verdict.place));
  print_verdict("revoked", verdict);
  return 0;
}

Result<int> settle(const VerdictArguments& a) {
  if (a.id.empty()) return fail(Errc::kUsage, "--id: which message is the right one");
  TRY_ASSIGN(HeadOffice office, HeadOffice::open(a.directory));
  TRY_ASSIGN(const Verdict verdict, read_verdict(a, office));
  TRY(office.settle(verdict.till, verdict.epoch, *verdict.place));
  print_verdict("settled", verdict);
  return 0;
}

struct OfficeKeyArguments {
  std::string directory;
  std::string root;
  std::string id;
  std::uint64_t sequence = 0;
};

Result<int> office_key(const OfficeKeyArguments& a) {
  if (a.id.empty() != (a.sequence == 0)) {
    return fail(Errc::kUsage, "--sequence and --id name one bulletin: give both, or neither");
  }
  std::optional<ChainPlace> last;
  if (!a.id.empty()) {
    TRY_ASSIGN(const core::Bytes raw, core::from_hex(a.id));
    TRY_ASSIGN(const auto id, MessageId::from(raw));
    last = ChainPlace{core::Sequence{a.sequence}, id};
  }
  TRY_ASSIGN(HeadOffice office, HeadOffice::open(a.directory));
  const std::string root = a.root.empty() ? a.directory + "/head-office.key" : a.root;
  TRY(office.replace_office_key(root, last));
  const auto* now = office.roster().office();
  std::printf("key of every day %s\nepoch %s\n", now->key.hex().c_str(),
              to_string(now->epoch).c_str());
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
      "head-office.key is the root: it signs the key of every day, office-1.key, and nothing "
      "else.\n"
      "Move it to a safe; only office-key asks for it. Keep a copy of sealing.key there, too:\n"
      "without it nobody can read what the tills sealed. What is not *.key or openers may be "
      "copied\n"
      "to whoever checks.");
  command->callback([a, &exit_code] { exit_code = finish(init(*a)); });
}

void add_enrol(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("enrol", "Put a till's key on the roster");
  auto a = std::make_shared<EnrolArguments>();
  command->add_option("--dir", a->directory, "Head-office directory")->required();
  auto* request = command->add_option("--request", a->request, "The till's request file");
  auto* rotations = command->add_flag(
      "--rotations", a->rotations,
      "Every till that asks for its next key in a message; and keys whose next one speaks end");
  command->add_option("--books", a->books, kBooksHelp)->needs(rotations);
  command->add_flag("--json", a->json, "As JSON")->needs(rotations);
  rotations->excludes(request);
  command->footer(
      "Example:\n  daybook-rebuild enrol --dir head-office --request till-4-1.request\n"
      "Prints the epoch and the entry id that the till starts its chain with. A till that is\n"
      "enrolled again, with a new key, gets the next epoch. The request is signed with the key "
      "that\n"
      "it asks for, over the log's origin: nobody can enrol a key that is not his.\n"
      "  daybook-rebuild enrol --dir head-office --rotations --books books.db\n"
      "once a night, before send: a line for each till, and again with the same books nothing.");
  command->callback(
      [a, &exit_code] { exit_code = finish(a->rotations ? enrol_rotations(*a) : enrol(*a)); });
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

namespace {

CLI::App* add_verdict(CLI::App& app, const char* name, const char* about,
                      const std::shared_ptr<VerdictArguments>& a) {
  CLI::App* command = app.add_subcommand(name, about);
  command->add_option("--dir", a->directory, "Head-office directory")->required();
  command->add_option("--store", a->store, "Store number")->required();
  command->add_option("--till", a->till, "Till number in its store")->required();
  command->add_option("--epoch", a->epoch, "Which of its keys; default: the latest");
  command->add_option("--books", a->books, kBooksHelp);
  command->add_option("--id", a->id, "The message that is the right one, with all before it");
  return command;
}

}  // namespace

void add_revoke(CLI::App& app, int& exit_code) {
  auto a = std::make_shared<VerdictArguments>();
  CLI::App* command = add_verdict(app, "revoke", "Take a till's key back", a);
  command->add_option("--through", a->through,
                      "The last business day that holds; default: all that the books have proven");
  command->add_flag("--nothing", a->nothing, "Nothing of this key holds");
  command->footer(
      "Example:\n  daybook-rebuild revoke --dir head-office --store 4 --till 1 --books books.db "
      "\\\n"
      "      --through 2026-11-20\n"
      "Names the last message that holds: what is not behind it stays good, whenever it arrives,\n"
      "and all else is taken out of the books by the next replay. Send it to the relay (daybook-\n"
      "rebuild send), which accepts nothing behind it from then on.");
  command->callback([a, &exit_code] { exit_code = finish(revoke(*a)); });
}

void add_settle(CLI::App& app, int& exit_code) {
  auto a = std::make_shared<VerdictArguments>();
  CLI::App* command =
      add_verdict(app, "settle",
                  "Say which of two contents for one place of a till's chain is the right one", a);
  command->footer(
      "Example:\n  daybook-rebuild settle --dir head-office --store 4 --till 1 --books books.db "
      "\\\n"
      "      --id 3f0c...\n"
      "The named message and all that it names before it stand; the other contents of these "
      "places\n"
      "stay as evidence. The report lists what is contradicted, with ids. A till that was copied "
      "is\n"
      "better revoked, and enrolled again with a new key.");
  command->callback([a, &exit_code] { exit_code = finish(settle(*a)); });
}

void add_office_key(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "office-key", "Make a new key of every day, and take the one before back; needs the root");
  auto a = std::make_shared<OfficeKeyArguments>();
  command->add_option("--dir", a->directory, "Head-office directory")->required();
  command->add_option("--root", a->root,
                      "File of the root's private key; default: head-office.key in the directory");
  command->add_option("--sequence", a->sequence, "Of the last bulletin of the old key that holds");
  command->add_option("--id", a->id, "Its id; default: the last one that the directory has");
  command->footer(
      "Example:\n  daybook-rebuild office-key --dir head-office --root "
      "/media/safe/head-office.key\n"
      "Whatever the old key signed behind that bulletin is void. Send it to the relay then.");
  command->callback([a, &exit_code] { exit_code = finish(office_key(*a)); });
}

}  // namespace rebuild
