// JournalKey: what a journal is encrypted with, from a file or a credential of the service manager.
// Must not know where the journal is. What it is for: docs/durability.md, "At rest".
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::journal {

enum class KeyFrom {
  kFile,        // only its owner may read it: mode 0600 or stricter
  kCredential,  // systemd hands it over in memory; it may grant its service's user by a group's
                // bits
};

// Copies share the bytes, which are locked in memory, kept out of core dumps and wiped.
class JournalKey {
 public:
  JournalKey() = default;  // none: the journal is not encrypted
  // Errors: kMalformed (not 32 bytes).
  static core::Result<JournalKey> from(core::ByteView bytes);
  // A file of exactly 32 bytes, or of 64 hexadecimal digits and perhaps the end of the line.
  // Errors, none of which shows what is in the file: kNotFound, kIo, kState (others may read it),
  // kMalformed (anything else, or no regular file).
  static core::Result<JournalKey> read(const std::filesystem::path& path, KeyFrom from);

  bool empty() const { return bytes_ == nullptr; }
  core::ByteView view() const;

 private:
  std::shared_ptr<std::uint8_t> bytes_;
};

}  // namespace core::journal
