// Judge: decides over whole chains at once, from everything that is known of them: what the books
// remember and what is new. The march (march.h) does nothing that the judge would not have done.
// Must not know how verdicts are reached (resolve.h). Memory: linear in the messages of the chains
// that it judges.
#pragma once

#include <set>

#include "core/base/result.h"
#include "ledger-rebuild/intake.h"
#include "ledger-rebuild/march.h"

namespace rebuild {

struct Judged {
  std::uint64_t messages_new = 0;
  std::uint64_t signatures_checked = 0;
};

// A message of the quarantine that is in no chain.
struct Held {
  core::envelope::Kid kid;
  core::envelope::Signature signature;
};

// Errors: kDatabase, kDamaged (a row that the replay does not write).
core::Result<std::vector<Held>> read_held(core::sql::Database& db);

// Judges the chains of these numbers and the messages that are in none, and writes the difference.
// `fresh`: the messages of these chains, and of strangers, that the log has and the books do not,
// and what is no message. `all_held`: also the messages in quarantine of all other keys.
// Errors: kDamaged (a chain's rows are not those of its digest, or what was posted would be
// quarantined now), kNotFound (no key to open what is sealed), those of the writer.
core::Result<Judged> judge(const Update& update, const std::set<std::int64_t>& chains, Intake fresh,
                           bool all_held);

}  // namespace rebuild
