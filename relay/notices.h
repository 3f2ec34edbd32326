// Notices: a tenant's feeds, filled from its log and kept beside it; and what a till reads of them.
// Must not know sockets. Rules: docs/formats/relay-http.md, "Notices".
#pragma once

#include <filesystem>

#include "core/disk/record_reader.h"
#include "relay/admission.h"
#include "relay/entry_index.h"
#include "relay/feeds.h"
#include "relay/response_stream.h"

namespace relay {

// Thread: any, but for start() and stop().
// Owner: index and metrics outlive it.
class Notices {
 public:
  Notices(std::filesystem::path directory, const EntryIndex& index, Metrics& metrics)
      : directory_(std::move(directory)), index_(index), metrics_(metrics) {}

  // Takes up what the log has: from the file of an earlier process as far as that is good, and from
  // the entries behind it; and writes the file anew. What cannot be read is said in the log lines.
  void start(const Members& members);
  // Writes the file. Nothing depends on it but the time that the next start takes.
  void stop() const;

  // Takes up a message that the log has at `index` now, if it is a notice. Shape: admitted.
  void take(core::LogIndex index, core::ByteView message, const Members& members);
  // The roster is another one: what a revoked key cut off is looked for in the log again.
  void recheck(const Members& members);

  const Feeds& feeds() const { return feeds_; }

 private:
  // Adds the notices of the entries [from, end) to `feeds`; returns the first that could not be
  // read, or `end`.
  core::LogIndex scan(core::LogIndex from, core::LogIndex end, const Members& members,
                      Feeds& feeds) const;
  // Where the scan goes on behind the file; 0: there is none that is good.
  core::LogIndex read_file(core::LogIndex size, const Members& members);
  core::Result<core::envelope::Hash> root_of(core::LogIndex size) const;

  std::filesystem::path directory_;
  const EntryIndex& index_;
  Metrics& metrics_;
  Feeds feeds_;
  std::mutex recheck_mutex_;
  std::atomic<std::uint64_t> unread_{UINT64_MAX};  // the first entry that could not be read
};

// One response: the next notices of a till, each as [index, message]. Thread: one.
// Owner: the index outlives it.
class NoticeReader final : public ResponseStream {
 public:
  static constexpr std::size_t kResponseSize = std::size_t{1} << 20;  // about, bytes
  static constexpr std::size_t kNoticesMax = 4096;

  // Those with an index of at least `from` and below `end`. Errors: kDamaged, kIo (of the index).
  static core::Result<std::unique_ptr<NoticeReader>> open(const std::filesystem::path& directory,
                                                          const EntryIndex& index,
                                                          std::span<const FeedNotice> notices);

  std::size_t size() const { return notices_.size(); }  // of the whole response
  bool at_end() const override { return next_ == notices_.size(); }
  // Errors, when the first notice of the response cannot be read: kDamaged, kIo.
  core::Result<void> next_chunk(core::Bytes& out) override;

 private:
  struct Placed {
    core::LogIndex index;
    core::disk::RecordPlace place;
  };

  explicit NoticeReader(const std::filesystem::path& directory);
  // Reads the message at next_. Errors: as next_chunk().
  core::Result<void> read_ahead();

  core::disk::RecordReader reader_;
  std::vector<Placed> notices_;
  std::size_t next_ = 0;
  core::Bytes ahead_;  // the message at next_, once one was asked for
};

}  // namespace relay
