// ClosePeriod: what head office says when it closes the days up to one: how far each key's chain is
// proven there, and which tills are not all in. Must not know the network.
// Rules: docs/formats/books.md, "Periods".
#pragma once

#include <vector>

#include "core/base/business_day.h"
#include "core/base/bytes.h"
#include "core/base/result.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/completeness.h"
#include "ledger-rebuild/decisions.h"
#include "ledger-rebuild/period_close.h"

namespace rebuild {

struct ClosePlan {
  std::vector<CoveredChain> covered;  // ascending by till and epoch
  // What is not as it should be up to the last day: it will be a correction when it comes.
  Completeness outstanding;
};

// A key whose chain is proven up to a message of day `last` or before is named with the last such
// message; everything behind it is late for the period. Errors: kState (the day is closed already;
// the books have nothing of that day or later), kDatabase, kDamaged.
core::Result<ClosePlan> plan_close(const Books& books, core::BusinessDay last, std::int32_t quiet);

// The books may be behind what head office signed, but have nothing that the directory does not
// have. Errors: kState (another, or older, directory).
core::Result<void> check_own(const Books& books, const Decisions& decisions);
// Whether the books have just what head office signed until now: else a second content could be
// signed for a place. Errors: kState, saying which of the two is behind; kDatabase, kDamaged.
core::Result<void> check_replayed(const Books& books, const Decisions& decisions);

// One payload a bulletin.
std::vector<core::Bytes> close_payloads(core::BusinessDay last,
                                        const std::vector<CoveredChain>& covered);

}  // namespace rebuild
