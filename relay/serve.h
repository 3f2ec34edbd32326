// serve: the relay's life, from lock and recovery to the last answer.
// Must not know HTTP's words or the log's bytes.
#pragma once

#include <filesystem>

#include "core/disk/log_writer.h"
#include "relay/server.h"

namespace relay {

struct ServeOptions {
  std::filesystem::path directory;
  ServerOptions server;
  core::disk::LogWriterOptions log;
};

// Recovers the log, prints "listening on HOST:PORT" on stdout and serves till SIGTERM or SIGINT.
// What recovery cut off is told on stderr. Errors: those of LogWriter::open and Server; kSyncFailed
// or kIo when the log failed while serving.
core::Result<void> serve(const ServeOptions& options);

}  // namespace relay
