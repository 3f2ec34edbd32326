// RelayProcess: the real daybook-relay, started on loopback, stopped or killed.
// Must not know messages.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "core/base/result.h"
#include "core/envelope/keys.h"
#include "core/wire/relay_client.h"
#include "scripts/poc_scale/measure.h"

namespace sweep {

// Runs `binary init` on a new log directory. Returns the key that its checkpoints verify with.
// Errors: kNotFound (no such program), kIo (it failed).
core::Result<core::envelope::PublicKey> make_log(const std::filesystem::path& binary,
                                                 const std::filesystem::path& directory,
                                                 const std::string& origin);

class RelayProcess {
 public:
  // Starts `binary serve --open --data directory --listen 127.0.0.1:0`, after make_log() when the
  // directory is new, and waits until it is ready.
  // Errors: kNotFound (no such program), kIo (it ended, or was not ready within 20 s).
  static core::Result<RelayProcess> start(const std::filesystem::path& binary,
                                          const std::filesystem::path& directory);
  ~RelayProcess();  // kills what still runs
  RelayProcess(RelayProcess&& other) noexcept;
  RelayProcess& operator=(RelayProcess&&) = delete;

  const core::wire::Endpoint& endpoint() const { return endpoint_; }
  ProcessUse use() const { return process_use(pid_); }
  // SIGKILL, and waits for the end.
  void kill();
  // SIGTERM, and waits for the end. Errors: kIo (another exit status than 0).
  core::Result<void> stop();

 private:
  RelayProcess(pid_t pid, int output) : pid_(pid), output_(output) {}
  core::Result<void> wait_until_ready();
  int reap();

  pid_t pid_ = -1;
  int output_ = -1;
  core::wire::Endpoint endpoint_;
};

}  // namespace sweep
