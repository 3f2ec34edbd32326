// HeadOffice: files of the head-office directory, each replaced as a whole and synced.
#include "ledger-rebuild/head_office.h"

#include <memory>
#include <optional>

#include "core/disk/file.h"
#include "core/disk/replace_file.h"
#include "core/envelope/key_files.h"
#include "ledger-rebuild/openers.h"

namespace rebuild {
namespace {

namespace fs = std::filesystem;
using core::Bytes;
using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::disk::Access;
using core::disk::posix_filesystem;
using core::envelope::check_origin;
using core::envelope::EnrolRequest;
using core::envelope::kOriginFile;
using core::envelope::kRosterFile;
using core::envelope::kSealingFile;
using core::envelope::PrivateKey;
using core::envelope::PublicKey;
using core::envelope::read_private_key;
using core::envelope::read_public_key;
using core::envelope::read_roster_file;
using core::envelope::Roster;
using core::envelope::SealingPrivateKey;

constexpr const char* kKeyFile = "head-office.key";
constexpr const char* kPublicFile = core::envelope::kHeadOfficeFile;

Result<void> replace_file(const fs::path& path, ByteView content, Access access = Access::kGroup) {
  return core::disk::replace_file(posix_filesystem(), path, content, access);
}

// What an interrupted creation leaves behind may be overwritten: no key that signs, and at most a
// roster without tills. A roster with tills is somebody's, also when the key beside it was lost.
Result<void> refuse_existing(const fs::path& directory) {
  std::error_code error;
  const auto is_there = [&](const char* name) { return fs::exists(directory / name, error); };
  const bool has_roster = is_there(kRosterFile);
  const bool has_sealing_key = is_there(kSealingFile);
  bool taken = is_there(kKeyFile) || (has_sealing_key && !has_roster);
  if (error) return fail(Errc::kIo, directory.string() + ": " + error.message());
  if (!taken && has_roster) {
    const auto file = read_roster_file(directory);
    taken = !file || !file->roster.enrolments().empty();
  }
  if (!taken) return {};
  return fail(Errc::kExists, directory.string() + ": a head office is there already");
}

Bytes line(std::string_view text) {
  Bytes out = core::to_bytes(core::as_bytes(text));
  out.push_back('\n');
  return out;
}

// The roster with what opens its tills' payloads, where head office's private key is.
Result<std::size_t> add_openers(const fs::path& directory, Roster& roster) {
  const auto own = core::envelope::read_sealing_key(directory / kSealingFile);
  if (own) return attach_openers(directory, *own, roster);
  if (own.error().code != Errc::kNotFound) return fail(own.error());
  return std::size_t{0};
}

}  // namespace

HeadOffice::HeadOffice(fs::path directory, PublicKey public_key, Roster roster)
    : directory_(std::move(directory)), public_key_(public_key), roster_(std::move(roster)) {}

Result<HeadOffice> HeadOffice::create(const fs::path& directory, std::string_view origin,
                                      Payloads payloads) {
  TRY(check_origin(origin, "--origin"));
  TRY(posix_filesystem().create_directory(directory));
  TRY_ASSIGN(const auto lock, posix_filesystem().lock(directory / kLockFile));
  TRY(refuse_existing(directory));
  const PrivateKey key = PrivateKey::generate();
  const SealingPrivateKey sealing_key = SealingPrivateKey::generate();
  TRY_ASSIGN(Roster roster, Roster::read({}, origin, key.public_key()));
  Bytes bulletins;
  if (payloads == Payloads::kSealed) {
    TRY_ASSIGN(bulletins, roster.name_sealing_key(sealing_key.public_key(), key));
  }
  TRY(replace_file(directory / kOriginFile, line(origin)));
  TRY(replace_file(directory / kPublicFile, line(key.public_key().hex())));
  TRY(replace_file(directory / kRosterFile, bulletins));
  if (payloads == Payloads::kSealed) {
    TRY(replace_file(directory / kSealingFile, line(core::to_hex(sealing_key.view())),
                     Access::kOwner));
  }
  // Last: an interrupted creation can be repeated.
  TRY(replace_file(directory / kKeyFile, line(core::to_hex(key.seed())), Access::kOwner));
  return open(directory);
}

Result<HeadOffice> HeadOffice::open(const fs::path& directory) {
  TRY_ASSIGN(const PublicKey key, read_public_key(directory / kPublicFile));
  TRY_ASSIGN(Roster roster, read_roster(directory));
  return HeadOffice(directory, key, std::move(roster));
}

Result<void> HeadOffice::extend(const Write& write) {
  TRY_ASSIGN(const PrivateKey key, read_private_key(directory_ / kKeyFile));
  if (key.public_key() != public_key_) {
    return fail(Errc::kMalformed, (directory_ / kKeyFile).string() + ": not the private key of " +
                                      std::string(kPublicFile));
  }
  TRY_ASSIGN(const auto lock, posix_filesystem().lock(directory_ / kLockFile));
  TRY_ASSIGN(auto file, read_roster_file(directory_));
  TRY_ASSIGN(const Bytes bulletins, write(file.roster, key));
  core::append(file.bytes, bulletins);
  TRY_ASSIGN(const std::size_t agreed, add_openers(directory_, file.roster));
  TRY(replace_file(directory_ / kRosterFile, file.bytes));
  roster_ = std::move(file.roster);
  // What is not kept is agreed on again by each replay: slower, and no reason to say that the
  // roster was not written.
  if (agreed > 0) (void)keep_openers(directory_, *roster_.sealing_key(), roster_);
  return {};
}

Result<std::vector<Enrolled>> HeadOffice::enrol(std::span<const EnrolRequest> requests) {
  std::vector<Enrolled> answers;
  answers.reserve(requests.size());
  TRY(extend([&](Roster& roster, const PrivateKey& key) -> Result<Bytes> {
    Bytes bulletins;
    for (const EnrolRequest& request : requests) {
      const auto bulletin = roster.enrol(request, key);
      if (!bulletin) {
        return fail(bulletin.error().code,
                    "till " + to_string(request.till) + ": " + bulletin.error().what);
      }
      core::append(bulletins, *bulletin);
      answers.push_back(Enrolled{request.till, roster.latest_epoch(request.till),
                                 core::envelope::message_id(*bulletin)});
    }
    return bulletins;
  }));
  return answers;
}

Result<void> HeadOffice::name_log_key(const PublicKey& key) {
  return extend(
      [&](Roster& roster, const PrivateKey& own) { return roster.name_log_key(key, own); });
}

Result<void> HeadOffice::revoke(core::TillRef till, core::Epoch epoch) {
  return extend(
      [&](Roster& roster, const PrivateKey& own) { return roster.revoke(till, epoch, own); });
}

Result<std::optional<core::wire::ReadCredential>> read_credential(const fs::path& directory) {
  const auto key = read_private_key(directory / kKeyFile);
  if (!key && key.error().code == Errc::kNotFound) {
    return std::optional<core::wire::ReadCredential>();
  }
  if (!key) return fail(key.error());
  TRY_ASSIGN(const std::string origin, core::envelope::read_origin(directory));
  const auto kid = core::envelope::derive_kid(origin, key->public_key());
  return std::optional<core::wire::ReadCredential>({*key, kid.hex()});
}

Result<Roster> read_roster(const fs::path& directory) {
  TRY_ASSIGN(auto file, read_roster_file(directory));
  TRY(add_openers(directory, file.roster));
  return std::move(file.roster);
}

}  // namespace rebuild
