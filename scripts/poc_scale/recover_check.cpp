// B6: a till that lost everything gets its journal back from its backup.
#include "core/base/random.h"
#include "core/envelope/key_files.h"
#include "core/journal/increment.h"
#include "ledger-rebuild/backup_files.h"
#include "ledger-rebuild/recover.h"
#include "ledger-rebuild/restore.h"
#include "scripts/poc_scale/checks.h"

namespace sweep {

using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;
using rebuild::BackupChoice;
using rebuild::BackupFile;

namespace {

constexpr std::size_t kEveryTillUpTo = 200;
constexpr std::size_t kSampleAbove = 100;

std::vector<std::size_t> tills_to_recover(const CheckContext& context) {
  std::vector<std::size_t> chosen(context.fleet.tills().size());
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  if (chosen.size() <= kEveryTillUpTo) return chosen;
  core::Random random(context.options.seed);
  for (std::size_t i = 0; i < kSampleAbove; ++i) {
    std::swap(chosen[i], chosen[random.between(i, chosen.size() - 1)]);
  }
  chosen.resize(kSampleAbove);
  return chosen;
}

struct Office {
  const core::envelope::Roster& roster;
  const core::envelope::SealingPrivateKey& own;
};

// Whether the journal that is made again has the till's documents and audit log, and is sound.
Result<bool> comes_back(const CheckContext& context, const Office& office, const FleetTill& till,
                        const BackupChoice& backup) {
  if (backup.parts.empty() || backup.more_is_there) return false;
  rebuild::RestoreOrder order;
  order.till = till.ref;
  order.journal = context.options.work / "b6.journal";
  std::filesystem::remove(order.journal);
  TRY(rebuild::restore(backup, order, office.roster, nullptr));
  TRY_ASSIGN(till::Till again, till::Till::open(order.journal, context.options.durability));
  TRY(again.check());
  TRY_ASSIGN(till::Till before, till::Till::open(till.journal, context.options.durability));
  TRY_ASSIGN(const auto now, again.status());
  TRY_ASSIGN(const auto then, before.status());
  return now.documents == then.documents && now.audit_rows == then.audit_rows &&
         now.last_day == then.last_day && now.epoch.value == 0;
}

std::vector<BackupFile> files_of(const std::vector<BackupFile>& files, core::TillRef ref) {
  const std::string beginning = to_string(ref.store) + "-" + to_string(ref.till) + "-";
  std::vector<BackupFile> out;
  for (const BackupFile& file : files) {
    if (file.name.starts_with(beginning)) out.push_back(file);
  }
  return out;
}

// The till's backup among files that somebody made or damaged.
Result<Check> check_hostile_backup(const CheckContext& context, const Office& office,
                                   const FleetTill& till, std::vector<BackupFile> files) {
  using rebuild::FileVerdict;
  const std::size_t genuine = files.size();
  const Bytes last = files.back().bytes;
  TRY_ASSIGN(const auto parsed, core::journal::parse_increment(last));
  const auto stranger = *core::envelope::PrivateKey::from_seed(Bytes(32, 0x66));
  files.push_back(
      {"forged",
       core::envelope::sign_statement(core::envelope::StatementType::kBackup, parsed.statement.kid,
                                      parsed.statement.payload, stranger),
       ""});
  files.push_back({"altered", last, ""});
  files.back().bytes[last.size() - 66 - 1] ^= 1;  // the payload's last byte
  files.push_back({"cut-off", Bytes(last.begin(), last.end() - 9), ""});
  files.push_back({"copy", last, ""});
  TRY_ASSIGN(const BackupChoice choice,
             rebuild::choose_backup(files, {till.ref, {}}, office.roster, office.own));
  TRY_ASSIGN(const bool back, comes_back(context, office, till, choice));
  if (!back) return failed("a till's backup was lost among others");
  const std::vector<FileVerdict> expected = {FileVerdict::kForged, FileVerdict::kForged,
                                             FileVerdict::kCutOff, FileVerdict::kCopy};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (choice.files[genuine + i].verdict != expected[i]) {
      return failed("the " + files[genuine + i].name + " file was not named as such");
    }
  }
  return pass("forged, altered, cut-off and copied named");
}

}  // namespace

Result<Check> check_recover(const CheckContext& context) {
  const auto chosen = tills_to_recover(context);
  TRY_ASSIGN(const auto own,
             core::envelope::read_sealing_key(context.fleet.head_office_directory() /
                                              core::envelope::kSealingFile));
  TRY_ASSIGN(const auto roster, rebuild::read_roster(context.fleet.head_office_directory()));
  const Office office{roster, own};
  TRY_ASSIGN(const auto files, rebuild::read_backup_files(context.fleet.backups()));
  std::uint64_t recovered = 0;
  for (const std::size_t index : chosen) {
    const FleetTill& till = context.fleet.tills()[index];
    TRY_ASSIGN(const BackupChoice choice,
               rebuild::choose_backup(files_of(files, till.ref), {till.ref, {}}, roster, own));
    TRY_ASSIGN(const bool back, comes_back(context, office, till, choice));
    if (back) ++recovered;
  }
  const std::string detail =
      std::to_string(recovered) + " of " + std::to_string(chosen.size()) + " journals made again";
  if (recovered != chosen.size() || chosen.empty()) return failed(detail);
  const FleetTill& till = context.fleet.tills()[chosen.front()];
  TRY_ASSIGN(Check hostile, check_hostile_backup(context, office, till, files_of(files, till.ref)));
  hostile.detail = detail + "; " + hostile.detail;
  return hostile;
}

}  // namespace sweep
