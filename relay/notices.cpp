// Feeds from the log, their file, and responses of them.
// Must not know sockets.
#include "relay/notices.h"

#include <algorithm>

#include "core/disk/replace_file.h"
#include "core/envelope/cbor.h"
#include "core/tlog/tree.h"
#include "relay/feeds_file.h"
#include "relay/log_lines.h"

namespace relay {
namespace {

using core::Bytes;
using core::LogIndex;
using core::Result;
using core::disk::RecordPlace;
using core::disk::RecordReader;

constexpr std::uint64_t kScanEntriesMax = 1024;  // read at once
constexpr std::size_t kScanBytes = std::size_t{256} << 10;

// Most messages are no notices, and their content type says so.
bool take_notice(LogIndex index, core::ByteView bytes, const Members& members, bool verified,
                 Feeds& feeds) {
  const auto message = core::envelope::parse_message(bytes);
  if (!message || !message->header.address) return false;
  const core::envelope::Header& header = message->header;
  const auto* key = members.notice_key(header.kid, header.sequence);
  if (key == nullptr || (!verified && !verify_message(*message, *key))) return false;
  feeds.add(header.address->feed, {index, header.kid, header.sequence, header.address->whole});
  return true;
}

Feeds::Allowed allowed_by(const Members& members) {
  return [&members](const FeedNotice& notice) {
    return members.notice_key(notice.sender, notice.sequence) != nullptr;
  };
}

}  // namespace

void Notices::start(const Members& members) {
  const LogIndex size{index_.size()};
  const LogIndex read = scan(read_file(size, members), size, members, feeds_);
  if (read < size) unread_ = read.value;
  stop();
}

LogIndex Notices::read_file(LogIndex size, const Members& members) {
  const auto again = [this](std::string_view why) {
    log_event(Level::kWarn, "feeds-again",
              {{"file", (directory_ / kFeedsFile).string()}, {"detail", std::string(why)}});
    return LogIndex{0};
  };
  const auto content = core::disk::posix_filesystem().content(directory_ / kFeedsFile);
  if (!content && content.error().code == core::Errc::kNotFound) return LogIndex{0};
  if (!content) return again(content.error().what);
  auto file = decode_feeds(content->bytes);
  if (!file) return again(file.error().what);
  for (const auto& [feed, list] : file->feeds) {
    if (list.back().index >= size) return again("it is of another log");
  }
  if (file->covered > size) return again("it is of another log");
  const auto root = root_of(file->covered);
  if (!root || *root != file->root) return again("it is of another log");
  Feeds feeds(std::move(file->feeds));
  if (!feeds.holds(allowed_by(members))) return again("a key of head office was revoked since");
  feeds_.replace_below(size, feeds.all(), allowed_by(members));
  return file->covered;
}

Result<core::envelope::Hash> Notices::root_of(LogIndex size) const {
  const core::tlog::HashSource source = [this](unsigned level, std::uint64_t at) {
    return index_.subtree(level, at);
  };
  TRY_ASSIGN(const auto view, core::tlog::TreeView::open(source, size.value));
  return view.root();
}

LogIndex Notices::scan(LogIndex from, LogIndex end, const Members& members, Feeds& feeds) const {
  RecordReader reader(core::disk::posix_filesystem(), directory_);
  LogIndex unread = end;
  const auto skip = [&](LogIndex entry, const core::Error& error) {
    log_event(Level::kError, "unreadable",
              {{"entry", to_string(entry)}, {"detail", core::describe(error)}});
    unread = std::min(unread, entry);
  };
  while (from < end) {
    const auto places =
        index_.places(from.value, std::min(end.value - from.value, kScanEntriesMax));
    if (!places) {
      skip(from, places.error());
      return unread;
    }
    std::size_t taken = 0;
    for (std::size_t bytes = 0; taken < places->size() && bytes < kScanBytes; ++taken) {
      bytes += (*places)[taken].length;
    }
    // A damaged entry costs no other: then each is read by itself.
    Bytes bodies;
    const std::span<const RecordPlace> batch = std::span(*places).first(taken);
    const bool all = reader.append_bodies(from, batch, bodies).has_value();
    std::size_t at = 0;
    for (std::size_t i = 0; i < taken; ++i) {
      const LogIndex entry{from.value + i};
      if (!all) {
        bodies.clear();
        at = 0;
        if (const auto one = reader.append_bodies(entry, batch.subspan(i, 1), bodies); !one) {
          skip(entry, one.error());
          continue;
        }
      }
      take_notice(entry, core::ByteView(bodies).subspan(at, batch[i].length), members, false,
                  feeds);
      at += batch[i].length;
    }
    from.value += taken;
  }
  return unread;
}

void Notices::stop() const {
  const LogIndex covered{std::min(index_.size(), unread_.load())};
  const auto root = root_of(covered);
  const auto written =
      root ? core::disk::replace_file(core::disk::posix_filesystem(), directory_ / kFeedsFile,
                                      encode_feeds({covered, *root, feeds_.all()}),
                                      core::disk::Access::kGroup)
           : Result<void>(core::fail(root.error()));
  if (written) return;
  log_event(Level::kWarn, "feeds-not-written", {{"detail", core::describe(written.error())}});
}

void Notices::take(LogIndex index, core::ByteView message, const Members& members) {
  if (take_notice(index, message, members, true, feeds_)) ++metrics_.notices;
}

void Notices::recheck(const Members& members) {
  const std::lock_guard lock(recheck_mutex_);
  if (feeds_.holds(allowed_by(members))) return;
  log_event(Level::kWarn, "feeds-again",
            {{"detail", "a key of head office was revoked; what it cut off is looked for"}});
  const LogIndex size{index_.size()};
  Feeds fresh;
  const LogIndex read = scan(LogIndex{0}, size, members, fresh);
  if (read < size) unread_ = std::min(unread_.load(), read.value);
  feeds_.replace_below(size, fresh.all(), allowed_by(members));
}

NoticeReader::NoticeReader(const std::filesystem::path& directory)
    : reader_(core::disk::posix_filesystem(), directory) {}

Result<std::unique_ptr<NoticeReader>> NoticeReader::open(const std::filesystem::path& directory,
                                                         const EntryIndex& index,
                                                         std::span<const FeedNotice> notices) {
  std::unique_ptr<NoticeReader> reader(new NoticeReader(directory));
  std::size_t bytes = 0;
  for (const FeedNotice& notice : notices) {
    TRY_ASSIGN(const auto places, index.places(notice.index.value, 1));
    bytes += places.front().length;
    if (bytes > kResponseSize && !reader->notices_.empty()) break;
    reader->notices_.push_back({notice.index, places.front()});
  }
  return reader;
}

Result<void> NoticeReader::read_ahead() {
  ahead_.clear();
  const Placed& notice = notices_[next_];
  const auto read = reader_.append_bodies(notice.index, std::span(&notice.place, 1), ahead_);
  if (read) return {};
  return core::fail(read.error().code,
                    "entry " + to_string(notice.index) + ": " + read.error().what);
}

// One that cannot be read ends the response before it: the next one begins with the error.
Result<void> NoticeReader::next_chunk(Bytes& out) {
  if (next_ == 0) TRY(read_ahead());
  for (const std::size_t before = out.size(); !at_end() && out.size() - before < kPieceSize;) {
    core::envelope::CborWriter w(ahead_.size() + 16);
    w.array(2);
    w.unsigned_integer(notices_[next_].index.value);
    w.bytes(ahead_);
    core::append(out, w.view());
    ++next_;
    if (!at_end() && !read_ahead()) notices_.resize(next_);
  }
  return {};
}

}  // namespace relay
