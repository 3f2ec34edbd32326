// PageChecks: the checksum, and the functions that SQLite calls.
// Must not know tables.
#include "core/sqlite/page_checks.h"

#include <sqlcipher/sqlite3.h>

#include <cstring>
#include <new>
#include <string_view>
#include <vector>

#include "core/base/check.h"

namespace core::sqlite {
namespace {

// Where SQLite's file format has what is needed here: sqlite.org/fileformat2.html, section 1.3.
constexpr std::string_view kMagic{"SQLite format 3\0", 16};
constexpr std::size_t kHeaderSize = 100;
constexpr std::size_t kPageSizeAt = 16;  // big-endian; 1: 65,536
constexpr std::size_t kReservedAt = 20;

std::uint32_t little_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} | std::uint32_t{bytes[1]} << 8 | std::uint32_t{bytes[2]} << 16 |
         std::uint32_t{bytes[3]} << 24;
}

// One open file. SQLite allocates it; the one below it is allocated here.
struct CheckedFile {
  sqlite3_file base;
  sqlite3_file* below;
  std::vector<std::uint8_t>* page;  // of a main database with checksums, else empty
};

sqlite3_vfs& own_vfs() {
  static sqlite3_vfs vfs{};
  return vfs;
}

// The one below: when a default VFS is taken away, whichever came after it takes its place.
sqlite3_vfs* default_vfs() {
  sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
  return vfs == &own_vfs() ? vfs->pNext : vfs;
}

CheckedFile& checked(sqlite3_file* file) {
  return *reinterpret_cast<CheckedFile*>(file);
}
sqlite3_file* below(sqlite3_file* file) {
  return checked(file).below;
}
const sqlite3_io_methods& methods_below(sqlite3_file* file) {
  return *below(file)->pMethods;
}

// Takes from the first page whether this database has checksums, and how large its pages are.
void learn(CheckedFile& file, const std::uint8_t* header) {
  const bool has_checks = std::memcmp(header, kMagic.data(), kMagic.size()) == 0 &&
                          header[kReservedAt] == kPageCheckSize;
  std::size_t size = std::size_t{header[kPageSizeAt]} << 8 | header[kPageSizeAt + 1];
  if (size == 1) size = 65536;
  const bool possible = size >= 512 && (size & (size - 1)) == 0;
  file.page->resize(has_checks && possible ? size : 0);
}

// The number of the page, if that is what is read or written.
std::uint32_t page_number(const CheckedFile& file, int count, sqlite3_int64 offset) {
  const auto size = static_cast<sqlite3_int64>(file.page->size());
  if (size == 0 || count != size || offset % size != 0) return 0;
  return static_cast<std::uint32_t>(offset / size + 1);
}

void put_check(std::vector<std::uint8_t>& page, std::uint32_t number) {
  const std::size_t end = page.size() - kPageCheckSize;
  const std::uint64_t check = page_check(number, ByteView(page).first(end));
  for (std::size_t i = 0; i < kPageCheckSize; ++i) {
    page[end + i] = static_cast<std::uint8_t>(check >> (8 * i));
  }
}

bool has_check(ByteView page, std::uint32_t number) {
  const std::size_t end = page.size() - kPageCheckSize;
  const std::uint64_t found =
      std::uint64_t{little_endian(&page[end + 4])} << 32 | std::uint64_t{little_endian(&page[end])};
  return page_check(number, page.first(end)) == found;
}

int close(sqlite3_file* file) {
  const int rc = methods_below(file).xClose(below(file));
  sqlite3_free(below(file));
  delete checked(file).page;
  return rc;
}

int read(sqlite3_file* file, void* into, int count, sqlite3_int64 offset) {
  const int rc = methods_below(file).xRead(below(file), into, count, offset);
  const std::uint32_t number = page_number(checked(file), count, offset);
  if (rc != SQLITE_OK || number == 0) return rc;
  const ByteView page(static_cast<const std::uint8_t*>(into), static_cast<std::size_t>(count));
  return has_check(page, number) ? SQLITE_OK : SQLITE_IOERR_DATA;
}

int write(sqlite3_file* file, const void* from, int count, sqlite3_int64 offset) {
  CheckedFile& self = checked(file);
  const auto* bytes = static_cast<const std::uint8_t*>(from);
  const bool main = self.page != nullptr;
  if (main && offset == 0 && count >= static_cast<int>(kHeaderSize)) learn(self, bytes);
  const std::uint32_t number = main ? page_number(self, count, offset) : 0;
  if (number == 0) return methods_below(file).xWrite(below(file), from, count, offset);
  std::memcpy(self.page->data(), bytes, self.page->size());
  put_check(*self.page, number);
  return methods_below(file).xWrite(below(file), self.page->data(), count, offset);
}

int read_any(sqlite3_file* file, void* into, int count, sqlite3_int64 offset) {
  if (checked(file).page != nullptr) return read(file, into, count, offset);
  return methods_below(file).xRead(below(file), into, count, offset);
}
int truncate(sqlite3_file* file, sqlite3_int64 size) {
  return methods_below(file).xTruncate(below(file), size);
}
int sync(sqlite3_file* file, int flags) {
  return methods_below(file).xSync(below(file), flags);
}
int size(sqlite3_file* file, sqlite3_int64* size) {
  return methods_below(file).xFileSize(below(file), size);
}
int lock(sqlite3_file* file, int level) {
  return methods_below(file).xLock(below(file), level);
}
int unlock(sqlite3_file* file, int level) {
  return methods_below(file).xUnlock(below(file), level);
}
int check_lock(sqlite3_file* file, int* held) {
  return methods_below(file).xCheckReservedLock(below(file), held);
}
int control(sqlite3_file* file, int what, void* argument) {
  if (what == kAskPageChecks) {
    const CheckedFile& self = checked(file);
    *static_cast<int*>(argument) = self.page != nullptr && !self.page->empty() ? 1 : 0;
    return SQLITE_OK;
  }
  return methods_below(file).xFileControl(below(file), what, argument);
}
int sector_size(sqlite3_file* file) {
  return methods_below(file).xSectorSize(below(file));
}
int characteristics(sqlite3_file* file) {
  return methods_below(file).xDeviceCharacteristics(below(file));
}
int map_shared(sqlite3_file* file, int page, int bytes, int extend, void volatile** at) {
  return methods_below(file).xShmMap(below(file), page, bytes, extend, at);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return methods_below(file).xShmLock(below(file), offset, count, flags);
}
void order_shared(sqlite3_file* file) {
  methods_below(file).xShmBarrier(below(file));
}
int unmap_shared(sqlite3_file* file, int remove) {
  return methods_below(file).xShmUnmap(below(file), remove);
}

// Without memory-mapped reading, which would pass the checksums by.
constexpr sqlite3_io_methods methods_of(int version) {
  return {version,         close,      read_any,    write,
          truncate,        sync,       size,        lock,
          unlock,          check_lock, control,     sector_size,
          characteristics, map_shared, lock_shared, order_shared,
          unmap_shared,    nullptr,    nullptr};
}
constexpr sqlite3_io_methods kWithoutSharedMemory = methods_of(1);
constexpr sqlite3_io_methods kWithSharedMemory = methods_of(2);

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  sqlite3_vfs* vfs = default_vfs();
  CheckedFile& self = *new (file) CheckedFile{};
  self.below = static_cast<sqlite3_file*>(sqlite3_malloc(vfs->szOsFile));
  if (self.below == nullptr) return SQLITE_NOMEM;
  int rc = vfs->xOpen(vfs, name, self.below, flags, out_flags);
  if (rc != SQLITE_OK) {
    sqlite3_free(self.below);
    return rc;
  }
  self.base.pMethods =
      self.below->pMethods->iVersion >= 2 ? &kWithSharedMemory : &kWithoutSharedMemory;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_OK;
  self.page = new std::vector<std::uint8_t>();
  std::uint8_t header[kHeaderSize] = {};
  rc = self.below->pMethods->xRead(self.below, header, kHeaderSize, 0);
  if (rc == SQLITE_OK) learn(self, header);
  if (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ) return SQLITE_OK;
  close(file);
  self.base.pMethods = nullptr;
  return rc;
}
int remove(sqlite3_vfs*, const char* name, int sync_directory) {
  return default_vfs()->xDelete(default_vfs(), name, sync_directory);
}
int access(sqlite3_vfs*, const char* name, int flags, int* there) {
  return default_vfs()->xAccess(default_vfs(), name, flags, there);
}
int full_name(sqlite3_vfs*, const char* name, int size, char* out) {
  return default_vfs()->xFullPathname(default_vfs(), name, size, out);
}
int randomness(sqlite3_vfs*, int size, char* out) {
  return default_vfs()->xRandomness(default_vfs(), size, out);
}
int sleep(sqlite3_vfs*, int microseconds) {
  return default_vfs()->xSleep(default_vfs(), microseconds);
}
int time(sqlite3_vfs*, double* julian_day) {
  sqlite3_vfs* vfs = default_vfs();
  if (vfs->xCurrentTime != nullptr) return vfs->xCurrentTime(vfs, julian_day);
  sqlite3_int64 milliseconds = 0;
  const int rc = vfs->xCurrentTimeInt64(vfs, &milliseconds);
  *julian_day = static_cast<double>(milliseconds) / 86400000.0;
  return rc;
}
int last_error(sqlite3_vfs*, int size, char* text) {
  return default_vfs()->xGetLastError(default_vfs(), size, text);
}

}  // namespace

// Two sums, the second of which weighs by place: the checksum of SQLite's own write-ahead log
// (sqlite.org/walformat.html), begun with the page's number. Any change within eight neighbouring
// bytes changes it.
std::uint64_t page_check(std::uint32_t number, ByteView content) {
  CORE_CHECK(number > 0 && content.size() % 8 == 0);
  std::uint32_t first = number;
  std::uint32_t second = number;
  for (std::size_t i = 0; i < content.size(); i += 8) {
    first += little_endian(&content[i]) + second;
    second += little_endian(&content[i + 4]) + first;
  }
  return std::uint64_t{second} << 32 | first;
}

const char* page_check_vfs() {
  static constexpr const char* kName = "daybook";
  static const bool registered = [] {
    if (sqlite3_initialize() != SQLITE_OK) return false;
    sqlite3_vfs& vfs = own_vfs();
    vfs.iVersion = 1;
    vfs.szOsFile = static_cast<int>(sizeof(CheckedFile));
    vfs.mxPathname = default_vfs()->mxPathname;
    vfs.zName = kName;
    vfs.xOpen = open;
    vfs.xDelete = remove;
    vfs.xAccess = access;
    vfs.xFullPathname = full_name;
    vfs.xRandomness = randomness;
    vfs.xSleep = sleep;
    vfs.xCurrentTime = time;
    vfs.xGetLastError = last_error;
    return sqlite3_vfs_register(&vfs, 0) == SQLITE_OK;
  }();
  CORE_CHECK(registered);
  return kName;
}

}  // namespace core::sqlite
