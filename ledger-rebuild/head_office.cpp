// HeadOffice: files of the head-office directory, each replaced as a whole and synced.
#include "ledger-rebuild/head_office.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "core/disk/file.h"
#include "core/disk/replace_file.h"
#include "core/envelope/key_files.h"
#include "ledger-rebuild/decisions.h"
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
using core::envelope::ChainPlace;
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
using core::envelope::RosterSigner;
using core::envelope::SealingPrivateKey;

constexpr const char* kKeyFile = "head-office.key";
constexpr const char* kPublicFile = core::envelope::kHeadOfficeFile;

Result<void> replace_file(const fs::path& path, ByteView content, Access access = Access::kGroup) {
  return core::disk::replace_file(posix_filesystem(), path, content, access);
}

// What an interrupted creation leaves behind may be overwritten: no key of every day, and at most a
// roster without tills. A roster with tills is somebody's, also when the keys beside it were lost.
bool has_tills(const Roster& roster) {
  const auto& all = roster.enrolments();
  return std::any_of(all.begin(), all.end(), [](const auto& one) {
    return !core::envelope::is_head_office(one.second.till);
  });
}

Result<void> refuse_existing(const fs::path& directory) {
  std::error_code error;
  const auto is_there = [&](const char* name) { return fs::exists(directory / name, error); };
  const bool has_roster = is_there(kRosterFile);
  const bool has_sealing_key = is_there(kSealingFile);
  const bool has_office_key = fs::exists(office_key_file(directory, core::Epoch{1}), error);
  bool taken = has_office_key || (has_sealing_key && !has_roster);
  if (error) return fail(Errc::kIo, directory.string() + ": " + error.message());
  if (!taken && has_roster) {
    const auto file = read_roster_file(directory);
    taken = !file || has_tills(file->roster);
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

Result<PrivateKey> read_root(const fs::path& file, const PublicKey& expected) {
  TRY_ASSIGN(const PrivateKey key, read_private_key(file));
  if (key.public_key() == expected) return key;
  return fail(Errc::kMalformed,
              file.string() + ": not the private key of " + std::string(kPublicFile));
}

// Nothing is sealed to head office by itself, but every enrolment has a sealing key.
EnrolRequest office_request(std::string_view origin, const PrivateKey& key) {
  return core::envelope::make_enrol_request(origin, core::envelope::kHeadOffice, key,
                                            SealingPrivateKey::generate().public_key());
}

// A crash can leave an entry with what the key of every day signed, and the roster without it.
Result<void> catch_up(const Decisions& decisions, core::envelope::RosterFile& file) {
  const auto& all = decisions.messages();
  for (std::size_t next = file.roster.office_last().value; next < all.size(); ++next) {
    TRY_ASSIGN(const auto message, core::envelope::parse_message(all[next]));
    if (!Roster::is_entry(message.payload)) continue;
    TRY(core::envelope::extend_roster(file, all[next]));
  }
  return {};
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
  const PrivateKey root = PrivateKey::generate();
  const PrivateKey office = PrivateKey::generate();
  const SealingPrivateKey sealing_key = SealingPrivateKey::generate();
  TRY_ASSIGN(Roster roster, Roster::read({}, origin, root.public_key()));
  Bytes bulletins;
  if (payloads == Payloads::kSealed) {
    TRY_ASSIGN(bulletins, roster.name_sealing_key(sealing_key.public_key(), root));
  }
  TRY_ASSIGN(const Bytes enrolment, roster.enrol(office_request(origin, office), root));
  core::append(bulletins, enrolment);
  TRY(replace_file(directory / kOriginFile, line(origin)));
  TRY(replace_file(directory / kPublicFile, line(root.public_key().hex())));
  TRY(replace_file(directory / kRosterFile, bulletins));
  if (payloads == Payloads::kSealed) {
    TRY(replace_file(directory / kSealingFile, line(core::to_hex(sealing_key.view())),
                     Access::kOwner));
  }
  TRY(replace_file(directory / kKeyFile, line(core::to_hex(root.seed())), Access::kOwner));
  // Last: an interrupted creation can be repeated.
  TRY(replace_file(office_key_file(directory, core::Epoch{1}), line(core::to_hex(office.seed())),
                   Access::kOwner));
  return open(directory);
}

Result<HeadOffice> HeadOffice::open(const fs::path& directory) {
  TRY_ASSIGN(const PublicKey key, read_public_key(directory / kPublicFile));
  TRY_ASSIGN(Roster roster, read_roster(directory));
  return HeadOffice(directory, key, std::move(roster));
}

Result<void> HeadOffice::extend(const Write& write, const PrivateKey* root) {
  TRY_ASSIGN(const auto lock, posix_filesystem().lock(directory_ / kLockFile));
  TRY_ASSIGN(auto file, read_roster_file(directory_));
  std::optional<Decisions> decisions;  // of the key of every day, where it signs
  std::optional<PrivateKey> own_root;
  if (root == nullptr && file.roster.office() != nullptr) {
    TRY_ASSIGN(decisions, Decisions::open(directory_, file.roster));
    TRY(catch_up(*decisions, file));
  } else if (root == nullptr) {
    TRY_ASSIGN(own_root, read_root(directory_ / kKeyFile, public_key_));
    root = &*own_root;
  }
  TRY_ASSIGN(const Entries entries,
             write(file.roster, decisions ? decisions->signer() : RosterSigner(*root)));
  for (const Bytes& entry : entries) core::append(file.bytes, entry);
  TRY_ASSIGN(const std::size_t agreed, add_openers(directory_, file.roster));
  // First: nothing else may ever be signed for their places. What a crash leaves only there is
  // caught up with.
  if (decisions) TRY(decisions->keep(entries));
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
  TRY(extend([&](Roster& roster, RosterSigner signer) -> Result<Entries> {
    Entries entries;
    for (const EnrolRequest& request : requests) {
      auto entry = roster.enrol(request, signer);
      if (!entry) {
        return fail(entry.error().code,
                    "till " + to_string(request.till) + ": " + entry.error().what);
      }
      signer.signed_entry(*entry);
      answers.push_back(Enrolled{request.till, roster.latest_epoch(request.till),
                                 core::envelope::message_id(*entry)});
      entries.push_back(std::move(*entry));
    }
    return entries;
  }));
  return answers;
}

Result<void> HeadOffice::name_log_key(const PublicKey& key) {
  return extend([&](Roster& roster, const RosterSigner& signer) -> Result<Entries> {
    TRY_ASSIGN(Bytes entry, roster.name_log_key(key, signer));
    return Entries{std::move(entry)};
  });
}

Result<void> HeadOffice::revoke(core::TillRef till, core::Epoch epoch,
                                const std::optional<ChainPlace>& last) {
  return extend([&](Roster& roster, const RosterSigner& signer) -> Result<Entries> {
    TRY_ASSIGN(Bytes entry, roster.revoke(till, epoch, last, signer));
    return Entries{std::move(entry)};
  });
}

Result<void> HeadOffice::retire(std::span<const Retirement> keys) {
  return extend([&](Roster& roster, RosterSigner signer) -> Result<Entries> {
    Entries entries;
    entries.reserve(keys.size());
    for (const Retirement& key : keys) {
      TRY_ASSIGN(Bytes entry, roster.retire(key.till, key.epoch, key.last, signer));
      signer.signed_entry(entry);
      entries.push_back(std::move(entry));
    }
    return entries;
  });
}

Result<void> HeadOffice::settle(core::TillRef till, core::Epoch epoch, const ChainPlace& stands) {
  return extend([&](Roster& roster, const RosterSigner& signer) -> Result<Entries> {
    TRY_ASSIGN(Bytes entry, roster.settle(till, epoch, stands, signer));
    return Entries{std::move(entry)};
  });
}

Result<void> HeadOffice::replace_office_key(const fs::path& root, std::optional<ChainPlace> last) {
  TRY_ASSIGN(const PrivateKey root_key, read_root(root, public_key_));
  const PrivateKey office = PrivateKey::generate();
  const auto write = [&](Roster& roster, const RosterSigner& signer) -> Result<Entries> {
    Entries entries;
    if (const auto* old = roster.office()) {
      const core::Epoch epoch = old->epoch;
      if (!last) {
        TRY_ASSIGN(const Decisions decisions, Decisions::open(directory_, roster));
        if (decisions.last_sequence().value > 0) {
          last = ChainPlace{decisions.last_sequence(), decisions.last_id()};
        }
      }
      TRY_ASSIGN(Bytes entry, roster.revoke(core::envelope::kHeadOffice, epoch, last, signer));
      entries.push_back(std::move(entry));
    }
    TRY_ASSIGN(Bytes entry, roster.enrol(office_request(roster.origin(), office), signer));
    entries.push_back(std::move(entry));
    // Before the roster says so: a key that nobody was told of is made again.
    TRY(replace_file(office_key_file(directory_, roster.office()->epoch),
                     line(core::to_hex(office.seed())), Access::kOwner));
    return entries;
  };
  return extend(write, &root_key);
}

Result<Decisions> open_decisions(const fs::path& directory) {
  TRY_ASSIGN(HeadOffice office, HeadOffice::open(directory));
  if (office.roster().office() == nullptr) {
    TRY(office.replace_office_key(directory / kKeyFile, std::nullopt));
  }
  return Decisions::open(directory, office.roster());
}

Result<std::optional<core::wire::ReadCredential>> read_credential(const fs::path& directory,
                                                                  const Roster& roster) {
  const auto* office = roster.office();
  const auto key = read_private_key(office == nullptr ? directory / kKeyFile
                                                      : office_key_file(directory, office->epoch));
  if (!key && key.error().code == Errc::kNotFound) {
    return std::optional<core::wire::ReadCredential>();
  }
  if (!key) return fail(key.error());
  const auto kid = core::envelope::derive_kid(roster.origin(), key->public_key());
  return std::optional<core::wire::ReadCredential>({*key, kid.hex()});
}

Result<Roster> read_roster(const fs::path& directory) {
  TRY_ASSIGN(auto file, read_roster_file(directory));
  return with_openers(directory, std::move(file.roster));
}

Result<Roster> with_openers(const fs::path& directory, Roster roster) {
  TRY(add_openers(directory, roster));
  return roster;
}

}  // namespace rebuild
