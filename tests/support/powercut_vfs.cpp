// PowerCutDisk: the images, the cut, and the functions that SQLite calls.
// Must not know tables or tills.
#include "tests/support/powercut_vfs.h"

#include <sqlcipher/sqlite3.h>

#include <algorithm>
#include <utility>

namespace test {
namespace {

constexpr std::uint64_t kSector = 512;

void write_into(core::Bytes& content, std::uint64_t offset, core::ByteView bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
}

}  // namespace

// One open file. SQLite allocates the handle, this is what it points to.
struct PowerCutFile {
  PowerCutDisk* disk;
  std::shared_ptr<PowerCutDisk::Inode> inode;
  std::string name;              // empty: a temporary file, which no cut counts
  bool main = false;             // the database itself
  bool syncs_directory = false;  // with its first sync
  bool deleted_on_close = false;

  using Turn = PowerCutDisk::Turn;
  using Kind = PowerCutDisk::Kind;
  Turn next(Kind kind) const {
    if (name.empty()) return disk->dead_ ? Turn::kDead : Turn::kGo;
    return disk->next(kind, kind != Kind::kRead && main && disk->has_log(name));
  }

  void change(PowerCutDisk::Change what) const {
    if (what.kind == PowerCutDisk::ChangeKind::kTruncate) {
      inode->cached.resize(what.offset);
    } else {
      write_into(inode->cached, what.offset, what.bytes);
    }
    if (name.empty()) return;
    if (main || what.offset == 0) disk->only_appended_ = false;
    disk->unsynced_.push_back(std::move(what));
  }

  int read(core::Bytes::value_type* into, std::uint64_t count, std::uint64_t offset) const {
    if (next(Kind::kRead) != Turn::kGo) return SQLITE_IOERR_READ;
    const core::Bytes& from = inode->cached;
    const std::uint64_t there =
        offset >= from.size() ? 0 : std::min<std::uint64_t>(count, from.size() - offset);
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(there == 0 ? 0 : offset), there, into);
    std::fill(into + there, into + count, std::uint8_t{0});
    return there == count ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
  }

  int write(core::ByteView bytes, std::uint64_t offset) const {
    const Turn turn = next(Kind::kChange);
    if (turn == Turn::kDead) return SQLITE_IOERR_WRITE;
    change({PowerCutDisk::ChangeKind::kWrite, inode, offset, core::to_bytes(bytes), {}});
    return turn == Turn::kGo ? SQLITE_OK : SQLITE_IOERR_WRITE;
  }

  int truncate(std::uint64_t size) const {
    const Turn turn = next(Kind::kChange);
    if (turn == Turn::kDead) return SQLITE_IOERR_TRUNCATE;
    change({PowerCutDisk::ChangeKind::kTruncate, inode, size, {}, {}});
    return turn == Turn::kGo ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
  }

  int sync() {
    const bool checkpoint = main && disk->has_log(name);
    if (next(Kind::kSync) != Turn::kGo) return SQLITE_IOERR_FSYNC;
    if (checkpoint) ++disk->checkpoints_;
    if (disk->lies_) return SQLITE_OK;
    disk->sync_inode(inode);
    if (std::exchange(syncs_directory, false)) disk->sync_names();
    return SQLITE_OK;
  }
};

// What SQLite calls. An exception cannot leave these: running out of memory ends the program.
struct PowerCutGlue {
  using Turn = PowerCutDisk::Turn;
  using Kind = PowerCutDisk::Kind;
  struct Handle {
    sqlite3_file base;
    PowerCutFile* file;
  };

  static PowerCutFile& file_of(sqlite3_file* handle) {
    return *reinterpret_cast<Handle*>(handle)->file;
  }
  static PowerCutDisk& disk_of(sqlite3_vfs* vfs) {
    return *static_cast<PowerCutDisk*>(vfs->pAppData);
  }

  static int close(sqlite3_file* handle) {
    const PowerCutFile& file = file_of(handle);
    --file.disk->open_files_;
    if (file.deleted_on_close && !file.name.empty()) file.disk->set_name(file.name, nullptr);
    delete &file;
    return SQLITE_OK;
  }
  static int read(sqlite3_file* handle, void* into, int count, sqlite3_int64 offset) {
    return file_of(handle).read(static_cast<std::uint8_t*>(into), static_cast<std::uint64_t>(count),
                                static_cast<std::uint64_t>(offset));
  }
  static int write(sqlite3_file* handle, const void* from, int count, sqlite3_int64 offset) {
    return file_of(handle).write(
        {static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(count)},
        static_cast<std::uint64_t>(offset));
  }
  static int truncate(sqlite3_file* handle, sqlite3_int64 size) {
    return file_of(handle).truncate(static_cast<std::uint64_t>(size));
  }
  static int sync(sqlite3_file* handle, int) { return file_of(handle).sync(); }
  static int size(sqlite3_file* handle, sqlite3_int64* size) {
    if (file_of(handle).next(Kind::kRead) != Turn::kGo) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(file_of(handle).inode->cached.size());
    return SQLITE_OK;
  }
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int check_lock(sqlite3_file*, int* held) {
    *held = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 4096; }
  static int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* handle, int flags,
                  int* out_flags) {
    static const sqlite3_io_methods methods = {
        1,       close,      read,    write,       truncate,        sync,    size,    lock,
        lock,    check_lock, control, sector_size, characteristics, nullptr, nullptr, nullptr,
        nullptr, nullptr,    nullptr};
    handle->pMethods = nullptr;
    PowerCutDisk& disk = disk_of(vfs);
    const std::string known = name == nullptr ? "" : name;
    std::shared_ptr<PowerCutDisk::Inode> inode;
    if (known.empty()) {
      inode = std::make_shared<PowerCutDisk::Inode>();
    } else if (disk.names_.contains(known)) {
      if (disk.next(Kind::kRead, false) != Turn::kGo) return SQLITE_IOERR;
      inode = disk.names_.at(known);
    } else {
      if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      const Turn turn = disk.next(Kind::kChange, false);
      if (turn == Turn::kDead) return SQLITE_IOERR;
      inode = std::make_shared<PowerCutDisk::Inode>();
      disk.set_name(known, inode);
      if (turn != Turn::kGo) return SQLITE_IOERR;
    }
    constexpr int kSyncDirectory =
        SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    const bool syncs_directory = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & kSyncDirectory) != 0;
    ++disk.open_files_;
    reinterpret_cast<Handle*>(handle)->file =
        new PowerCutFile{&disk,           std::move(inode),
                         known,           (flags & SQLITE_OPEN_MAIN_DB) != 0,
                         syncs_directory, (flags & SQLITE_OPEN_DELETEONCLOSE) != 0};
    handle->pMethods = &methods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* vfs, const char* name, int sync_directory) {
    PowerCutDisk& disk = disk_of(vfs);
    const bool there = disk.names_.contains(name);
    const Turn turn = disk.next(Kind::kChange, false);
    if (turn == Turn::kDead) return SQLITE_IOERR_DELETE;
    if (there) disk.set_name(name, nullptr);
    if (turn != Turn::kGo) return SQLITE_IOERR_DELETE;
    if (!there) return SQLITE_IOERR_DELETE_NOENT;
    if (sync_directory == 0) return SQLITE_OK;
    if (disk.next(Kind::kChange, false) != Turn::kGo) return SQLITE_IOERR_DIR_FSYNC;
    if (!disk.lies_) disk.sync_names();
    return SQLITE_OK;
  }
  static int access(sqlite3_vfs* vfs, const char* name, int, int* there) {
    PowerCutDisk& disk = disk_of(vfs);
    if (disk.next(Kind::kRead, false) != Turn::kGo) return SQLITE_IOERR_ACCESS;
    // As the unix VFS: an empty file does not exist.
    const auto it = disk.names_.find(name);
    *there = it != disk.names_.end() && !it->second->cached.empty() ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_name(sqlite3_vfs*, const char* name, int size, char* out) {
    sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
  }
  static int randomness(sqlite3_vfs* vfs, int size, char* out) {
    core::Random& random = disk_of(vfs).random_;
    std::generate_n(out, size, [&] { return static_cast<char>(random.between(0, 127)); });
    return size;
  }
  static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int time(sqlite3_vfs*, double* julian_day) {
    *julian_day = 2461000.0;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }

  static sqlite3_vfs& vfs() {
    static sqlite3_vfs vfs = [] {
      sqlite3_vfs v{};
      v.iVersion = 1;
      v.szOsFile = static_cast<int>(sizeof(Handle));
      v.mxPathname = 512;
      v.zName = "powercut";
      v.xOpen = open;
      v.xDelete = remove;
      v.xAccess = access;
      v.xFullPathname = full_name;
      v.xRandomness = randomness;
      v.xSleep = sleep;
      v.xCurrentTime = time;
      v.xGetLastError = last_error;
      return v;
    }();
    return vfs;
  }
};

PowerCutDisk::PowerCutDisk(std::uint64_t seed) : random_(seed) {
  sqlite3_vfs& vfs = PowerCutGlue::vfs();
  CORE_CHECK(vfs.pAppData == nullptr);
  vfs.pAppData = this;
  CORE_CHECK(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
  sqlite3_randomness(0, nullptr);  // seeded anew, by this disk
}

PowerCutDisk::~PowerCutDisk() {
  CORE_CHECK(open_files_ == 0);
  sqlite3_vfs_unregister(&PowerCutGlue::vfs());
  PowerCutGlue::vfs().pAppData = nullptr;
}

void PowerCutDisk::make_file(const std::filesystem::path& path) {
  if (!names_.contains(path.string())) set_name(path.string(), std::make_shared<Inode>());
}

void PowerCutDisk::cut_at(Counted counted, std::uint64_t n) {
  CORE_CHECK(n > 0 && !dead_);
  counted_ = counted;
  countdown_ = n;
}

void PowerCutDisk::lie() {
  lies_ = true;
  only_appended_ = true;
}

PowerCutDisk::Image PowerCutDisk::image() const {
  Image out;
  for (const auto& [name, inode] : names_) out[name] = inode->cached;
  return out;
}

void PowerCutDisk::put(const Image& image) {
  unsynced_.clear();
  names_.clear();
  for (const auto& [name, content] : image) {
    names_[name] = std::make_shared<Inode>(Inode{content, content});
  }
  durable_names_ = names_;
  power_on(Survival::kAll);
}

PowerCutDisk::Turn PowerCutDisk::next(Kind kind, bool checkpoint) {
  if (dead_) return Turn::kDead;
  const bool counts = counted_ == Counted::kOperation ||
                      (counted_ == Counted::kChange && kind != Kind::kRead) ||
                      (counted_ == Counted::kSync && kind == Kind::kSync) ||
                      (counted_ == Counted::kCheckpoint && checkpoint);
  if (countdown_ == 0 || !counts || --countdown_ > 0) return Turn::kGo;
  dead_ = true;
  struck_checkpoint_ = checkpoint;
  return Turn::kLast;
}

bool PowerCutDisk::has_log(const std::string& name) const {
  const auto it = names_.find(name + "-wal");
  return it != names_.end() && !it->second->cached.empty();
}

void PowerCutDisk::set_name(const std::string& name, std::shared_ptr<Inode> inode) {
  only_appended_ = false;
  if (inode == nullptr) {
    names_.erase(name);
  } else {
    names_[name] = inode;
  }
  unsynced_.push_back({ChangeKind::kName, std::move(inode), 0, {}, name});
}

void PowerCutDisk::sync_inode(const std::shared_ptr<Inode>& inode) {
  std::erase_if(unsynced_, [&](const Change& change) {
    if (change.kind == ChangeKind::kName || change.inode != inode) return false;
    reach_disk(change);
    return true;
  });
}

void PowerCutDisk::sync_names() {
  durable_names_ = names_;
  std::erase_if(unsynced_, [](const Change& change) { return change.kind == ChangeKind::kName; });
}

void PowerCutDisk::reach_disk(const Change& change) {
  switch (change.kind) {
    case ChangeKind::kWrite:
      write_into(change.inode->durable, change.offset, change.bytes);
      break;
    case ChangeKind::kTruncate:
      change.inode->durable.resize(change.offset);
      break;
    case ChangeKind::kName:
      if (change.inode == nullptr) {
        durable_names_.erase(change.name);
      } else {
        durable_names_[change.name] = change.inode;
      }
      break;
  }
}

void PowerCutDisk::reach_disk_torn(const Change& change, std::uint64_t eighths, bool noise) {
  const auto chance = [&] { return random_.between(0, 7) < eighths; };
  if (change.kind != ChangeKind::kWrite) {
    if (chance()) reach_disk(change);
    return;
  }
  core::Bytes& durable = change.inode->durable;
  const core::ByteView bytes(change.bytes);
  for (std::uint64_t at = 0; at < bytes.size();) {
    const std::uint64_t in_sector = kSector - (change.offset + at) % kSector;
    const std::uint64_t count = std::min<std::uint64_t>(in_sector, bytes.size() - at);
    if (chance()) {
      for (std::uint64_t grown = durable.size(); grown < change.offset + at; ++grown) {
        durable.push_back(noise ? static_cast<std::uint8_t>(random_()) : std::uint8_t{0});
      }
      write_into(durable, change.offset + at, bytes.subspan(at, count));
    }
    at += count;
  }
}

// Each file has odds of its own, so that one may keep everything while another loses everything.
void PowerCutDisk::survive_torn() {
  std::map<const Inode*, std::uint64_t> eighths;
  const bool noise = random_.between(0, 1) == 0;
  for (const Change& change : unsynced_) {
    constexpr std::uint64_t kOdds[] = {0, 1, 4, 7, 8};
    const Inode* owner = change.kind == ChangeKind::kName ? nullptr : change.inode.get();
    const auto [it, fresh] = eighths.try_emplace(owner, 0);
    if (fresh) it->second = kOdds[random_.between(0, 4)];
    reach_disk_torn(change, it->second, noise);
  }
}

void PowerCutDisk::survive_reordered() {
  for (std::size_t left = unsynced_.size(); left > 1; --left) {
    std::swap(unsynced_[left - 1], unsynced_[random_.between(0, left - 1)]);
  }
  unsynced_.resize(random_.between(0, unsynced_.size()));
  for (const Change& change : unsynced_) reach_disk(change);
}

void PowerCutDisk::survive_prefix() {
  const std::uint64_t whole = random_.between(0, unsynced_.size());
  for (std::size_t i = 0; i < whole; ++i) reach_disk(unsynced_[i]);
  if (whole < unsynced_.size()) reach_disk_torn(unsynced_[whole], random_.between(0, 8), false);
}

void PowerCutDisk::power_on(Survival survival) {
  CORE_CHECK(open_files_ == 0);
  switch (survival) {
    case Survival::kLost:
      break;
    case Survival::kAll:
      for (const Change& change : unsynced_) reach_disk(change);
      break;
    case Survival::kTorn:
      survive_torn();
      break;
    case Survival::kReordered:
      survive_reordered();
      break;
    case Survival::kHole:
      for (std::size_t i = 1; i < unsynced_.size(); ++i) reach_disk(unsynced_[i]);
      break;
    case Survival::kPrefix:
      survive_prefix();
      break;
  }
  unsynced_.clear();
  names_ = durable_names_;
  for (const auto& [name, inode] : names_) inode->cached = inode->durable;
  countdown_ = 0;
  dead_ = struck_checkpoint_ = lies_ = false;
}

}  // namespace test
