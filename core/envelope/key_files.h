// Files of keys and rosters, as head office, the relay and the tills keep them.
// Must not know what they are for. Format: docs/formats/roster.md, "Directory".
#pragma once

#include <filesystem>
#include <string>

#include "core/envelope/roster.h"

namespace core::envelope {

// Names within a directory that holds a log's identity.
inline constexpr const char* kOriginFile = "origin";
inline constexpr const char* kHeadOfficeFile = "head-office.pub";
inline constexpr const char* kRosterFile = "roster.cbor";
inline constexpr const char* kSealingFile = "sealing.key";  // at head office only

// Errors of all: kNotFound, kIo; kMalformed, kTooLarge, naming the file.

// A file's only line, without its end.
Result<std::string> read_line_file(const std::filesystem::path& path);
// 64 hexadecimal digits.
Result<PublicKey> read_public_key(const std::filesystem::path& path);
Result<PrivateKey> read_private_key(const std::filesystem::path& path);
Result<SealingPrivateKey> read_sealing_key(const std::filesystem::path& path);

// A log's name: 1 to 255 printable ASCII characters without spaces or '+'. `where` names it in the
// error.
Result<void> check_origin(std::string_view origin, const std::string& where);
Result<std::string> read_origin(const std::filesystem::path& directory);

// `directory`/roster.cbor, under the origin and head office's key beside it.
// Errors: also those of Roster::read.
Result<RosterFile> read_roster_file(const std::filesystem::path& directory);

}  // namespace core::envelope
