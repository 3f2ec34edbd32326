// BackupTarget: somewhere that a till's backup increments go to. One interface for a directory, a
// mailbox by mail and the relay. Must not know journals, nor what is in a file.
// Format: docs/formats/backup.md, "Targets".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/disk/replace_file.h"

namespace till {

class BackupTarget {
 public:
  virtual ~BackupTarget() = default;
  // When it returns, the target has the file and will keep it. Again with the same name: replaced,
  // or there twice. Errors: kIo, kDiskFull, kSyncFailed, kNetwork, kProtocol, kUnknownKey.
  virtual core::Result<void> put(const std::string& name, core::ByteView file) = 0;
};

// Whether `place` can be a target: a directory that is there, "mail:FILE" with a mailbox's
// settings, or "relay:URL". A missing directory is not made: it may be the mount point of a stick
// that is not plugged in. Errors: kUsage; those of read_mail_settings() and parse_relay_place().
core::Result<void> check_backup_place(std::string_view place);

// Whether a copy to it may take long, since the network is on the way.
bool is_far(std::string_view place);

// Errors: those of check_backup_place().
core::Result<std::unique_ptr<BackupTarget>> open_backup_target(std::string_view place,
                                                               core::disk::Sync sync);

}  // namespace till
