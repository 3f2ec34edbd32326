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

Result<std::optional<LogIndex>> EntryIndex::find(const MessageId& id) const {
  const std::shared_lock lock(mutex_);
  TRY_ASSIGN(const auto recent, recent_.find(id, leaves_));
  if (recent) return recent;
  std::vector<LogIndex> candidates;
  for (const IdRun& run : runs_) TRY(run.candidates(id, candidates));
  for (const LogIndex candidate : candidates) {
    TRY_ASSIGN(const Hash leaf, tree_.hash(0, candidate.value));
    if (leaf == id) return std::optional(candidate);
    TRY(tree_.check_leaf(candidate.value));  // another id that begins so, or a damaged hash?
  }
  return std::optional<LogIndex>();
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
  if (end > sealed_.entries) {
    TRY(places_.write_sealed(end));
    TRY(tree_.write_sealed(end));
    TRY(write_run(end));
  }
  std::vector<IdRun> runs;
  for (const IdRun& run : runs_) {
    TRY_ASSIGN(IdRun again, IdRun::open(filesystem_, directory_, run.range()));
    runs.push_back(std::move(again));
  }
  if (end > sealed_.entries) {
    TRY_ASSIGN(IdRun fresh, IdRun::open(filesystem_, directory_, IdRange{sealed_.entries, end}));
    runs.push_back(std::move(fresh));
  }
  TRY(merge_runs(runs));
  TRY(filesystem_.sync_directory(directory_));
  TRY(write_manifest(sealed, runs));
  {
    const std::unique_lock lock(mutex_);
    recent_.forget_below(LogIndex{end});
    tree_.commit_sealed(end);
    places_.commit_sealed(end);
    runs_ = std::move(runs);
    sealed_ = std::move(sealed);
  }
  remove_strays(runs_);
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

// As a binary counter does: a run is merged into the one before while that is not twice as long. So
// a log of n segments has about log2(n) runs, and an id is copied as often.
Result<void> EntryIndex::merge_runs(std::vector<IdRun>& runs) const {
  const auto length = [](const IdRun& run) { return run.range().end - run.range().first; };
  while (runs.size() >= 2 && length(runs[runs.size() - 2]) < 2 * length(runs.back())) {
    const IdRun& a = runs[runs.size() - 2];
    const IdRun& b = runs.back();
    const IdRange both{a.range().first, b.range().end};
    TRY(merge_id_runs(filesystem_, directory_, a, b));
    runs.pop_back();
    runs.pop_back();
    TRY_ASSIGN(IdRun merged, IdRun::open(filesystem_, directory_, both));
    runs.push_back(std::move(merged));
  }
  return {};
}

Result<void> EntryIndex::write_manifest(const SealedLog& sealed,
                                        std::span<const IdRun> runs) const {
  Manifest manifest{sealed, {}, {}};
  for (const IdRun& run : runs) manifest.runs.push_back(run.range());
  const core::tlog::HashSource source = [this](unsigned level, std::uint64_t at) {
    return tree_.hash(level, at);
  };
  TRY_ASSIGN(const auto view, core::tlog::TreeView::open(source, sealed.entries));
  manifest.root = view.root();
  return core::disk::replace_file(filesystem_, directory_ / kManifest, encode_manifest(manifest),
                                  core::disk::Access::kGroup);
}

// Runs that were merged, or that a seal which failed left behind.
void EntryIndex::remove_strays(std::span<const IdRun> runs) const {
  const auto names = filesystem_.list(directory_);
  if (!names) return;
  for (const std::string& name : *names) {
    const bool counted = std::any_of(runs.begin(), runs.end(), [&](const IdRun& run) {
      return id_run_name(run.range()) == name;
    });
    if (!name.starts_with("ids-") || counted) continue;
    static_cast<void>(filesystem_.remove(directory_ / name).has_value());
  }
}

}  // namespace relay
