// Recover: a till's last closing, from copies that it left in a mailbox directory.
// Must not know relays. What is in a mailbox: docs/formats/journal.md, "Mailbox".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/message.h"
#include "core/envelope/roster.h"
#include "core/retail/summary.h"
#include "ledger-rebuild/books.h"

namespace rebuild {

// What a mailbox file turned out to be, seen from one till.
enum class FileVerdict {
  kLast,          // part of the last closing: given back
  kOlder,         // authentic; a newer closing is there
  kNoClosing,     // authentic; an opening, or no summary
  kForged,        // the signature is nobody's
  kAltered,       // the signature belongs to another message of this till
  kReplayed,      // the signature belongs to another till's message
  kWrongEpoch,    // the key was enrolled for another epoch
  kContradicted,  // authentic; another content was signed for the same place
  kCopy,          // the last closing again, in another file or under another signature
  kCutOff,        // ends before its end; claims this till as far as it goes
  kUnreadable,    // no message, and nothing in it says of which till
};
std::string_view file_verdict_text(FileVerdict verdict);

struct MailboxFile {
  std::string name;
  FileVerdict verdict = FileVerdict::kUnreadable;
  std::string detail;
};

// One part of the last closing, as it was signed.
struct RecoveredPart {
  core::Bytes message;
  core::envelope::Header header;
  core::envelope::MessageId id;
  core::retail::Closing closing;
};

struct Recovery {
  std::vector<RecoveredPart> last;  // all parts, ascending; empty: no authentic closing was found
  bool complete = false;            // every part is there
  // A newer closing that the books know of: the mailbox is older than the books.
  std::optional<core::Sequence> books_sequence;
  core::Epoch books_epoch;
  std::vector<MailboxFile> files;  // that claim this till, or are unreadable; by name
  // Whether the till may go on from `last`.
  bool good() const { return !last.empty() && complete && !books_sequence; }
};

// The files of a mailbox directory, read once; file names are not trusted.
class Mailbox {
 public:
  // Errors: kNotFound, kIo.
  static core::Result<Mailbox> read(const std::filesystem::path& directory);

  // The till's last closing: the highest (epoch, sequence) that is authentic by the rule of the
  // replay. `books`, when given, says whether a newer one was posted. Errors: kNotFound (the till
  // is not on the roster), kDatabase.
  core::Result<Recovery> recover(core::TillRef till, const core::envelope::Roster& roster,
                                 const Books* books) const;

 private:
  struct File;
  explicit Mailbox(std::vector<File> files);
  std::shared_ptr<const std::vector<File>> files_;
};

}  // namespace rebuild
