// SimDisk: page cache and disk apart, faults by call number.
// Must not know records.
#include "tests/crash/disk_sim.h"

#include <algorithm>

namespace test {

using core::Bytes;
using core::ByteView;
using core::Errc;
using core::fail;
using core::Result;
using core::disk::File;
using core::disk::OpenMode;

namespace {

constexpr std::size_t kSector = 512;

void write_into(Bytes& content, std::uint64_t offset, ByteView bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
}

std::string name_of(const std::filesystem::path& path) {
  return path.filename().string();
}

}  // namespace

class SimFile final : public File {
 public:
  SimFile(SimDisk& disk, std::shared_ptr<SimDisk::Inode> inode)
      : disk_(disk), inode_(std::move(inode)) {}

  Result<void> write_at(std::uint64_t offset, ByteView bytes) override {
    const auto fault = disk_.next_call();
    if (fault == Fault::kKillBefore) throw Killed{};
    if (fault != Fault::kRefused) {
      const bool partly = fault == Fault::kPartly;
      apply({offset, core::to_bytes(partly ? bytes.first(bytes.size() / 2) : bytes), false});
    }
    if (fault == Fault::kKillAfter) throw Killed{};
    if (fault) return fail(disk_.planned_->code, "write: simulated");
    return {};
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    const Bytes& from = inode_->cached;
    if (offset >= from.size()) return std::size_t{0};
    const std::size_t count = std::min<std::size_t>(into.size(), from.size() - offset);
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }

  Result<std::uint64_t> size() override { return std::uint64_t{inode_->cached.size()}; }

  Result<void> truncate(std::uint64_t size) override {
    return disk_.change(Errc::kIo, [&] { apply({size, {}, true}); });
  }

  Result<void> sync() override {
    const auto fault = disk_.next_call();
    if (fault == Fault::kKillBefore) throw Killed{};
    if (fault == Fault::kRefused || fault == Fault::kPartly) {
      // As Linux does it: the pages count as clean from now on, and the disk has what it has.
      disk_.lose_unsynced(*inode_);
    } else if (!disk_.lies_) {
      inode_->durable = inode_->cached;
      inode_->unsynced.clear();
    }
    if (fault == Fault::kKillAfter) throw Killed{};
    if (fault) return fail(Errc::kSyncFailed, "fdatasync: simulated");
    return {};
  }

 private:
  void apply(SimDisk::Change change) {
    if (change.truncates) {
      inode_->cached.resize(change.offset);
    } else {
      write_into(inode_->cached, change.offset, change.bytes);
    }
    inode_->unsynced.push_back(std::move(change));
  }

  SimDisk& disk_;
  std::shared_ptr<SimDisk::Inode> inode_;
};

void SimDisk::plan(std::uint64_t at, Fault fault, Errc code) {
  calls_ = 0;
  planned_ = Plan{at, fault, code};
}

std::optional<Fault> SimDisk::next_call() {
  ++calls_;
  if (!planned_ || calls_ != planned_->at) return std::nullopt;
  ++faults_met_;
  return planned_->fault;
}

template <typename Act>
Result<void> SimDisk::change(Errc code, Act act) {
  const auto fault = next_call();
  if (fault == Fault::kKillBefore) throw Killed{};
  if (fault != Fault::kRefused) act();
  if (fault == Fault::kKillAfter) throw Killed{};
  if (fault) return fail(code, "simulated");
  return {};
}

// Any subset of the unsynced changes reaches the disk, a write sector by sector.
void SimDisk::lose_unsynced(Inode& inode) {
  for (const Change& change : inode.unsynced) {
    if (change.truncates) {
      if (random_.between(0, 1) == 0) inode.durable.resize(change.offset);
      continue;
    }
    const ByteView bytes(change.bytes);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t in_sector = kSector - (change.offset + at) % kSector;
      const std::size_t count = std::min(in_sector, bytes.size() - at);
      if (random_.between(0, 1) == 0) {
        write_into(inode.durable, change.offset + at, bytes.subspan(at, count));
      }
      at += count;
    }
  }
  inode.unsynced.clear();
}

void SimDisk::power_cut() {
  for (const NameChange& change : unsynced_names_) {
    if (random_.between(0, 1) != 0) continue;
    for (const auto& [name, inode] : change) {
      if (inode == nullptr) {
        durable_names_.erase(name);
      } else {
        durable_names_[name] = inode;
      }
    }
  }
  unsynced_names_.clear();
  names_ = durable_names_;
  std::vector<Inode*> seen;
  for (const auto& [name, inode] : names_) {
    if (std::find(seen.begin(), seen.end(), inode.get()) != seen.end()) continue;
    seen.push_back(inode.get());
    lose_unsynced(*inode);
    inode->cached = inode->durable;
  }
  restart();
}

std::map<std::string, Bytes> SimDisk::files() const {
  std::map<std::string, Bytes> out;
  for (const auto& [name, inode] : names_) out[name] = inode->cached;
  return out;
}

void SimDisk::put(const std::string& name, Bytes content) {
  auto inode = std::make_shared<Inode>();
  inode->cached = content;
  inode->durable = std::move(content);
  names_[name] = inode;
  durable_names_[name] = inode;
}

void SimDisk::erase(const std::string& name) {
  names_.erase(name);
  durable_names_.erase(name);
}

void SimDisk::rename_now(NameChange change) {
  for (const auto& [name, inode] : change) {
    if (inode == nullptr) {
      names_.erase(name);
    } else {
      names_[name] = inode;
    }
  }
  unsynced_names_.push_back(std::move(change));
}

Result<std::unique_ptr<File>> SimDisk::open(const std::filesystem::path& path, OpenMode mode) {
  const std::string name = name_of(path);
  if (mode == OpenMode::kCreate || mode == OpenMode::kCreatePrivate) {
    const Errc code = planned_ ? planned_->code : Errc::kIo;
    TRY(change(code, [&] { rename_now({{name, std::make_shared<Inode>()}}); }));
  }
  const auto found = names_.find(name);
  if (found == names_.end()) return fail(Errc::kNotFound, "open " + name);
  return std::unique_ptr<File>(std::make_unique<SimFile>(*this, found->second));
}

Result<core::disk::FileContent> SimDisk::content(const std::filesystem::path& path) {
  const auto found = names_.find(name_of(path));
  if (found == names_.end()) return fail(Errc::kNotFound, "open " + path.string());
  auto copy = std::make_shared<Bytes>(found->second->cached);
  const ByteView bytes = *copy;
  return core::disk::FileContent{bytes, std::move(copy)};
}

Result<std::vector<std::string>> SimDisk::list(const std::filesystem::path&) {
  std::vector<std::string> out;
  for (const auto& [name, inode] : names_) out.push_back(name);
  return out;
}

Result<void> SimDisk::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
  const auto found = names_.find(name_of(from));
  if (found == names_.end()) return fail(Errc::kIo, "rename " + from.string());
  const auto inode = found->second;
  return change(Errc::kIo, [&] { rename_now({{name_of(from), nullptr}, {name_of(to), inode}}); });
}

Result<void> SimDisk::remove(const std::filesystem::path& path) {
  if (!names_.contains(name_of(path))) return fail(Errc::kNotFound, "remove " + path.string());
  return change(Errc::kIo, [&] { rename_now({{name_of(path), nullptr}}); });
}

Result<void> SimDisk::create_directory(const std::filesystem::path&) {
  return {};
}

Result<void> SimDisk::sync_directory(const std::filesystem::path&) {
  return change(Errc::kSyncFailed, [&] {
    if (lies_) return;
    durable_names_ = names_;
    unsynced_names_.clear();
  });
}

Result<std::shared_ptr<void>> SimDisk::lock(const std::filesystem::path&) {
  if (locked_) return fail(Errc::kBusy, "the log is held by another process");
  locked_ = true;
  const std::uint64_t mine = ++lock_epoch_;
  return std::shared_ptr<void>(this, [mine](void* self) {
    auto* disk = static_cast<SimDisk*>(self);
    if (disk->lock_epoch_ == mine) disk->locked_ = false;
  });
}

}  // namespace test
