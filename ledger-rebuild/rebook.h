// Rebook: moves entries to the day that they are booked on, after head office closed a period.
// Must not know how that day is found (periods.h).
#pragma once

#include "core/base/result.h"
#include "ledger-rebuild/march.h"

namespace rebuild {

// Looks at what stands behind the places that the changed closes name, in every chain: a night that
// closes a period costs one look at each till. Errors: kDatabase, kDamaged, kOverflow.
core::Result<void> rebook(const Update& update, const Periods::Change& change);

}  // namespace rebuild
