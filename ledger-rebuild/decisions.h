// Decisions: head office's own chain of bulletins for the log, signed with a key that the roster
// enrols as the sender 0/0, so that the key that signs the roster can lie in a safe.
// Must not know what a bulletin says. Files: docs/formats/roster.md, "Directory".
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/envelope/message.h"

namespace rebuild {

class Decisions {
 public:
  // Reads them; makes and enrols the key at the first time, for which head office's private key is
  // needed. Errors: kNotFound, kIo, kSyncFailed, kBusy; kMalformed, kBadSignature (the file is not
  // the chain of this key), kState (the key was revoked).
  static core::Result<Decisions> open(const std::filesystem::path& directory);

  // Signs bulletins that go on from the last one, and keeps them, durably: whatever happens to the
  // sending, no other will ever be signed for their places. Errors: kTooLarge, kBusy, kIo,
  // kSyncFailed; after any of them none was kept, except after the last two, when open() tells.
  core::Result<void> sign(std::span<const core::Bytes> payloads);

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
  core::Result<void> read();

  std::filesystem::path directory_;
  core::envelope::PrivateKey key_;
  core::envelope::Kid kid_;
  core::Epoch epoch_;
  core::envelope::MessageId entry_;  // of the roster
  core::envelope::MessageId last_id_;
  std::vector<core::Bytes> messages_;
};

}  // namespace rebuild
