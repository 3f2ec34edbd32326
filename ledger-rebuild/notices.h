// Notices: what head office tells its tills, signed, sealed, and read again from its own directory.
// Must not know the network or the command line. Format: docs/formats/notice.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

#include "core/base/business_day.h"
#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/feed_key.h"
#include "core/envelope/roster.h"
#include "core/retail/notice.h"
#include "ledger-rebuild/decisions.h"
#include "ledger-rebuild/feed_state.h"

namespace rebuild {

// In the head-office directory: pieces of what is larger than a message, by their hashes.
inline constexpr const char* kBlobDirectory = "blobs";

// What one tell() signed.
struct Told {
  std::size_t notices = 0;  // its own, and those that had to be said again
  std::size_t keys = 0;     // tills that were told what to read with
  std::size_t pieces = 0;   // blobs
};

class Notices {
 public:
  // Reads what was said, and opens it. Errors: kState (head office seals nothing), kNotFound (no
  // sealing.key, no key of every day, a blob is missing), kMalformed, kBadSignature, kIo.
  static core::Result<Notices> open(const std::filesystem::path& directory);

  // Signs `content` for a feed: 0/0 all tills, 4/0 those of store 4; it holds from a business day
  // on. What holds later already is signed again behind it, since tills take notices in their
  // order. First come keys for tills that have none of now, and all of a feed whose keys changed.
  // Errors: kUsage (the feed), kState (what holds later would not fit any more), those of
  // FeedState::absorb and Decisions::sign; after any of them nothing was signed.
  core::Result<Told> tell(core::TillRef feed, core::BusinessDay from,
                          const core::retail::NoticeContent& content);
  // Signs what is missing for tills that were enrolled, or revoked, since; nothing otherwise.
  core::Result<Told> refresh();
  // All of a feed in one notice, so that a till that was away long has one to read.
  // `today`: what holds by then is in it, and what comes later is signed again behind it. Errors:
  // kNotFound (nothing was said there), those of tell().
  core::Result<Told> tell_whole(core::TillRef feed, core::BusinessDay today);

  // Seals something large in pieces, and keeps them for the relay; returns their names. Errors:
  // kTooLarge, kIo, kDiskFull, kSyncFailed.
  core::Result<std::vector<core::envelope::BlobName>> keep_pieces(
      const core::envelope::SealingKey& key, core::ByteView whole) const;

  // What a feed comes to on a day. Errors: those of FeedState::absorb.
  core::Result<FeedState> state(core::TillRef feed, core::BusinessDay day) const;
  // What it comes to when all holds that was said.
  core::Result<FeedState> final_state(core::TillRef feed) const;

  struct Said {
    core::BusinessDay from;
    core::retail::NoticeContent content;
    core::Epoch epoch;
    core::Sequence sequence;
    bool whole = false;
  };
  struct Feed {
    std::uint64_t generation = 0;  // of its keys
    std::vector<Said> said;        // since all of it was said last; what never came to hold is out
  };
  const std::map<core::TillRef, Feed>& feeds() const { return feeds_; }
  const core::envelope::Roster& roster() const { return roster_; }

 private:
  Notices(std::filesystem::path directory, core::envelope::Roster roster,
          const core::envelope::SealingPrivateKey& sealing_key, Decisions decisions);

  // Of each till's own feed: the roster entry of the epoch that was told, and the generation.
  struct KeysTold {
    core::envelope::MessageId entry;
    std::uint64_t generation = 0;
    bool operator==(const KeysTold&) const = default;
  };
  // What goes to the log together.
  struct Batch {
    std::vector<NoticeDraft> drafts;
    std::vector<std::pair<core::TillRef, Said>> said;  // of shared feeds
    std::map<core::TillRef, KeysTold> keys;
    Told told;
  };
  core::Result<void> read_own(const core::envelope::Enrolment& key);
  core::Result<void> read_notice(core::ByteView bytes);
  core::Result<core::Bytes> read_content(const core::retail::NoticeBody& body,
                                         const core::envelope::SealingKey& key) const;
  core::envelope::SealingKey key_of(core::TillRef feed, std::uint64_t generation) const;
  // Of a shared feed, as tills take it up: after it comes what was said behind it.
  void take_up(core::TillRef feed, std::uint64_t generation, Said said);
  core::Result<void> add_keys(core::TillRef feed, Batch& batch) const;
  core::Result<void> add_key(const core::envelope::Enrolment& till, Batch& batch) const;
  core::Result<void> add_whole(core::TillRef feed, const std::vector<Said>& of, Batch& batch) const;
  // All of these, one by one, of which the first is all that there is to say.
  core::Result<void> add_again(core::TillRef feed, std::vector<Said> said, Batch& batch) const;
  core::Result<void> add(core::TillRef feed, Said said, Batch& batch) const;
  core::Result<Told> sign(Batch batch);

  std::filesystem::path directory_;
  core::envelope::Roster roster_;
  core::envelope::SealingPrivateKey sealing_key_;
  Decisions decisions_;
  std::uint64_t generation_ = 0;         // of keys: grows with every key that was taken back
  std::map<core::TillRef, Feed> feeds_;  // shared ones
  Decisions::Links links_;
  std::map<core::TillRef, KeysTold> keys_told_;
};

// What every till was ever told of one feed, added up. Errors: those of absorb.
core::Result<FeedState> fold(const std::vector<Notices::Said>& said);

}  // namespace rebuild
