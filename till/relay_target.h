// RelayTarget: a backup target that is the log's relay, where head office collects what waits.
// Must not know journals. Protocol: docs/formats/relay-http.md, "Backups".
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "till/backup_target.h"

namespace till {

struct RelayPlace {
  std::string url;          // without what follows a comma, or a slash at its end
  std::string authorities;  // PEM file to trust for https; empty: the system's
};

// "URL" or "URL,FILE". Errors: kUsage, kNotFound (the file).
core::Result<RelayPlace> parse_relay_place(std::string_view text);

// Errors of put(): kNetwork, kProtocol (a status, with the relay's words), kDiskFull (so much waits
// there for head office that there is no room), kUnknownKey (the relay knows the till no more).
std::unique_ptr<BackupTarget> relay_target(RelayPlace place);

}  // namespace till
