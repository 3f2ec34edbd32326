// FaultyDisk: makes one chosen change of a file below SQLite fail, as a full or a broken disk does.
// Stands before whatever VFS is the default one. Must not know tables or tills.
// Source: sqlite.org/vfs.html; the answers are those of SQLite's own unix VFS to these errors.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace test {

// How the n-th change fails.
enum class Fault {
  kFullOnce,         // no space for it; the next change has space again
  kFull,             // no space for it, nor for any change after it, until heal()
  kNotWritten,       // an input/output error, and nothing was changed
  kWrittenYetFailed  // an input/output error, and everything was changed
};

// What a change is. A full disk refuses writes and new names only.
enum class DiskCall { kWrite, kTruncate, kSync, kCreate, kDelete };
const char* name_of(DiskCall call);

// One at a time: while it lives it is SQLite's default VFS ("faulty") of this program. Changes of
// temporary files are not counted. Thread: one.
class FaultyDisk {
 public:
  FaultyDisk();
  ~FaultyDisk();  // every file must be closed
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // The n-th change from now (from 1) fails.
  void fail_at(Fault fault, std::uint64_t n);
  // From now on everything works; the failures stay counted.
  void heal();
  // Since fail_at().
  bool struck() const { return struck_; }
  // How many failures of which call there were, of all faults.
  const std::map<DiskCall, std::uint64_t>& failures() const { return failures_; }

 private:
  friend struct FaultyGlue;
  enum class Turn { kGo, kFull, kFail, kFailAfter };
  Turn next(DiskCall call);

  Fault fault_ = Fault::kFull;
  std::uint64_t countdown_ = 0;  // 0: nothing is planned
  bool full_ = false;
  bool struck_ = false;
  std::map<DiskCall, std::uint64_t> failures_;
};

}  // namespace test
