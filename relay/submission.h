// Submission: the messages of one request, on their way through the sequencer.
// Must not know HTTP.
#pragma once

#include <memory>
#include <vector>

#include "core/wire/answers.h"
#include "relay/split_body.h"

namespace relay {

struct Submission;

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
  core::wire::PostAnswers answers;
  Outcome outcome = Outcome::kFailed;
};

}  // namespace relay
