// B6: a till that lost everything gets its last closing back from the mailbox.
#include <map>

#include "core/base/random.h"
#include "ledger-rebuild/recover.h"
#include "scripts/poc_scale/checks.h"

namespace sweep {

using core::Bytes;
using core::Errc;
using core::fail;
using core::Result;

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

const Bytes& last_closing(const FleetTill& till) {
  for (auto it = till.messages.rbegin(); it != till.messages.rend(); ++it) {
    if (it->kind == till::MessageKind::kClosing) return it->bytes;
  }
  core::check_failed("every till of the fleet closed", __FILE__, __LINE__);
}

Result<void> write_file(const std::filesystem::path& path, core::ByteView bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return fail(Errc::kIo, path.string() + ": cannot be written");
  const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (std::fclose(file) != 0 || !whole) return fail(Errc::kIo, path.string() + ": write failed");
  return {};
}

// Recovers one till from `directory` and says what each of the named files was found to be.
Result<std::map<std::string, rebuild::FileVerdict>> verdicts(const CheckContext& context,
                                                             const std::filesystem::path& directory,
                                                             core::TillRef till,
                                                             core::ByteView wanted) {
  TRY_ASSIGN(const auto mailbox, rebuild::Mailbox::read(directory));
  TRY_ASSIGN(const auto recovery,
             mailbox.recover(till, context.fleet.head_office().roster(), nullptr));
  std::map<std::string, rebuild::FileVerdict> out;
  for (const auto& file : recovery.files) out[file.name] = file.verdict;
  const bool same = recovery.last.size() == 1 && core::equal(recovery.last[0].message, wanted);
  if (wanted.empty() ? !recovery.last.empty() : !same) {
    return fail(Errc::kState, "till " + to_string(till) + ": not the closing that it had");
  }
  return out;
}

// A newer closing of the same till: a copy of its journal rings one more day.
Result<Bytes> newer_closing(const CheckContext& context, const FleetTill& till) {
  const std::filesystem::path journal = context.options.work / "b6.journal";
  TRY(copy_path(till.journal, journal));
  TRY_ASSIGN(till::Till again, till::Till::open(journal, context.options.durability));
  TRY(sign_on_manager(again));
  TRY_ASSIGN(const auto status, again.status());
  TRY(again.open_day(core::BusinessDay{status.last_day->days + 1}, {}));
  TRY(again.close_day());
  TRY_ASSIGN(auto pending, again.outbox().pending(status.last_sequence, 2, 1 << 20));
  return std::move(pending.back().message);
}

Result<Check> check_hostile_mailbox(const CheckContext& context, const FleetTill& till) {
  using rebuild::FileVerdict;
  const std::filesystem::path directory = context.options.work / "b6-mailbox";
  std::filesystem::create_directories(directory);
  const Bytes& genuine = last_closing(till);
  TRY_ASSIGN(const auto parsed, core::envelope::parse_message(genuine));
  const auto stranger = *core::envelope::PrivateKey::from_seed(Bytes(32, 0x66));
  core::envelope::Header later = parsed.header;
  later.sequence.value += 7;
  TRY_ASSIGN(const Bytes forged, core::envelope::sign_message(later, parsed.payload, stranger));
  Bytes altered = genuine;
  altered[altered.size() - 66 - 1] ^= 1;  // the payload's last byte
  TRY(write_file(directory / "forged", forged));
  TRY(write_file(directory / "altered", altered));
  TRY(write_file(directory / "cut-off", core::ByteView(genuine).first(genuine.size() - 9)));
  TRY_ASSIGN(const auto without, verdicts(context, directory, till.ref, {}));

  TRY_ASSIGN(const Bytes newer, newer_closing(context, till));
  TRY(write_file(directory / "older", genuine));
  TRY(write_file(directory / "last", newer));
  TRY_ASSIGN(const auto with, verdicts(context, directory, till.ref, newer));
  const std::map<std::string, FileVerdict> expected = {
      {"forged", FileVerdict::kForged},  {"altered", FileVerdict::kAltered},
      {"cut-off", FileVerdict::kCutOff}, {"older", FileVerdict::kOlder},
      {"last", FileVerdict::kLast},
  };
  for (const auto& [name, verdict] : expected) {
    const auto it = with.find(name);
    if (it == with.end() || it->second != verdict) {
      return failed("the " + name + " file was not named as such");
    }
  }
  return pass("forged, altered, cut-off and older named");
}

}  // namespace

Result<Check> check_recover(const CheckContext& context) {
  const auto chosen = tills_to_recover(context);
  TRY_ASSIGN(const auto mailbox, rebuild::Mailbox::read(context.fleet.mailbox()));
  std::uint64_t recovered = 0;
  for (const std::size_t index : chosen) {
    const FleetTill& till = context.fleet.tills()[index];
    TRY_ASSIGN(const auto recovery,
               mailbox.recover(till.ref, context.fleet.head_office().roster(), nullptr));
    if (recovery.good() && recovery.last.size() == 1 &&
        recovery.last[0].message == last_closing(till)) {
      ++recovered;
    }
  }
  const std::string detail = std::to_string(recovered) + " of " + std::to_string(chosen.size()) +
                             " last closings recovered";
  if (recovered != chosen.size() || chosen.empty()) return failed(detail);
  TRY_ASSIGN(Check hostile, check_hostile_mailbox(context, context.fleet.tills()[chosen.front()]));
  hostile.detail = detail + "; " + hostile.detail;
  return hostile;
}

}  // namespace sweep
