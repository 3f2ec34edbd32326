// Start-up, group commit and segment change. Format and reasons: docs/formats/log.md.
// Must not know messages.
#include "core/disk/log_writer.h"

#include <random>

#include "core/disk/segment.h"

namespace core::disk {
namespace {

constexpr std::string_view kTemporarySuffix = ".tmp";

std::uint32_t random_salt() {
  return std::random_device{}();
}

Result<void> refuse_damage(const std::filesystem::path& directory, const LogScan& scan) {
  std::size_t damages = 0;
  const LogDamage* first = nullptr;
  for (const LogDamage& damage : scan.damages) {
    if (damage.torn_tail) continue;
    if (first == nullptr) first = &damage;
    ++damages;
  }
  if (first == nullptr) return {};
  std::string what = directory.string() + ": " + describe(*first);
  if (damages > 1) what += " (and " + std::to_string(damages - 1) + " more)";
  return fail(Errc::kDamaged, what);
}

// The last group as it stands in the log: what start-up writes anew.
struct LastGroup {
  std::size_t first = 0;  // position in LogScan::entries
  std::uint64_t first_index = 0;
};

LastGroup last_group(const LogScan& scan) {
  LastGroup group{scan.entries.size(), scan.end};
  if (scan.entries.empty()) return group;
  const std::uint64_t wanted = scan.entries.back().record.group;
  while (group.first > 0 && scan.entries[group.first - 1].record.group == wanted) --group.first;
  group.first_index = scan.entries[group.first].record.index();
  return group;
}

std::uint32_t last_ordinal(const LogScan& scan, const SealedLog& sealed) {
  if (!scan.segments.empty()) return scan.segments.back().ordinal;
  return sealed.segments.empty() ? 0 : sealed.segments.back().ordinal;
}

// Cuts what the new segment supersedes off the older ones; `closed` gets what is left of them.
Result<void> cut_superseded(Filesystem& filesystem, const std::filesystem::path& directory,
                            const LogScan& scan, const LastGroup& group,
                            std::vector<SealedSegment>& closed) {
  std::vector<std::uint64_t> keep;
  for (const ScannedSegment& segment : scan.segments) keep.push_back(segment.keep);
  for (std::size_t i = scan.entries.size(); i-- > group.first;) {
    keep[scan.entries[i].segment] = scan.entries[i].record.offset;
  }
  for (std::size_t i = 0; i < keep.size(); ++i) {
    const ScannedSegment& segment = scan.segments[i];
    const auto path = directory / segment.name;
    if (segment.first_index >= group.first_index || keep[i] <= kSegmentHeaderSize) {
      TRY(filesystem.remove(path));
      continue;
    }
    if (keep[i] < segment.content.bytes.size()) {
      TRY_ASSIGN(const auto file, filesystem.open(path, OpenMode::kReadWrite));
      TRY(file->truncate(keep[i]));
      TRY(file->sync());
    }
    closed.push_back(SealedSegment{segment.ordinal, segment.first_index, keep[i]});
  }
  return filesystem.sync_directory(directory);
}

}  // namespace

Result<std::unique_ptr<LogWriter>> LogWriter::open(Filesystem& filesystem,
                                                   const std::filesystem::path& directory,
                                                   LogWriterOptions options, const Visit& visit,
                                                   Recovery& recovery) {
  TRY(filesystem.create_directory(directory));
  std::unique_ptr<LogWriter> writer(new LogWriter(filesystem, directory, std::move(options)));
  // The directory itself: a lock file could be removed and made anew under a running relay.
  TRY_ASSIGN(writer->lock_, filesystem.lock(directory));
  TRY(writer->recover(visit, recovery));
  return writer;
}

Result<void> LogWriter::recover(const Visit& visit, Recovery& recovery) {
  LogScan scan;
  auto found = scan_log(filesystem_, directory_, options_.sealed);
  if (found) {
    scan = std::move(*found);
  } else if (found.error().code == Errc::kNotFound) {
    TRY(Checkpoint::create(filesystem_, directory_));
  } else {
    return fail(found.error());
  }
  TRY(refuse_damage(directory_, scan));
  TRY_ASSIGN(checkpoint_, Checkpoint::open(filesystem_, directory_, OpenMode::kReadWrite));
  TRY(remove_temporaries());
  for (const LogDamage& damage : scan.damages) recovery.torn_tail = damage;
  recovery.checkpoint = scan.checkpoint;
  recovery.checkpoint_root = scan.checkpoint_root;
  end_ = scan.end;
  const LastGroup group = last_group(scan);
  const std::uint32_t salt = random_salt();
  Bytes records;
  const std::uint32_t ordinal = last_ordinal(scan, options_.sealed) + 1;
  for (std::size_t i = 0; i < scan.entries.size(); ++i) {
    const auto& [record, segment] = scan.entries[i];
    visit(LogEntry{LogIndex{record.index()}, record.body});
    RecordPlace place{scan.segments[segment].ordinal,
                      static_cast<std::uint32_t>(record.body.size()), record.offset};
    if (i >= group.first) {
      place.segment = ordinal;
      place.offset = kSegmentHeaderSize + records.size();
      append_record(records, salt, record.group, record.position, record.body);
    }
    recovery.places.push_back(place);
  }
  TRY(start_segment(ordinal, group.first_index, records, salt));
  return cut_superseded(filesystem_, directory_, scan, group, recovery.closed);
}

Result<void> LogWriter::remove_temporaries() {
  TRY_ASSIGN(const std::vector<std::string> names, filesystem_.list(directory_));
  for (const std::string& name : names) {
    if (name.ends_with(kTemporarySuffix)) TRY(filesystem_.remove(directory_ / name));
  }
  return {};
}

// The segment appears under its name with all its first content on disk, or not at all: so a
// half-written copy can never supersede the records that it copies.
Result<void> LogWriter::start_segment(std::uint32_t ordinal, std::uint64_t first_index,
                                      ByteView records, std::uint32_t salt) {
  const auto path = directory_ / segment_name(ordinal);
  const std::filesystem::path temporary = path.string() + std::string(kTemporarySuffix);
  Bytes content = encode_segment_header(SegmentHeader{ordinal, first_index, salt});
  append(content, records);
  const std::uint64_t used = content.size();
  content.resize(room_for(used));
  auto file = filesystem_.open(temporary, OpenMode::kCreate);
  auto written = !file ? Result<void>(fail(file.error())) : (*file)->write_at(0, content);
  if (!written && content.size() > used && written.error().code == Errc::kDiskFull) {
    content.resize(used);
    file = filesystem_.open(temporary, OpenMode::kCreate);  // emptied
    written = !file ? Result<void>(fail(file.error())) : (*file)->write_at(0, content);
  }
  if (!written) {
    const auto ignored = filesystem_.remove(temporary);  // a leftover goes at the next start
    static_cast<void>(ignored);
    return written;
  }
  usable_ = false;  // from here on a failure leaves it open whether the new segment counts
  TRY((*file)->sync());
  if (const auto renamed = filesystem_.rename(temporary, path); !renamed) {
    return fail(Errc::kIo, renamed.error().what);
  }
  TRY(filesystem_.sync_directory(directory_));
  usable_ = true;
  segment_ = std::move(*file);
  ordinal_ = ordinal;
  first_index_ = first_index;
  salt_ = salt;
  segment_end_ = used;
  room_end_ = content.size();
  return {};
}

// Where the file should end so that the bytes up to `end` are in it: with room for what comes next,
// unless the segment is about to be closed.
std::uint64_t LogWriter::room_for(std::uint64_t end) const {
  if (options_.room_bytes == 0 || end >= options_.segment_bytes) return end;
  const std::uint64_t chunks = (end + options_.room_bytes - 1) / options_.room_bytes;
  return std::max(end, std::min(chunks * options_.room_bytes, options_.segment_bytes));
}

Result<void> LogWriter::cut_room() {
  if (room_end_ <= segment_end_) return {};
  usable_ = false;
  TRY(segment_->truncate(segment_end_));
  TRY(segment_->sync());
  usable_ = true;
  room_end_ = segment_end_;
  return {};
}

Result<void> LogWriter::roll() {
  if (segment_end_ < options_.segment_bytes || segment_end_ <= kSegmentHeaderSize) return {};
  CORE_CHECK(room_end_ == segment_end_);  // room ends where a segment is full
  const SealedSegment full{ordinal_, first_index_, segment_end_};
  TRY(start_segment(ordinal_ + 1, end_, {}, random_salt()));
  closed_.push_back(full);
  return {};
}

Result<void> LogWriter::write_group(std::span<const ByteView> bodies) {
  if (auto rolled = roll(); !rolled) {
    if (rolled.error().code != Errc::kDiskFull) usable_ = false;
    return rolled;
  }
  buffer_.clear();
  std::uint32_t position = 0;
  for (const ByteView body : bodies) append_record(buffer_, salt_, end_, position++, body);
  const std::size_t used = buffer_.size();
  const std::uint64_t end = segment_end_ + used;
  if (end > room_end_) buffer_.resize(room_for(end) - segment_end_);
  auto written = write_or_cut();
  if (!written && usable_ && buffer_.size() > used) {
    buffer_.resize(used);  // perhaps there is space without room for more
    written = write_or_cut();
  }
  return written;
}

// Writes the buffer at the segment's end, or nothing of it.
Result<void> LogWriter::write_or_cut() {
  const auto written = segment_->write_at(segment_end_, buffer_);
  if (written) {
    room_end_ = std::max(room_end_, segment_end_ + buffer_.size());
    return {};
  }
  usable_ = written.error().code == Errc::kDiskFull && segment_->truncate(segment_end_).has_value();
  if (!usable_) return fail(Errc::kIo, written.error().what);
  room_end_ = segment_end_;
  return written;
}

Result<void> LogWriter::append_group(std::span<const ByteView> bodies,
                                     std::vector<RecordPlace>& places) {
  CORE_CHECK(usable_ && !bodies.empty());
  TRY(write_group(bodies));
  if (const auto synced = segment_->sync(); !synced) {
    usable_ = false;
    return synced;
  }
  for (const ByteView body : bodies) {
    places.push_back(RecordPlace{ordinal_, static_cast<std::uint32_t>(body.size()), segment_end_});
    segment_end_ += record_size(body.size());
  }
  end_ += bodies.size();
  return {};
}

Result<void> LogWriter::store_checkpoint(const Root& root) {
  return checkpoint_->store(end_, root);
}

Result<void> LogWriter::sync_checkpoint() {
  return checkpoint_->sync();
}

Result<void> LogWriter::close() {
  TRY(cut_room());
  return sync_checkpoint();
}

}  // namespace core::disk
