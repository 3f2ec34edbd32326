// Start-up of a log, and the way from a key to its tenant.
// Must not know sockets.
#include "relay/tenant.h"

#include <algorithm>

#include "core/disk/replace_file.h"

namespace relay {
namespace {

using core::Errc;
using core::fail;
using core::Result;
using core::disk::LogWriter;

std::shared_ptr<const Members> members_of(const TenantFiles& files, bool open) {
  if (open || !files.head_office) return nullptr;
  return std::make_shared<Members>(
      Members{core::envelope::derive_kid(files.origin, *files.head_office), *files.head_office,
              files.roster.roster});
}

// The tree that was signed before must be a prefix of the log that is there now.
Result<void> check_continues(const EntryIndex& index, const core::disk::Recovery& recovery,
                             const std::filesystem::path& directory) {
  if (recovery.checkpoint == 0) return {};
  const core::tlog::HashSource source = [&](unsigned level, std::uint64_t at) {
    return index.subtree(level, at);
  };
  TRY_ASSIGN(const auto view, core::tlog::TreeView::open(source, recovery.checkpoint));
  if (view.root().bytes == recovery.checkpoint_root) return {};
  return fail(Errc::kDamaged,
              directory.string() + ": the first " + std::to_string(recovery.checkpoint) +
                  " entries are not those that a checkpoint was signed for; daybook-relay check "
                  "says more");
}

bool is_tenant_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name != "v1" && name != "tile" &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

Tenant::Tenant(std::string name, std::filesystem::path directory, TenantFiles files, bool open,
               AdmissionLimits limits, Metrics& metrics)
    : name_(std::move(name)),
      directory_(std::move(directory)),
      files_(std::move(files)),
      open_(open),
      admission_(members_of(files_, open), limits, metrics) {}

Result<std::unique_ptr<Tenant>> Tenant::start(std::string name,
                                              const std::filesystem::path& directory,
                                              const TenantOptions& options, Metrics& metrics,
                                              const OnFatal& on_fatal) {
  TRY_ASSIGN(TenantFiles files, read_tenant(directory));
  if (!files.head_office && !options.open) {
    return fail(Errc::kUsage, directory.string() +
                                  ": no head-office.pub, so no till can be admitted; --open takes "
                                  "messages from everybody");
  }
  std::unique_ptr<Tenant> tenant(new Tenant(std::move(name), directory, std::move(files),
                                            options.open, options.limits, metrics));
  core::disk::Filesystem& filesystem = core::disk::posix_filesystem();
  TRY_ASSIGN(tenant->index_, EntryIndex::open(filesystem, directory));
  core::disk::LogWriterOptions log = options.log;
  log.sealed = tenant->index_->sealed();
  std::vector<MessageId> ids;
  core::disk::Recovery recovery;
  const auto remember = [&ids](core::disk::LogEntry entry) {
    ids.push_back(core::envelope::message_id(entry.body));
  };
  TRY_ASSIGN(auto writer, LogWriter::open(filesystem, directory, log, remember, recovery));
  if (recovery.torn_tail) tenant->torn_tail_ = describe(*recovery.torn_tail);
  tenant->index_->append(ids, recovery.places);
  TRY(check_continues(*tenant->index_, recovery, directory));
  tenant->index_->remove_strays();
  tenant->notices_ = std::make_unique<Notices>(directory, *tenant->index_, metrics);
  if (const auto members = tenant->admission_.members()) tenant->notices_->start(*members);
  TRY_ASSIGN(tenant->blobs_, Blobs::open(filesystem, directory / kBlobsDirectory,
                                         options.blob_bytes_max, metrics.blob_bytes));
  TRY_ASSIGN(tenant->backups_,
             Backups::open(filesystem, directory, options.backup_bytes_max, metrics.backup_bytes));
  tenant->blob_writer_ = std::make_unique<BlobWriter>();
  tenant->merger_ = std::make_unique<Merger>(*tenant->index_, metrics);
  SequencerSetup setup{std::move(writer),
                       *tenant->index_,
                       tenant->files_.origin,
                       tenant->files_.key,
                       std::move(recovery.closed),
                       options.log.segment_bytes,
                       [merger = tenant->merger_.get()] { merger->wake(); },
                       [self = tenant.get()](core::LogIndex index, core::ByteView message) {
                         const auto members = self->admission_.members();
                         if (members != nullptr) self->notices_->take(index, message, *members);
                       }};
  TRY_ASSIGN(tenant->sequencer_, Sequencer::start(std::move(setup), metrics, on_fatal));
  return tenant;
}

Result<bool> Tenant::learn(std::span<const core::ByteView> entries) {
  auto changed = extend(entries);
  recheck_notices();
  return changed;
}

Result<bool> Tenant::extend(std::span<const core::ByteView> entries) {
  const std::lock_guard lock(files_mutex_);
  if (!files_.head_office || open_) return false;
  core::envelope::RosterFile next = files_.roster;
  std::optional<core::Error> refused;
  for (const core::ByteView entry : entries) {
    auto longer = core::envelope::extend_roster(next, entry);
    if (longer) continue;
    if (longer.error().code == Errc::kExists) continue;
    refused = longer.error();
    break;
  }
  const bool changed = next.bytes != files_.roster.bytes;
  if (changed) {
    TRY(core::disk::replace_file(core::disk::posix_filesystem(),
                                 directory_ / core::envelope::kRosterFile, next.bytes,
                                 core::disk::Access::kGroup));
    files_.roster = std::move(next);
    admission_.replace(members_of(files_, open_));
  }
  if (refused) return fail(*refused);
  return changed;
}

core::Bytes Tenant::roster_bytes() const {
  const std::lock_guard lock(files_mutex_);
  return files_.roster.bytes;
}

Result<void> Tenant::reload() {
  auto read = read_again();
  recheck_notices();
  return read;
}

void Tenant::recheck_notices() {
  if (const auto members = admission_.members()) notices_->recheck(*members);
}

Result<void> Tenant::stop() {
  auto stopped = sequencer_->stop();
  if (stopped && admission_.members() != nullptr) notices_->stop();
  return stopped;
}

Result<void> Tenant::read_again() {
  const std::lock_guard lock(files_mutex_);
  TRY_ASSIGN(TenantFiles files, read_tenant(directory_));
  if (files.head_office != files_.head_office || files.origin != files_.origin) {
    return fail(Errc::kState,
                directory_.string() + ": another origin or head office takes a restart");
  }
  const core::Bytes& before = files_.roster.bytes;
  const core::Bytes& now = files.roster.bytes;
  if (now.size() < before.size() || !std::equal(before.begin(), before.end(), now.begin())) {
    return fail(Errc::kState, (directory_ / core::envelope::kRosterFile).string() +
                                  ": does not continue the roster before, which stays in force");
  }
  files_.roster = std::move(files.roster);
  admission_.replace(members_of(files_, open_));
  return {};
}

Result<std::unique_ptr<Tenants>> Tenants::start(const std::filesystem::path& data,
                                                const TenantOptions& options, Metrics& metrics,
                                                const Tenant::OnFatal& on_fatal) {
  auto tenants = std::make_unique<Tenants>();
  tenants->open_ = options.open;
  std::vector<std::pair<std::string, std::filesystem::path>> found;
  if (is_tenant(data)) {
    found.emplace_back("", data);
  } else {
    std::error_code error;
    for (std::filesystem::directory_iterator it(data, error), end; !error && it != end;
         it.increment(error)) {
      if (!is_tenant(it->path())) continue;
      found.emplace_back(it->path().filename().string(), it->path());
      if (!is_tenant_name(found.back().first)) {
        return fail(Errc::kUsage,
                    it->path().string() + ": a tenant's name has 1 to 64 of a-z, 0-9 and '-'");
      }
    }
  }
  if (found.empty()) {
    return fail(Errc::kNotFound,
                data.string() + ": no log was made here; daybook-relay init makes one");
  }
  if (options.open && found.size() > 1) {
    return fail(Errc::kUsage,
                "--open serves one log only: without keys nobody could tell whose a "
                "message is");
  }
  std::sort(found.begin(), found.end());
  std::map<std::string, std::string> origins;
  for (auto& [name, directory] : found) {
    TRY_ASSIGN(auto tenant, Tenant::start(name, directory, options, metrics, on_fatal));
    const auto [other, is_new] = origins.emplace(tenant->origin(), directory.string());
    if (!is_new) {
      return fail(Errc::kUsage, directory.string() + " and " + other->second +
                                    " are logs of one origin, " + tenant->origin());
    }
    tenants->all_.push_back(std::move(tenant));
  }
  tenants->map_keys();
  return tenants;
}

Result<void> Tenants::learn(const Submission& submission) {
  std::map<Tenant*, std::vector<core::ByteView>> entries;
  for (std::size_t i = 0; i < submission.items.size(); ++i) {
    const Item& item = submission.items[i];
    const bool is_kept = i < submission.answers.each.size() &&
                         submission.answers.each[i].status != core::wire::PostStatus::kRefused;
    if (item.is_roster_entry && is_kept) entries[by_key(item.kid)].push_back(item.bytes);
  }
  entries.erase(nullptr);
  for (const auto& [tenant, views] : entries) {
    TRY_ASSIGN(const bool changed, tenant->learn(views));
    if (changed) map_keys();
  }
  return {};
}

void Tenants::map_keys() {
  auto keys = std::make_shared<KeyMap>();
  for (const auto& tenant : all_) {
    const auto members = tenant->admission().members();
    if (members == nullptr) continue;
    keys->emplace(members->head_office_kid, tenant.get());
    for (const auto& [kid, enrolment] : members->roster.enrolments()) {
      keys->emplace(kid, tenant.get());
    }
  }
  const std::lock_guard lock(mutex_);
  keys_ = std::move(keys);
}

Tenant* Tenants::by_name(std::string_view name) const {
  if (name.empty()) return all_.size() == 1 ? all_.front().get() : nullptr;
  const auto it = std::find_if(all_.begin(), all_.end(),
                               [&](const auto& tenant) { return tenant->name() == name; });
  return it == all_.end() ? nullptr : it->get();
}

Tenant* Tenants::by_key(const core::envelope::Kid& kid) const {
  if (open_) return all_.front().get();
  std::shared_ptr<const KeyMap> keys;
  {
    const std::lock_guard lock(mutex_);
    keys = keys_;
  }
  const auto it = keys->find(kid);
  return it == keys->end() ? nullptr : it->second;
}

std::vector<core::Error> Tenants::reload() {
  std::vector<core::Error> errors;
  for (const auto& tenant : all_) {
    const auto done = tenant->reload();
    if (!done) errors.push_back(done.error());
  }
  map_keys();
  return errors;
}

Result<void> Tenants::stop() {
  Result<void> first;
  for (const auto& tenant : all_) {
    const auto stopped = tenant->stop();
    if (!stopped && first) first = stopped;
  }
  return first;
}

}  // namespace relay
