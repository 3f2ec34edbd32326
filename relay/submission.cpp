// The proofs of a request's answers, made by whoever sends them: the log's thread has more to do.
// Must not know HTTP.
#include "relay/submission.h"

namespace relay {

core::Result<void> prove(Submission& submission) {
  for (core::wire::PostAnswer& answer : submission.answers.each) {
    if (answer.status == core::wire::PostStatus::kRefused) continue;
    TRY_ASSIGN(answer.proof, submission.published->tree.inclusion_proof(answer.index.value));
    submission.answers.checkpoint = submission.published->checkpoint;
  }
  return {};
}

}  // namespace relay
