// Resolve: from the set of messages and the roster to a verdict on each. Pure: neither the order of
// arrival nor the way they were read can matter. Rules: docs/formats/books.md, "States".
// Must not know payloads, files or threads.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/envelope/roster.h"
#include "ledger-rebuild/facts.h"

namespace rebuild {

// The messages whose key is enrolled for the epoch they name, and which vouch for which.
class Chains {
 public:
  // Shape: no id twice. Owner: both must outlive the object.
  Chains(std::span<const Item> items, const core::envelope::Roster& roster);

  // The key's enrolment, or nullptr when it is unknown or for another epoch.
  const core::envelope::Enrolment* enrolment(std::size_t item) const { return enrolments_[item]; }
  // The message of the same key that `item` names as prev; kNone when it is not there.
  std::size_t named_by(std::size_t item) const { return prev_[item]; }

  // Authentic: own signature valid, or found authentic before, or named as prev by an authentic
  // message of the same key.
  std::vector<bool> authentic() const;

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

 private:
  std::span<const Item> items_;
  std::vector<const core::envelope::Enrolment*> enrolments_;
  std::vector<std::size_t> prev_;
};

// One verdict an item, in their order. Shape: no id twice; every message that no valid signature
// reaches has had its own checked (CORE_CHECK).
std::vector<Verdict> resolve(std::span<const Item> items, const core::envelope::Roster& roster);

}  // namespace rebuild
