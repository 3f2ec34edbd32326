// recover: a burnt till's journal, made again from its backup.
#include <CLI/CLI.hpp>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/base/decimal.h"
#include "core/disk/replace_file.h"
#include "core/envelope/key_files.h"
#include "core/retail/document.h"
#include "ledger-rebuild/backup_files.h"
#include "ledger-rebuild/command_support.h"
#include "ledger-rebuild/commands.h"
#include "ledger-rebuild/head_office.h"
#include "ledger-rebuild/recover.h"
#include "ledger-rebuild/restore.h"

namespace rebuild {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using Json = nlohmann::ordered_json;

struct RecoverArguments {
  std::string from;
  std::string till;
  std::string head_office;
  std::string books;
  std::string journal;
  std::string key_file;
  std::optional<std::uint64_t> skip;
  std::optional<std::uint64_t> until;
  std::string unsent;
  std::string request;
  bool json = false;
};

Result<core::TillRef> parse_till(const std::string& text) {
  const auto refuse = [&] {
    return fail(Errc::kUsage, "--till: '" + text + "' is no till; use STORE/TILL such as 4/1");
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return refuse();
  const auto store = core::parse_unsigned(std::string_view(text).substr(0, slash));
  const auto till = core::parse_unsigned(std::string_view(text).substr(slash + 1));
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  if (!store || !till || *store > kMax || *till > kMax) return refuse();
  return core::TillRef{core::StoreId{static_cast<std::uint32_t>(*store)},
                       core::TillId{static_cast<std::uint32_t>(*till)}};
}

std::string series_word(int series) {
  return std::string(core::retail::series_name(static_cast<core::retail::Series>(series)));
}

// Nothing that anybody knows of is missing from the new journal.
bool is_all(const BackupChoice& backup, const Restored& restored) {
  if (backup.more_is_there || !restored.lost_days.empty() || !restored.lost.empty()) return false;
  for (const RestoredDay& day : restored.days) {
    if (day.verdict == DayVerdict::kContradicted || day.verdict == DayVerdict::kNotPosted) {
      return false;
    }
  }
  return true;
}

Json files_json(const BackupChoice& backup) {
  Json out = Json::array();
  for (const FileReport& file : backup.files) {
    out.push_back({{"name", file.name},
                   {"verdict", std::string(file_verdict_text(file.verdict))},
                   {"detail", file.detail}});
  }
  return out;
}

Json restored_json(const Restored& r) {
  Json days = Json::array();
  for (const RestoredDay& day : r.days) {
    days.push_back({{"day", to_string(day.day)},
                    {"documents", day.documents},
                    {"verdict", std::string(day_verdict_text(day.verdict))}});
  }
  Json lost = Json::array();
  for (const LostNumbers& numbers : r.lost) {
    lost.push_back({{"day", to_string(numbers.day)},
                    {"series", series_word(numbers.series)},
                    {"first", numbers.first},
                    {"last", numbers.last}});
  }
  Json lost_days = Json::array();
  for (const core::BusinessDay day : r.lost_days) lost_days.push_back(to_string(day));
  Json unsent = Json::array();
  for (const UnsentMessage& message : r.unsent) {
    unsent.push_back({{"epoch", message.epoch.value}, {"sequence", message.sequence.value}});
  }
  Json numbers = Json::object();
  for (const auto& [series, last] : r.numbers) numbers[series_word(series)] = last;
  return {{"days", days},
          {"lost_days", lost_days},
          {"lost", lost},
          {"open_in_books", r.open_in_books ? Json(to_string(*r.open_in_books)) : Json()},
          {"unsent", unsent},
          {"last_numbers", numbers},
          {"skipped", r.skipped}};
}

void print_json(const RecoverArguments& a, const BackupChoice& backup, const Restored* restored) {
  Json out = {{"till", a.till}, {"good", restored != nullptr && is_all(backup, *restored)}};
  out["backup"] = nullptr;
  if (!backup.parts.empty()) {
    out["backup"] = {{"epoch", backup.epoch.value}, {"first", backup.first}, {"last", backup.last}};
  }
  out["files"] = files_json(backup);
  out["restored"] = restored == nullptr ? Json() : restored_json(*restored);
  std::printf("%s\n", out.dump(2).c_str());
}

void print_restored(const RecoverArguments& a, const BackupChoice& backup, const Restored& r) {
  std::printf("till %s: backup of epoch %u, increments %llu to %llu\n", a.till.c_str(),
              backup.epoch.value, static_cast<unsigned long long>(backup.first),
              static_cast<unsigned long long>(backup.last));
  for (const RestoredDay& day : r.days) {
    std::printf("  %s: %llu documents, %s\n", to_string(day.day).c_str(),
                static_cast<unsigned long long>(day.documents),
                std::string(day_verdict_text(day.verdict)).c_str());
  }
  for (const UnsentMessage& message : r.unsent) {
    std::printf("  unsent: epoch %u, message %llu\n", message.epoch.value,
                static_cast<unsigned long long>(message.sequence.value));
  }
  for (const core::BusinessDay day : r.lost_days) {
    std::printf("  %s: lost; the books have its closing\n", to_string(day).c_str());
  }
  for (const LostNumbers& numbers : r.lost) {
    std::printf("  lost: %s %llu to %llu\n", series_word(numbers.series).c_str(),
                static_cast<unsigned long long>(numbers.first),
                static_cast<unsigned long long>(numbers.last));
  }
  if (r.open_in_books) {
    std::printf("  unknown: %s, which the books have open; its delivery is booked already\n",
                to_string(*r.open_in_books).c_str());
  } else {
    std::printf("  unknown: whatever was done after %s\n",
                r.last_day ? to_string(*r.last_day).c_str() : "the beginning");
  }
  std::printf("  each number goes on %llu above the last one known\n",
              static_cast<unsigned long long>(r.skipped));
  std::printf("journal %s\n", a.journal.c_str());
}

void print_files(const BackupChoice& backup) {
  for (const FileReport& file : backup.files) {
    if (file.verdict == FileVerdict::kUsed) continue;
    std::printf("%s: %s, %s\n", file.name.c_str(),
                std::string(file_verdict_text(file.verdict)).c_str(), file.detail.c_str());
  }
}

void print_troubles(const BackupChoice& backup, const Restored* restored) {
  if (backup.cloned) {
    std::fprintf(stderr,
                 "daybook-rebuild: two contents were signed for one place: the till is cloned; "
                 "--until N takes what was before\n");
  } else if (backup.parts.empty()) {
    std::fprintf(stderr, "daybook-rebuild: no whole backup of this till is there\n");
  }
  if (backup.more_is_there && !backup.cloned) {
    std::fprintf(stderr, "daybook-rebuild: parts of a later backup are there and cannot be used\n");
  }
  if (restored != nullptr && !restored->lost_days.empty()) {
    std::fprintf(stderr, "daybook-rebuild: the backup is older than the books\n");
  }
}

Result<void> write_outputs(const RecoverArguments& a, const Restored& restored) {
  core::disk::Filesystem& disk = core::disk::posix_filesystem();
  if (!a.unsent.empty()) {
    core::Bytes messages;
    for (const UnsentMessage& message : restored.unsent) core::append(messages, message.message);
    TRY(core::disk::replace_file(disk, std::filesystem::absolute(a.unsent), messages,
                                 core::disk::Access::kOwner));
  }
  if (a.request.empty()) return {};
  return core::disk::replace_file(
      disk, std::filesystem::absolute(a.request),
      core::as_bytes(core::envelope::enrol_request_text(restored.request)),
      core::disk::Access::kGroup);
}

Result<int> recover(const RecoverArguments& a) {
  TRY_ASSIGN(const core::TillRef till, parse_till(a.till));
  TRY_ASSIGN(const auto roster, read_roster(a.head_office));
  TRY_ASSIGN(const auto own, core::envelope::read_sealing_key(std::filesystem::path(a.head_office) /
                                                              core::envelope::kSealingFile));
  core::journal::JournalKey key;
  if (!a.key_file.empty()) {
    TRY_ASSIGN(key, core::journal::JournalKey::read(a.key_file, core::journal::KeyFrom::kFile));
  }
  TRY_ASSIGN(const auto files, read_backup_files(a.from));
  TRY_ASSIGN(const BackupChoice backup, choose_backup(files, {till, a.until}, roster, own));
  std::optional<Books> books;
  if (!a.books.empty()) {
    TRY_ASSIGN(Books opened, Books::open(a.books));
    books.emplace(std::move(opened));
  }
  std::optional<Restored> restored;
  if (!backup.parts.empty()) {
    TRY_ASSIGN(restored,
               restore(backup, {till, a.journal, key, a.skip}, roster, books ? &*books : nullptr));
    TRY(write_outputs(a, *restored));
  }
  if (a.json) {
    print_json(a, backup, restored ? &*restored : nullptr);
  } else {
    if (restored) print_restored(a, backup, *restored);
    print_files(backup);
  }
  print_troubles(backup, restored ? &*restored : nullptr);
  return restored && is_all(backup, *restored) ? 0 : 1;
}

}  // namespace

void add_recover(CLI::App& app, int& exit_code) {
  CLI::App* command =
      app.add_subcommand("recover", "Make a lost till's journal again from its backup");
  auto a = std::make_shared<RecoverArguments>();
  command->add_option("--from", a->from, "Directory that the backup is below")->required();
  command->add_option("--till", a->till, "Which till, as STORE/TILL")->required();
  command
      ->add_option("--head-office", a->head_office,
                   "Directory with head-office.pub, origin, roster.cbor and sealing.key")
      ->required();
  command->add_option("--journal", a->journal, "The new journal")->required();
  command->add_option("--key-file", a->key_file,
                      "Encrypts it: 32 bytes or 64 hex digits, mode 0600; default: not encrypted");
  command->add_option("--books", a->books, "What bounds the loss: the books of the till's log");
  command->add_option("--request", a->request, "Write the new till's enrolment request here");
  command->add_option("--unsent", a->unsent,
                      "Write the messages that the books do not have here, a CBOR sequence");
  command->add_option("--skip", a->skip,
                      "Numbers that may have been given out and nobody knows of; default: twice "
                      "what the busiest day gave out, 100 at least");
  command->add_option("--until", a->until, "Use no increment above this number");
  command->add_flag("--json", a->json, "JSON");
  command->footer(
      "Example:\n  daybook-rebuild recover --from /media/stick --till 4/1 --head-office "
      "head-office \\\n      --books books.db --journal new.journal --request till-4-1.request\n"
      "File names are not trusted. Every file that is not used is named: older, forged, cut-off,\n"
      "detached, contradicted. Exit status: 0 the journal has all that anybody knows of; 1 it was\n"
      "made and lacks something, or could not be made; 2 wrong usage.");
  command->callback([a, &exit_code] { exit_code = finish(recover(*a)); });
}

}  // namespace rebuild
