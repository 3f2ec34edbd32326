// Places: which message of a till's chain head office names when it says how far the chain holds.
// Must not know what for. Rules: docs/formats/books.md, "States".
#pragma once

#include <optional>

#include "core/base/business_day.h"
#include "core/base/result.h"
#include "core/envelope/roster.h"
#include "ledger-rebuild/books.h"
#include "ledger-rebuild/till_chains.h"

namespace rebuild {

// The last message of a business day `last` or before up to which the chain is proven; none: there
// is no such message. Reads what is behind that day, and of a broken chain all of it.
// Errors: kDatabase, kDamaged.
core::Result<std::optional<core::envelope::ChainPlace>> last_proven(core::sql::Database& db,
                                                                    const TillChain& chain,
                                                                    core::BusinessDay last);

// As last_proven(), of an enrolled key; none: whatever its day. Errors: also kNotFound.
core::Result<core::envelope::ChainPlace> last_proven_place(
    const Books& books, const core::envelope::Enrolment& enrolment,
    std::optional<core::BusinessDay> last);

// Where an enrolled key's message stands. Errors: kNotFound (no such message, or another key's).
core::Result<core::envelope::ChainPlace> place_of_message(
    const Books& books, const core::envelope::Enrolment& enrolment,
    const core::envelope::MessageId& id);

}  // namespace rebuild
