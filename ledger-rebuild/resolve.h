// Resolve: from the set of messages, with the roster's enrolments, to a verdict on each. Pure:
// neither the order of arrival nor the way they were read can matter. Rules: docs/formats/books.md,
// "States". Must not know payloads, files or threads.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <vector>

#include "ledger-rebuild/facts.h"

namespace rebuild {

// Which message names which as the one before it, among messages of one key that is enrolled for
// the epoch that they name.
class Chains {
 public:
  // Shape: no id twice, enrolments found. Owner: the items must outlive the object.
  explicit Chains(std::span<const Item> items);

  // The message of the same key that `item` names as prev; kNone when it is not there.
  std::size_t named_by(std::size_t item) const { return prev_[item]; }

  // Authentic: own signature valid, or named as prev by an authentic message of the same key.
  std::vector<bool> authentic() const;

  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

 private:
  std::span<const Item> items_;
  std::vector<std::size_t> prev_;
};

// A signature, and the authentic message that it belongs to.
struct SignatureOwner {
  core::envelope::Signature signature;
  MessageId id;
  Kid kid;
  core::Sequence sequence;
  core::TillRef till;
};

// One verdict an item, in their order. Shape: no id twice, enrolments found, and every message that
// is known of a chain of which an item can be authentic. An enrolled message that no valid
// signature reaches counts as forged. `elsewhere`: owners of signatures among all other messages.
// `closed`: the messages that a closed period names as the last that it has of their chains; they,
// and those before them, stand, and another content for one of their places is covered.
std::vector<Verdict> resolve(std::span<const Item> items,
                             std::span<const SignatureOwner> elsewhere = {},
                             const std::set<MessageId>& closed = {});

}  // namespace rebuild
