// Rotations: tills that ask for their next key under the one they have, and keys whose successor
// has spoken. Says what is to be enrolled and what is to end; signs nothing.
// Must not know files or the network. Rules: docs/formats/roster.md, "Rotation".
#pragma once

#include <string>
#include <vector>

#include "core/base/ids.h"
#include "core/base/result.h"
#include "core/envelope/enrol_request.h"
#include "core/envelope/roster.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/head_office.h"

namespace rebuild {

struct RefusedRotation {
  core::TillRef till;
  core::Epoch epoch;  // that asks
  std::string why;
  bool is_over = false;  // of an epoch that is not the till's any more: nothing to be done
};

struct Rotations {
  std::vector<core::envelope::EnrolRequest> asked;  // to be enrolled, by store and till
  std::vector<RefusedRotation> refused;             // likewise
  std::vector<Retirement> over;                     // keys that end, likewise
};

// What the books' proven openings ask for and the roster does not have, and each key before a
// till's latest that asked for this one, once a message of this one is proven. Errors: kMalformed
// (books of another log), those of the database.
core::Result<Rotations> find_rotations(const Books& books, const core::envelope::Roster& roster);

// Whether a proven opening of the till's epoch asked for this key. Errors: those of the database.
core::Result<bool> was_asked_for(const Books& books, const core::envelope::Enrolment& by,
                                 const core::envelope::PublicKey& key);

}  // namespace rebuild
