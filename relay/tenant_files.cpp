// Files of a tenant's directory. Format: docs/operating-the-relay.md, "A tenant's directory".
// Must not know segments or sockets.
#include "relay/tenant_files.h"

#include "core/disk/replace_file.h"

namespace relay {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::disk::Access;
using core::disk::posix_filesystem;
using core::envelope::PrivateKey;
using core::envelope::PublicKey;

constexpr const char* kKeyFile = "checkpoint.key";
constexpr const char* kPublicFile = "checkpoint.pub";

Result<void> write_line(const std::filesystem::path& path, std::string text, Access access) {
  text += '\n';
  return core::disk::replace_file(posix_filesystem(), path, core::as_bytes(text), access);
}

}  // namespace

bool is_tenant(const std::filesystem::path& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory / kKeyFile, ignored);
}

Result<TenantFiles> init_tenant(const std::filesystem::path& directory, const std::string& origin,
                                const std::optional<PublicKey>& head_office) {
  TRY(core::envelope::check_origin(origin, "--origin"));
  TRY(posix_filesystem().create_directory(directory));
  if (is_tenant(directory)) {
    return fail(Errc::kExists, directory.string() + ": a log's key is there already");
  }
  const PrivateKey key = PrivateKey::generate();
  TRY(write_line(directory / core::envelope::kOriginFile, origin, Access::kGroup));
  if (head_office) {
    TRY(write_line(directory / core::envelope::kHeadOfficeFile, head_office->hex(),
                   Access::kGroup));
    TRY(core::disk::replace_file(posix_filesystem(), directory / core::envelope::kRosterFile, {},
                                 Access::kGroup));
  }
  const core::tlog::NoteVerifier verifier(origin, key.public_key());
  TRY(write_line(directory / kPublicFile, verifier.vkey(), Access::kGroup));
  // Last: an interrupted creation can be repeated.
  TRY(write_line(directory / kKeyFile, core::to_hex(key.seed()), Access::kOwner));
  return read_tenant(directory);
}

Result<TenantFiles> read_tenant(const std::filesystem::path& directory) {
  if (!is_tenant(directory)) {
    return fail(Errc::kNotFound,
                directory.string() + ": no log was made here; daybook-relay init makes one");
  }
  TRY_ASSIGN(std::string origin, core::envelope::read_origin(directory));
  TRY_ASSIGN(const PrivateKey key, core::envelope::read_private_key(directory / kKeyFile));
  TenantFiles files{std::move(origin), key, {}, {}};
  const auto head_office =
      core::envelope::read_public_key(directory / core::envelope::kHeadOfficeFile);
  if (!head_office && head_office.error().code == Errc::kNotFound) return files;
  if (!head_office) return fail(head_office.error());
  files.head_office = *head_office;
  TRY_ASSIGN(files.roster, core::envelope::read_roster_file(directory));
  return files;
}

}  // namespace relay
