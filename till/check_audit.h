// Check: what must hold of the audit log and of operators. For till/check.cpp.
// Must not know documents or messages.
#pragma once

#include "till/journal.h"

namespace till {

// Positions and chain from the first row on, the end where the head says, the operators as the log
// tells them, its last days those of the state. Errors: kDamaged, naming the first thing.
core::Result<void> check_audit(Journal& journal);

// The triggers that refuse changes are there as they were made. Errors: kDamaged.
core::Result<void> check_guards(Journal& journal);

}  // namespace till
