// Ids, places and hashes of the log's entries, in memory and sealed.
// Must not know sockets. Format: docs/formats/log.md, "Index".
#include "relay/entry_index.h"

#include <algorithm>
#include <mutex>

#include "core/disk/replace_file.h"
#include "relay/manifest.h"

namespace relay {
namespace {

using core::Errc;
using core::fail;
using core::LogIndex;
using core::Result;
using core::disk::Filesystem;
using core::disk::RecordPlace;
using core::disk::SealedLog;
using core::disk::SealedSegment;

constexpr const char* kDirectory = "index";
constexpr const char* kManifest = "manifest";

// The manifest, or that of an index without entries when there is none.
Result<Manifest> read_manifest(Filesystem& filesystem, const std::filesystem::path& directory) {
  const auto content = filesystem.content(directory / kManifest);
  if (content) return decode_manifest(content->bytes);
  if (content.error().code != Errc::kNotFound) return fail(content.error());
  Manifest empty;
  empty.root = core::tlog::empty_root();
  return empty;
}

core::Unexpected not_whole(const std::filesystem::path& directory, const core::Error& error) {
  return fail(Errc::kDamaged, directory.string() + ": " + error.what +
                                  "; remove this directory, and the index is made again");
}

}  // namespace

EntryIndex::EntryIndex(Filesystem& filesystem, std::filesystem::path directory, HashTree tree,
                       PlaceTable places)
    : filesystem_(filesystem),
      directory_(std::move(directory)),
      tree_(std::move(tree)),
      places_(std::move(places)),
      leaves_([this](std::uint64_t index) { return tree_.hash(0, index); }) {}

Result<std::unique_ptr<EntryIndex>> EntryIndex::open(Filesystem& filesystem,
                                                     const std::filesystem::path& directory) {
  const std::filesystem::path inside = directory / kDirectory;
  TRY(filesystem.create_directory(inside));
  const auto manifest = read_manifest(filesystem, inside);
  if (!manifest) return not_whole(inside, manifest.error());
  auto tree = HashTree::open(filesystem, inside, manifest->sealed.entries);
  if (!tree) return not_whole(inside, tree.error());
  auto places = PlaceTable::open(filesystem, inside, manifest->sealed.entries);
  if (!places) return not_whole(inside, places.error());
  std::unique_ptr<EntryIndex> index(
      new EntryIndex(filesystem, inside, std::move(*tree), std::move(*places)));
  index->sealed_ = manifest->sealed;
  for (const IdRange& range : manifest->runs) {
    auto run = IdRun::open(filesystem, inside, range);
    if (!run) return not_whole(inside, run.error());
    index->runs_.push_back(std::move(*run));
  }
  const core::tlog::HashSource source = [&](unsigned level, std::uint64_t at) {
    return index->subtree(level, at);
  };
  const auto view = core::tlog::TreeView::open(source, manifest->sealed.entries);
  if (!view) return not_whole(inside, view.error());
  if (view->root() != manifest->root) {
    return not_whole(inside, {Errc::kDamaged, "its tree does not have the root that was sealed"});
  }
  return index;
}

std::uint64_t EntryIndex::size() const {
  const std::shared_lock lock(mutex_);
  return places_.size();
}

Result<EntryIndex::Lookup> EntryIndex::find(const MessageId& id, std::uint64_t absent_below) const {
  const std::shared_lock lock(mutex_);
  TRY_ASSIGN(const auto recent, recent_.find(id, leaves_));
  if (recent) return Lookup{recent};
  const Lookup none{std::nullopt, places_.size()};
  if (absent_below >= sealed_.entries) return none;
  std::vector<LogIndex> candidates;
  for (const IdRun& run : runs_) TRY(run.candidates(id, candidates));
  for (const LogIndex candidate : candidates) {
    TRY_ASSIGN(const Hash leaf, tree_.hash(0, candidate.value));
    if (leaf == id) return Lookup{candidate};
    TRY(tree_.check_leaf(candidate.value));  // another id that begins so, or a damaged hash?
  }
  return none;
}

Result<Hash> EntryIndex::subtree(unsigned level, std::uint64_t index) const {
  const std::shared_lock lock(mutex_);
  return tree_.hash(level, index);
}

Result<core::Bytes> EntryIndex::subtrees(unsigned level, std::uint64_t first,
                                         std::uint64_t count) const {
  const std::shared_lock lock(mutex_);
  return tree_.hashes(level, first, count);
}

Result<std::vector<RecordPlace>> EntryIndex::places(std::uint64_t first,
                                                    std::uint64_t count) const {
  const std::shared_lock lock(mutex_);
  return places_.read(first, count);
}

void EntryIndex::append(std::span<const MessageId> ids, std::span<const RecordPlace> places) {
  CORE_CHECK(ids.size() == places.size());
  const std::unique_lock lock(mutex_);
  std::uint64_t next = places_.size();
  for (const MessageId& id : ids) {
    tree_.append(id);
    recent_.add(id, LogIndex{next++});
  }
  places_.append(places);
}

// Files first, then the manifest that counts them in, then what is in memory.
Result<void> EntryIndex::seal(std::span<const SealedSegment> closed, std::uint64_t end) {
  CORE_CHECK(end <= places_.size());
  SealedLog sealed = sealed_;
  sealed.segments.insert(sealed.segments.end(), closed.begin(), closed.end());
  sealed.entries = end;
  std::optional<IdRun> fresh;
  if (end > sealed_.entries) {
    TRY(places_.write_sealed(end));
    TRY(tree_.write_sealed(end));
    TRY(write_run(end));
    TRY_ASSIGN(fresh, IdRun::open(filesystem_, directory_, IdRange{sealed_.entries, end}));
  }
  const std::lock_guard changing(manifest_mutex_);
  std::vector<IdRange> runs = ranges();
  if (fresh) runs.push_back(fresh->range());
  TRY(filesystem_.sync_directory(directory_));
  TRY(write_manifest(sealed, std::move(runs)));
  const std::unique_lock lock(mutex_);
  recent_.forget_below(LogIndex{end});
  tree_.commit_sealed(end);
  places_.commit_sealed(end);
  if (fresh) runs_.push_back(std::move(*fresh));
  sealed_ = std::move(sealed);
  return {};
}

Result<void> EntryIndex::write_run(std::uint64_t end) {
  std::vector<IdKey> keys;
  keys.reserve(end - sealed_.entries);
  for (std::uint64_t index = sealed_.entries; index < end; ++index) {
    TRY_ASSIGN(const Hash id, tree_.hash(0, index));
    keys.push_back(id_key(id, index));
  }
  std::sort(keys.begin(), keys.end());
  TRY_ASSIGN(auto writer,
             IdRunWriter::create(filesystem_, directory_, IdRange{sealed_.entries, end}));
  for (const IdKey& key : keys) TRY(writer.add(key));
  return writer.finish();
}

std::optional<std::size_t> EntryIndex::first_of_pair() const {
  const std::shared_lock lock(mutex_);
  const auto length = [&](std::size_t i) { return runs_[i].range().end - runs_[i].range().first; };
  for (std::size_t i = runs_.size(); i-- > 1;) {
    if (length(i - 1) < 2 * length(i)) return i - 1;
  }
  return std::nullopt;
}

// Shape: the manifest's mutex is held, or nobody merges.
std::vector<IdRange> EntryIndex::ranges() const {
  std::vector<IdRange> ranges;
  for (const IdRun& run : runs_) ranges.push_back(run.range());
  return ranges;
}

// The long work is done on files of its own; meanwhile seals may add runs behind the two.
Result<bool> EntryIndex::merge_once(const std::atomic<bool>& stop) {
  const auto first = first_of_pair();
  if (!first) return false;
  const IdRange one = runs_range(*first);
  const IdRange two = runs_range(*first + 1);
  const IdRange both{one.first, two.end};
  {
    TRY_ASSIGN(const IdRun a, IdRun::open(filesystem_, directory_, one));
    TRY_ASSIGN(const IdRun b, IdRun::open(filesystem_, directory_, two));
    TRY(merge_id_runs(filesystem_, directory_, a, b, stop));
  }
  TRY_ASSIGN(IdRun merged, IdRun::open(filesystem_, directory_, both));
  const auto at = static_cast<std::ptrdiff_t>(*first);
  {
    const std::lock_guard changing(manifest_mutex_);
    std::vector<IdRange> runs = ranges();
    runs[*first] = both;
    runs.erase(runs.begin() + at + 1);
    TRY(filesystem_.sync_directory(directory_));
    TRY(write_manifest(sealed_, std::move(runs)));
    const std::unique_lock lock(mutex_);
    runs_[*first] = std::move(merged);
    runs_.erase(runs_.begin() + at + 1);
  }
  for (const IdRange& range : {one, two}) {
    static_cast<void>(filesystem_.remove(directory_ / id_run_name(range)).has_value());
  }
  return true;
}

IdRange EntryIndex::runs_range(std::size_t at) const {
  const std::shared_lock lock(mutex_);
  return runs_[at].range();
}

Result<void> EntryIndex::write_manifest(const SealedLog& sealed, std::vector<IdRange> runs) const {
  const core::tlog::HashSource source = [this](unsigned level, std::uint64_t at) {
    return subtree(level, at);
  };
  TRY_ASSIGN(const auto view, core::tlog::TreeView::open(source, sealed.entries));
  return core::disk::replace_file(filesystem_, directory_ / kManifest,
                                  encode_manifest({sealed, view.root(), std::move(runs)}),
                                  core::disk::Access::kGroup);
}

// Runs that were merged, or that a seal or a merge which failed left behind.
void EntryIndex::remove_strays() const {
  const auto names = filesystem_.list(directory_);
  if (!names) return;
  for (const std::string& name : *names) {
    const bool counted = std::any_of(runs_.begin(), runs_.end(), [&](const IdRun& run) {
      return id_run_name(run.range()) == name;
    });
    if (!name.starts_with("ids-") || counted) continue;
    static_cast<void>(filesystem_.remove(directory_ / name).has_value());
  }
}

}  // namespace relay
