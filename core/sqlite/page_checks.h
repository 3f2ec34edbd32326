// PageChecks: a VFS before SQLite's own that ends each page of a database with a checksum over its
// number and content, and refuses to read a page that does not have it.
// Must not know tables. Format: docs/formats/journal.md, "Page checksums".
#pragma once

#include <cstdint>

#include "core/base/bytes.h"

namespace core::sqlite {

// Bytes that are reserved at a page's end, and what a database says in its header if it has them.
inline constexpr int kPageCheckSize = 8;

// The checksum of a page's content without its last kPageCheckSize bytes.
// Shape: a multiple of 8 bytes; number from 1.
std::uint64_t page_check(std::uint32_t number, ByteView content);

// The name of the VFS, to open databases with. One without these bytes is passed through as it is;
// one with them answers SQLITE_IOERR_DATA for a page that was changed, zeroed or put in another's
// place. Files, locks and shared memory are those of the program's default VFS. Thread: any.
const char* page_check_vfs();

// For sqlite3_file_control: sets an int to 1 if the file's pages have checksums, else to 0.
inline constexpr int kAskPageChecks = 0x44425043;

}  // namespace core::sqlite
