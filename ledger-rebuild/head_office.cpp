// HeadOffice: files of the head-office directory, each replaced as a whole and synced.
#include "ledger-rebuild/head_office.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "core/base/decimal.h"
#include "core/disk/file.h"
#include "core/disk/replace_file.h"
#include "core/envelope/key_files.h"

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
using core::envelope::kOriginFile;
using core::envelope::kRosterFile;
using core::envelope::PrivateKey;
using core::envelope::PublicKey;
using core::envelope::read_private_key;
using core::envelope::read_public_key;
using core::envelope::read_roster_file;
using core::envelope::Roster;

constexpr const char* kKeyFile = "head-office.key";
constexpr const char* kPublicFile = core::envelope::kHeadOfficeFile;
constexpr const char* kLockFile = "lock";

Result<void> replace_file(const fs::path& path, ByteView content, Access access = Access::kGroup) {
  return core::disk::replace_file(posix_filesystem(), path, content, access);
}

// What an interrupted creation leaves behind (no key, an empty roster) may be overwritten.
Result<void> refuse_existing(const fs::path& path, bool may_be_empty) {
  std::error_code error;
  const bool there = fs::exists(path, error) && !(may_be_empty && fs::file_size(path, error) == 0);
  if (error) return fail(Errc::kIo, path.string() + ": " + error.message());
  if (there) return fail(Errc::kExists, path.string() + ": a head office is there already");
  return {};
}

Bytes line(std::string_view text) {
  Bytes out = core::to_bytes(core::as_bytes(text));
  out.push_back('\n');
  return out;
}

// The value of "name VALUE", or nothing.
std::optional<std::string_view> value_of(std::string_view text, std::string_view name) {
  if (text.size() <= name.size() + 1 || !text.starts_with(name) || text[name.size()] != ' ') {
    return std::nullopt;
  }
  return text.substr(name.size() + 1);
}

Result<std::uint32_t> parse_number(std::string_view text) {
  TRY_ASSIGN(const std::uint64_t value, core::parse_unsigned(text));
  if (value > std::numeric_limits<std::uint32_t>::max()) {
    return fail(Errc::kMalformed, "'" + std::string(text) + "' is beyond 4294967295");
  }
  return static_cast<std::uint32_t>(value);
}

}  // namespace

Result<EnrolRequest> parse_enrol_request(std::string_view text) {
  constexpr std::string_view kNames[] = {"store", "till", "key"};
  std::string_view values[3];
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t end = text.find('\n');
    std::string_view one = text.substr(0, end);
    if (one.ends_with('\r')) one.remove_suffix(1);
    const auto value = value_of(one, kNames[i]);
    if (!value) {
      return fail(Errc::kMalformed, "line " + std::to_string(i + 1) + ": expected '" +
                                        std::string(kNames[i]) + " ...'");
    }
    values[i] = *value;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (!text.empty()) return fail(Errc::kMalformed, "line 4: nothing may follow the key");
  const auto on_line = [](int number, const core::Error& error) {
    return fail(Errc::kMalformed, "line " + std::to_string(number) + ": " + error.what);
  };
  EnrolRequest request;
  const auto store = parse_number(values[0]);
  if (!store) return on_line(1, store.error());
  const auto till = parse_number(values[1]);
  if (!till) return on_line(2, till.error());
  const auto bytes = core::from_hex(values[2]);
  if (!bytes) return on_line(3, bytes.error());
  const auto key = PublicKey::from(*bytes);
  if (!key) return on_line(3, key.error());
  request.till = core::TillRef{core::StoreId{*store}, core::TillId{*till}};
  request.key = *key;
  return request;
}

HeadOffice::HeadOffice(fs::path directory, PublicKey public_key, Roster roster)
    : directory_(std::move(directory)), public_key_(public_key), roster_(std::move(roster)) {}

Result<HeadOffice> HeadOffice::create(const fs::path& directory, std::string_view origin) {
  TRY(check_origin(origin, "--origin"));
  TRY(posix_filesystem().create_directory(directory));
  TRY_ASSIGN(const auto lock, posix_filesystem().lock(directory / kLockFile));
  const fs::path key_file = directory / kKeyFile;
  TRY(refuse_existing(key_file, false));
  // A roster with entries is somebody's, also when the key beside it was lost or never copied.
  TRY(refuse_existing(directory / kRosterFile, true));
  const PrivateKey key = PrivateKey::generate();
  TRY(replace_file(directory / kOriginFile, line(origin)));
  TRY(replace_file(directory / kPublicFile, line(key.public_key().hex())));
  TRY(replace_file(directory / kRosterFile, {}));
  // Last: an interrupted creation can be repeated.
  TRY(replace_file(key_file, line(core::to_hex(key.seed())), Access::kOwner));
  return open(directory);
}

Result<HeadOffice> HeadOffice::open(const fs::path& directory) {
  TRY_ASSIGN(const PublicKey key, read_public_key(directory / kPublicFile));
  TRY_ASSIGN(auto file, read_roster_file(directory));
  return HeadOffice(directory, key, std::move(file.roster));
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
  TRY(replace_file(directory_ / kRosterFile, file.bytes));
  roster_ = std::move(file.roster);
  return {};
}

Result<std::vector<Enrolled>> HeadOffice::enrol(std::span<const EnrolRequest> requests) {
  std::vector<Enrolled> answers;
  answers.reserve(requests.size());
  TRY(extend([&](Roster& roster, const PrivateKey& key) -> Result<Bytes> {
    Bytes bulletins;
    for (const EnrolRequest& request : requests) {
      const auto bulletin = roster.enrol(request.till, request.key, key);
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
  return std::move(file.roster);
}

}  // namespace rebuild
