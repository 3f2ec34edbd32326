// Spread by the largest remainder. Rules: core/retail/spread.h.
#include "core/retail/spread.h"

#include <algorithm>
#include <cstddef>

#include "core/base/arithmetic.h"

namespace core::retail {

Result<std::vector<std::int64_t>> spread(std::int64_t amount_minor,
                                         const std::vector<std::int64_t>& weights) {
  struct Cut {
    std::size_t line = 0;
    Int128 remainder = 0;
  };
  Int128 sum = 0;
  for (const std::int64_t weight : weights) {
    if (weight < 0) return fail(Errc::kMalformed, "an amount is shared out over one below zero");
    sum += weight;
  }
  if (amount_minor < 0) return fail(Errc::kMalformed, "an amount below zero is shared out");
  std::vector<std::int64_t> shares(weights.size());
  if (amount_minor == 0) return shares;
  if (sum == 0) return fail(Errc::kMalformed, "there is nothing to share the amount out over");
  std::vector<Cut> cuts;
  Int128 missing = amount_minor;
  for (std::size_t line = 0; line < weights.size(); ++line) {
    const Int128 exact = Int128{amount_minor} * weights[line];
    shares[line] = static_cast<std::int64_t>(exact / sum);  // at most the amount
    missing -= shares[line];
    cuts.push_back({line, exact % sum});
  }
  std::stable_sort(cuts.begin(), cuts.end(),
                   [](const Cut& a, const Cut& b) { return a.remainder > b.remainder; });
  // The remainders add up to `missing` sums, and each is below one.
  for (const Cut& cut : cuts) {
    if (missing == 0) break;
    CORE_CHECK(cut.remainder > 0);
    ++shares[cut.line];
    --missing;
  }
  CORE_CHECK(missing == 0);
  return shares;
}

}  // namespace core::retail
