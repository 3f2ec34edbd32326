// Spread: an amount shared out over lines in proportion, to the last minor unit.
// Must not know what is shared out: a discount on a receipt, for example.
// Method of the largest remainder (Hamilton), as in core/retail/tax_share.h.
#pragma once

#include <cstdint>
#include <vector>

#include "core/base/result.h"

namespace core::retail {

// Every line gets amount * weight / (sum of weights), cut off; what is then missing goes, one minor
// unit a line, to the lines that lost most by the cut; ties: the earlier line. Hence the shares add
// up to the amount, each is less than one minor unit off its exact part, and where the amount is at
// most the sum of the weights, no share is above its weight: no line is discounted below zero.
// Shape: amount and weights from 0.
// Errors: kMalformed (below zero; an amount, and nothing to share it over).
Result<std::vector<std::int64_t>> spread(std::int64_t amount_minor,
                                         const std::vector<std::int64_t>& weights);

// Likewise where some weights are below zero, as of what was given back: every share is its exact
// part rounded down, and what is then missing goes to the lines that lost most. The shares add up
// to the amount, and each is less than one minor unit off its exact part. Shape: any amount;
// weights that do not add up to zero, unless the amount is. Errors: kMalformed (the weights add up
// to zero), kOverflow.
Result<std::vector<std::int64_t>> spread_signed(std::int64_t amount_minor,
                                                const std::vector<std::int64_t>& weights);

}  // namespace core::retail
