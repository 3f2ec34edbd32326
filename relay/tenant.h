// Tenant: one organisation's log: its files, index, sequencer and members; and all of them.
// Must not know sockets. See docs/operating-the-relay.md.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/disk/log_writer.h"
#include "relay/admission.h"
#include "relay/backups.h"
#include "relay/blob_writer.h"
#include "relay/merger.h"
#include "relay/notices.h"
#include "relay/sequencer.h"
#include "relay/tenant_files.h"

namespace relay {

struct TenantOptions {
  core::disk::LogWriterOptions log{};
  AdmissionLimits limits{};
  std::uint64_t blob_bytes_max = std::uint64_t{4} << 30;     // of all blobs beside one log
  std::uint64_t backup_bytes_max = std::uint64_t{64} << 20;  // of one till's that wait
  bool open = false;                                         // admit every message of valid form
};

class Tenant {
 public:
  using OnFatal = std::function<void(const core::Error&)>;

  // Recovers the log, checks that it continues its signed checkpoint, and starts its sequencer.
  // Errors: those of read_tenant, LogWriter::open and EntryIndex::open; kDamaged (the log does not
  // have the root that was signed); kUsage (no head office's key, and not `open`).
  static core::Result<std::unique_ptr<Tenant>> start(std::string name,
                                                     const std::filesystem::path& directory,
                                                     const TenantOptions& options, Metrics& metrics,
                                                     const OnFatal& on_fatal);

  const std::string& name() const { return name_; }
  const std::filesystem::path& directory() const { return directory_; }
  const std::string& origin() const { return files_.origin; }
  const std::string& torn_tail() const { return torn_tail_; }  // what start-up cut off, or nothing
  const EntryIndex& index() const { return *index_; }
  Sequencer& sequencer() { return *sequencer_; }
  Admission& admission() { return admission_; }
  const Admission& admission() const { return admission_; }
  const Notices& notices() const { return *notices_; }
  Blobs& blobs() const { return *blobs_; }
  Backups& backups() const { return *backups_; }
  BlobWriter& blob_writer() const { return *blob_writer_; }

  // Reads the roster again. A roster that does not continue the one before is refused: an old one
  // would give revoked keys back. Errors: as read_tenant; kState.
  core::Result<void> reload();
  // Takes entries of the roster up that the log has, in their order, and replaces the roster file;
  // those that it has are skipped. Returns whether there was a new one. Errors: kState (an entry
  // does not go on from the last one: another file is needed), kIo, kDiskFull, kSyncFailed; the
  // roster before stays in force, with what was taken of the entries before. Thread: any.
  core::Result<bool> learn(std::span<const core::ByteView> entries);
  // The roster that is in force, as its file has it. Thread: any.
  core::Bytes roster_bytes() const;
  // Settles what was submitted and closes the log. Errors: those of Sequencer::stop.
  core::Result<void> stop();

 private:
  Tenant(std::string name, std::filesystem::path directory, TenantFiles files, bool open,
         AdmissionLimits limits, Metrics& metrics);
  // Errors: as learn(). Returns whether the roster is another one now.
  core::Result<bool> extend(std::span<const core::ByteView> entries);
  core::Result<void> read_again();
  void recheck_notices();

  std::string name_;
  std::filesystem::path directory_;
  TenantFiles files_;
  bool open_;
  mutable std::mutex files_mutex_;  // guards the roster of files_
  Admission admission_;
  std::string torn_tail_;
  std::unique_ptr<EntryIndex> index_;
  std::unique_ptr<Notices> notices_;
  std::unique_ptr<Blobs> blobs_;
  std::unique_ptr<Backups> backups_;
  std::unique_ptr<BlobWriter> blob_writer_;
  std::unique_ptr<Merger> merger_;
  std::unique_ptr<Sequencer> sequencer_;
};

// Every tenant of a relay. Thread: any for what is const.
class Tenants {
 public:
  // `data` is a tenant's directory, or holds one directory a tenant.
  // Errors: those of Tenant::start; kNotFound (neither); kUsage (a directory whose name is no
  // tenant's name, or two logs of one origin; `open` with several).
  static core::Result<std::unique_ptr<Tenants>> start(const std::filesystem::path& data,
                                                      const TenantOptions& options,
                                                      Metrics& metrics,
                                                      const Tenant::OnFatal& on_fatal);

  const std::vector<std::unique_ptr<Tenant>>& all() const { return all_; }
  // By URL prefix; "" names the only one. nullptr: there is none.
  Tenant* by_name(std::string_view name) const;
  // By the key that signed. Under `open` every key is the only tenant's. nullptr: nobody's.
  Tenant* by_key(const core::envelope::Kid& kid) const;
  bool open() const { return open_; }

  // Takes up the roster entries that a settled submission brought. Errors: those of Tenant::learn.
  core::Result<void> learn(const Submission& submission);
  // Reads all rosters again; goes on with the others after an error. Returns the errors.
  std::vector<core::Error> reload();
  // Errors: the first of the sequencers'.
  core::Result<void> stop();

 private:
  using KeyMap = std::unordered_map<core::envelope::Kid, Tenant*, core::FixedBytesHash>;
  void map_keys();

  std::vector<std::unique_ptr<Tenant>> all_;
  bool open_ = false;
  mutable std::mutex mutex_;
  std::shared_ptr<const KeyMap> keys_;  // guarded by mutex_
};

}  // namespace relay
