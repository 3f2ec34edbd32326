// Submission: the messages of one request, on their way through the sequencer.
// Must not know HTTP.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/tlog/tree.h"
#include "core/wire/answers.h"
#include "relay/split_body.h"

namespace relay {

struct Submission;

// What the log's operator said last of its size and root, and the tree that it said it of.
// Owner: what the tree reads from outlives it.
struct Published {
  std::uint64_t size = 0;
  std::string checkpoint;  // the signed note
  core::tlog::TreeView tree;
};

// Where submissions come from and go back to.
class Home {
 public:
  virtual ~Home() = default;
  // Thread: a sequencer's.
  virtual void settled(std::vector<std::shared_ptr<Submission>> done) = 0;
};

// Thread: the sequencer's between submit() and settled(), the owner's otherwise.
// Owner: `items` borrow from bytes that the owner keeps till then; `home` outlives it.
struct Submission {
  enum class Outcome {
    kAnswered,  // one answer an item; what they claim is durable
    kDiskFull,  // nothing new was kept of the request: send it again later
    kFailed,    // the log has failed: nothing is known
  };
  virtual ~Submission() = default;

  Home* home = nullptr;
  std::vector<Item> items;
  core::wire::PostAnswers answers;  // one an item; without proofs until prove()
  Outcome outcome = Outcome::kFailed;
  std::shared_ptr<const Published> published{};  // when it is answered
  // Of a request that changes what lies beside the log: whether it did; and no messages.
  std::optional<core::Result<bool>> kept{};
};

// Adds to the answers of a settled submission what proves them. Thread: the owner's.
// Errors: kDamaged, kIo (of the index).
core::Result<void> prove(Submission& submission);

}  // namespace relay
