// SimDisk: a Filesystem in memory that tells what a process sees from what the disk has, and loses,
// tears or refuses what it is told to. Must not know records.
#pragma once

#include <map>
#include <optional>

#include "core/base/random.h"
#include "core/disk/file.h"

namespace test {

enum class Fault {
  kRefused,     // not done, and reported failed
  kDone,        // done, but reported failed
  kPartly,      // half of a write done, and reported failed
  kKillBefore,  // the process ends instead of the call
  kKillAfter,   // the process ends right after the call
};

// Thrown where SimDisk ends the "process".
struct Killed {};

class SimDisk final : public core::disk::Filesystem {
 public:
  explicit SimDisk(std::uint64_t seed) : random_(seed) {}

  // The call number `at` (from 1, counting calls that change something) meets `fault`. Failed
  // writes are reported with `code`; failed syncs always with kSyncFailed.
  void plan(std::uint64_t at, Fault fault, core::Errc code = core::Errc::kIo);
  void no_faults() { planned_.reset(); }
  std::uint64_t calls() const { return calls_; }
  std::uint64_t faults_met() const { return faults_met_; }
  // A disk that acknowledges every sync and does nothing.
  void lie_about_syncs() { lies_ = true; }

  // The process is gone: its locks are free, its writes are all in the page cache.
  void restart() { locked_ = false; }
  // The machine is gone: of everything not synced, any part survives, sector by sector.
  void power_cut();

  std::map<std::string, core::Bytes> files() const;
  void put(const std::string& name, core::Bytes content);
  void erase(const std::string& name);

  core::Result<std::unique_ptr<core::disk::File>> open(const std::filesystem::path& path,
                                                       core::disk::OpenMode mode) override;
  core::Result<core::disk::FileContent> content(const std::filesystem::path& path) override;
  core::Result<std::vector<std::string>> list(const std::filesystem::path& directory) override;
  core::Result<void> rename(const std::filesystem::path& from,
                            const std::filesystem::path& to) override;
  core::Result<void> remove(const std::filesystem::path& path) override;
  core::Result<void> create_directory(const std::filesystem::path& directory) override;
  core::Result<void> sync_directory(const std::filesystem::path& directory) override;
  core::Result<std::shared_ptr<void>> lock(const std::filesystem::path& path) override;

 private:
  friend class SimFile;
  struct Change {  // of a file's content: bytes at an offset, or a new size
    std::uint64_t offset = 0;
    core::Bytes bytes;
    bool truncates = false;
  };
  struct Inode {
    core::Bytes cached;   // what a process reads
    core::Bytes durable;  // what the disk has
    std::vector<Change> unsynced;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  // Names that change together; no inode: the name goes.
  using NameChange = std::vector<std::pair<std::string, std::shared_ptr<Inode>>>;

  std::optional<Fault> next_call();
  template <typename Act>
  core::Result<void> change(core::Errc code, Act act);
  void rename_now(NameChange change);
  void lose_unsynced(Inode& inode);

  core::Random random_;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> unsynced_names_;
  std::uint64_t calls_ = 0;
  std::uint64_t faults_met_ = 0;
  struct Plan {
    std::uint64_t at;
    Fault fault;
    core::Errc code;
  };
  std::optional<Plan> planned_;
  bool lies_ = false;
  bool locked_ = false;
  std::uint64_t lock_epoch_ = 0;
};

}  // namespace test
