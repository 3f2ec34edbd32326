// Decisions: head office's own chain of bulletins for the log, signed with its key of every day,
// which the roster enrols as the sender 0/0, so that the root can lie in a safe.
// Must not know what a bulletin says. Files: docs/formats/roster.md, "Directory".
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/message.h"
#include "core/envelope/roster.h"

namespace rebuild {

// In the head-office directory: held while a process writes there.
inline constexpr const char* kLockFile = "lock";
// "office-1.key" and "office-1.cbor" in it: of the key of every day in its first epoch, and what it
// signed.
std::filesystem::path office_key_file(const std::filesystem::path& directory, core::Epoch epoch);
std::filesystem::path decisions_file(const std::filesystem::path& directory, core::Epoch epoch);

// What a key of every day signed, oldest first, checked against the roster. Errors: kMalformed,
// kBadSignature (the file is not the chain of this key), kIo.
core::Result<std::vector<core::Bytes>> read_decisions(const std::filesystem::path& directory,
                                                      const core::envelope::Roster& roster,
                                                      const core::envelope::Enrolment& key);

// A notice that is to be signed, and what it is to be sealed with.
struct NoticeDraft {
  core::envelope::Address address;  // `link` only of a feed that one till reads
  core::Bytes body;
  core::envelope::SealingKey key;
};

// Whether many tills read it, and each notice of it names the one before.
inline bool is_shared(core::TillRef feed) {
  return feed.till.value == 0;
}

class Decisions {
 public:
  // Reads the key of every day that the roster has, and what it signed. Errors: kNotFound (the
  // roster has none, or the directory does not have it), kIo; kMalformed, kBadSignature (it is
  // another key, or the file is not its chain).
  static core::Result<Decisions> open(const std::filesystem::path& directory,
                                      const core::envelope::Roster& roster);

  // Signs bulletins that go on from the last one, and keeps them, durably: whatever happens to the
  // sending, no other will ever be signed for their places. Errors: kTooLarge, kBusy, kIo,
  // kSyncFailed; after any of them none was kept, except after the last two, when open() tells.
  core::Result<void> sign(std::span<const core::Bytes> payloads);
  // The same for notices. `links` has the last notice of each feed that many tills read: a draft
  // goes on from it, and is the last then. Errors: as of bulletins.
  using Links = std::map<core::TillRef, core::envelope::MessageId>;
  core::Result<void> sign(std::span<const NoticeDraft> drafts, Links& links);

  // Signs roster entries that go on from the last message.
  core::envelope::RosterSigner signer() const { return {key_, {last_sequence(), last_id_}}; }
  // Keeps what signer() signed, as sign() does. The directory's lock must be held. Errors: kBusy
  // (something else was signed meanwhile), kIo, kSyncFailed.
  core::Result<void> keep(std::span<const core::Bytes> messages);

  // All of them, oldest first.
  const std::vector<core::Bytes>& messages() const { return messages_; }
  core::Epoch epoch() const { return epoch_; }
  core::Sequence last_sequence() const { return core::Sequence{messages_.size()}; }
  // Of the last one; of the roster entry, when there is none.
  const core::envelope::MessageId& last_id() const { return last_id_; }
  const core::envelope::Kid& kid() const { return kid_; }

 private:
  Decisions(std::filesystem::path directory, const core::envelope::PrivateKey& key)
      : directory_(std::move(directory)), key_(key) {}
  std::filesystem::path file() const;
  core::Result<void> take(core::ByteView bytes);
  // Of the message behind `last`.
  core::envelope::Header header_behind(const core::envelope::ChainPlace& last,
                                       core::envelope::ContentType type) const;

  std::filesystem::path directory_;
  core::envelope::PrivateKey key_;
  core::envelope::Kid kid_;
  core::Epoch epoch_;
  core::envelope::MessageId last_id_;
  std::vector<core::Bytes> messages_;
};

}  // namespace rebuild
