// serve: the relay's life, from lock and recovery to the last answer.
// Must not know HTTP's words or the log's bytes.
#pragma once

#include <filesystem>

#include "relay/server.h"
#include "relay/tenant.h"

namespace relay {

struct ServeOptions {
  std::filesystem::path directory;
  ServerOptions server;
  TenantOptions tenant;
  bool plain_anywhere = false;  // plain HTTP on other addresses than loopback
};

// Recovers the logs, prints "listening on HOST:PORT" on stdout, tells the service manager, and
// serves till SIGTERM or SIGINT. Errors: those of Tenants::start and Server; kUsage (plain HTTP on
// an address that is not loopback); kSyncFailed or kIo when a log failed while serving.
core::Result<void> serve(const ServeOptions& options);

}  // namespace relay
