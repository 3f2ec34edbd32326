// Peer: a server that keeps messages durably and drops repeated ones; Session: how to talk to it.
// Must not know the load generator. Method: docs/performance.md, "Peers".
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/envelope/message.h"
#include "scripts/bench/peers/child.h"

namespace bench {

// What is sent: signed messages, some of them twice, and their ids.
struct Workload {
  std::vector<core::Bytes> messages;
  std::vector<core::envelope::MessageId> ids;
  std::size_t distinct = 0;

  std::string_view text(std::size_t index) const { return core::as_text(messages[index]); }
  std::string_view id(std::size_t index) const { return core::as_text(ids[index].view()); }
};

enum class Event { kMore, kReady, kAccepted, kDuplicate, kError };

// One connection's talk. Owner: the workload outlives it.
class Session {
 public:
  virtual ~Session() = default;
  // Appends what is sent first. The first event is kReady, or kError.
  virtual void greet(std::string& out) = 0;
  // Appends request `index` of the workload. One is outstanding at a time.
  virtual void request(std::size_t index, std::string& out) = 0;
  // Reads from the front of `in` to the end of the next event; `used` is how many bytes that took,
  // also with kMore. May append to `out` what the protocol asks for.
  virtual Event feed(std::string_view in, std::size_t& used, std::string& out) = 0;
  // After kError: what the peer said.
  const std::string& trouble() const { return trouble_; }

 protected:
  Event fail_with(std::string_view text) {
    trouble_ = text;
    return Event::kError;
  }

 private:
  std::string trouble_;
};

// Where and how a peer runs.
struct Place {
  std::filesystem::path directory;  // its own, empty
  std::optional<int> core;          // the only processor that it may use
};

class Peer {
 public:
  explicit Peer(std::string name) : name_(std::move(name)) {}
  virtual ~Peer() = default;

  const std::string& name() const { return name_; }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return child_->pid(); }

  // Errors: kNotFound (not installed; the text says what is missing).
  virtual core::Result<std::string> version() = 0;
  virtual std::size_t connections_max() const { return 1000000; }
  // Starts it and waits until it answers. Errors: kIo, kState (cannot be had on this machine).
  virtual core::Result<void> start(const Place& place) = 0;
  virtual std::unique_ptr<Session> open(const Workload& workload, std::size_t number) = 0;
  // Different messages that it holds now, by its own account.
  virtual core::Result<std::uint64_t> stored() = 0;
  // What it says of itself after stored(), for people; nothing for most.
  virtual std::string remark() const { return {}; }
  // Errors: kIo (had to be killed, or ended badly).
  virtual core::Result<void> stop();
  void kill() { child_.reset(); }

 protected:
  // Asks `probe` until it agrees, the process ends or 20 s have passed.
  core::Result<void> until_ready(const std::function<core::Result<void>()>& probe);

  std::string name_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Child> child_;
};

// `command` has the placeholder {data}, and prints "listening on HOST:PORT".
std::unique_ptr<Peer> make_relay_peer(const std::string& command, bool admission,
                                      std::uint64_t seed);
std::unique_ptr<Peer> make_redis_peer();
std::unique_ptr<Peer> make_postgres_peer();
// Synced: every write into its directory is synchronous, by the file attribute S.
std::unique_ptr<Peer> make_nats_peer(bool synced);

}  // namespace bench
