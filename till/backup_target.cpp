// BackupTarget: a directory, or what till/mail_target.h and till/relay_target.h make.
#include "till/backup_target.h"

#include <filesystem>
#include <utility>

#include "till/mail_target.h"
#include "till/relay_target.h"

namespace till {
namespace {

using core::Errc;
using core::fail;
using core::Result;

constexpr std::string_view kMail = "mail:";
constexpr std::string_view kRelay = "relay:";

class DirectoryTarget : public BackupTarget {
 public:
  DirectoryTarget(std::filesystem::path directory, core::disk::Sync sync)
      : directory_(std::move(directory)), sync_(sync) {}

  Result<void> put(const std::string& name, core::ByteView file) override {
    return core::disk::replace_file(core::disk::posix_filesystem(), directory_ / name, file,
                                    core::disk::Access::kGroup, sync_);
  }

 private:
  std::filesystem::path directory_;
  core::disk::Sync sync_;
};

}  // namespace

bool is_far(std::string_view place) {
  return place.starts_with(kMail) || place.starts_with(kRelay);
}

Result<void> check_backup_place(std::string_view place) {
  if (place.starts_with(kMail)) {
    TRY(read_mail_settings(place.substr(kMail.size())));
    return {};
  }
  if (place.starts_with(kRelay)) {
    TRY(parse_relay_place(place.substr(kRelay.size())));
    return {};
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(place, ignored)) return {};
  return fail(Errc::kUsage,
              "'" + std::string(place) +
                  "': backups go to a directory that is there, relay:URL or mail:FILE; make it "
                  "first");
}

Result<std::unique_ptr<BackupTarget>> open_backup_target(std::string_view place,
                                                         core::disk::Sync sync) {
  if (place.starts_with(kMail)) {
    TRY_ASSIGN(auto settings, read_mail_settings(place.substr(kMail.size())));
    return mail_target(std::move(settings));
  }
  if (place.starts_with(kRelay)) {
    TRY_ASSIGN(auto relay, parse_relay_place(place.substr(kRelay.size())));
    return relay_target(std::move(relay));
  }
  return std::unique_ptr<BackupTarget>(std::make_unique<DirectoryTarget>(place, sync));
}

}  // namespace till
