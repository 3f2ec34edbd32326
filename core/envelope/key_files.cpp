// One line a file, or a sequence of bulletins. Format: docs/formats/roster.md, "Directory".
// Must not know what they are for.
#include "core/envelope/key_files.h"

#include <algorithm>

#include "core/base/whole_file.h"

namespace core::envelope {
namespace {

Result<Bytes> read_hex_file(const std::filesystem::path& path) {
  TRY_ASSIGN(const std::string text, read_line_file(path));
  auto bytes = from_hex(text);
  if (!bytes) return fail(Errc::kMalformed, path.string() + ": " + bytes.error().what);
  return bytes;
}

}  // namespace

Result<std::string> read_line_file(const std::filesystem::path& path) {
  TRY_ASSIGN(std::string text, read_whole_file(path, 4096));
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

Result<PublicKey> read_public_key(const std::filesystem::path& path) {
  TRY_ASSIGN(const Bytes bytes, read_hex_file(path));
  auto key = PublicKey::from(bytes);
  if (!key) return fail(Errc::kMalformed, path.string() + ": " + key.error().what);
  return key;
}

Result<PrivateKey> read_private_key(const std::filesystem::path& path) {
  TRY_ASSIGN(const Bytes seed, read_hex_file(path));
  auto key = PrivateKey::from_seed(seed);
  if (!key) return fail(Errc::kMalformed, path.string() + ": " + key.error().what);
  return key;
}

Result<SealingPrivateKey> read_sealing_key(const std::filesystem::path& path) {
  TRY_ASSIGN(const Bytes bytes, read_hex_file(path));
  auto key = SealingPrivateKey::from(bytes);
  if (!key) return fail(Errc::kMalformed, path.string() + ": " + key.error().what);
  return key;
}

Result<void> check_origin(std::string_view origin, const std::string& where) {
  const bool printable = std::all_of(origin.begin(), origin.end(),
                                     [](char c) { return c > ' ' && c < 0x7f && c != '+'; });
  if (!origin.empty() && origin.size() <= 255 && printable) return {};
  return fail(Errc::kMalformed, where +
                                    ": an origin is 1 to 255 printable ASCII characters without "
                                    "spaces or '+', such as example.com/shops");
}

Result<std::string> read_origin(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / kOriginFile;
  TRY_ASSIGN(std::string origin, read_line_file(path));
  TRY(check_origin(origin, path.string()));
  return origin;
}

Result<RosterFile> read_roster_file(const std::filesystem::path& directory) {
  TRY_ASSIGN(const PublicKey key, read_public_key(directory / kHeadOfficeFile));
  TRY_ASSIGN(const std::string origin, read_origin(directory));
  const std::filesystem::path path = directory / kRosterFile;
  TRY_ASSIGN(const std::string content, read_whole_file(path));
  RosterFile file;
  file.bytes = to_bytes(as_bytes(content));
  auto roster = Roster::read(file.bytes, origin, key);
  if (!roster) return fail(roster.error().code, path.string() + ": " + roster.error().what);
  file.roster = std::move(*roster);
  return file;
}

}  // namespace core::envelope
