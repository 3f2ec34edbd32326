// check and dump over the log's scan.
// Must not change anything.
#include "relay/inspect.h"

#include <algorithm>

#include "core/disk/log_scan.h"
#include "core/envelope/message.h"
#include "core/tlog/frontier.h"
#include "relay/backups.h"
#include "relay/entry_index.h"

namespace relay {
namespace {

using core::disk::LogDamage;
using core::disk::LogScan;
using core::disk::ScannedEntry;

std::size_t print_damages(const LogScan& log, std::FILE* out) {
  std::size_t damages = 0;
  for (const LogDamage& damage : log.damages) {
    std::fprintf(out, "%s\n", describe(damage).c_str());
    if (!damage.torn_tail) ++damages;
  }
  return damages;
}

core::Result<void> verdict(const std::filesystem::path& directory, std::size_t damages) {
  if (damages == 0) return {};
  return core::fail(core::Errc::kDamaged, directory.string() + ": " + std::to_string(damages) +
                                              (damages == 1 ? " damage" : " damages"));
}

// Lines about blobs, index or checkpoint; returns how many.
class Faults {
 public:
  explicit Faults(std::FILE* out) : out_(out) {}
  void add(const std::string& text) {
    if (++count_ <= kShown) std::fprintf(out_, "%s\n", text.c_str());
    if (count_ == kShown + 1) std::fprintf(out_, "and more\n");
  }
  std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t kShown = 20;
  std::FILE* out_;
  std::size_t count_ = 0;
};

std::vector<MessageId> leaves_of(const LogScan& log) {
  std::vector<MessageId> leaves;
  leaves.reserve(log.entries.size());
  for (const ScannedEntry& entry : log.entries) {
    leaves.push_back(core::envelope::message_id(entry.record.body));
  }
  return leaves;
}

// The tree that was signed is a prefix of the entries that are there.
void check_root(const LogScan& log, std::span<const MessageId> leaves, Faults& faults,
                std::FILE* out) {
  core::tlog::Frontier frontier;
  for (const MessageId& leaf : leaves) {
    frontier.append(leaf);
    if (frontier.size() != log.checkpoint || frontier.root().bytes == log.checkpoint_root) continue;
    faults.add("checkpoint: the first " + std::to_string(log.checkpoint) +
               " entries do not have the root that was stored for them");
  }
  std::fprintf(out, "tree of %zu entries, root %s\n", leaves.size(), frontier.root().hex().c_str());
}

// Every sealed entry's id, place and hashes are those of the segments.
core::Result<void> check_index(const std::filesystem::path& directory, const LogScan& log,
                               std::vector<MessageId> leaves, Faults& faults) {
  auto opened = EntryIndex::open(core::disk::posix_filesystem(), directory);
  // A running relay may have merged files after the manifest was read: then another one is there.
  for (int again = 0; !opened && again < 3; ++again) {
    opened = EntryIndex::open(core::disk::posix_filesystem(), directory);
  }
  TRY_ASSIGN(const auto index, std::move(opened));
  const std::uint64_t sealed = std::min<std::uint64_t>(index->sealed().entries, leaves.size());
  const auto wrong = [&faults](std::uint64_t entry, std::string_view what) {
    faults.add("index: entry " + std::to_string(entry) + ": " + std::string(what) +
               "; remove the directory index, and it is made again");
  };
  for (std::uint64_t i = 0; i < sealed; ++i) {
    const auto found = index->find(leaves[i]);
    if (!found || !found->index || found->index->value != i) wrong(i, "its id is not found");
    TRY_ASSIGN(const auto places, index->places(i, 1));
    const ScannedEntry& entry = log.entries[i];
    if (places[0].segment != log.segments[entry.segment].ordinal ||
        places[0].offset != entry.record.offset || places[0].length != entry.record.body.size()) {
      wrong(i, "its place is another one");
    }
  }
  leaves.resize(sealed);
  for (unsigned level = 0; !leaves.empty(); ++level) {
    for (std::uint64_t i = 0; i < leaves.size(); ++i) {
      TRY_ASSIGN(const auto hash, index->subtree(level, i));
      if (hash != leaves[i])
        wrong(i << level, "a hash of level " + std::to_string(level) + " differs");
    }
    for (std::size_t i = 0; i + 1 < leaves.size(); i += 2) {
      leaves[i / 2] = core::tlog::hash_children(leaves[i], leaves[i + 1]);
    }
    leaves.resize(leaves.size() / 2);
  }
  return {};
}

struct BlobSum {
  std::size_t blobs = 0;
  unsigned long long bytes = 0;
};

// Nothing, where there is no such directory.
core::Result<std::vector<std::string>> names_in(const std::filesystem::path& directory) {
  auto names = core::disk::posix_filesystem().list(directory);
  if (!names && names.error().code == core::Errc::kNotFound) return std::vector<std::string>();
  return names;
}

// Every blob's bytes are those that its name says. What is being written is none yet.
core::Result<void> check_blobs(const std::filesystem::path& log, const std::filesystem::path& below,
                               const std::string& who, BlobSum& sum, Faults& faults) {
  TRY_ASSIGN(const auto names, names_in(log / below));
  for (const std::string& name : names) {
    const auto hash = blob_of(name);
    if (!hash) continue;
    TRY_ASSIGN(const auto content, core::disk::posix_filesystem().content(log / below / name));
    ++sum.blobs;
    sum.bytes += content.bytes.size();
    if (core::envelope::sha256(content.bytes) == *hash) continue;
    faults.add((below / name).string() + ": its bytes are other ones; " + who +
               " can send it again");
  }
  return {};
}

core::Result<void> check_beside(const std::filesystem::path& log, Faults& faults, std::FILE* out) {
  BlobSum blobs;
  TRY(check_blobs(log, kBlobsDirectory, "head office", blobs, faults));
  std::fprintf(out, "%zu blobs, %llu bytes\n", blobs.blobs, blobs.bytes);
  TRY_ASSIGN(const auto tills, names_in(log / kBackupsDirectory));
  BlobSum backups;
  for (const std::string& till : tills) {
    if (!kid_of(till)) continue;
    TRY(check_blobs(log, std::filesystem::path(kBackupsDirectory) / till, "the till (backup --to)",
                    backups, faults));
  }
  if (backups.blobs == 0) return {};
  std::fprintf(out, "%zu parts of backups, %llu bytes\n", backups.blobs, backups.bytes);
  return {};
}

void print_entry(const LogScan& log, const ScannedEntry& entry, std::FILE* out) {
  const core::ByteView body = entry.record.body;
  std::fprintf(out, "%llu %s %llu %s", static_cast<unsigned long long>(entry.record.index()),
               log.segments[entry.segment].name.c_str(),
               static_cast<unsigned long long>(entry.record.offset),
               core::envelope::message_id(body).hex().c_str());
  const auto message = core::envelope::parse_message(body);
  if (!message) {
    std::fprintf(out, " no valid message: %s\n", message.error().what.c_str());
    return;
  }
  std::fprintf(out, " %s %u %llu\n", message->header.kid.hex().c_str(), message->header.epoch.value,
               static_cast<unsigned long long>(message->header.sequence.value));
}

}  // namespace

core::Result<void> check_log(const std::filesystem::path& directory, std::FILE* out) {
  TRY_ASSIGN(const LogScan log, core::disk::scan_log(core::disk::posix_filesystem(), directory));
  const std::size_t damages = print_damages(log, out);
  std::uint64_t bytes = 0;
  for (const auto& segment : log.segments) bytes += segment.content.bytes.size();
  std::fprintf(out, "%zu entries intact of %llu, %zu segments, %llu bytes, %llu known durable\n",
               log.entries.size(), static_cast<unsigned long long>(log.end), log.segments.size(),
               static_cast<unsigned long long>(bytes),
               static_cast<unsigned long long>(log.checkpoint));
  Faults faults(out);
  TRY(check_beside(directory, faults, out));
  // A tree with gaps has no root, and the index is right about entries that are gone.
  if (log.entries.size() != log.end) return verdict(directory, damages + faults.count());
  std::vector<MessageId> leaves = leaves_of(log);
  check_root(log, leaves, faults, out);
  std::error_code ignored;
  if (std::filesystem::exists(directory / "index", ignored)) {
    const auto checked = check_index(directory, log, std::move(leaves), faults);
    if (!checked) faults.add(checked.error().what);
  }
  return verdict(directory, damages + faults.count());
}

core::Result<void> dump_log(const std::filesystem::path& directory, core::LogIndex from,
                            std::FILE* out) {
  TRY_ASSIGN(const LogScan log, core::disk::scan_log(core::disk::posix_filesystem(), directory));
  std::fprintf(out, "# index segment offset id kid epoch sequence\n");
  for (const ScannedEntry& entry : log.entries) {
    if (entry.record.index() >= from.value) print_entry(log, entry, out);
  }
  return verdict(directory, print_damages(log, out));
}

}  // namespace relay
