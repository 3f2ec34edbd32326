// PowerCutDisk: a disk in memory below SQLite whose power can be cut at any operation, and what it
// may hold when the power comes back. Must not know tables or tills.
// Source: sqlite.org/vfs.html; answers and directory syncs are those of SQLite's own unix VFS.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/random.h"

namespace test {

// What a cut counts down.
enum class Counted {
  kOperation,   // everything, reads included: recovery mostly reads
  kChange,      // writes, truncations, syncs, names made and deleted
  kSync,        // of a file
  kCheckpoint,  // changes of the database's own file while there is a write-ahead log
};

// What of all that was not synced is on the disk when the power comes back.
enum class Survival {
  kLost,  // nothing
  kAll,   // everything
  kTorn,  // of each write any of its sectors of 512 bytes; where it grew a file, zeros or noise
  kReordered,  // any of the writes, each whole, in any order
  kHole,       // everything but the oldest write
  kPrefix,     // what a cache that keeps the order leaves: the first ones, over all files, and of
               // the next one any sectors
};
inline constexpr Survival kHonestSurvivals[] = {Survival::kLost, Survival::kAll, Survival::kTorn,
                                                Survival::kReordered};

// One at a time: while it lives it is SQLite's default VFS ("powercut") of this program. It has
// what the till's exclusive lock needs: no shared memory. Thread: one.
class PowerCutDisk {
 public:
  explicit PowerCutDisk(std::uint64_t seed);
  ~PowerCutDisk();  // every file must be closed
  PowerCutDisk(const PowerCutDisk&) = delete;
  PowerCutDisk& operator=(const PowerCutDisk&) = delete;

  // An empty file, as open(2) makes it; no change when it is there. Its name is not synced.
  void make_file(const std::filesystem::path& path);

  // The n-th operation from now (from 1) is the last one: it fails, a write among them may be on
  // the disk or not, and from then on everything fails with SQLITE_IOERR.
  void cut_at(Counted counted, std::uint64_t n);
  void no_cut() { countdown_ = 0; }
  bool dead() const { return dead_; }
  bool struck_checkpoint() const { return struck_checkpoint_; }

  // From now until the power comes back syncs answer OK and do nothing.
  void lie();
  // Whether since lie() there was nothing but frames appended to the write-ahead log: neither a
  // checkpoint, nor a log begun anew, nor a name.
  bool only_appended() const { return only_appended_; }

  // Every file must be closed. Afterwards the disk is honest, and no cut is planned.
  void power_on(Survival survival);

  // Every file as processes see it now: what one that is killed leaves behind.
  using Image = std::map<std::string, core::Bytes>;
  Image image() const;
  // The disk holds this, durably, and nothing else. Every file must be closed.
  void put(const Image& image);

  std::uint64_t checkpoints() const { return checkpoints_; }

 private:
  friend struct PowerCutGlue;
  friend struct PowerCutFile;
  struct Inode {
    core::Bytes cached;   // what a process reads
    core::Bytes durable;  // what the disk has
  };
  enum class ChangeKind { kWrite, kTruncate, kName };
  struct Change {
    ChangeKind kind;
    std::shared_ptr<Inode> inode;  // of kName: none when the name goes
    std::uint64_t offset = 0;      // of kTruncate: the new size
    core::Bytes bytes;
    std::string name;
  };
  enum class Turn { kGo, kLast, kDead };

  enum class Kind { kRead, kChange, kSync };
  Turn next(Kind kind, bool checkpoint);
  bool has_log(const std::string& name) const;
  void set_name(const std::string& name, std::shared_ptr<Inode> inode);
  void sync_inode(const std::shared_ptr<Inode>& inode);
  void sync_names();
  void reach_disk(const Change& change);
  void reach_disk_torn(const Change& change, std::uint64_t eighths, bool noise);
  void survive_torn();
  void survive_reordered();
  void survive_prefix();

  core::Random random_;
  std::map<std::string, std::shared_ptr<Inode>> names_;
  std::map<std::string, std::shared_ptr<Inode>> durable_names_;
  std::vector<Change> unsynced_;  // over all files, oldest first
  std::uint64_t countdown_ = 0;   // 0: no cut is planned
  Counted counted_ = Counted::kChange;
  bool dead_ = false;
  bool struck_checkpoint_ = false;
  bool lies_ = false;
  bool only_appended_ = true;
  std::uint64_t checkpoints_ = 0;
  std::uint64_t open_files_ = 0;
};

}  // namespace test
