// HeadOffice: files of the head-office directory, each replaced as a whole and synced.
#include "ledger-rebuild/head_office.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

#include "core/base/decimal.h"
#include "core/disk/file.h"
#include "core/disk/replace_file.h"

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
using core::envelope::PrivateKey;
using core::envelope::PublicKey;
using core::envelope::Roster;

constexpr const char* kKeyFile = "head-office.key";
constexpr const char* kPublicFile = "head-office.pub";
constexpr const char* kOriginFile = "origin";
constexpr const char* kRosterFile = "roster.cbor";
constexpr const char* kLockFile = "lock";

Result<void> replace_file(const fs::path& path, ByteView content, Access access = Access::kGroup) {
  return core::disk::replace_file(posix_filesystem(), path, content, access);
}

Result<Bytes> read_whole(const fs::path& path) {
  TRY_ASSIGN(const core::disk::FileContent content, posix_filesystem().content(path));
  return core::to_bytes(content.bytes);
}

// What an interrupted creation leaves behind (no key, an empty roster) may be overwritten.
Result<void> refuse_existing(const fs::path& path, bool may_be_empty) {
  std::error_code error;
  const bool there = fs::exists(path, error) && !(may_be_empty && fs::file_size(path, error) == 0);
  if (error) return fail(Errc::kIo, path.string() + ": " + error.message());
  if (there) return fail(Errc::kExists, path.string() + ": a head office is there already");
  return {};
}

Result<std::string> read_line(const fs::path& path) {
  TRY_ASSIGN(const Bytes content, read_whole(path));
  std::string text(core::as_text(content));
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Bytes line(std::string_view text) {
  Bytes out = core::to_bytes(core::as_bytes(text));
  out.push_back('\n');
  return out;
}

Result<void> check_origin(std::string_view origin, const std::string& where) {
  const bool printable =
      std::all_of(origin.begin(), origin.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!origin.empty() && origin.size() <= 255 && printable) return {};
  return fail(Errc::kMalformed,
              where +
                  ": an origin is 1 to 255 printable ASCII characters without spaces, such as "
                  "example.com/shops");
}

Result<Bytes> read_hex_file(const fs::path& path) {
  TRY_ASSIGN(const std::string text, read_line(path));
  auto bytes = core::from_hex(text);
  if (!bytes) return fail(Errc::kMalformed, path.string() + ": " + bytes.error().what);
  return bytes;
}

Result<PublicKey> read_public_key(const fs::path& directory) {
  const fs::path path = directory / kPublicFile;
  TRY_ASSIGN(const Bytes bytes, read_hex_file(path));
  auto key = PublicKey::from(bytes);
  if (!key) return fail(Errc::kMalformed, path.string() + ": " + key.error().what);
  return key;
}

Result<Roster> read_checked(const fs::path& directory, const PublicKey& key) {
  const fs::path origin_file = directory / kOriginFile;
  TRY_ASSIGN(const std::string origin, read_line(origin_file));
  TRY(check_origin(origin, origin_file.string()));
  const fs::path path = directory / kRosterFile;
  TRY_ASSIGN(const Bytes content, read_whole(path));
  auto roster = Roster::read(content, origin, key);
  if (!roster) return fail(roster.error().code, path.string() + ": " + roster.error().what);
  return roster;
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
  TRY_ASSIGN(const PublicKey key, read_public_key(directory));
  TRY_ASSIGN(Roster roster, read_checked(directory, key));
  return HeadOffice(directory, key, std::move(roster));
}

Result<std::vector<Enrolled>> HeadOffice::enrol(std::span<const EnrolRequest> requests) {
  TRY_ASSIGN(const Bytes seed, read_hex_file(directory_ / kKeyFile));
  TRY_ASSIGN(const PrivateKey key, PrivateKey::from_seed(seed));
  if (key.public_key() != public_key_) {
    return fail(Errc::kMalformed, (directory_ / kKeyFile).string() + ": not the private key of " +
                                      std::string(kPublicFile));
  }
  TRY_ASSIGN(const auto lock, posix_filesystem().lock(directory_ / kLockFile));
  const fs::path path = directory_ / kRosterFile;
  TRY_ASSIGN(Bytes content, read_whole(path));
  TRY_ASSIGN(Roster roster, read_checked(directory_, public_key_));
  std::vector<Enrolled> answers;
  answers.reserve(requests.size());
  for (const EnrolRequest& request : requests) {
    auto bulletin = roster.enrol(request.till, request.key, key);
    if (!bulletin) {
      return fail(bulletin.error().code,
                  "till " + to_string(request.till) + ": " + bulletin.error().what);
    }
    core::append(content, *bulletin);
    answers.push_back(Enrolled{request.till, roster.latest_epoch(request.till),
                               core::envelope::message_id(*bulletin)});
  }
  TRY(replace_file(path, content));
  roster_ = std::move(roster);
  return answers;
}

Result<Roster> read_roster(const fs::path& directory) {
  TRY_ASSIGN(const PublicKey key, read_public_key(directory));
  return read_checked(directory, key);
}

}  // namespace rebuild
