// Recover: which of many files are the backup that a till's journal can be made again from, and
// what each of the others is. Must not know directories, books or journals.
// Rules: docs/formats/backup.md, "Reading a set".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/roster.h"
#include "core/envelope/sealing.h"
#include "core/journal/content.h"
#include "ledger-rebuild/backup_files.h"

namespace rebuild {

// What a file turned out to be, seen from one till.
enum class FileVerdict {
  kUsed,          // part of what the journal is made from
  kOlder,         // authentic; a whole increment that came later, or a later epoch, has it all
  kCopy,          // the very bytes of another file
  kForged,        // not signed with the key that it names, or that key is nobody's
  kWrongEpoch,    // the key was enrolled for another epoch
  kContradicted,  // authentic; another content was signed for the same place
  kDetached,      // authentic; what it builds on is missing
  kOtherTill,     // another till's, by the key that it names
  kCutOff,        // ends before its end
  kNotOpened,     // authentic; head office's key does not open it, or what is inside is no content
  kUnreadable,    // no part of a backup
};
std::string_view file_verdict_text(FileVerdict verdict);

struct FileReport {
  std::string name;
  FileVerdict verdict = FileVerdict::kUnreadable;
  std::string detail;
};

// What a journal is put together from, in order.
struct UsedPart {
  core::Bytes content;
  bool first = false;  // of its increment
};

struct BackupChoice {
  std::vector<FileReport> files;  // in the order of the files
  std::vector<UsedPart> parts;    // none: nothing can be used
  core::Epoch epoch;
  core::envelope::PublicKey key;  // that signed them
  std::uint64_t first = 0;        // numbers of the increments
  std::uint64_t last = 0;
  core::journal::ContentHead head;  // of the last one
  // Two contents for one place, below `until`: nothing was chosen.
  bool cloned = false;
  // A later part than the last used one is among the files, and cannot be used.
  bool more_is_there = false;
};

struct RecoverOrder {
  core::TillRef till;
  std::optional<std::uint64_t> until;  // no increment above this number
};

// Errors: kNotFound (the till is not on the roster).
core::Result<BackupChoice> choose_backup(std::span<const BackupFile> files,
                                         const RecoverOrder& order,
                                         const core::envelope::Roster& roster,
                                         const core::envelope::SealingPrivateKey& own);

}  // namespace rebuild
