// Fleet: N real tills on one disk, enrolled, with their days done and their messages taken from
// their outboxes. Must not know relays or books.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/envelope/sealing.h"
#include "ledger-rebuild/head_office.h"
#include "scripts/poc_scale/wave.h"
#include "scripts/poc_scale/workload.h"

namespace sweep {

struct FleetMessage {
  core::Sequence sequence;
  till::MessageKind kind = till::MessageKind::kOpening;
  core::Bytes bytes;
};

struct FleetTill {
  core::TillRef ref;
  core::envelope::Kid kid;
  std::filesystem::path journal;
  std::vector<FleetMessage> messages;  // oldest first
  std::vector<till::DocumentNumbers> documents;
};

struct FleetOptions {
  std::filesystem::path directory;    // must not exist yet
  std::uint64_t seed = 1;             // of the tills' keys
  core::envelope::PublicKey log_key;  // of the relay that they will send to
  till::Durability durability = till::Durability::kSimulated;
  bool quiet = false;
};

// The log that the fleet reports to.
inline constexpr const char* kOrigin = "sweep.daybook.example/log";

class Fleet {
 public:
  // Makes head office and the tills, enrols them, and lets each do its days and copy its backups
  // to one directory. Errors: those of HeadOffice and Till, naming the till.
  static core::Result<Fleet> ring(const Workload& workload, const FleetOptions& options);

  const rebuild::HeadOffice& head_office() const { return head_office_; }
  std::filesystem::path backups() const { return options_.directory / "backups"; }
  std::filesystem::path head_office_directory() const { return options_.directory / "head-office"; }
  const std::vector<FleetTill>& tills() const { return tills_; }
  std::uint64_t message_count() const;
  std::size_t largest_closing() const;  // bytes

  // Each till's messages of one kind, or all of them.
  std::vector<Queue> queues(till::MessageKind kind) const;
  // Each till's message number `which` of a kind, from 0.
  std::vector<Queue> queues(till::MessageKind kind, std::size_t which) const;
  std::vector<Queue> queues() const;

  // Hands the relay's answers (of queues()) to the tills' outboxes. Errors: those of Outbox.
  core::Result<void> acknowledge(const WaveAnswers& answers) const;

  // The key of a till, for the checks that attack the fleet.
  core::envelope::PrivateKey key(std::size_t index) const;

 private:
  Fleet(rebuild::HeadOffice head_office, FleetOptions options)
      : head_office_(std::move(head_office)), options_(std::move(options)) {}

  core::envelope::SealingPrivateKey sealing_key(std::size_t index) const;
  core::Result<void> ring_till(const Workload& workload, std::size_t index);

  rebuild::HeadOffice head_office_;
  FleetOptions options_;
  std::vector<FleetTill> tills_;
};

}  // namespace sweep
