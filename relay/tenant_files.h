// TenantFiles: what one organisation's directory says of its log: name, keys, roster.
// Must not know segments or sockets. Format: docs/operating-the-relay.md, "A tenant's directory".
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/envelope/key_files.h"
#include "core/tlog/note.h"

namespace relay {

struct TenantFiles {
  std::string origin;
  core::envelope::PrivateKey key;  // signs checkpoints
  // Head office's key and roster; none: the directory has no head-office.pub.
  std::optional<core::envelope::PublicKey> head_office;
  core::envelope::RosterFile roster;

  core::tlog::NoteVerifier verifier() const { return {origin, key.public_key()}; }
};

// Makes the directory with a new key; `head_office` may be none. Durable when it returns.
// Errors: kExists (a log's key is there), kMalformed (origin), kIo, kDiskFull, kSyncFailed.
core::Result<TenantFiles> init_tenant(const std::filesystem::path& directory,
                                      const std::string& origin,
                                      const std::optional<core::envelope::PublicKey>& head_office);

// Errors: kNotFound (not made yet), kMalformed, kBadSignature, kUnknownKey, kIo.
core::Result<TenantFiles> read_tenant(const std::filesystem::path& directory);

// Whether the directory is one that init_tenant() made.
bool is_tenant(const std::filesystem::path& directory);

}  // namespace relay
