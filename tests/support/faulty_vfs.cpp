// FaultyDisk: the countdown, and the functions that SQLite calls.
// Must not know tables or tills.
#include "tests/support/faulty_vfs.h"

#include <sqlcipher/sqlite3.h>

#include <cerrno>
#include <vector>

#include "core/base/check.h"

namespace test {

// What SQLite calls. All but the changes go straight to the VFS below.
struct FaultyGlue {
  using Turn = FaultyDisk::Turn;
  struct Handle {
    sqlite3_file base;
    sqlite3_file* below;  // allocated by open()
    bool counts;          // it has a name
  };
  static sqlite3_vfs* below_vfs;
  static FaultyDisk* disk;
  static int error;  // errno of the last failure

  static sqlite3_file* below(sqlite3_file* handle) {
    return reinterpret_cast<Handle*>(handle)->below;
  }
  static Turn next(sqlite3_file* handle, DiskCall call) {
    return reinterpret_cast<Handle*>(handle)->counts ? disk->next(call) : Turn::kGo;
  }

  static int close(sqlite3_file* handle) {
    sqlite3_file* file = below(handle);
    const int rc = file->pMethods->xClose(file);
    sqlite3_free(file);
    return rc;
  }
  static int read(sqlite3_file* handle, void* into, int count, sqlite3_int64 offset) {
    return below(handle)->pMethods->xRead(below(handle), into, count, offset);
  }
  static int write(sqlite3_file* handle, const void* from, int count, sqlite3_int64 offset) {
    const auto write_below = [&](int bytes) {
      return below(handle)->pMethods->xWrite(below(handle), from, bytes, offset);
    };
    switch (next(handle, DiskCall::kWrite)) {
      case Turn::kGo:
        return write_below(count);
      case Turn::kFull:  // some of it may still have had space
        return write_below(count / 2) == SQLITE_OK ? SQLITE_FULL : SQLITE_IOERR_WRITE;
      case Turn::kFailAfter:
        write_below(count);
        break;
      case Turn::kFail:
        break;
    }
    return SQLITE_IOERR_WRITE;
  }
  static int truncate(sqlite3_file* handle, sqlite3_int64 size) {
    const Turn turn = next(handle, DiskCall::kTruncate);
    int rc = SQLITE_OK;
    if (turn != Turn::kFail) rc = below(handle)->pMethods->xTruncate(below(handle), size);
    return turn == Turn::kGo ? rc : SQLITE_IOERR_TRUNCATE;
  }
  static int sync(sqlite3_file* handle, int flags) {
    const Turn turn = next(handle, DiskCall::kSync);
    int rc = SQLITE_OK;
    if (turn != Turn::kFail) rc = below(handle)->pMethods->xSync(below(handle), flags);
    return turn == Turn::kGo ? rc : SQLITE_IOERR_FSYNC;
  }
  static int size(sqlite3_file* handle, sqlite3_int64* size) {
    return below(handle)->pMethods->xFileSize(below(handle), size);
  }
  static int lock(sqlite3_file* handle, int level) {
    return below(handle)->pMethods->xLock(below(handle), level);
  }
  static int unlock(sqlite3_file* handle, int level) {
    return below(handle)->pMethods->xUnlock(below(handle), level);
  }
  static int check_lock(sqlite3_file* handle, int* held) {
    return below(handle)->pMethods->xCheckReservedLock(below(handle), held);
  }
  static int control(sqlite3_file* handle, int what, void* argument) {
    return below(handle)->pMethods->xFileControl(below(handle), what, argument);
  }
  static int sector_size(sqlite3_file* handle) {
    return below(handle)->pMethods->xSectorSize(below(handle));
  }
  static int characteristics(sqlite3_file* handle) {
    return below(handle)->pMethods->xDeviceCharacteristics(below(handle));
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* handle, int flags, int* out_flags) {
    static const sqlite3_io_methods methods = {
        1,       close,      read,    write,       truncate,        sync,    size,    lock,
        unlock,  check_lock, control, sector_size, characteristics, nullptr, nullptr, nullptr,
        nullptr, nullptr,    nullptr};
    handle->pMethods = nullptr;
    if (name != nullptr && (flags & SQLITE_OPEN_CREATE) != 0) {
      int there = 0;
      below_vfs->xAccess(below_vfs, name, SQLITE_ACCESS_EXISTS, &there);
      if (there == 0 && disk->next(DiskCall::kCreate) != Turn::kGo) return SQLITE_CANTOPEN;
    }
    auto* file = static_cast<sqlite3_file*>(sqlite3_malloc(below_vfs->szOsFile));
    CORE_CHECK(file != nullptr);
    const int rc = below_vfs->xOpen(below_vfs, name, file, flags, out_flags);
    if (rc != SQLITE_OK) {
      sqlite3_free(file);
      return rc;
    }
    reinterpret_cast<Handle*>(handle)->below = file;
    reinterpret_cast<Handle*>(handle)->counts = name != nullptr;
    handle->pMethods = &methods;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs*, const char* name, int sync_directory) {
    const Turn turn = disk->next(DiskCall::kDelete);
    int rc = SQLITE_OK;
    if (turn != Turn::kFail) rc = below_vfs->xDelete(below_vfs, name, sync_directory);
    return turn == Turn::kGo ? rc : SQLITE_IOERR_DELETE;
  }
  static int access(sqlite3_vfs*, const char* name, int flags, int* there) {
    return below_vfs->xAccess(below_vfs, name, flags, there);
  }
  static int full_name(sqlite3_vfs*, const char* name, int size, char* out) {
    return below_vfs->xFullPathname(below_vfs, name, size, out);
  }
  static int randomness(sqlite3_vfs*, int size, char* out) {
    return below_vfs->xRandomness(below_vfs, size, out);
  }
  static int sleep(sqlite3_vfs*, int microseconds) {
    return below_vfs->xSleep(below_vfs, microseconds);
  }
  static int time(sqlite3_vfs*, double* julian_day) {
    return below_vfs->xCurrentTime(below_vfs, julian_day);
  }
  static int last_error(sqlite3_vfs*, int, char*) { return error; }

  static sqlite3_vfs& vfs() {
    static sqlite3_vfs vfs = [] {
      sqlite3_vfs v{};
      v.iVersion = 1;
      v.szOsFile = static_cast<int>(sizeof(Handle));
      v.mxPathname = 512;
      v.zName = "faulty";
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

sqlite3_vfs* FaultyGlue::below_vfs = nullptr;
FaultyDisk* FaultyGlue::disk = nullptr;
int FaultyGlue::error = 0;

const char* name_of(DiskCall call) {
  switch (call) {
    case DiskCall::kWrite:
      return "write";
    case DiskCall::kTruncate:
      return "truncate";
    case DiskCall::kSync:
      return "sync";
    case DiskCall::kCreate:
      return "create";
    case DiskCall::kDelete:
      return "delete";
  }
  CORE_CHECK(false);
}

FaultyDisk::FaultyDisk() {
  CORE_CHECK(FaultyGlue::disk == nullptr);
  FaultyGlue::disk = this;
  FaultyGlue::below_vfs = sqlite3_vfs_find(nullptr);
  CORE_CHECK(FaultyGlue::below_vfs != nullptr);
  CORE_CHECK(sqlite3_vfs_register(&FaultyGlue::vfs(), 1) == SQLITE_OK);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&FaultyGlue::vfs());
  sqlite3_vfs_register(FaultyGlue::below_vfs, 1);
  FaultyGlue::disk = nullptr;
}

void FaultyDisk::fail_at(Fault fault, std::uint64_t n) {
  CORE_CHECK(n > 0);
  fault_ = fault;
  countdown_ = n;
  full_ = struck_ = false;
}

void FaultyDisk::heal() {
  countdown_ = 0;
  full_ = false;
}

FaultyDisk::Turn FaultyDisk::next(DiskCall call) {
  const bool no_space = fault_ == Fault::kFullOnce || fault_ == Fault::kFull;
  const bool takes_space = call == DiskCall::kWrite || call == DiskCall::kCreate;
  if (no_space && !takes_space) return Turn::kGo;
  if (!full_ && (countdown_ == 0 || --countdown_ > 0)) return Turn::kGo;
  struck_ = true;
  full_ = fault_ == Fault::kFull;
  ++failures_[call];
  FaultyGlue::error = no_space ? ENOSPC : EIO;
  if (no_space) return Turn::kFull;
  return fault_ == Fault::kNotWritten ? Turn::kFail : Turn::kFailAfter;
}

}  // namespace test
